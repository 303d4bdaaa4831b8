// What the proposer that learns sees of a node. Nothing depends on the size of a model, so that
// what is learned on one means something on another.
#pragma once

#include <array>
#include <vector>

#include "absl/strings/string_view.h"

#include "placement/kinds/chips/model/compiled.h"

namespace allot::chips {

// In the order of the columns. Positions are shares of all work, 0 for the first node and 1 for the
// last. A file of weights names them: others are for other versions.
inline constexpr std::array<absl::string_view, 14> kFeatures = {
    "position_late_sources",  // of its middle, in the order of depth first from the sinks
    "position_numbered",      // the same in the order of the problem
    "depth",                  // longest path from a source, of the longest of all
    "height",                 // 1 less the same to a sink
    "work_above",             // of all that it depends on
    "work_below",             // 1 less that of all that depends on it
    "work",                   // of a chip's share, at most 4, a quarter
    "transfer",               // of a chip's share of work, at most 2, half
    "readers",                // how many, as n / (n + 2)
    "read",                   // how many it reads, as n / (n + 2)
    "weights",                // of a chip's share, at most 4, a quarter
    "largest",                // work of any node, of a chip's share, as x / (x + 1)
    "chips",                  // how many there are, as n / (n + 16)
    "one"};

// Row by row: [v * kFeatures.size() + f]. O(n^2 / 64 + m n / 64).
std::vector<double> FeaturesOf(const Compiled& problem, const std::vector<int32_t>& late_sources);

}  // namespace allot::chips
