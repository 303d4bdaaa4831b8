#include "placement/kinds/stages/value/downsets.h"

#include <algorithm>
#include <cstddef>

namespace allot {

size_t Downsets::AddEmpty() {
  bits_.resize(bits_.size() + words_, 0);
  changes_.emplace_back();
  return size() - 1;
}

void Downsets::RemoveLast() {
  bits_.resize(bits_.size() - words_);
  changes_.pop_back();
}

size_t Downsets::AddWith(size_t from, int32_t block) {
  const size_t set = AddEmpty();
  std::copy_n(bits_.begin() + static_cast<std::ptrdiff_t>(from * words_), words_,
              bits_.begin() + static_cast<std::ptrdiff_t>(set * words_));
  bits_[set * words_ + static_cast<size_t>(block) / 64] |= uint64_t{1} << (block & 63);
  changes_[set] = {from, block, 1};
  return set;
}

size_t Downsets::AddWithout(size_t from, int32_t block) {
  const size_t set = AddWith(from, block);
  bits_[set * words_ + static_cast<size_t>(block) / 64] &= ~(uint64_t{1} << (block & 63));
  changes_[set].sign = -1;
  return set;
}

// Blocks join in the order of their numbers, in which edges lead forward: so each set comes up
// once.
AllDownsets FindAllDownsets(const BlockGraph& blocks, size_t most) {
  AllDownsets all{Downsets(blocks.size()), false};
  std::vector<int32_t> last = {-1};
  all.sets.AddEmpty();
  for (size_t set = 0; set < all.sets.size(); ++set) {
    for (size_t b = static_cast<size_t>(last[set] + 1); b < blocks.size(); ++b) {
      const std::vector<int32_t>& before = blocks.before[b];
      const bool ready = std::all_of(before.begin(), before.end(),
                                     [&](int32_t other) { return all.sets.Has(set, other); });
      if (!ready) continue;
      if (all.sets.size() >= most) return all;
      all.sets.AddWith(set, static_cast<int32_t>(b));
      last.push_back(static_cast<int32_t>(b));
    }
  }
  all.complete = true;
  return all;
}

void AddBeginnings(const std::vector<int32_t>& order, Downsets& sets) {
  size_t set = sets.AddEmpty();
  for (const int32_t block : order) set = sets.AddWith(set, block);
}

}  // namespace allot
