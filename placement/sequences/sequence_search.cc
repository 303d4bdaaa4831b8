#include "placement/sequences/sequence_search.h"

#include <algorithm>
#include <bit>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "placement/bounds/load_bound.h"
#include "placement/problem/allowed_times.h"
#include "support/id_cube.h"

namespace allot {
namespace {

// What the memo may hold; beyond it nothing new is remembered.
constexpr size_t kMaxRemembered = 400'000;
constexpr size_t kMaxPerKey = 48;
// More than any weighted time.
constexpr Int128 kMostWeighted = static_cast<Int128>(1) << 100;

uint64_t Bit(int32_t item) { return uint64_t{1} << item; }

// Visits the numbers of the set bits, ascending.
template <typename Visit>
void ForEachBit(uint64_t set, Visit visit) {
  for (; set != 0; set &= set - 1) visit(std::countr_zero(set));
}

class Search {
 public:
  Search(const SequenceInstance& instance, const SequenceSearchLimits& limits)
      : in_(instance),
        limits_(limits),
        n_(instance.num_items),
        num_devices_(instance.num_devices),
        best_(limits.upper) {
    all_ = n_ == 64 ? ~uint64_t{0} : Bit(n_) - 1;
    predecessors_.assign(Size(n_), 0);
    consumers_.assign(Size(n_), 0);
    inputs_.resize(Size(n_));
    outputs_.resize(Size(n_));
    for (size_t f = 0; f < in_.flows.size(); ++f) {
      const SequenceInstance::Flow& flow = in_.flows[f];
      consumers_[Size(flow.from)] |= flow.to;
      outputs_[Size(flow.from)].push_back(static_cast<int32_t>(f));
      ForEachBit(flow.to, [&](int32_t to) {
        predecessors_[Size(to)] |= Bit(flow.from);
        inputs_[Size(to)].push_back(static_cast<int32_t>(f));
      });
    }
    group_of_.assign(Size(n_), -1);
    for (size_t g = 0; g < in_.groups.size(); ++g) {
      ForEachBit(in_.groups[g],
                 [&](int32_t item) { group_of_[Size(item)] = static_cast<int32_t>(g); });
    }
    end_.assign(Size(n_), 0);
    on_.assign(Size(n_), -1);
    earliest_.Assign(Size(n_), Size(num_devices_), 0);
    ready_ = in_.ready;
    ready_.resize(Size(num_devices_), 0);
    items_on_.assign(Size(num_devices_), 0);
    used_.assign(Size(num_devices_), 0);
    BuildTails();
    BuildLoads();
    BuildOrders();
    if (in_.size == StepSize::kAny) BuildClosures();
  }

  SequenceSearchResult Run() {
    result_.complete = true;
    if (n_ == 0) {
      result_.found = true;
      result_.value = limits_.judge ? limits_.judge({}) : 0;
    } else {
      result_.lower = Bound(0, kNever);
      if (Bound(0, best_) < best_) Extend(0);
    }
    result_.work = work_;
    return std::move(result_);
  }

 private:
  struct Child {
    Step step;
    Picos start, end, bound;
  };

  static size_t Size(int32_t i) { return static_cast<size_t>(i); }
  Picos Time(int32_t item, int32_t device) const { return in_.time(item, DeviceId(device)); }
  Picos Release(int32_t item, int32_t device) const {
    return in_.release.empty() ? 0 : in_.release(item, DeviceId(device));
  }
  Picos Follow(int32_t item, int32_t device) const {
    return in_.follow.empty() ? 0 : in_.follow(item, DeviceId(device));
  }
  Picos StepCost(int32_t device) const {
    return in_.step_cost.empty() ? 0 : in_.step_cost[Size(device)];
  }
  Picos Crossing(int32_t flow, int32_t from, int32_t to) const {
    return in_.flows[Size(flow)].crossing(DeviceId(from), DeviceId(to));
  }

  // tail_: what follows the end of an item on a device, at least, with later items on the devices
  // that suit it best. far_: the longest crossing of an item's outputs from a device.
  void BuildTails() {
    tail_.Assign(Size(n_), Size(num_devices_), 0);
    far_.Assign(Size(n_), Size(num_devices_), 0);
    for (int32_t item = n_ - 1; item >= 0; --item) {
      for (int32_t d = 0; d < num_devices_; ++d) {
        Picos& tail = tail_(item, DeviceId(d));
        Picos& far = far_(item, DeviceId(d));
        tail = Follow(item, d);
        if (!in_.after.empty()) tail = std::max(tail, in_.after(item, DeviceId(d)));
        for (int32_t f : outputs_[Size(item)]) {
          for (int32_t to = 0; to < num_devices_; ++to) {
            const Picos crossing = Crossing(f, d, to);
            if (crossing < kNever) far = std::max(far, crossing);
          }
          ForEachBit(in_.flows[Size(f)].to, [&](int32_t next) {
            Picos rest = kNever;
            for (int32_t to = 0; to < num_devices_; ++to) {
              const Picos crossing = Crossing(f, d, to);
              const Picos after = tail_(next, DeviceId(to));
              if (crossing >= kNever || after >= kNever || Time(next, to) == kNotAllowed) continue;
              const Picos launch = to == d ? 0 : StepCost(to);
              rest = std::min(rest, crossing + launch + Time(next, to) + after);
            }
            tail = std::max(tail, rest);
          });
        }
      }
    }
  }

  // Weights for the bound on loads: those that are best for everything, and equal ones.
  void BuildLoads() {
    const LoadRows rows{IdTable<size_t, DeviceId, Picos>(in_.time), {}};
    const LoadDual dual = BoundLoad(rows, {}, {}, 48);
    std::vector<std::vector<int64_t>> weights = {
        std::vector<int64_t>(Size(num_devices_), kLoadWeight / num_devices_)};
    if (dual.lambda.size() == Size(num_devices_)) weights.push_back(dual.lambda);
    weighted_.Assign(Size(n_), Size(num_devices_), weights.size(), 0);
    for (std::vector<int64_t>& lambda : weights) {
      const size_t number = loads_.size();
      LoadWeights& mine = loads_.emplace_back();
      for (int32_t item = 0; item < n_; ++item) {
        mine.least.push_back(WeightedTime(rows, Size(item), lambda));
        for (int32_t d = 0; d < num_devices_; ++d) {
          weighted_(item, DeviceId(d), number) =
              static_cast<Int128>(lambda[Size(d)]) * std::max<Picos>(Time(item, d), 0);
        }
      }
      for (int32_t d = 0; d < num_devices_; ++d) {
        const Int128 step = static_cast<Int128>(lambda[Size(d)]) * StepCost(d);
        mine.step = d == 0 ? step : std::min(mine.step, step);
      }
      mine.lambda = std::move(lambda);
    }
  }

  // Static orders of Overloaded().
  void BuildOrders() {
    demand_.resize(loads_.size());
    least_here_.resize(loads_.size());
    std::vector<Picos> head(Size(n_)), tail(Size(n_));
    for (int32_t item = 0; item < n_; ++item) {
      by_tail_.push_back(item);
      FindEarliest(item, 0, kNever);
      Picos start = kNever, after = kNever;
      for (int32_t d = 0; d < num_devices_; ++d) {
        const Picos end = earliest_(item, DeviceId(d));
        if (end >= kNever) continue;
        start = std::min(start, end - Time(item, d));
        after = std::min(after, tail_(item, DeviceId(d)));
      }
      head[Size(item)] = start;
      tail[Size(item)] = after;
    }
    by_head_ = by_tail_;
    std::stable_sort(by_tail_.begin(), by_tail_.end(),
                     [&](int32_t a, int32_t b) { return tail[Size(a)] > tail[Size(b)]; });
    std::stable_sort(by_head_.begin(), by_head_.end(),
                     [&](int32_t a, int32_t b) { return head[Size(a)] > head[Size(b)]; });
  }

  // needs_[set]: predecessors of its items outside it.
  void BuildClosures() {
    needs_.assign(size_t{1} << n_, 0);
    for (uint64_t set = 1; set <= all_; ++set) {
      const int32_t last = 63 - std::countl_zero(set);
      needs_[set] = needs_[set & ~Bit(last)] | predecessors_[Size(last)];
    }
  }

  // The least value of any sequence that starts with what has been run. Stops early once it is
  // seen to be no better than `enough`.
  Picos Bound(Picos last_start, Picos enough) {
    Picos bound = reached_;
    const uint64_t rest = all_ & ~done_;
    if (rest == 0) return bound;
    for (const LoadWeights& weights : loads_) {
      Int128 sum = weights.step;
      for (int32_t d = 0; d < num_devices_; ++d) {
        sum += static_cast<Int128>(weights.lambda[Size(d)]) * std::max(ready_[Size(d)], last_start);
      }
      ForEachBit(rest, [&](int32_t item) { sum += weights.least[Size(item)]; });
      bound = std::max(bound, DivideByLoadWeight(sum));
    }
    if (bound >= enough) return bound;
    for (uint64_t set = rest; set != 0; set &= set - 1) {
      bound = std::max(bound, FindEarliest(std::countr_zero(set), last_start, enough));
      if (bound >= enough) return bound;
    }
    // Sets of items would share the windows and the costs of their steps.
    if (in_.size == StepSize::kOne && Overloaded(rest, enough)) return enough;
    return bound;
  }

  // Fills earliest_ of one item, whose predecessors have theirs; kNever where nothing better than
  // `enough` can run it. The least value that it allows.
  Picos FindEarliest(int32_t item, Picos last_start, Picos enough) {
    const int32_t group = group_of_[Size(item)];
    const int32_t fixed = group < 0 || (in_.groups[Size(group)] & done_) == 0
                              ? -1
                              : on_[Size(std::countr_zero(in_.groups[Size(group)] & done_))];
    const absl::Span<Picos> ends = earliest_.row(item);
    const absl::Span<const Picos> tails = tail_.row(item), times = in_.time.row(item);
    Picos best = kNever;
    for (int32_t d = 0; d < num_devices_; ++d) {
      Picos& earliest = ends[Size(d)];
      const Picos time = times[Size(d)];
      if (time == kNotAllowed || (fixed >= 0 && fixed != d)) {
        earliest = kNever;
        continue;
      }
      Picos start = std::max({ready_[Size(d)], last_start, Release(item, d)});
      Picos arrived = 0;  // from what has not been run: its step may be this one
      for (int32_t f : inputs_[Size(item)]) {
        const SequenceInstance::Flow& flow = in_.flows[Size(f)];
        const int32_t from = flow.from;
        if ((done_ & Bit(from)) != 0) {
          const Picos crossing = flow.crossing(DeviceId(on_[Size(from)]), DeviceId(d));
          start = crossing >= kNever ? kNever : std::max(start, end_[Size(from)] + crossing);
          if (start >= kNever) break;
          continue;
        }
        const absl::Span<const Picos> before = earliest_.row(from);
        Picos least = before[Size(d)];
        for (int32_t k = 0; k < num_devices_; ++k) {
          if (k == d) continue;
          const Picos end = before[Size(k)];
          if (end >= least) continue;
          const Picos crossing = flow.crossing(DeviceId(k), DeviceId(d));
          if (crossing < kNever) least = std::min(least, end + crossing + StepCost(d));
        }
        arrived = std::max(arrived, least);
      }
      earliest = start >= kNever || arrived >= kNever
                     ? kNever
                     : std::max(start + StepCost(d), arrived) + time;
      if (earliest >= enough || tails[Size(d)] >= enough - earliest) {
        earliest = kNever;
      } else {
        best = std::min(best, earliest + tails[Size(d)]);
      }
    }
    return best;
  }

  // Whether some set of items cannot be done by `target`: device d can serve it only from the
  // earliest start of any of its items there until what follows the last of them has to begin, and
  // only those items that can be there in time. The sets are those that the longest and the
  // shortest tails and the latest starts suggest.
  bool Overloaded(uint64_t rest, Picos target) {
    if (target >= kNever) return false;
    return Overloaded(rest, target, by_tail_) || Overloaded(rest, target, by_head_);
  }
  bool Overloaded(uint64_t rest, Picos target, const std::vector<int32_t>& order) {
    window_start_.assign(Size(num_devices_), kNever);
    window_tail_.assign(Size(num_devices_), kNever);
    std::fill(demand_.begin(), demand_.end(), 0);
    for (const int32_t item : order) {
      if ((rest & Bit(item)) == 0) continue;
      const absl::Span<const Picos> earliest = earliest_.row(item), tail = tail_.row(item);
      const absl::Span<const Picos> time = in_.time.row(item);
      bool any = false;
      for (size_t w = 0; w < loads_.size(); ++w) least_here_[w] = kMostWeighted;
      for (size_t d = 0; d < Size(num_devices_); ++d) {
        if (earliest[d] >= target || tail[d] >= target - earliest[d]) continue;
        any = true;
        window_start_[d] = std::min(window_start_[d], earliest[d] - time[d]);
        window_tail_[d] = std::min(window_tail_[d], tail[d]);
        const absl::Span<const Int128> weighted = std::as_const(weighted_).row(item, DeviceId(d));
        for (size_t w = 0; w < weighted.size(); ++w) {
          least_here_[w] = std::min(least_here_[w], weighted[w]);
        }
      }
      if (!any) return true;
      for (size_t w = 0; w < loads_.size(); ++w) {
        demand_[w] += least_here_[w];
        Int128 supply = 0;
        for (int32_t d = 0; d < num_devices_; ++d) {
          if (window_start_[Size(d)] >= kNever) continue;
          // A value below the target ends at target - 1 or before.
          const Picos window = target - 1 - window_start_[Size(d)] - window_tail_[Size(d)];
          if (window > 0) supply += static_cast<Int128>(loads_[w].lambda[Size(d)]) * window;
        }
        if (demand_[w] > supply) return true;
      }
    }
    return false;
  }

  // Whether the step may be made now, and when it starts and ends.
  bool Place(const Step& step, Picos last_start, Picos& start, Picos& end) const {
    start = ready_[Size(step.device)];
    Picos duration = StepCost(step.device);
    for (uint64_t set = step.items; set != 0; set &= set - 1) {
      const int32_t item = std::countr_zero(set);
      const Picos time = Time(item, step.device);
      if (time == kNotAllowed) return false;
      duration += time;
      start = std::max(start, Release(item, step.device));
      const int32_t group = group_of_[Size(item)];
      if (group >= 0) {
        const uint64_t placed = in_.groups[Size(group)] & done_;
        if (placed != 0 && on_[Size(std::countr_zero(placed))] != step.device) return false;
      }
      for (int32_t f : inputs_[Size(item)]) {
        const int32_t from = in_.flows[Size(f)].from;
        if ((step.items & Bit(from)) != 0) continue;
        const Picos crossing = Crossing(f, on_[Size(from)], step.device);
        if (crossing >= kNever) return false;
        start = std::max(start, end_[Size(from)] + crossing);
      }
    }
    if (start < last_start) return false;
    end = start + duration;
    return in_.memory.empty() ||
           used_[Size(step.device)] + Added(step) <= in_.capacity[Size(step.device)];
  }

  Bytes Added(const Step& step) const {
    Bytes added = 0;
    ForEachBit(step.items, [&](int32_t item) { added += in_.memory[Size(item)]; });
    for (const SequenceInstance::Shared& shared : in_.shared) {
      if ((shared.items & step.items) == 0) continue;
      if ((shared.items & items_on_[Size(step.device)]) == 0) added += shared.bytes;
    }
    return added;
  }

  // Of devices that cannot be told apart, only the first that is still empty need be tried.
  bool Superfluous(int32_t device) const {
    if (in_.classes.empty() || items_on_[Size(device)] != 0) return false;
    for (int32_t other = 0; other < device; ++other) {
      if (in_.classes[Size(other)] == in_.classes[Size(device)] && items_on_[Size(other)] == 0) {
        return true;
      }
    }
    return false;
  }

  template <typename Visit>
  void ForEachNext(Visit visit) const {
    const uint64_t rest = all_ & ~done_;
    if (in_.size == StepSize::kOne) {
      ForEachBit(rest, [&](int32_t item) {
        if ((predecessors_[Size(item)] & ~done_) == 0) visit(Bit(item));
      });
      return;
    }
    for (uint64_t set = rest; set != 0; set = (set - 1) & rest) {
      if ((needs_[set] & ~(done_ | set)) == 0) visit(set);
    }
  }

  struct Undo {
    Picos ready, reached;
    Bytes used;
  };
  Undo Apply(const Step& step, Picos end) {
    const size_t d = Size(step.device);
    const Undo undo{ready_[d], reached_, used_[d]};
    if (!in_.memory.empty()) used_[d] += Added(step);
    ready_[d] = end;
    done_ |= step.items;
    items_on_[d] |= step.items;
    reached_ = std::max(reached_, end);
    ForEachBit(step.items, [&](int32_t item) {
      end_[Size(item)] = end;
      on_[Size(item)] = step.device;
      reached_ = std::max(reached_, end + Follow(item, step.device));
    });
    return undo;
  }
  void Revert(const Step& step, const Undo& undo) {
    const size_t d = Size(step.device);
    ready_[d] = undo.ready;
    reached_ = undo.reached;
    used_[d] = undo.used;
    done_ &= ~step.items;
    items_on_[d] &= ~step.items;
  }

  // A search that starts from nothing may go on for a little to leave a solution behind.
  int64_t WorkLimit() const {
    if (result_.found || limits_.upper < kNever) return limits_.work;
    return limits_.work + int64_t{16} * n_ * n_ * num_devices_;
  }

  bool Stopped() {
    if (result_.found && best_ <= limits_.goal) return true;
    if (work_ < WorkLimit()) return false;
    result_.complete = false;
    return true;
  }

  void Extend(Picos last_start) {
    if (done_ == all_) {
      const Picos value = limits_.judge ? limits_.judge(steps_) : reached_;
      if (value >= best_) return;
      best_ = value;
      result_.found = true;
      result_.value = value;
      result_.steps = steps_;
      return;
    }
    std::vector<Child> children;
    bool out_of_work = false;
    ForEachNext([&](uint64_t items) {
      if (out_of_work) return;
      for (int32_t d = 0; d < num_devices_; ++d) {
        if (Superfluous(d)) continue;
        Child child{{items, d}, 0, 0, 0};
        if (!Place(child.step, last_start, child.start, child.end)) continue;
        if (++work_ > WorkLimit()) {
          out_of_work = true;
          return;
        }
        bool hopeless = false;
        ForEachBit(items, [&](int32_t item) {
          // Consumers in the step itself do not follow its end.
          if ((consumers_[Size(item)] & items) != 0) return;
          hopeless = hopeless || tail_(item, DeviceId(d)) >= best_ - child.end;
        });
        if (hopeless) continue;
        const Undo undo = Apply(child.step, child.end);
        child.bound = Bound(child.start, best_);
        Revert(child.step, undo);
        if (child.bound < best_) children.push_back(child);
      }
    });
    if (out_of_work) {
      result_.complete = false;
      return;
    }
    std::sort(children.begin(), children.end(), [](const Child& a, const Child& b) {
      return std::tie(a.bound, a.start, a.end, a.step.items, a.step.device) <
             std::tie(b.bound, b.start, b.end, b.step.items, b.step.device);
    });
    for (const Child& child : children) {
      if (child.bound >= best_) continue;
      const Undo undo = Apply(child.step, child.end);
      if (limits_.judge || !Dominated(child.start)) {
        steps_.push_back(child.step);
        Extend(child.start);
        steps_.pop_back();
      }
      Revert(child.step, undo);
      if (Stopped()) return;
    }
  }

  // Whether a state that was visited before is nowhere worse than this one; remembers this one
  // otherwise.
  bool Dominated(Picos last_start) {
    if (done_ == all_) return false;
    key_.clear();
    value_.clear();
    for (int shift = 0; shift < 64; shift += 8) {
      if (shift < n_) key_.push_back(static_cast<char>(done_ >> shift));
    }
    value_.push_back(last_start);
    value_.push_back(reached_);
    for (const Picos ready : ready_) value_.push_back(std::max(ready, last_start));
    const uint64_t rest = all_ & ~done_;
    ForEachBit(done_, [&](int32_t item) {
      if ((consumers_[Size(item)] & rest) == 0) return;
      const int32_t d = on_[Size(item)];
      key_.push_back(static_cast<char>(d));
      value_.push_back(std::max(end_[Size(item)], last_start - far_(item, DeviceId(d))));
    });
    for (const uint64_t group : in_.groups) {
      if ((group & done_) == 0 || (group & rest) == 0) continue;
      key_.push_back(static_cast<char>(on_[Size(std::countr_zero(group & done_))]));
    }
    if (!in_.memory.empty()) {
      value_.insert(value_.end(), used_.begin(), used_.end());
      for (const SequenceInstance::Shared& shared : in_.shared) {
        if ((shared.items & done_) == 0 || (shared.items & rest) == 0) continue;
        for (const uint64_t items : items_on_) {
          key_.push_back(static_cast<char>((items & shared.items) != 0));
        }
      }
    }
    const auto it = memo_.find(key_);
    const size_t width = value_.size();
    if (it != memo_.end()) {
      std::vector<Picos>& states = it->second;
      size_t kept = 0;
      for (size_t s = 0; s < states.size(); s += width) {
        bool better = true, worse = true;
        for (size_t i = 0; i < width && (better || worse); ++i) {
          better = better && states[s + i] <= value_[i];
          worse = worse && states[s + i] >= value_[i];
        }
        if (better) return true;
        if (worse) {
          --remembered_;
          continue;
        }
        if (kept != s)
          std::copy_n(states.begin() + std::ptrdiff_t(s), width,
                      states.begin() + std::ptrdiff_t(kept));
        kept += width;
      }
      states.resize(kept);
      if (kept >= kMaxPerKey * width || remembered_ >= kMaxRemembered) return false;
      states.insert(states.end(), value_.begin(), value_.end());
      ++remembered_;
      return false;
    }
    if (remembered_ >= kMaxRemembered) return false;
    memo_.emplace(key_, value_);
    ++remembered_;
    return false;
  }

  struct LoadWeights {
    std::vector<int64_t> lambda;
    std::vector<Int128> least;  // by item
    Int128 step = 0;            // of one step, at least
  };

  const SequenceInstance& in_;
  const SequenceSearchLimits& limits_;
  const int32_t n_, num_devices_;
  uint64_t all_ = 0;
  std::vector<uint64_t> predecessors_, consumers_, needs_;
  std::vector<std::vector<int32_t>> inputs_, outputs_;  // flows by item
  std::vector<int32_t> group_of_;
  SequenceInstance::Times tail_, far_;
  std::vector<LoadWeights> loads_;
  IdCube<int32_t, DeviceId, size_t, Int128> weighted_;  // times by [item][device][loads_]
  std::vector<int32_t> by_tail_, by_head_;              // items, the largest first

  // The state of the sequence so far.
  uint64_t done_ = 0;
  std::vector<Step> steps_;
  std::vector<Picos> end_, ready_;
  std::vector<int32_t> on_;
  std::vector<uint64_t> items_on_;
  std::vector<Bytes> used_;
  Picos reached_ = 0;

  // Scratch of Bound().
  SequenceInstance::Times earliest_;
  std::vector<Picos> window_start_, window_tail_;
  std::vector<Int128> demand_, least_here_;
  std::string key_;  // scratch of Dominated()
  std::vector<Picos> value_;
  std::unordered_map<std::string, std::vector<Picos>> memo_;
  size_t remembered_ = 0;

  Picos best_;
  int64_t work_ = 0;
  SequenceSearchResult result_;
};

}  // namespace

SequenceSearchResult SearchSequences(const SequenceInstance& instance,
                                     const SequenceSearchLimits& limits) {
  ALLOT_CHECK(instance.num_items <= (instance.size == StepSize::kOne
                                         ? SequenceInstance::kMaxItems
                                         : SequenceInstance::kMaxItemsOfSets));
  return Search(instance, limits).Run();
}

}  // namespace allot
