#include "placement/sequences/nested_bounds.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "placement/problem/allowed_times.h"

namespace allot {
namespace {

size_t Size(int32_t i) { return static_cast<size_t>(i); }
uint64_t Bit(int32_t item) { return uint64_t{1} << item; }

class Nest {
 public:
  Nest(const SequenceInstance& instance, NestedBounds& bounds)
      : in_(instance), n_(instance.num_items), bounds_(bounds) {
    if (bounds_.least.empty()) {
      bounds_.least.Assign(Size(n_), Size(in_.num_devices), 0);
      bounds_.solved.Assign(Size(n_), Size(in_.num_devices), 0);
    }
    descendants_.assign(Size(n_), 0);
    for (int32_t item = n_ - 1; item >= 0; --item) {
      for (const SequenceInstance::Flow& flow : in_.flows) {
        if (flow.from != item) continue;
        descendants_[Size(item)] |= flow.to;
        for (uint64_t set = flow.to; set != 0; set &= set - 1) {
          descendants_[Size(item)] |= descendants_[Size(std::countr_zero(set))];
        }
      }
    }
  }

  int64_t Run(int64_t work) {
    int64_t left = work;
    std::vector<std::pair<int32_t, int32_t>> open;
    for (int32_t item = n_ - 1; item >= 0; --item) {
      const int32_t size = std::popcount(descendants_[Size(item)]);
      for (int32_t d = 0; d < in_.num_devices; ++d) {
        // Few in a row are a path; everything else is the problem itself.
        if (size >= kFewest && size < n_ - 1 && in_.time(item, DeviceId(d)) != kNotAllowed &&
            bounds_.solved(item, DeviceId(d)) == 0) {
          open.emplace_back(item, d);
        }
      }
    }
    // What one does not need is left to the others, which have more descendants.
    bounds_.complete = true;
    for (size_t i = 0; i < open.size(); ++i) {
      const auto& [item, device] = open[i];
      left -=
          Solve(item, device, std::max<int64_t>(left, 0) / static_cast<int64_t>(open.size() - i));
    }
    return work - left;
  }

 private:
  static constexpr int32_t kFewest = 3;

  int64_t Solve(int32_t item, int32_t device, int64_t work) {
    const SequenceInstance part = Part(item, device);
    Picos& least = bounds_.least(item, DeviceId(device));
    SequenceSearchLimits limits;
    limits.goal = least;
    limits.work = work / 2;
    // With no work left, what is proven before anything is tried, and no first solution.
    if (work <= 0) limits.upper = kNever - 1;
    const SequenceSearchResult first = SearchSequences(part, limits);
    int64_t spent = first.work + 1;
    least = std::max({least, first.lower, first.complete && first.found ? first.value : 0});
    if (first.complete) {
      bounds_.solved(item, DeviceId(device)) = 1;
      return spent;
    }
    bounds_.complete = false;
    if (!first.found) return spent;
    // To refute what lies farther below the best takes less.
    Picos high = first.value;
    for (int round = 0; round < 3 && spent < work && least < high; ++round) {
      limits.upper = least + std::max<Picos>((high - least) / 2, 1);
      limits.goal = least;
      limits.work = work / 6;
      const SequenceSearchResult found = SearchSequences(part, limits);
      spent += found.work + 1;
      if (found.complete) {
        least = std::max(least, found.found ? found.value : limits.upper);
      } else {
        high = limits.upper;
      }
    }
    return spent;
  }

  // The descendants of an item that ends on a device at instant 0.
  SequenceInstance Part(int32_t item, int32_t device) const {
    const uint64_t set = descendants_[Size(item)];
    const auto num_devices = Size(in_.num_devices);
    SequenceInstance part;
    part.num_devices = in_.num_devices;
    part.num_items = std::popcount(set);
    part.time.Assign(0, num_devices, 0);
    part.release.Assign(Size(part.num_items), num_devices, 0);
    part.follow.Assign(Size(part.num_items), num_devices, 0);
    part.after.Assign(0, num_devices, 0);
    std::vector<int32_t> number(Size(n_), -1);
    for (uint64_t rest = set; rest != 0; rest &= rest - 1) {
      const int32_t other = std::countr_zero(rest);
      number[Size(other)] = std::popcount(set & (Bit(other) - 1));
      part.time.AddRow(in_.time.row(other));
      part.after.AddRow(std::as_const(bounds_.least).row(other));
      if (in_.follow.empty()) continue;
      std::ranges::copy(in_.follow.row(other), part.follow.row(number[Size(other)]).begin());
    }
    const auto mapped = [&number](uint64_t items) {
      uint64_t result = 0;
      for (; items != 0; items &= items - 1) {
        result |= Bit(number[Size(std::countr_zero(items))]);
      }
      return result;
    };
    for (const SequenceInstance::Flow& flow : in_.flows) {
      if (flow.from == item) {
        for (uint64_t to = flow.to; to != 0; to &= to - 1) {
          const absl::Span<Picos> release = part.release.row(number[Size(std::countr_zero(to))]);
          const absl::Span<const Picos> crossing = flow.crossing.row(DeviceId(device));
          for (size_t d = 0; d < num_devices; ++d) release[d] = std::max(release[d], crossing[d]);
        }
      } else if ((set & Bit(flow.from)) != 0) {
        part.flows.push_back({number[Size(flow.from)], mapped(flow.to), flow.crossing, flow.id});
      }
    }
    // Where the item cannot send to, its readers cannot be.
    const absl::Span<Picos> time = part.time.cells(), release = part.release.cells();
    for (size_t cell = 0; cell < time.size(); ++cell) {
      if (release[cell] < kNever) continue;
      time[cell] = kNotAllowed;
      release[cell] = 0;
    }
    for (const uint64_t group : in_.groups) {
      if (std::popcount(group & set) > 1) part.groups.push_back(mapped(group & set));
    }
    return part;
  }

  const SequenceInstance& in_;
  const int32_t n_;
  NestedBounds& bounds_;
  std::vector<uint64_t> descendants_;
};

}  // namespace

int64_t RaiseAfter(const SequenceInstance& instance, int64_t work, NestedBounds& after) {
  ALLOT_CHECK(instance.size == StepSize::kOne && instance.step_cost.empty());
  if (after.complete) return 0;
  return Nest(instance, after).Run(work);
}

int64_t RaiseBefore(const SequenceInstance& instance, int64_t work, NestedBounds& before) {
  ALLOT_CHECK(instance.size == StepSize::kOne && instance.step_cost.empty());
  if (before.complete) return 0;
  const SequenceInstance reversed = Reversed(instance);
  // Rows change places with their mirror images.
  const auto mirror = [&](NestedBounds& bounds) {
    for (int32_t a = 0, b = instance.num_items - 1; a < b; ++a, --b) {
      std::ranges::swap_ranges(bounds.least.row(a), bounds.least.row(b));
      std::ranges::swap_ranges(bounds.solved.row(a), bounds.solved.row(b));
    }
  };
  if (!before.least.empty()) mirror(before);
  const int64_t spent = Nest(reversed, before).Run(work);
  mirror(before);
  return spent;
}

void Impose(const NestedBounds& after, const NestedBounds& before, SequenceInstance& instance) {
  const auto raise = [](const NestedBounds& bounds, SequenceInstance::Times& least) {
    if (least.empty()) least.Assign(bounds.least.num_rows(), bounds.least.num_columns(), 0);
    const absl::Span<const Picos> proven = bounds.least.cells();
    for (size_t i = 0; i < proven.size(); ++i)
      least.cells()[i] = std::max(least.cells()[i], proven[i]);
  };
  raise(after, instance.after);
  raise(before, instance.release);
}

}  // namespace allot
