// What may still be used at each moment, where intervals of moments change and are asked for their
// least: a tree of blocks with changes that hold for all below.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace allot::strategies {

class Room {
 public:
  explicit Room(const std::vector<int64_t>& capacity) {
    while (leaves_ < capacity.size()) leaves_ *= 2;
    least_.assign(2 * leaves_, std::numeric_limits<int64_t>::max() / 2);
    added_.assign(2 * leaves_, 0);
    std::copy(capacity.begin(), capacity.end(),
              least_.begin() + static_cast<std::ptrdiff_t>(leaves_));
    for (size_t i = leaves_ - 1; i >= 1; --i)
      least_[i] = std::min(least_[2 * i], least_[2 * i + 1]);
  }

  // To all moments in [begin, end), not empty. Logarithmic, as Least().
  void Add(int32_t begin, int32_t end, int64_t amount) {
    const size_t first = leaves_ + static_cast<size_t>(begin);
    const size_t last = leaves_ + static_cast<size_t>(end);
    for (size_t l = first, r = last; l < r; l /= 2, r /= 2) {
      if (l & 1) Apply(l++, amount);
      if (r & 1) Apply(--r, amount);
    }
    Rebuild(first);
    Rebuild(last - 1);
  }
  int64_t Least(int32_t begin, int32_t end) const {
    size_t l = leaves_ + static_cast<size_t>(begin), r = leaves_ + static_cast<size_t>(end) - 1;
    int64_t left = least_[l], right = least_[r];
    while (l / 2 != r / 2) {
      if ((l & 1) == 0) left = std::min(left, least_[l + 1]);
      if ((r & 1) == 1) right = std::min(right, least_[r - 1]);
      l /= 2, r /= 2;
      left += added_[l], right += added_[r];
    }
    int64_t least = std::min(left, right);
    for (l /= 2; l >= 1; l /= 2) least += added_[l];
    return least;
  }
  int64_t Least() const { return least_[1]; }

 private:
  void Apply(size_t i, int64_t amount) {
    least_[i] += amount;
    added_[i] += amount;
  }
  void Rebuild(size_t i) {
    for (i /= 2; i >= 1; i /= 2) {
      least_[i] = std::min(least_[2 * i], least_[2 * i + 1]) + added_[i];
    }
  }

  size_t leaves_ = 1;
  std::vector<int64_t> least_, added_;  // by block; added_ counts for all below
};

}  // namespace allot::strategies
