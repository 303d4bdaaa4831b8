#include "placement/bounds/load_bound.h"

#include <algorithm>

#include "placement/problem/allowed_times.h"

namespace allot {
namespace {

// Above this many devices the sets of used ones are not enumerated.
constexpr size_t kMaxEnumerated = 5;

class Ascent {
 public:
  Ascent(const LoadRows& rows, const std::vector<Picos>& fixed, const std::vector<Bytes>& capacity,
         const std::vector<char>& used)
      : rows_(rows), fixed_(fixed), capacity_(capacity), used_(used) {
    const size_t num_devices = rows.num_devices();
    load_.assign(num_devices, 0);
    held_.assign(num_devices, 0);
    lambda_sum_.assign(num_devices, 0);
    mu_sum_.assign(num_devices, 0);
    lambda_.assign(num_devices, 0);
    mu_.assign(num_devices, 0);
    for (char in : used) num_used_ += in;
    for (size_t d = 0; d < num_devices; ++d) {
      if (used_[d]) lambda_[d] = kLoadWeight / num_used_;
    }
    Normalize();
    if (rows_.memory.empty()) return;
    Int128 time = 0, memory = 0;
    for (size_t row = 0; row < rows.size(); ++row) {
      const absl::Span<const Picos> times = rows.time.row(row);
      Picos longest = 0;
      for (size_t d = 0; d < num_devices; ++d) {
        if (used_[d]) longest = std::max(longest, times[d]);
      }
      time += longest;
      memory += rows_.memory[row];
    }
    // At this price, holding everything costs about as much as running everything where it is
    // slowest: enough to move any item.
    price_ = memory == 0 ? 0 : std::min(kMaxPrice, (time * kLoadWeight) / memory + 1);
  }

  // False if some row fits none of the used devices.
  bool Run(int rounds, LoadDual& best) {
    best = {lambda_, 0};
    for (int round = 0; round < rounds; ++round) {
      Int128 value = 0;
      if (!Evaluate(value)) return false;
      Keep(value, best);
      // Later weights count more in the mean.
      weights_ += round + 1;
      for (size_t d = 0; d < lambda_.size(); ++d) {
        lambda_sum_[d] += static_cast<Int128>(lambda_[d]) * (round + 1);
        mu_sum_[d] += mu_[d] * (round + 1);
      }
      const bool moved = Step(round);
      if ((round & (round + 1)) == 0 || round + 1 == rounds) KeepMean(best);
      if (!moved) break;
    }
    return true;
  }

 private:
  // Makes the weights add up to kLoadWeight exactly; each used device keeps at least one.
  void Normalize() {
    Int128 total = 0;
    for (size_t d = 0; d < lambda_.size(); ++d) {
      if (used_[d]) lambda_[d] = std::max<int64_t>(lambda_[d], 1);
      total += lambda_[d];
    }
    int64_t rest = kLoadWeight;
    size_t largest = 0;
    for (size_t d = 0; d < lambda_.size(); ++d) {
      if (!used_[d]) continue;
      lambda_[d] = std::max<int64_t>(
          1, static_cast<int64_t>(static_cast<Int128>(lambda_[d]) * kLoadWeight / total));
      rest -= lambda_[d];
      if (!used_[largest] || lambda_[d] > lambda_[largest]) largest = d;
    }
    lambda_[largest] += rest;
  }

  bool Evaluate(Int128& value) {
    value = 0;
    for (size_t d = 0; d < lambda_.size(); ++d) {
      load_[d] = used_[d] && !fixed_.empty() ? fixed_[d] : 0;
      value += static_cast<Int128>(lambda_[d]) * load_[d];
      held_[d] = 0;
    }
    const size_t num_rows = rows_.size(), num_devices = lambda_.size();
    for (size_t row = 0; row < num_rows; ++row) {
      const absl::Span<const Picos> times = rows_.time.row(row);
      Int128 least = 0;
      size_t chosen = num_devices;
      for (size_t d = 0; d < num_devices; ++d) {
        if (!used_[d] || times[d] == kNotAllowed) continue;
        Int128 cost = static_cast<Int128>(lambda_[d]) * times[d];
        if (mu_[d] != 0) cost += mu_[d] * rows_.memory[row];
        if (chosen == num_devices || cost < least) {
          least = cost;
          chosen = d;
        }
      }
      if (chosen == num_devices) return false;
      value += least;
      load_[chosen] += times[chosen];
      if (!rows_.memory.empty()) held_[chosen] += rows_.memory[row];
    }
    for (size_t d = 0; d < lambda_.size(); ++d) {
      if (mu_[d] != 0) value -= mu_[d] * capacity_[d];
    }
    return true;
  }

  // The mean of all weights seen often beats each of them: single steps go back and forth.
  void KeepMean(LoadDual& best) {
    const std::vector<int64_t> lambda = lambda_;
    const std::vector<Int128> mu = mu_;
    for (size_t d = 0; d < lambda_.size(); ++d) {
      lambda_[d] = static_cast<int64_t>(lambda_sum_[d] / weights_);
      mu_[d] = mu_sum_[d] / weights_;
    }
    Normalize();
    Int128 value = 0;
    if (Evaluate(value)) Keep(value, best);
    lambda_ = lambda;
    mu_ = mu;
  }

  void Keep(Int128 value, LoadDual& best) const {
    const Picos bound = DivideByLoadWeight(value);
    if (bound > best.bound) best = {lambda_, bound};
  }

  // Moves weight to devices that carry more than the mean, less so from round to round. False when
  // there is nothing to move.
  bool Step(int round) {
    Picos most = 0;
    Int128 mean = 0;
    for (size_t d = 0; d < lambda_.size(); ++d) {
      most = std::max(most, load_[d]);
      mean += static_cast<Int128>(lambda_[d]) * load_[d];
    }
    mean /= kLoadWeight;
    bool moved = false;
    if (most > 0 && num_used_ > 1) {
      for (size_t d = 0; d < lambda_.size(); ++d) {
        if (!used_[d]) continue;
        const Int128 change =
            static_cast<Int128>(lambda_[d]) * (load_[d] - mean) / most * 4 / (4 + round);
        lambda_[d] += static_cast<int64_t>(change);
        moved = moved || change != 0;
      }
      Normalize();
    }
    if (!rows_.memory.empty()) {
      for (size_t d = 0; d < mu_.size(); ++d) {
        if (!used_[d]) continue;
        const Int128 excess = static_cast<Int128>(held_[d]) - capacity_[d];
        const Int128 scale = std::max<Int128>({held_[d], capacity_[d], 1});
        const Int128 next =
            std::clamp<Int128>(mu_[d] + excess * price_ / scale * 2 / (2 + round), 0, kMaxPrice);
        moved = moved || next != mu_[d];
        mu_[d] = next;
      }
    }
    return moved;
  }

  // Prices times bytes must fit 128 bits.
  static constexpr Int128 kMaxPrice = static_cast<Int128>(1) << 56;

  const LoadRows& rows_;
  const std::vector<Picos>& fixed_;
  const std::vector<Bytes>& capacity_;
  const std::vector<char>& used_;
  int64_t num_used_ = 0;
  Int128 price_ = 0;
  std::vector<int64_t> lambda_;
  std::vector<Int128> mu_, lambda_sum_, mu_sum_;
  Int128 weights_ = 0;
  std::vector<Picos> load_;
  std::vector<Bytes> held_;
};

}  // namespace

Picos DivideByLoadWeight(Int128 sum) {
  if (sum <= 0) return 0;
  return static_cast<Picos>((sum + kLoadWeight - 1) / kLoadWeight);
}

LoadRows MakeLoadRows(const ProblemFacts& facts) {
  const PlacementProblem& problem = facts.problem();
  LoadRows rows;
  rows.time.Assign(0, problem.devices.size(), 0);
  const ItemTimes& allowed = facts.allowed_times();
  IdVector<ItemId, ItemId> leader(problem.items.size());
  for (const ItemId item : problem.items.ids()) leader[item] = item;
  for (const std::vector<ItemId>& group : facts.groups()) {
    for (const ItemId item : group) leader[item] = group[0];
  }
  IdVector<ItemId, size_t> row_of(problem.items.size());
  Bytes total = 0;
  for (const ItemId item : problem.items.ids()) {
    const absl::Span<const Picos> times = allowed.row(item);
    total = SaturatingAdd(total, problem.items[item].memory);
    if (leader[item] == item) {
      row_of[item] = rows.memory.size();
      rows.memory.push_back(problem.items[item].memory);
      rows.time.AddRow(times);
      continue;
    }
    const size_t row = row_of[leader[item]];
    rows.memory[row] += problem.items[item].memory;
    const absl::Span<Picos> sums = rows.time.row(row);
    for (size_t d = 0; d < times.size(); ++d) {
      if (times[d] != kNotAllowed) sums[d] += times[d];
    }
  }
  bool binds = false;
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    binds = binds || total > device.memory;
  }
  if (!binds) rows.memory.clear();
  return rows;
}

LoadDual BoundLoad(const LoadRows& rows, const std::vector<Picos>& fixed,
                   const std::vector<Bytes>& capacity, int rounds) {
  const size_t num_devices = rows.num_devices();
  const bool costs = std::any_of(fixed.begin(), fixed.end(), [](Picos cost) { return cost > 0; });
  LoadDual all;
  const std::vector<char> everywhere(num_devices, 1);
  if (!costs || num_devices > kMaxEnumerated) {
    if (!Ascent(rows, {}, capacity, everywhere).Run(rounds, all)) return all;
    if (costs && rows.size() > 0) {
      // At least one device holds something.
      Picos least = fixed[0];
      for (const Picos cost : fixed) least = std::min(least, cost);
      all.bound = std::max(all.bound, least);
    }
    return all;
  }
  // The devices that hold anything are one of these sets; each has its own weights.
  bool some = false;
  for (uint32_t set = 1; set < (uint32_t{1} << num_devices); ++set) {
    std::vector<char> used(num_devices, 0);
    for (size_t d = 0; d < num_devices; ++d) used[d] = (set >> d) & 1;
    LoadDual dual;
    if (!Ascent(rows, fixed, capacity, used).Run(rounds, dual)) continue;
    if (!some || dual.bound < all.bound) all = dual;
    some = true;
  }
  return all;
}

Int128 WeightedTime(const LoadRows& rows, size_t row, const std::vector<int64_t>& lambda) {
  const absl::Span<const Picos> times = rows.time.row(row);
  Int128 least = -1;
  for (size_t d = 0; d < times.size(); ++d) {
    if (times[d] == kNotAllowed) continue;
    const Int128 cost = static_cast<Int128>(lambda[d]) * times[d];
    if (least < 0 || cost < least) least = cost;
  }
  return std::max<Int128>(least, 0);
}

}  // namespace allot
