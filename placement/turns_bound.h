// What placements that take turns load some device with, launches counted.
//
// For weights lambda >= 0 of devices with sum L, each placement uses some set S of devices and
// launches at least once on each of them, so
//   L * P >= min over S of sum_{d in S} lambda_d o_d + sum over rows of min_{d in S} lambda_d p_rd
// for the period P of any mixture of placements, and so for a single one, too. Devices with the
// same times and launches weigh the same, and of each such kind one is enough.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/load_bound.h"

namespace allot {

// `launch`: by device, what it carries once per placement that uses it. Weights come from a linear
// program over the loads met so far (Kelley's cutting planes, in floating point); what they prove
// is worked out in whole numbers. Rounds of O(rows * kinds * sets) as far as `work` reaches. Beyond
// six kinds of devices all rows may use every device, and one launch is counted.
Picos BoundTurns(const LoadRows& rows, const std::vector<Picos>& launch, int64_t work);

}  // namespace allot
