#include "placement/bounds/device_windows.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "placement/problem/allowed_times.h"

namespace allot {
namespace {

// By place in a set, as far as the row can be on the device.
using SetTimes = IdTable<size_t, DeviceId, Picos>;

// The inequality of the header.
bool Exceeds(const SetTimes& time, const std::vector<int64_t>& weight,
             const std::vector<Picos>& window) {
  Int128 spare = 0;
  for (size_t d = 0; d < weight.size(); ++d) spare += static_cast<Int128>(weight[d]) * window[d];
  const size_t num_rows = time.num_rows();
  for (size_t i = 0; i < num_rows; ++i) {
    const absl::Span<const Picos> row = time.row(i);
    Int128 least = -1;
    for (size_t d = 0; d < weight.size(); ++d) {
      if (row[d] == kNotAllowed) continue;
      const Int128 cost = static_cast<Int128>(weight[d]) * row[d];
      if (least < 0 || cost < least) least = cost;
    }
    spare -= least;
  }
  return spare < 0;
}

// The leading bits of the times of a set, and the loads if each row goes where its weighted time is
// least (the first such device).
class RoughRows {
 public:
  RoughRows(const SetTimes& time, int shift)
      : num_devices_(time.num_columns()), fixed_(num_devices_, 0) {
    rows_.reserve(time.cells().size());
    const size_t num_rows = time.num_rows();
    for (size_t i = 0; i < num_rows; ++i) {
      const absl::Span<const Picos> row = time.row(i);
      size_t choices = 0, only = 0;
      for (size_t d = 0; d < num_devices_; ++d) {
        if (row[d] == kNotAllowed) continue;
        only = d;
        ++choices;
      }
      if (choices == 1) {
        fixed_[only] += row[only] >> shift;
        continue;
      }
      for (const Picos picos : row) {
        rows_.push_back(picos == kNotAllowed ? int64_t{-1} : picos >> shift);
      }
    }
  }

  void Assign(const std::vector<int64_t>& weight, std::vector<int64_t>& load) const {
    load = fixed_;
    switch (num_devices_) {
      case 2:
        return AssignTo<2>(weight.data(), load.data());
      case 3:
        return AssignTo<3>(weight.data(), load.data());
      case 4:
        return AssignTo<4>(weight.data(), load.data());
      case 5:
        return AssignTo<5>(weight.data(), load.data());
      case 6:
        return AssignTo<6>(weight.data(), load.data());
      default:
        return AssignTo<0>(weight.data(), load.data());
    }
  }

 private:
  // With a number of devices that the compiler knows the inner loop is none. 0: any number.
  template <size_t kDevices>
  void AssignTo(const int64_t* weight, int64_t* load) const {
    const size_t num_devices = kDevices > 0 ? kDevices : num_devices_;
    for (size_t at = 0; at < rows_.size(); at += num_devices) {
      const int64_t* row = &rows_[at];
      size_t best = 0;
      auto least = static_cast<uint64_t>(weight[0] * row[0]);
      for (size_t d = 1; d < num_devices; ++d) {
        // Without branches, which nothing could predict. Where the row cannot be, its cost is
        // negative, so without a sign above all others.
        const auto cost = static_cast<uint64_t>(weight[d] * row[d]);
        best = cost < least ? d : best;
        least = cost < least ? cost : least;
      }
      load[best] += row[best];
    }
  }

  const size_t num_devices_;
  std::vector<int64_t> rows_;   // by [row with a choice][device]; -1 where it cannot be
  std::vector<int64_t> fixed_;  // by device, of rows without a choice
};

}  // namespace

std::vector<std::vector<int32_t>> WindowSets(const WindowRows& rows, size_t n) {
  std::array<std::vector<Picos>, 3> keys;
  for (size_t i = 0; i < n; ++i) {
    const auto row = static_cast<int32_t>(i);
    const absl::Span<const Picos> start = rows.start.row(row), tail = rows.tail.row(row);
    Picos head = kNever, after = kNever, first = kNever, second = kNever;
    for (size_t d = 0; d < start.size(); ++d) {
      if (start[d] >= kNever || tail[d] >= kNever) continue;
      head = std::min(head, start[d]);
      after = std::min(after, tail[d]);
      const Picos both = start[d] + tail[d];
      if (both < first) {
        second = std::exchange(first, both);
      } else {
        second = std::min(second, both);
      }
    }
    keys[0].push_back(head);
    keys[1].push_back(after);
    keys[2].push_back(second);
  }
  std::vector<std::vector<int32_t>> sets;
  std::vector<int32_t> order(n);
  for (const std::vector<Picos>& key : keys) {
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&key](int32_t a, int32_t b) {
      return key[static_cast<size_t>(a)] > key[static_cast<size_t>(b)];
    });
    constexpr size_t kSets = 6;
    size_t last = 0;
    for (size_t s = 1; s <= kSets; ++s) {
      const size_t size = n * s / kSets;
      if (size == last || (s == kSets && &key != &keys[2])) continue;
      last = size;
      sets.emplace_back(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }
  return sets;
}

bool Overloaded(const WindowRows& rows, const std::vector<int32_t>& set, Picos within) {
  const size_t num_devices = rows.num_devices();
  std::vector<Picos> first(num_devices, kNever), after(num_devices, kNever), window(num_devices, 0);
  SetTimes time(set.size(), num_devices, kNotAllowed);
  for (size_t i = 0; i < set.size(); ++i) {
    const absl::Span<const Picos> start = rows.start.row(set[i]), tail = rows.tail.row(set[i]);
    const absl::Span<const Picos> whole = rows.time.row(set[i]);
    const absl::Span<Picos> mine = time.row(i);
    bool any = false;
    for (size_t d = 0; d < num_devices; ++d) {
      if (start[d] >= kNever || tail[d] >= kNever) continue;
      const Picos p = whole[d];
      if (p == kNotAllowed || start[d] + p + tail[d] > within) continue;
      mine[d] = p;
      first[d] = std::min(first[d], start[d]);
      after[d] = std::min(after[d], tail[d]);
      any = true;
    }
    if (!any) return true;
  }
  for (size_t d = 0; d < num_devices; ++d) {
    if (first[d] >= kNever) continue;
    window[d] = within - first[d] - after[d];
    if (!rows.taken.empty()) window[d] = std::min(window[d], within - rows.taken[d]);
    window[d] = std::max<Picos>(window[d], 0);
  }
  // Weights move towards the devices that the cheapest assignment overloads. This is done with 20
  // bits of each time, so that sums fit into words; what looks like a proof is then worked out in
  // full. The inequality with weights < 2^26 and less than 2^14 items stays below 2^60.
  ALLOT_CHECK(set.size() < kMostWindowRows);
  int shift = 0;
  while ((within >> shift) >= int64_t{1} << 20) ++shift;
  const int64_t widest = std::max<int64_t>(within >> shift, 1);
  const RoughRows rough(time, shift);
  std::vector<int64_t> weight(num_devices, int64_t{1} << 16), load(num_devices);
  constexpr int kRounds = 24;
  for (int round = 0; round < kRounds; ++round) {
    rough.Assign(weight, load);
    int64_t demand = 0, supply = 0;
    bool fits = true;
    for (size_t d = 0; d < num_devices; ++d) {
      demand += weight[d] * load[d];
      supply += weight[d] * (window[d] >> shift);
      fits = fits && load[d] <= window[d] >> shift;
    }
    if (fits) return false;  // whatever the weights
    if (demand > supply - supply / 1024 && Exceeds(time, weight, window)) return true;
    for (size_t d = 0; d < num_devices; ++d) {
      // By at most a half, less in later rounds.
      const int64_t over = std::clamp(load[d] - (window[d] >> shift), -widest, widest);
      const int64_t change = weight[d] * over / widest / (2 + round / 4);
      weight[d] = std::clamp<int64_t>(weight[d] + change, 1, (int64_t{1} << 26) - 1);
    }
  }
  return false;
}

}  // namespace allot
