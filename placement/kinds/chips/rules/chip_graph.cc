#include "placement/kinds/chips/rules/chip_graph.h"

namespace allot::chips {
namespace {

constexpr uint64_t Bit(size_t i) { return uint64_t{1} << i; }

template <typename Visit>
void ForEachBit(uint64_t bits, Visit visit) {
  for (; bits != 0; bits &= bits - 1) visit(static_cast<size_t>(__builtin_ctzll(bits)));
}

}  // namespace

ChipGraph::ChipGraph(int32_t chips) : chips_(Index(chips)) {
  const uint64_t all = ~uint64_t{0} >> (kMaxChips - chips);
  for (size_t i = 0; i < chips_; ++i) {
    below_[i] = above_[i] = Bit(i);
    allowed_in_[i] = Bit(i) - 1;
    allowed_out_[i] = all & ~(Bit(i) - 1) & ~Bit(i);
  }
}

void ChipGraph::Add(int32_t from, int32_t to) {
  const size_t a = Index(from), b = Index(to);
  next_[a] |= Bit(b);
  const uint64_t before = above_[a], after = below_[b];
  ForEachBit(before, [&](size_t x) { below_[x] |= after; });
  ForEachBit(after, [&](size_t y) { above_[y] |= before; });
  // x -> y is a shortcut if y is reached already, and makes one of p -> q if p reaches x and y
  // reaches q.
  allowed_in_ = {};
  const uint64_t all = ~uint64_t{0} >> (kMaxChips - chips_);
  for (size_t x = 0; x < chips_; ++x) {
    uint64_t heads = 0, forbidden = below_[x];
    ForEachBit(above_[x], [&](size_t p) { heads |= next_[p]; });
    ForEachBit(heads, [&](size_t q) { forbidden |= above_[q]; });
    const uint64_t later = all & ~(Bit(x) - 1) & ~Bit(x);
    allowed_out_[x] = (later & ~forbidden) | next_[x];
    ForEachBit(allowed_out_[x], [&](size_t y) { allowed_in_[y] |= Bit(x); });
  }
}

}  // namespace allot::chips
