#include "placement/proofs/trial_bound.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "placement/bounds/device_windows.h"
#include "placement/bounds/part_bounds.h"
#include "placement/problem/allowed_times.h"
#include "placement/proofs/interval_chain.h"

namespace allot {
namespace {

class Trials {
 public:
  Trials(const TrialInput& input, int64_t work)
      : input_(input),
        n_(static_cast<size_t>(input.costs.num_items)),
        num_devices_(static_cast<size_t>(input.costs.num_devices)),
        work_(work),
        forward_(input.costs),
        reversed_(ReversedGraph(input.costs)),
        backward_(input.costs, reversed_) {
    for (const std::vector<int32_t>& consumers : forward_.consumers) {
      num_edges_ += static_cast<int64_t>(consumers.size());
    }
  }

  Picos Run() {
    State root{input_.costs.times, input_.ends, ItemTimes(n_, num_devices_, 0)};
    Picos low = input_.known;
    // No trial has to go beyond what can be done.
    Picos high = low * 2;
    for (size_t d = 0; d < num_devices_; ++d) {
      Picos alone = input_.costs.first[d];
      for (size_t i = 0; i < n_ && alone < kNever; ++i) {
        const Picos time = root.times(ItemId(i), DeviceId(d));
        alone = time == kNotAllowed ? kNever : alone + time;
      }
      high = std::min(high, alone);
    }
    // What holds of all schedules is where each trial begins.
    if (Shrink(root, kNever - 1, /*chains=*/1)) return low;
    constexpr Picos kFine = 512;
    while (high - low > low / kFine && spent_ < work_ / 2) {
      const Picos middle = low + (high - low) / 2;
      State state = root;
      if (Shrink(state, middle, /*chains=*/2) || Crowded(state, middle)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    // Further by cases, with steps as long as they succeed.
    Picos step = std::max<Picos>(low / 64, 1);
    while (step > low / 4096 && spent_ < work_) {
      const Picos within = low + step - 1;
      State state = root;
      const int64_t limit = spent_ + (work_ - spent_) / 3;
      if (Refuted(std::move(state), within, limit, /*depth=*/0)) {
        low = within + 1;
        step *= 2;
      } else {
        step /= 4;
      }
    }
    return low;
  }

 private:
  struct State {
    ItemTimes times;        // kNotAllowed: ruled out
    ItemTimes ends, rests;  // from the start to an item's end; from its start to the end
  };

  static Picos Through(const State& state, ItemId item, DeviceId device) {
    const Picos time = state.times(item, device);
    const Picos end = state.ends(item, device), rest = state.rests(item, device);
    return time == kNotAllowed || end >= kNever || rest >= kNever ? kNever : end + rest - time;
  }

  // Rules out devices until nothing changes. True if some item is left without any.
  bool Shrink(State& state, Picos within, int chains) {
    bool cut = false;
    for (int round = 0; round < 50; ++round) {
      forward_.times = state.times;
      RaiseEnds(forward_, state.ends);
      backward_.times = state.times;
      RaiseEnds(backward_, state.rests);
      spent_ +=
          1 + (num_edges_ * Devices() * Devices() + static_cast<int64_t>(n_) * Devices()) / 16;
      bool changed = false;
      if (!RuleOut(state, within, changed)) return true;
      if (changed) {
        cut = false;
        continue;
      }
      if (!std::exchange(cut, true)) {
        const int64_t work = std::min(static_cast<int64_t>(n_ * n_) * Devices(), work_ / 4);
        for (const bool ahead : {true, false}) {
          spent_ += RaiseEndsByParts(ahead ? forward_ : backward_, input_.lambda, work,
                                     ahead ? state.ends : state.rests) /
                    8;
        }
        continue;
      }
      if (chains-- <= 0) return false;
      if (Chained(state, within)) return true;
    }
    return false;
  }

  // False if an item is left without a device.
  bool RuleOut(State& state, Picos within, bool& changed) {
    for (const ItemId item : IdRange<ItemId>(n_)) {
      bool any = false;
      for (const DeviceId d : IdRange<DeviceId>(num_devices_)) {
        Picos& time = state.times(item, d);
        if (time == kNotAllowed) continue;
        if (Through(state, item, d) <= within) {
          any = true;
          continue;
        }
        time = kNotAllowed;
        changed = true;
      }
      if (!any) return false;
    }
    for (const std::vector<ItemId>& group : input_.groups) {
      for (const DeviceId d : IdRange<DeviceId>(num_devices_)) {
        if (std::none_of(group.begin(), group.end(),
                         [&](ItemId item) { return state.times(item, d) == kNotAllowed; })) {
          continue;
        }
        for (const ItemId item : group) {
          changed = changed || state.times(item, d) != kNotAllowed;
          state.times(item, d) = kNotAllowed;
        }
      }
    }
    return true;
  }

  // Raises ends and rests by intervals in both directions. True if these alone contradict.
  bool Chained(State& state, Picos within) {
    const LoadRows rows{IdTable<size_t, DeviceId, Picos>(state.times), {}};
    constexpr int kRounds = 24;
    const LoadDual dual = BoundLoad(rows, input_.launch, {}, kRounds);
    if (dual.bound > within) return true;
    const int64_t square = Devices() * Devices();
    const int64_t all =
        static_cast<int64_t>(n_) * (static_cast<int64_t>(n_) + num_edges_ * square * Devices());
    const int64_t work = std::min(all, work_ / 32);
    spent_ += 2 * work + static_cast<int64_t>(n_) * Devices();
    for (const bool ahead : {true, false}) {
      ItemTimes& own = ahead ? state.ends : state.rests;
      const PathBounds paths{own, Behind(ahead ? state.rests : state.ends, state.times)};
      ChainBound chain = IntervalChain(ahead ? forward_ : backward_, paths, dual, work);
      if (chain.value > within) return true;
      own = std::move(chain.ends);
    }
    return false;
  }

  // What is left of `rests` without the times themselves.
  static ItemTimes Behind(ItemTimes rests, const ItemTimes& times) {
    const absl::Span<Picos> rest = rests.cells();
    const absl::Span<const Picos> time = times.cells();
    for (size_t cell = 0; cell < rest.size(); ++cell) {
      const bool none = time[cell] == kNotAllowed || rest[cell] >= kNever;
      rest[cell] = none ? kNever : rest[cell] - time[cell];
    }
    return rests;
  }

  // Whether the windows of the devices are too short for some set.
  bool Crowded(const State& state, Picos within) {
    if (n_ >= kMostWindowRows) return false;
    const ItemTimes start = Behind(state.ends, state.times);
    const ItemTimes tail = Behind(state.rests, state.times);
    const WindowRows rows{
        WindowRows::Times(state.times), WindowRows::Times(start), WindowRows::Times(tail), {}};
    const std::vector<std::vector<int32_t>> sets = WindowSets(rows, n_);
    spent_ += static_cast<int64_t>(n_) * Devices() * 8;
    // The whole first: it is what most often has no room.
    return std::any_of(sets.rbegin(), sets.rend(), [&](const std::vector<int32_t>& set) {
      return Overloaded(rows, set, within);
    });
  }

  // Whether every way to go on contradicts. False also when the work is done.
  bool Refuted(State state, Picos within, int64_t limit, int depth) {
    if (Shrink(state, within, depth == 0 ? 2 : n_ <= 64 ? 1 : 0)) return true;
    if (Crowded(state, within)) return true;
    if (spent_ >= limit || depth > 200) return false;
    const ItemId item = Undecided(state);
    if (!item.valid()) return false;
    // Devices where the item fits best first: if those do not contradict, nothing is gained.
    std::vector<DeviceId> order;
    for (const DeviceId d : IdRange<DeviceId>(num_devices_)) {
      if (state.times(item, d) != kNotAllowed) order.push_back(d);
    }
    std::stable_sort(order.begin(), order.end(), [&](DeviceId a, DeviceId b) {
      return Through(state, item, a) < Through(state, item, b);
    });
    for (const DeviceId device : order) {
      State child = state;
      for (const DeviceId d : IdRange<DeviceId>(num_devices_)) {
        if (d != device) child.times(item, d) = kNotAllowed;
      }
      if (!Refuted(std::move(child), within, limit, depth + 1)) return false;
    }
    return true;
  }

  // The item whose best device is farthest ahead of the next, long ones before short ones; invalid
  // if all are decided.
  ItemId Undecided(const State& state) const {
    ItemId chosen;
    Picos most = -1;
    for (const ItemId item : IdRange<ItemId>(n_)) {
      Picos first = kNever, second = kNever, time = kNever;
      for (const DeviceId d : IdRange<DeviceId>(num_devices_)) {
        const Picos through = Through(state, item, d);
        if (through >= kNever) continue;
        time = std::min(time, state.times(item, d));
        if (through < first) {
          second = std::exchange(first, through);
        } else {
          second = std::min(second, through);
        }
      }
      if (second >= kNever) continue;
      if (second - first + time > most) {
        most = second - first + time;
        chosen = item;
      }
    }
    return chosen;
  }

  int64_t Devices() const { return static_cast<int64_t>(num_devices_); }

  const TrialInput& input_;
  const size_t n_, num_devices_;
  const int64_t work_;
  int64_t spent_ = 0, num_edges_ = 0;
  PathCosts forward_;
  const ProblemGraph reversed_;
  PathCosts backward_;
};

}  // namespace

Picos BoundByTrials(const TrialInput& input, int64_t work) {
  if (input.costs.num_items == 0 || input.costs.num_devices < 2) return input.known;
  return Trials(input, work).Run();
}

}  // namespace allot
