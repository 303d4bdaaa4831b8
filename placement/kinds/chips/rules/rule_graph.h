// What the rules need to know of a problem: its edges, and what lies between the ends of each.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/kinds/chips/model/compiled.h"

namespace allot::chips {

// An edge that has other paths between its ends.
struct Shortcut {
  int32_t from = 0, to = 0;
  std::vector<int32_t> inside;  // nodes on such paths
};

class RuleGraph {
 public:
  // Lists at most so many inner nodes: what is left out is redundant.
  static constexpr size_t kMostInside = 4'000'000;

  // The problem must outlive this. O(n m) at worst.
  explicit RuleGraph(const Compiled& problem);

  const Compiled& problem() const { return *problem_; }
  int32_t chips() const { return problem_->chips(); }
  int32_t size() const { return problem_->size(); }
  const CsrGraph& graph() const { return problem_->graph(); }
  std::optional<Bytes> memory() const { return problem_->problem().memory; }
  const std::vector<Shortcut>& shortcuts() const { return shortcuts_; }
  // By node: the shortcuts that it is an end of, and those it lies inside.
  const std::vector<int32_t>& EndsOf(int32_t v) const { return ends_[static_cast<size_t>(v)]; }
  const std::vector<int32_t>& Around(int32_t v) const { return around_[static_cast<size_t>(v)]; }

 private:
  const Compiled* problem_;
  std::vector<Shortcut> shortcuts_;
  std::vector<std::vector<int32_t>> ends_, around_;
};

}  // namespace allot::chips
