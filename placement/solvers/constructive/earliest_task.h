// Earliest task first, with memory and with favourite children: what m-etf and m-sct share.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/value/evaluator.h"

namespace allot {

// Which device the item gets that can start first. On devices that are alike, and without queues on
// channels, the two agree.
enum class DeviceRule { kEarliestStart, kEarliestEnd };

// "start", "end", or both for "".
absl::StatusOr<std::vector<DeviceRule>> ParseDeviceRules(absl::string_view text);

// Of all items whose predecessors are placed and all devices that can run them and have memory for
// them, the pair that can start first is next; ties go to the longest remaining path (ETF; Hwang,
// Chow, Anger and Lee, SIAM J. Computing 1989; with memory: Baechi; Jeon et al., SoCC 2020). Items
// are appended, so the first start of a device only grows, and one queue per device keeps the items
// in order: those whose inputs are there by rank, the others by arrival. O(n D (log n + inputs)).
// An arrival is estimated when an item becomes ready; if its channels are busier when its turn
// comes, it queues again, a few times.
//
// `favourite_child`, by item, -1 or empty for none: whoever has one keeps its device from others
// until the child's input could have gone elsewhere.
//
// For throughput the item is chosen in the same way, and the device where the largest load it
// touches stays smallest; as long as that is no more than an even share of all work, a favourite
// child stays with its parent.
Solution EarliestTaskFirst(const PlacementProblem& problem, const ProblemGraph& graph,
                           const Evaluator& evaluator, DeviceRule rule,
                           const std::vector<int32_t>& favourite_child,
                           const std::vector<Bytes>& capacity);

}  // namespace allot
