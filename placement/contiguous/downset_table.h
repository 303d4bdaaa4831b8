// Downsets by number: each distinct set of blocks is stored once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace allot {

class DownsetTable {
 public:
  explicit DownsetTable(int32_t words) : words_(static_cast<size_t>(words)), slots_(1024, -1) {}

  int32_t size() const { return static_cast<int32_t>(hash_.size()); }
  const uint64_t* Get(int32_t number) const { return &bits_[static_cast<size_t>(number) * words_]; }

  // The number of a set, a new one if it is new. Invalidates what Get() returned.
  int32_t Number(const uint64_t* set) {
    uint64_t hash = 0;
    for (size_t w = 0; w < words_; ++w) {
      hash = (hash ^ set[w]) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 29;
    }
    size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] >= 0; slot = (slot + 1) & (slots_.size() - 1)) {
      const int32_t number = slots_[slot];
      if (hash_[static_cast<size_t>(number)] == hash &&
          std::equal(set, set + words_, Get(number))) {
        return number;
      }
    }
    const int32_t number = size();
    slots_[slot] = number;
    hash_.push_back(hash);
    bits_.insert(bits_.end(), set, set + words_);
    if (hash_.size() * 2 > slots_.size()) Grow();
    return number;
  }

 private:
  void Grow() {
    slots_.assign(slots_.size() * 2, -1);
    for (size_t i = 0; i < hash_.size(); ++i) {
      size_t slot = hash_[i] & (slots_.size() - 1);
      while (slots_[slot] >= 0) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<int32_t>(i);
    }
  }

  size_t words_;
  std::vector<uint64_t> bits_, hash_;
  std::vector<int32_t> slots_;  // a power of two
};

}  // namespace allot
