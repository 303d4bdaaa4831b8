// Disjoint sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace allot {

// Sets of the numbers 0 .. n-1, each represented by one of its members; at first each number is a
// set by itself. Paths are halved when followed (Tarjan and van Leeuwen, J. ACM 1984): O(log n) per
// call on average.
class UnionFind {
 public:
  explicit UnionFind(size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }

  // Who represents the set of `v`.
  int32_t Find(int32_t v) const {
    while (Parent(v) != v) v = Parent(v) = Parent(Parent(v));
    return v;
  }

  // Makes one set of two; the smaller of those that represented them does so from then on. False if
  // it was one before. Where all merges are such, a set is represented by its smallest member.
  bool Merge(int32_t a, int32_t b) {
    a = Find(a);
    b = Find(b);
    if (a == b) return false;
    if (b < a) std::swap(a, b);
    Parent(b) = a;
    return true;
  }

  // The same, but Find(a) represents both.
  void MergeInto(int32_t a, int32_t b) { Parent(Find(b)) = Find(a); }

  // Dense numbers of the sets, by smallest member.
  struct Numbers {
    std::vector<int32_t> of;  // by number of 0 .. n-1
    int32_t count = 0;
  };
  Numbers Number() const {
    Numbers numbers;
    std::vector<int32_t> number(parent_.size(), -1);  // by who represents a set
    for (size_t v = 0; v < parent_.size(); ++v) {
      int32_t& mine = number[static_cast<size_t>(Find(static_cast<int32_t>(v)))];
      if (mine < 0) mine = numbers.count++;
      numbers.of.push_back(mine);
    }
    return numbers;
  }

 private:
  int32_t& Parent(int32_t v) const { return parent_[static_cast<size_t>(v)]; }

  mutable std::vector<int32_t> parent_;
};

}  // namespace allot
