// A model over a module of equal chips with little memory each: which chip computes what. Chips are
// in an order, and links join them (Xie et al., "A Transferable Approach for Partitioning Machine
// Learning Models on Multi-Chip-Modules", arXiv 2112.04041). The rules:
//
//   order     an edge leads to the same chip or to a later one;
//   prefix    chips that are used come before those that are not;
//   triangle  an edge between chips is the only way between them: no path through a third chip;
//   memory    what a chip holds, of weights and of tensors while it runs, fits.
//
// Cheap nodes that depend on cheap nodes alone may be copied: each chip that reads one computes it.
// The rules are for the others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "support/units.h"

namespace allot::chips {

inline constexpr absl::string_view kName = "chips";
inline constexpr int32_t kMaxChips = 64;
inline constexpr size_t kMaxNodes = 200'000, kMaxEdges = 2'000'000;
// Nothing in a problem is larger, and all sums stay below 2^62.
inline constexpr int64_t kMaxAmount = int64_t{1} << 44;

// How links join the chips 0, 1, ... in their order.
enum class Topology {
  kOneWayRing,  // i to i + 1
  kTwoWayRing,  // to both neighbours, and the last one is the first one's; the shorter way is used
  kGrid,        // rows that turn at their ends, links to all neighbours both ways: along the row of
                // the sender first, then along a column
};

struct Node {
  std::string name;
  Picos work = 0;      // on a chip
  Bytes output = 0;    // held while somebody still reads it
  Picos transfer = 0;  // of the output over one link
  Bytes weights = 0;   // held always
  bool copied = false;
  std::vector<int32_t> reads;  // earlier nodes, ascending
  friend bool operator==(const Node&, const Node&) = default;
};

struct Problem {
  std::string name;
  int32_t chips = 1;
  Topology topology = Topology::kOneWayRing;
  int32_t columns = 1;          // of a grid
  std::optional<Bytes> memory;  // of a chip; none: no limit
  std::vector<Node> nodes;      // in the order in which a chip runs those that it has
};

// Chip by node; of copied nodes it means nothing and is 0.
using Assignment = std::vector<int32_t>;

// Nodes read earlier nodes, copied ones read copied ones and are read, amounts are not negative nor
// too large, there are 1 to kMaxChips chips. One error that names the place. Linear.
absl::Status Check(const Problem& problem);

}  // namespace allot::chips
