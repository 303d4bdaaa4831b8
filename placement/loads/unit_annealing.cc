#include "placement/loads/unit_annealing.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "placement/loads/load_state.h"
#include "support/graph/union_find.h"
#include "support/random.h"

namespace allot {
namespace {

size_t Size(int32_t i) { return static_cast<size_t>(i); }

constexpr int kFraction = 20;
constexpr int64_t kOne = int64_t{1} << kFraction;
constexpr int64_t kLevels = 80;  // (7/8)^80 = 1/43,000
// Temperatures to start from, in units of a device that is loaded with the target.
constexpr int64_t kHot = kOne >> 4, kWarm = kOne >> 9;

class Annealer {
 public:
  Annealer(const LoadModel& model, const std::vector<int32_t>& start, uint64_t seed)
      : model_(model), state_(model, start), random_(seed), stamp_(Size(model.num_units), 0) {
    best_.device = start;
    best_.value = state_.Largest();
    best_.feasible = Feasible();
    for (const Bytes memory : model.memory) all_memory_ += memory;
    for (const LoadModel::Shared& shared : model.shared) all_memory_ += shared.bytes;
    all_memory_ = std::max<Bytes>(all_memory_ / model.num_devices, 1);
    choices_.resize(Size(model.num_units));
    neighbours_.resize(Size(model.num_units));
    for (int32_t unit = 0; unit < model.num_units; ++unit) {
      for (int32_t d = 0; d < model.num_devices; ++d) {
        if (model.Time(unit, d) != kNotAllowed) choices_[Size(unit)].push_back(d);
      }
      if (choices_[Size(unit)].size() > 1) movable_.push_back(unit);
    }
    for (const LoadModel::Flow& flow : model.flows) {
      for (const int32_t to : flow.to) {
        neighbours_[Size(flow.from)].push_back(to);
        neighbours_[Size(to)].push_back(flow.from);
      }
    }
  }

  // One run from where the search stands until `until` work has been spent.
  void Run(int64_t until, int64_t hot) {
    if (movable_.empty() || model_.num_devices < 2) return;
    SetTarget(std::max<Picos>(best_.value, 1));
    const int64_t level = std::max<int64_t>((until - spent()) / kLevels, 1);
    int64_t next_level = spent() + level;
    int64_t temperature = hot;
    int64_t idle = 0;
    while (spent() < until && idle < 10'000) {
      ++proposals_;
      if (spent() >= next_level) {
        next_level += level;
        temperature = std::max<int64_t>(temperature - temperature / 8, 1);
      }
      undo_.clear();
      Propose();
      if (undo_.empty()) {
        ++idle;
        continue;
      }
      idle = 0;
      const int64_t loss = Loss();
      if (!Accept(loss, temperature)) {
        for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) state_.Move(it->first, it->second);
        state_.Settle();
        continue;
      }
      state_.Settle();
      excess_ = state_.excess();
      missing_ = state_.missing_routes();
      Observe();
      Keep();
    }
  }

  void Restart(const std::vector<int32_t>& device) {
    for (int32_t unit = 0; unit < model_.num_units; ++unit) state_.Move(unit, device[Size(unit)]);
    state_.Settle();
    excess_ = state_.excess();
    missing_ = state_.missing_routes();
    Keep();
  }

  const AnnealedLoads& best() const { return best_; }
  int64_t spent() const { return state_.work() + proposals_; }

 private:
  bool Feasible() const { return state_.excess() == 0 && state_.missing_routes() == 0; }

  void Keep() {
    const bool feasible = Feasible();
    if (best_.feasible && !feasible) return;
    if (feasible == best_.feasible) {
      const Picos value = state_.Largest();
      if (value >= best_.value) return;
      best_.value = value;
    } else {
      best_.value = state_.Largest();
    }
    best_.feasible = feasible;
    best_.device = state_.device();
  }

  void SetTarget(Picos target) {
    shift_ = 0;
    while ((target >> shift_) >= (int64_t{1} << 31)) ++shift_;
    target_ = std::max<Picos>(target >> shift_, 1);
  }

  // (load / target)^64, 20 bits behind the point, up to 2^20: about where the sum is the maximum,
  // and falls when others fall.
  int64_t Power(Picos load) const {
    const int64_t ratio = std::min<int64_t>(((load >> shift_) << kFraction) / target_, kOne << 2);
    int64_t power = ratio;
    for (int i = 0; i < 6; ++i) {
      power = std::min(power, kOne << 10);
      power = power * power >> kFraction;
    }
    return power;
  }

  int64_t Loss() const {
    int64_t loss = 0;
    for (const auto& [resource, before] : state_.touched()) {
      loss += Power(state_.loads()[Size(resource)]) - Power(before);
    }
    if (state_.excess() != excess_ || state_.missing_routes() != missing_) {
      const Int128 more = static_cast<Int128>(state_.excess()) - excess_;
      const int64_t routes = state_.missing_routes() - missing_;
      loss += static_cast<int64_t>(more * weight_ / all_memory_) + routes * (weight_ / 8);
    }
    return loss;
  }

  // The price of what is not allowed rises while the search stays outside, and falls inside.
  void Observe() {
    outside_ += Feasible() ? -1 : 1;
    if (outside_ >= kPatience) {
      weight_ = std::min(weight_ + weight_ / 4 + 1, kOne << 16);
      outside_ = 0;
    } else if (outside_ <= -kPatience) {
      weight_ = std::max(weight_ - weight_ / 4, kOne / 16);
      outside_ = 0;
    }
  }

  bool Accept(int64_t loss, int64_t temperature) {
    if (loss <= 0) return true;
    if (loss >= temperature * 40) return false;
    const uint64_t uniform = random_.Next() | 1;
    const int zeros = __builtin_clzll(uniform);
    const uint64_t mantissa = zeros == 63 ? 0 : (uniform << (zeros + 1)) >> 48;
    const int64_t bits = (static_cast<int64_t>(zeros + 1) << 16) - static_cast<int64_t>(mantissa);
    return static_cast<Int128>(loss) << 16 <= static_cast<Int128>(bits) * temperature;
  }

  int32_t Any(const std::vector<int32_t>& from) {
    return from[Size(static_cast<int32_t>(random_.Below(static_cast<int64_t>(from.size()))))];
  }

  bool Can(int32_t unit, int32_t d) const { return model_.Time(unit, d) != kNotAllowed; }

  void MoveTo(int32_t unit, int32_t d) {
    undo_.emplace_back(unit, state_.device(unit));
    state_.Move(unit, d);
  }

  int32_t SomeUnit() {
    if (random_.Below(4) == 0) {
      const auto& loads = state_.loads();
      const auto busiest = static_cast<int32_t>(
          std::max_element(loads.begin(), loads.begin() + model_.num_devices) - loads.begin());
      const std::vector<int32_t>& units = state_.UnitsOn(busiest);
      if (!units.empty()) {
        const int32_t unit = Any(units);
        if (choices_[Size(unit)].size() > 1) return unit;
      }
    }
    return Any(movable_);
  }

  int32_t SomeDevice(int32_t unit) {
    if (random_.Below(2) == 0 && !neighbours_[Size(unit)].empty()) {
      const int32_t d = state_.device(Any(neighbours_[Size(unit)]));
      if (d != state_.device(unit) && Can(unit, d)) return d;
    }
    return Any(choices_[Size(unit)]);
  }

  void Propose() {
    const int64_t kind = random_.Below(16);
    const int32_t unit = SomeUnit();
    const int32_t to = SomeDevice(unit), from = state_.device(unit);
    if (to == from) return;
    if (kind < 8) return MoveTo(unit, to);
    if (kind < 12) {
      const std::vector<int32_t>& there = state_.UnitsOn(to);
      if (there.empty()) return MoveTo(unit, to);
      const int32_t other = Any(there);
      if (!Can(other, from)) return;
      MoveTo(unit, to);
      return MoveTo(other, from);
    }
    // A connected cluster, and half of the time one back.
    MoveCluster(unit, from, to);
    if (kind < 14 || state_.UnitsOn(to).empty()) return;
    const int32_t back = Any(state_.UnitsOn(to));
    if (stamp_[Size(back)] != now_) MoveCluster(back, to, from);
  }

  void MoveCluster(int32_t seed, int32_t from, int32_t to) {
    int64_t limit = 2;
    while (limit < model_.num_units && random_.Below(3) != 0) limit *= 2;
    limit = random_.Between(1, limit);
    ++now_;
    cluster_.assign(1, seed);
    stamp_[Size(seed)] = now_;
    for (size_t i = 0; i < cluster_.size(); ++i) {
      const std::vector<int32_t>& next = neighbours_[Size(cluster_[i])];
      for (size_t j = 0; j < next.size() && static_cast<int64_t>(cluster_.size()) < limit; ++j) {
        if (stamp_[Size(next[j])] == now_ || state_.device(next[j]) != from) continue;
        stamp_[Size(next[j])] = now_;
        if (random_.Below(8) != 0) cluster_.push_back(next[j]);
      }
    }
    for (const int32_t unit : cluster_) {
      if (Can(unit, to)) MoveTo(unit, to);
    }
  }

  static constexpr int kPatience = 32;

  const LoadModel& model_;
  LoadState state_;
  Random random_;
  AnnealedLoads best_;
  int shift_ = 0;
  Picos target_ = 1;
  Bytes all_memory_ = 0, excess_ = 0;
  int64_t missing_ = 0, weight_ = kOne;
  int outside_ = 0;
  int64_t proposals_ = 0;
  std::vector<std::vector<int32_t>> choices_, neighbours_;  // by unit
  std::vector<int32_t> movable_, cluster_;
  std::vector<int64_t> stamp_;  // by unit
  int64_t now_ = 0;
  std::vector<std::pair<int32_t, int32_t>> undo_;
};

// Units of heavy flows joined, as long as none takes more than `most` on the device that suits it
// best. Flows are taken by descending cost, which is shaken so that each seed joins others.
std::vector<int32_t> JoinHeavyFlows(const LoadModel& model, Picos most, uint64_t seed,
                                    int32_t& num_joined) {
  Random random(seed);
  std::vector<std::pair<Picos, size_t>> order;
  for (size_t f = 0; f < model.flows.size(); ++f) {
    Picos cost = 0;
    for (const Picos time : model.flows[f].staging) cost = std::max(cost, time);
    for (const Picos time : model.flows[f].time.cells()) cost = std::max(cost, time);
    order.emplace_back(-(cost / 8 * random.Between(4, 8)), f);
  }
  std::sort(order.begin(), order.end());
  UnionFind sets(Size(model.num_units));
  constexpr Picos kNowhere = std::numeric_limits<Picos>::max();
  IdTable<int32_t, int32_t, Picos> time = model.time;
  for (const auto& [cost, f] : order) {
    for (const int32_t to : model.flows[f].to) {
      int32_t a = sets.Find(model.flows[f].from), b = sets.Find(to);
      if (a == b) continue;
      if (a > b) std::swap(a, b);
      Picos least = kNowhere;
      for (int32_t d = 0; d < model.num_devices; ++d) {
        const Picos x = time(a, d), y = time(b, d);
        if (x != kNotAllowed && y != kNotAllowed) least = std::min(least, x + y);
      }
      if (least > most || least == kNowhere) continue;
      for (int32_t d = 0; d < model.num_devices; ++d) {
        Picos& x = time(a, d);
        const Picos y = time(b, d);
        x = x == kNotAllowed || y == kNotAllowed ? kNotAllowed : x + y;
      }
      sets.Merge(a, b);
    }
  }
  UnionFind::Numbers numbers = sets.Number();
  num_joined = numbers.count;
  return std::move(numbers.of);
}

}  // namespace

AnnealedLoads AnnealLoads(const LoadModel& model, const std::vector<int32_t>& start, int64_t work,
                          uint64_t seed, int64_t& spent) {
  Annealer annealer(model, start, seed);
  // Short runs first: what the loads are measured in has to be near the result.
  for (int i = 1; i <= 3; ++i) {
    annealer.Run(work / 8 * i / 3, kHot);
    annealer.Restart(annealer.best().device);
  }
  annealer.Run(work, kHot);
  spent += annealer.spent();
  return annealer.best();
}

AnnealedLoads RefineLoads(const LoadModel& model, const std::vector<int32_t>& start, int64_t work,
                          uint64_t seed, int64_t& spent) {
  Annealer annealer(model, start, seed);
  annealer.Run(work, kWarm);
  spent += annealer.spent();
  return annealer.best();
}

AnnealedLoads AnnealCoarsely(const LoadModel& model, Picos target, int64_t work, uint64_t seed,
                             int64_t& spent) {
  Random random(seed);
  int32_t num_joined = 0;
  const Picos most = target / 64 * random.Between(3, 64);
  const std::vector<int32_t> joined = JoinHeavyFlows(model, most, random.Next(), num_joined);
  const LoadModel coarse = JoinUnits(model, joined, num_joined);
  std::vector<int32_t> start(Size(num_joined));
  for (int32_t unit = 0; unit < num_joined; ++unit) {
    while (coarse.Time(unit, start[Size(unit)]) == kNotAllowed) ++start[Size(unit)];
  }
  const AnnealedLoads found = AnnealLoads(coarse, start, work / 3, random.Next(), spent);
  std::vector<int32_t> device;
  for (const int32_t unit : joined) device.push_back(found.device[Size(unit)]);
  return RefineLoads(model, device, work - work / 3, random.Next(), spent);
}

}  // namespace allot
