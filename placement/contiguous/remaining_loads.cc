#include "placement/contiguous/remaining_loads.h"

#include <algorithm>
#include <utility>

#include "placement/bounds/load_bound.h"
#include "placement/problem/allowed_times.h"

namespace allot {
namespace {

constexpr int kRounds = 12;

}  // namespace

RemainingLoads::RemainingLoads(const StageIndex& index) : index_(index) {
  std::vector<int32_t> counts;
  for (const StageProblem::Class& cls : index.problem().classes) {
    counts.push_back(static_cast<int32_t>(cls.devices.size()));
  }
  Find(std::move(counts));
}

int32_t RemainingLoads::Without(int32_t devices, int32_t cls) {
  const auto c = static_cast<size_t>(cls);
  if (Get(devices).next[c] >= 0) return Get(devices).next[c];
  std::vector<int32_t> counts = Get(devices).counts;
  if (counts[c] == 0) return -1;
  --counts[c];
  const int32_t next = Find(std::move(counts));
  sets_[static_cast<size_t>(devices)].next[c] = next;
  return next;
}

bool RemainingLoads::Includes(int32_t devices, int32_t others) const {
  const std::vector<int32_t>& all = Counts(devices);
  const std::vector<int32_t>& some = Counts(others);
  for (size_t c = 0; c < all.size(); ++c) {
    if (all[c] < some[c]) return false;
  }
  return true;
}

int32_t RemainingLoads::Find(std::vector<int32_t> counts) {
  const auto [it, is_new] = known_.try_emplace(counts, static_cast<int32_t>(sets_.size()));
  if (!is_new) return it->second;
  Set set;
  set.next.assign(counts.size(), -1);
  LoadRows rows;
  std::vector<int32_t> placed;  // blocks that some device can run, by row
  for (int32_t b = 0; b < index_.num_blocks(); ++b) {
    bool allowed = false;
    for (int32_t c = 0; c < index_.num_classes(); ++c) {
      allowed = allowed || (counts[static_cast<size_t>(c)] > 0 && index_.Time(b, c) >= 0);
    }
    if (!allowed) continue;
    placed.push_back(b);
    std::vector<Picos> times;
    for (int32_t c = 0; c < index_.num_classes(); ++c) {
      for (int32_t k = 0; k < counts[static_cast<size_t>(c)]; ++k) {
        times.push_back(index_.Time(b, c) >= 0 ? index_.Time(b, c) : kNotAllowed);
      }
    }
    rows.time.AddRow(times);
  }
  set.weight.assign(static_cast<size_t>(index_.num_blocks()), kForbidden);
  if (!placed.empty()) {
    work_ += static_cast<int64_t>(rows.time.cells().size());
    const LoadDual dual = BoundLoad(rows, {}, {}, kRounds);
    set.bound = dual.bound;
    std::vector<Int128> exact;
    Int128 total = 0;
    for (size_t row = 0; row < placed.size(); ++row) {
      exact.push_back(WeightedTime(rows, row, dual.lambda));
      total += exact.back();
    }
    while ((total >> set.shift) >= kForbidden / 2) ++set.shift;
    for (size_t row = 0; row < placed.size(); ++row) {
      set.weight[static_cast<size_t>(placed[row])] = static_cast<int64_t>(exact[row] >> set.shift);
    }
  }
  for (const int64_t weight : set.weight) set.total = std::min(set.total + weight, kForbidden);
  set.upset.assign(set.weight.size(), -1);
  set.counts = std::move(counts);
  sets_.push_back(std::move(set));
  return it->second;
}

int64_t RemainingLoads::UpsetWeight(int32_t devices, int32_t block, const uint64_t* upset) {
  Set& set = sets_[static_cast<size_t>(devices)];
  int64_t& sum = set.upset[static_cast<size_t>(block)];
  if (sum >= 0) return sum;
  sum = 0;
  ForEachBlock(
      index_.words(), [upset](int32_t w) { return upset[w]; },
      [&](int32_t b) { sum = std::min(sum + set.weight[static_cast<size_t>(b)], kForbidden); });
  return sum;
}

int64_t RemainingLoads::Limit(int32_t devices, Picos upper) const {
  const Int128 limit = (static_cast<Int128>(upper) * kLoadWeight) >> Get(devices).shift;
  return static_cast<int64_t>(std::min<Int128>(limit, kForbidden - 1));
}

}  // namespace allot
