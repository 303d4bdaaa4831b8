// Families of downsets of a graph of blocks: what may lie before a cut between two stages. With a
// block there is everything that it needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "placement/kinds/stages/value/block_graph.h"

namespace allot {

class Downsets {
 public:
  explicit Downsets(size_t blocks) : words_((blocks + 63) / 64), blocks_(blocks) {}

  size_t size() const { return words_ == 0 ? 0 : bits_.size() / words_; }
  size_t num_blocks() const { return blocks_; }
  bool Has(size_t set, int32_t block) const {
    return (Words(set)[static_cast<size_t>(block) / 64] >> (block & 63) & 1) != 0;
  }
  bool Within(size_t inner, size_t outer) const {
    const uint64_t *a = Words(inner), *b = Words(outer);
    for (size_t w = 0; w < words_; ++w) {
      if ((a[w] & ~b[w]) != 0) return false;
    }
    return true;
  }
  // visit(block) for each that `outer` has and `inner` has not, ascending.
  template <typename Visit>
  void ForEachBetween(size_t inner, size_t outer, Visit visit) const {
    const uint64_t *a = Words(inner), *b = Words(outer);
    for (size_t w = 0; w < words_; ++w) {
      for (uint64_t bits = b[w] & ~a[w]; bits != 0; bits &= bits - 1) {
        visit(static_cast<int32_t>(w * 64) + __builtin_ctzll(bits));
      }
    }
  }

  // The number of the new set: `from`, or nothing, with `block` more.
  size_t AddEmpty();
  size_t AddWith(size_t from, int32_t block);
  size_t AddWithout(size_t from, int32_t block);
  void RemoveLast();
  // A sum over the blocks of each set: add(sum, block, sign) adds or, with -1, takes back. O(sets).
  template <typename Value, typename Add>
  std::vector<Value> SumUp(Value empty, Add add) const {
    std::vector<Value> sums(size(), empty);
    for (size_t set = 0; set < size(); ++set) {
      const Change& change = changes_[set];
      if (change.sign == 0) continue;
      sums[set] = sums[change.from];
      add(sums[set], change.block, change.sign);
    }
    return sums;
  }
  // The bits of a set, for comparing sets.
  std::vector<uint64_t> Key(size_t set) const { return {Words(set), Words(set) + words_}; }

 private:
  // How a set has been made of an earlier one.
  struct Change {
    size_t from = 0;
    int32_t block = 0, sign = 0;
  };

  const uint64_t* Words(size_t set) const { return bits_.data() + set * words_; }

  size_t words_, blocks_;
  std::vector<uint64_t> bits_;
  std::vector<Change> changes_;
};

// All of them, if there are no more than `most`; else fewer, and `complete` is false. The first is
// empty. O(sets * blocks).
struct AllDownsets {
  Downsets sets;
  bool complete = false;
};
AllDownsets FindAllDownsets(const BlockGraph& blocks, size_t most);

// The beginnings of an order of all blocks in which edges lead forward.
void AddBeginnings(const std::vector<int32_t>& order, Downsets& sets);

}  // namespace allot
