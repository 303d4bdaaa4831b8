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
    const size_t cells = Size(n_) * Size(in_.num_devices);
    bounds_.least.resize(cells, 0);
    bounds_.solved.resize(cells, 0);
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
        if (size >= kFewest && size < n_ - 1 && in_.time[Cell(item, d)] != kNotAllowed &&
            bounds_.solved[Cell(item, d)] == 0) {
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

  size_t Cell(int32_t item, int32_t device) const {
    return Size(item) * Size(in_.num_devices) + Size(device);
  }

  int64_t Solve(int32_t item, int32_t device, int64_t work) {
    const SequenceInstance part = Part(item, device);
    Picos& least = bounds_.least[Cell(item, device)];
    SequenceSearchLimits limits;
    limits.goal = least;
    limits.work = work / 2;
    // With no work left, what is proven before anything is tried, and no first solution.
    if (work <= 0) limits.upper = kNever - 1;
    const SequenceSearchResult first = SearchSequences(part, limits);
    int64_t spent = first.work + 1;
    least = std::max({least, first.lower, first.complete && first.found ? first.value : 0});
    if (first.complete) {
      bounds_.solved[Cell(item, device)] = 1;
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
    const int32_t num_devices = in_.num_devices;
    SequenceInstance part;
    part.num_devices = num_devices;
    part.num_items = std::popcount(set);
    std::vector<int32_t> number(Size(n_), -1);
    for (uint64_t rest = set; rest != 0; rest &= rest - 1) {
      const int32_t other = std::countr_zero(rest);
      number[Size(other)] = std::popcount(set & (Bit(other) - 1));
      for (int32_t d = 0; d < num_devices; ++d) {
        const size_t cell = Size(other) * Size(num_devices) + Size(d);
        part.time.push_back(in_.time[cell]);
        part.release.push_back(0);
        part.follow.push_back(in_.follow.empty() ? 0 : in_.follow[cell]);
        part.after.push_back(bounds_.least[cell]);
      }
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
          const size_t row = Size(number[Size(std::countr_zero(to))]) * Size(num_devices);
          for (int32_t d = 0; d < num_devices; ++d) {
            Picos& release = part.release[row + Size(d)];
            release = std::max(release, flow.crossing[Size(device) * Size(num_devices) + Size(d)]);
          }
        }
      } else if ((set & Bit(flow.from)) != 0) {
        part.flows.push_back({number[Size(flow.from)], mapped(flow.to), flow.crossing, flow.id});
      }
    }
    // Where the item cannot send to, its readers cannot be.
    for (size_t cell = 0; cell < part.time.size(); ++cell) {
      if (part.release[cell] < kNever) continue;
      part.time[cell] = kNotAllowed;
      part.release[cell] = 0;
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
    const auto width = static_cast<std::ptrdiff_t>(instance.num_devices);
    for (int32_t a = 0, b = instance.num_items - 1; a < b; ++a, --b) {
      std::swap_ranges(bounds.least.begin() + a * width, bounds.least.begin() + (a + 1) * width,
                       bounds.least.begin() + b * width);
      std::swap_ranges(bounds.solved.begin() + a * width, bounds.solved.begin() + (a + 1) * width,
                       bounds.solved.begin() + b * width);
    }
  };
  if (!before.least.empty()) mirror(before);
  const int64_t spent = Nest(reversed, before).Run(work);
  mirror(before);
  return spent;
}

void Impose(const NestedBounds& after, const NestedBounds& before, SequenceInstance& instance) {
  const auto raise = [](const NestedBounds& bounds, std::vector<Picos>& least) {
    least.resize(std::max(least.size(), bounds.least.size()), 0);
    for (size_t i = 0; i < bounds.least.size(); ++i) {
      least[i] = std::max(least[i], bounds.least[i]);
    }
  };
  raise(after, instance.after);
  raise(before, instance.release);
}

}  // namespace allot
