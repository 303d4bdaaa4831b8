#include "placement/turns_bound.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "placement/allowed_times.h"
#include "placement/pattern_master.h"

namespace allot {
namespace {

constexpr size_t kMaxKinds = 6;

class Turns {
 public:
  Turns(const LoadRows& rows, const std::vector<Picos>& launch) : num_rows_(rows.size()) {
    std::vector<size_t> first;  // by kind, its first device
    const auto alike = [&](size_t a, size_t b) {
      if (launch[a] != launch[b]) return false;
      for (size_t row = 0; row < num_rows_; ++row) {
        if (rows.time[row * rows.num_devices + a] != rows.time[row * rows.num_devices + b]) {
          return false;
        }
      }
      return true;
    };
    for (size_t d = 0; d < rows.num_devices; ++d) {
      size_t kind = 0;
      while (kind < first.size() && !alike(first[kind], d)) ++kind;
      if (kind == first.size()) {
        first.push_back(d);
        counts_.push_back(0);
        launch_.push_back(launch[d]);
      }
      ++counts_[kind];
    }
    for (size_t row = 0; row < num_rows_; ++row) {
      for (const size_t d : first) time_.push_back(rows.time[row * rows.num_devices + d]);
    }
    if (first.size() <= kMaxKinds) {
      for (uint32_t set = 1; set < (uint32_t{1} << first.size()); ++set) sets_.push_back(set);
    }
  }

  Picos Run(int64_t work) {
    const size_t kinds = counts_.size();
    const auto cost = static_cast<int64_t>((num_rows_ + 1) * kinds * (sets_.size() + 1));
    const int64_t rounds = std::clamp<int64_t>(work / cost, 4, 64);
    PatternMaster master(static_cast<int32_t>(kinds), {1});
    std::vector<int64_t> weight;
    const auto num_devices = std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
    weight.assign(kinds, kLoadWeight / num_devices);
    Picos best = 0;
    for (int64_t round = 0; round < rounds; ++round) {
      loads_.clear();
      const Picos bound = Bound(weight);
      best = std::max(best, bound);
      if (loads_.empty()) return 0;  // something fits nowhere
      for (const std::vector<Picos>& load : loads_) {
        if (scale_ == 0) scale_ = 1 + *std::max_element(load.begin(), load.end());
        std::vector<double> spare;
        for (size_t kind = 0; kind < kinds; ++kind) {
          spare.push_back(1 - static_cast<double>(load[kind]) / static_cast<double>(counts_[kind]) /
                                  static_cast<double>(scale_));
        }
        master.Add(0, spare);
      }
      // No weights can prove more than the mixture of the loads known.
      const double mixture = (1 - master.Solve(1000)) * static_cast<double>(scale_);
      if (static_cast<double>(best) >= mixture * (1 - 1e-6)) break;
      const std::vector<double> worth = master.Worths();
      for (size_t kind = 0; kind < kinds; ++kind) {
        weight[kind] = static_cast<int64_t>(worth[kind] * static_cast<double>(kLoadWeight) /
                                            static_cast<double>(counts_[kind]));
      }
    }
    return best;
  }

 private:
  Picos Time(size_t row, size_t kind) const { return time_[row * counts_.size() + kind]; }

  // What the weights prove. Appends the loads of the kinds that lead there, for each set.
  Picos Bound(const std::vector<int64_t>& weight) {
    Int128 sum = 0;
    for (size_t kind = 0; kind < weight.size(); ++kind) {
      sum += static_cast<Int128>(weight[kind]) * counts_[kind];
    }
    if (sum == 0) return 0;
    Int128 least = -1;
    const auto consider = [&](Int128 value) {
      if (value >= 0 && (least < 0 || value < least)) least = value;
    };
    for (const uint32_t set : sets_) consider(Least(weight, set, /*every=*/true));
    if (sets_.empty()) {
      const Int128 rows = Least(weight, ~uint32_t{0}, /*every=*/false);
      Int128 launch = -1;
      for (size_t kind = 0; kind < weight.size(); ++kind) {
        const Int128 cost = static_cast<Int128>(weight[kind]) * launch_[kind];
        if (launch < 0 || cost < launch) launch = cost;
      }
      if (rows >= 0) consider(rows + launch);
    }
    return least < 0 ? 0 : static_cast<Picos>((least + sum - 1) / sum);
  }

  // The least weighted load if all rows are on the kinds of `set` and each of these launches if
  // `every`; -1 if some row fits none of them.
  Int128 Least(const std::vector<int64_t>& weight, uint32_t set, bool every) {
    const size_t kinds = weight.size();
    const auto in = [&](size_t kind) { return !every || ((set >> kind) & 1) != 0; };
    Int128 value = 0;
    std::vector<Picos> load(kinds, 0);
    for (size_t kind = 0; kind < kinds; ++kind) {
      if (!every || !in(kind)) continue;
      load[kind] = launch_[kind];
      value += static_cast<Int128>(weight[kind]) * launch_[kind];
    }
    for (size_t row = 0; row < num_rows_; ++row) {
      Int128 least = -1;
      size_t chosen = 0;
      for (size_t kind = 0; kind < kinds; ++kind) {
        if (!in(kind) || Time(row, kind) == kNotAllowed) continue;
        const Int128 cost = static_cast<Int128>(weight[kind]) * Time(row, kind);
        // Of equal ones what loads less.
        if (least >= 0 &&
            (cost > least || (cost == least && Time(row, kind) >= Time(row, chosen)))) {
          continue;
        }
        least = cost;
        chosen = kind;
      }
      if (least < 0) return -1;
      value += least;
      load[chosen] += Time(row, chosen);
    }
    loads_.push_back(std::move(load));
    return value;
  }

  const size_t num_rows_;
  std::vector<int64_t> counts_;  // by kind, its devices
  std::vector<Picos> launch_;    // by kind
  std::vector<Picos> time_;      // [row][kind]
  std::vector<uint32_t> sets_;   // empty if there are too many
  std::vector<std::vector<Picos>> loads_;
  Picos scale_ = 0;
};

}  // namespace

Picos BoundTurns(const LoadRows& rows, const std::vector<Picos>& launch, int64_t work) {
  return rows.size() == 0 ? 0 : Turns(rows, launch).Run(work);
}

}  // namespace allot
