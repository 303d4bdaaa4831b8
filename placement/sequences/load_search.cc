#include "placement/sequences/load_search.h"

#include <algorithm>
#include <bit>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "placement/bounds/load_bound.h"
#include "placement/problem/allowed_times.h"

namespace allot {
namespace {

constexpr size_t kMaxRemembered = 400'000;
constexpr size_t kMaxPerKey = 48;

uint64_t Bit(int32_t item) { return uint64_t{1} << item; }

template <typename Visit>
void ForEachBit(uint64_t set, Visit visit) {
  for (; set != 0; set &= set - 1) visit(std::countr_zero(set));
}

// What is placed and what it loads.
struct State {
  uint64_t done = 0;
  std::vector<int32_t> on;          // by item
  std::vector<Picos> load;          // by device, then by channel
  std::vector<Bytes> used;          // by device
  std::vector<uint64_t> items_on;   // by device
  std::vector<uint64_t> delivered;  // by flow: a bit per device
};

class Search {
 public:
  Search(const PlacementProblem& problem, const SequenceInstance& instance,
         const LoadSearchLimits& limits)
      : in_(instance),
        limits_(limits),
        table_(problem),
        n_(instance.num_items),
        num_devices_(instance.num_devices),
        blocking_(problem.communication == Communication::kBlocking),
        best_(limits.upper) {
    all_ = n_ == 64 ? ~uint64_t{0} : Bit(n_) - 1;
    predecessors_.assign(Size(n_), 0);
    inputs_.resize(Size(n_));
    for (size_t f = 0; f < in_.flows.size(); ++f) {
      ForEachBit(in_.flows[f].to, [&](int32_t to) {
        predecessors_[Size(to)] |= Bit(in_.flows[f].from);
        inputs_[Size(to)].push_back(static_cast<int32_t>(f));
      });
    }
    group_of_.assign(Size(n_), -1);
    for (size_t g = 0; g < in_.groups.size(); ++g) {
      ForEachBit(in_.groups[g],
                 [&](int32_t item) { group_of_[Size(item)] = static_cast<int32_t>(g); });
    }
    for (const PlacementProblem::MachineDevice& device : problem.devices) {
      // What a device carries once if it holds anything, where launches are not part of steps.
      const bool once = in_.size == StepSize::kOne && problem.launch_on_arrival;
      once_.push_back(once ? device.part_cost : 0);
    }
    state_.on.assign(Size(n_), -1);
    state_.load.assign(Size(num_devices_) + problem.num_channels, 0);
    state_.used.assign(Size(num_devices_), 0);
    state_.items_on.assign(Size(num_devices_), 0);
    state_.delivered.assign(in_.flows.size(), 0);
    BuildLoads();
    if (in_.size == StepSize::kAny) {
      needs_.assign(size_t{1} << n_, 0);
      for (uint64_t set = 1; set <= all_; ++set) {
        const int32_t last = 63 - std::countl_zero(set);
        needs_[set] = needs_[set & ~Bit(last)] | predecessors_[Size(last)];
      }
    }
  }

  LoadSearchResult Run() {
    result_.complete = true;
    if (n_ == 0) {
      result_.found = best_ > 0;
    } else if (Bound(state_) < best_) {
      Extend();
    }
    result_.work = work_;
    return std::move(result_);
  }

 private:
  struct Child {
    Step step;
    Picos bound = 0;
    State state;
  };
  struct LoadWeights {
    std::vector<int64_t> lambda;
    std::vector<Int128> least;  // by item
    Int128 step = 0;
  };

  static size_t Size(int32_t i) { return static_cast<size_t>(i); }
  Picos Time(int32_t item, int32_t device) const { return in_.time(item, DeviceId(device)); }
  Picos StepCost(int32_t device) const {
    return in_.step_cost.empty() ? 0 : in_.step_cost[Size(device)];
  }

  void BuildLoads() {
    const LoadRows rows{IdTable<size_t, DeviceId, Picos>(in_.time), {}};
    const LoadDual dual = BoundLoad(rows, {}, {}, 64);
    std::vector<std::vector<int64_t>> weights = {
        std::vector<int64_t>(Size(num_devices_), kLoadWeight / num_devices_)};
    if (dual.lambda.size() == Size(num_devices_)) weights.push_back(dual.lambda);
    for (std::vector<int64_t>& lambda : weights) {
      LoadWeights& mine = loads_.emplace_back();
      for (int32_t item = 0; item < n_; ++item) {
        mine.least.push_back(WeightedTime(rows, Size(item), lambda));
      }
      for (int32_t d = 0; d < num_devices_; ++d) {
        const Int128 step = static_cast<Int128>(lambda[Size(d)]) * StepCost(d);
        mine.step = d == 0 ? step : std::min(mine.step, step);
      }
      mine.lambda = std::move(lambda);
    }
  }

  Picos Bound(const State& state) const {
    Picos bound = *std::max_element(state.load.begin(), state.load.end());
    const uint64_t rest = all_ & ~state.done;
    if (rest == 0) return bound;
    for (const LoadWeights& weights : loads_) {
      Int128 sum = weights.step;
      for (size_t d = 0; d < Size(num_devices_); ++d) {
        sum += static_cast<Int128>(weights.lambda[d]) * state.load[d];
      }
      ForEachBit(rest, [&](int32_t item) { sum += weights.least[Size(item)]; });
      bound = std::max(bound, DivideByLoadWeight(sum));
    }
    return bound;
  }

  bool Place(const Step& step, State& state) const {
    const int32_t d = step.device;
    for (uint64_t set = step.items; set != 0; set &= set - 1) {
      const int32_t item = std::countr_zero(set);
      if (Time(item, d) == kNotAllowed) return false;
      const int32_t group = group_of_[Size(item)];
      if (group >= 0) {
        const uint64_t placed = in_.groups[Size(group)] & state_.done;
        if (placed != 0 && state_.on[Size(std::countr_zero(placed))] != d) return false;
      }
    }
    state = state_;
    Picos& load = state.load[Size(d)];
    if (state.items_on[Size(d)] == 0) load += once_[Size(d)];
    load += StepCost(d);
    if (!in_.memory.empty()) {
      ForEachBit(step.items, [&](int32_t item) { state.used[Size(d)] += in_.memory[Size(item)]; });
      for (const SequenceInstance::Shared& shared : in_.shared) {
        if ((shared.items & step.items) == 0) continue;
        if ((shared.items & state.items_on[Size(d)]) == 0) state.used[Size(d)] += shared.bytes;
      }
      if (state.used[Size(d)] > in_.capacity[Size(d)]) return false;
    }
    for (uint64_t set = step.items; set != 0; set &= set - 1) {
      const int32_t item = std::countr_zero(set);
      load += Time(item, d);
      state.on[Size(item)] = d;
      for (int32_t f : inputs_[Size(item)]) {
        const SequenceInstance::Flow& flow = in_.flows[Size(f)];
        if ((step.items & Bit(flow.from)) != 0) continue;
        const int32_t from = state.on[Size(flow.from)];
        if (from == d || (state.delivered[Size(f)] & Bit(d)) != 0) continue;
        const Picos time = table_.Time(flow.id, from, d);
        if (time == TransferTable::kNoRoute) return false;
        state.delivered[Size(f)] |= Bit(d);
        if (table_.communication() == Communication::kDelay) continue;
        for (const int32_t channel : table_.Channels(from, d)) {
          state.load[Size(num_devices_ + channel)] += time;
        }
        if (!blocking_) continue;
        state.load[Size(from)] += time;
        load += time;
      }
    }
    state.done |= step.items;
    state.items_on[Size(d)] |= step.items;
    return true;
  }

  bool Superfluous(int32_t device) const {
    if (in_.classes.empty() || state_.items_on[Size(device)] != 0) return false;
    for (int32_t other = 0; other < device; ++other) {
      if (in_.classes[Size(other)] == in_.classes[Size(device)] &&
          state_.items_on[Size(other)] == 0) {
        return true;
      }
    }
    return false;
  }

  template <typename Visit>
  void ForEachNext(Visit visit) const {
    const uint64_t rest = all_ & ~state_.done;
    if (in_.size == StepSize::kOne) {
      visit(rest & -rest);  // numbers are topological
      return;
    }
    for (uint64_t set = rest; set != 0; set = (set - 1) & rest) {
      if ((needs_[set] & ~(state_.done | set)) == 0) visit(set);
    }
  }

  int64_t WorkLimit() const {
    if (result_.found || limits_.upper < kNever) return limits_.work;
    return limits_.work + int64_t{16} * n_ * n_ * num_devices_;
  }

  void Extend() {
    if (state_.done == all_) {
      const Picos value = *std::max_element(state_.load.begin(), state_.load.end());
      if (value >= best_) return;
      if (limits_.allowed && !limits_.allowed(steps_)) {
        result_.refused = std::min(result_.refused, value);
        return;
      }
      best_ = value;
      result_.found = true;
      result_.value = value;
      result_.steps = steps_;
      return;
    }
    std::vector<Child> children;
    ForEachNext([&](uint64_t items) {
      for (int32_t d = 0; d < num_devices_; ++d) {
        if (Superfluous(d)) continue;
        if (work_ >= WorkLimit()) {
          result_.complete = false;
          return;
        }
        ++work_;
        Child child{{items, d}, 0, {}};
        if (!Place(child.step, child.state)) continue;
        child.bound = Bound(child.state);
        if (child.bound < best_) children.push_back(std::move(child));
      }
    });
    if (!result_.complete) return;
    std::sort(children.begin(), children.end(), [](const Child& a, const Child& b) {
      return std::tie(a.bound, a.step.items, a.step.device) <
             std::tie(b.bound, b.step.items, b.step.device);
    });
    const State before = state_;
    for (Child& child : children) {
      if (child.bound >= best_) continue;
      state_ = std::move(child.state);
      if (limits_.allowed || !Dominated()) {
        steps_.push_back(child.step);
        Extend();
        steps_.pop_back();
      }
      state_ = before;
      if (!result_.complete || (result_.found && best_ <= limits_.goal)) return;
    }
  }

  bool Dominated() {
    const uint64_t rest = all_ & ~state_.done;
    if (rest == 0) return false;
    std::string key;
    std::vector<int64_t> value = state_.load;
    for (int shift = 0; shift < 64; shift += 8) {
      if (shift < n_) key.push_back(static_cast<char>(state_.done >> shift));
    }
    for (size_t f = 0; f < in_.flows.size(); ++f) {
      const SequenceInstance::Flow& flow = in_.flows[f];
      if ((state_.done & Bit(flow.from)) == 0 || (flow.to & rest) == 0) continue;
      key.push_back(static_cast<char>(state_.on[Size(flow.from)]));
      for (int shift = 0; shift < 64; shift += 8) {
        if (shift < num_devices_) key.push_back(static_cast<char>(state_.delivered[f] >> shift));
      }
    }
    for (const uint64_t group : in_.groups) {
      if ((group & state_.done) == 0 || (group & rest) == 0) continue;
      key.push_back(static_cast<char>(state_.on[Size(std::countr_zero(group & state_.done))]));
    }
    for (size_t d = 0; d < Size(num_devices_); ++d) {
      if (once_[d] > 0) key.push_back(static_cast<char>(state_.items_on[d] != 0));
    }
    if (!in_.memory.empty()) {
      value.insert(value.end(), state_.used.begin(), state_.used.end());
      for (const SequenceInstance::Shared& shared : in_.shared) {
        if ((shared.items & state_.done) == 0 || (shared.items & rest) == 0) continue;
        for (const uint64_t items : state_.items_on) {
          key.push_back(static_cast<char>((items & shared.items) != 0));
        }
      }
    }
    std::vector<int64_t>& states = memo_[key];
    const size_t width = value.size();
    size_t kept = 0;
    for (size_t s = 0; s < states.size(); s += width) {
      bool better = true, worse = true;
      for (size_t i = 0; i < width && (better || worse); ++i) {
        better = better && states[s + i] <= value[i];
        worse = worse && states[s + i] >= value[i];
      }
      if (better) return true;
      if (worse) {
        --remembered_;
        continue;
      }
      if (kept != s) {
        std::copy_n(states.begin() + std::ptrdiff_t(s), width,
                    states.begin() + std::ptrdiff_t(kept));
      }
      kept += width;
    }
    states.resize(kept);
    if (kept < kMaxPerKey * width && remembered_ < kMaxRemembered) {
      states.insert(states.end(), value.begin(), value.end());
      ++remembered_;
    }
    return false;
  }

  const SequenceInstance& in_;
  const LoadSearchLimits& limits_;
  const TransferTable table_;
  const int32_t n_, num_devices_;
  const bool blocking_;
  uint64_t all_ = 0;
  std::vector<uint64_t> predecessors_, needs_;
  std::vector<std::vector<int32_t>> inputs_;  // flows by item
  std::vector<int32_t> group_of_;
  std::vector<Picos> once_;
  std::vector<LoadWeights> loads_;

  State state_;
  std::vector<Step> steps_;
  std::unordered_map<std::string, std::vector<int64_t>> memo_;
  size_t remembered_ = 0;
  Picos best_;
  int64_t work_ = 0;
  LoadSearchResult result_;
};

}  // namespace

LoadSearchResult SearchLoads(const PlacementProblem& problem, const SequenceInstance& instance,
                             const LoadSearchLimits& limits) {
  ALLOT_CHECK(instance.num_devices <= 64);
  ALLOT_CHECK(instance.num_items <= (instance.size == StepSize::kOne
                                         ? SequenceInstance::kMaxItems
                                         : SequenceInstance::kMaxItemsOfSets));
  return Search(problem, instance, limits).Run();
}

}  // namespace allot
