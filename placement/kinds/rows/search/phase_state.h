// A phase with its vertices in parts: what moves would change, in constant time for each net.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/rows/search/phase.h"

namespace allot::rows {

class PhaseState {
 public:
  // Keeps a reference to the phase. Vertices in part -1 are in none yet. O(vertices * their nets).
  PhaseState(const Phase& phase, std::vector<int32_t> part_of);

  const Phase& phase() const { return phase_; }
  const std::vector<int32_t>& part_of() const { return part_of_; }
  int64_t cost() const { return cost_; }
  int64_t load(int32_t part) const { return loads_[static_cast<size_t>(part)]; }
  const std::vector<int32_t>& members(int32_t part) const {
    return members_[static_cast<size_t>(part)];
  }
  // Of all parts together above their limits.
  int64_t Excess() const;
  bool Fits(size_t vertex, int32_t part) const {
    return load(part) + phase_.weights[vertex] <= phase_.limits[static_cast<size_t>(part)];
  }
  // Whether two vertices of different parts can change places. Parts above their limits may not
  // get worse.
  bool CanSwap(size_t a, size_t b) const;

  // What is saved when a vertex leaves its part, before it enters another.
  int64_t Leave(size_t vertex) const;
  // What is paid when it enters a part that is not its own.
  int64_t Enter(size_t vertex, int32_t part) const;
  // The same for every part, in `cost`; of its own part it means nothing.
  void EnterAll(size_t vertex, std::vector<int64_t>& cost) const;
  void Move(size_t vertex, int32_t part);
  // What changes when two vertices of different parts change places; they stay where they are.
  int64_t SwapCost(size_t a, size_t b);

 private:
  int32_t* Counts(int32_t net) {
    return counts_.data() + static_cast<size_t>(net) * static_cast<size_t>(phase_.parts);
  }
  const int32_t* Counts(int32_t net) const {
    return counts_.data() + static_cast<size_t>(net) * static_cast<size_t>(phase_.parts);
  }
  void Count(size_t vertex, int32_t part, int32_t change);

  const Phase& phase_;
  std::vector<int32_t> part_of_;
  std::vector<int64_t> loads_;
  std::vector<int32_t> counts_;  // vertices by net and part
  std::vector<std::vector<int32_t>> members_;
  std::vector<size_t> position_;  // of each vertex in members_
  int64_t cost_ = 0;
};

}  // namespace allot::rows
