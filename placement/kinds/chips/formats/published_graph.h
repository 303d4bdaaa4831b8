// The graphs of msr-fiddle/dnn-partitioning (Tarnawski et al., NeurIPS 2020) as problems of chips.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/chips/model/problem.h"
#include "support/json.h"

namespace allot::chips {

bool IsPublishedGraph(const Json& document);

// Of links between chips when nobody says: what short links on one substrate carry.
inline constexpr int64_t kUsualBandwidth = 100'000'000'000;

// Work is `fpgaLatency`; the transfer of an output over a link is the `size` of its edges over
// `bandwidth`, in bytes per second, or where edges have no size their `cost`, the time to host
// memory; weights are `size`, in which these files count all that a node holds. What the file says
// of devices is for other machines and ignored: the result has one chip and no limit of memory
// until somebody says more. Graphs of training, whose backward nodes return to the devices of their
// forward nodes, are errors.
absl::StatusOr<Problem> ReadPublishedGraph(const Json& document, const std::string& file,
                                           int64_t bandwidth);

}  // namespace allot::chips
