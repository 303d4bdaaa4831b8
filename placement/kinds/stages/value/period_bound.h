// What every plan needs, whatever its stages: a bound of the period.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/stages/problem/problem.h"
#include "placement/kinds/stages/value/block_graph.h"
#include "placement/kinds/stages/value/compiled.h"

namespace allot {

// For each block the device ticks that a plan of that period spends on it at least; empty if some
// layer can be in no such plan. A stage of r replicas with load T spends r * width * T, and of
// that each layer at least its own share, with the fewest replicas with which it can be alone.
std::vector<int64_t> LeastDeviceTicks(const StagesProblem& problem, const CompiledStages& stages,
                                      const BlockGraph& blocks, int64_t period);

// The least period for which that is no more than devices * period. kNoPeriod: some layer fits
// nowhere.
inline constexpr int64_t kNoPeriod = -1;
int64_t LeastPeriod(const StagesProblem& problem, const CompiledStages& stages,
                    const BlockGraph& blocks);

}  // namespace allot
