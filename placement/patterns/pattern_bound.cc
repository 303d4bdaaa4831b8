#include "placement/patterns/pattern_bound.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "placement/loads/load_reduction.h"
#include "placement/patterns/load_patterns.h"
#include "placement/patterns/pattern_master.h"

namespace allot {
namespace {

size_t Size(int32_t i) { return static_cast<size_t>(i); }

// Steps of the multiplicative search for worths: the factor of a unit that is covered once too
// often is about 1 minus this.
constexpr double kFirstRate = 0.1, kLastRate = 0.01, kMomentum = 0.8;
constexpr int kPatience = 8;
// Of coarse worths, and so quick to judge, to begin with.
constexpr double kFirstScale = 1000;
// Coarser ones are not worth their time.
constexpr double kCoarsest = 50;
constexpr int32_t kMaxStates = 2000;
// How many numbers the patterns may keep, about.
constexpr int64_t kMaxKept = 64'000'000;

// Tries to prove that some load of every placement reaches one cutoff.
class Refutation {
 public:
  Refutation(const LoadModel& model, Picos cutoff, int64_t work) : cutoff_(cutoff), work_(work) {
    LoadReduction reduction = ReduceLoads(model, cutoff, work / 8, cuts_);
    proved_ = !reduction.possible;
    joined_ = std::move(reduction.joined);
    model_ = std::move(reduction.model);
    if (proved_) return;
    for (int32_t d = 0; d < model_.num_devices; ++d) {
      const int32_t like = model_.device_class[Size(d)];
      if (like != d) {
        for (const auto& kind : kinds_) kind->count += kind->device == like ? 1 : 0;
        continue;
      }
      kinds_.push_back(std::make_unique<Kind>(model_, d, cutoff, work / 8, cuts_));
    }
    // The finer the worths, the dearer: they become finer with the steps.
    int64_t states = 1, all_states = 1;
    for (const auto& kind : kinds_) {
      states = std::max(states, kind->patterns.states());
      all_states += kind->patterns.states();
    }
    const auto n = static_cast<double>(model_.num_units);
    finest_ = std::clamp(40 * n, 2000.0, 16000.0);
    finest_ = std::max(std::min(finest_, static_cast<double>(kMaxKept / states)), 200.0);
    // One judgement takes a quarter of the work at most.
    finest_ = std::min(finest_, 2 * static_cast<double>(work) / static_cast<double>(all_states));
    scale_ = std::min(finest_, kFirstScale);
  }

  // `worth` by unit of the original model: where to start; the best found is left there.
  bool Run(std::vector<double>& worth) {
    if (proved_) return true;
    if (scale_ < kCoarsest || spent() >= work_) return false;
    const size_t n = Size(model_.num_units);
    std::vector<double> now(n, 0), centre;
    for (size_t unit = 0; unit < worth.size(); ++unit) now[Size(joined_[unit])] += worth[unit];
    std::vector<int32_t> counts;
    for (const auto& kind : kinds_) counts.push_back(kind->count);
    PatternMaster master(model_.num_units, counts);
    double best = 1e30, rate = kFirstRate, covered = 0;
    int stale = 0;
    std::vector<double> push(n, 0);  // of the logarithms of worths, with momentum
    for (int round = 0;; ++round) {
      const double ratio = Judge(now);
      stale = proved_ || ratio < best ? 0 : stale + 1;
      if (stale == 0) {
        best = ratio;
        centre = now;
      }
      if (proved_ || spent(master) >= work_) break;
      for (size_t k = 0; k < kinds_.size(); ++k) {
        master.Add(static_cast<int32_t>(k), kinds_[k]->pattern);
      }
      const bool by_master = rate < kLastRate;
      if (by_master || round % 8 == 7) {
        covered = master.Solve(4 * static_cast<int64_t>(n) + 100,
                               master.work() + 8 * (work_ - spent(master)));
        if (spent(master) >= work_) break;
        // The patterns found cover everything: no worths can say that they do not.
        if (covered >= 1 + 1e-5 || best - covered < 1e-6) break;
      }
      if (by_master) {
        // Not all the way: the master is wild while it knows few patterns.
        const std::vector<double> worths = master.Worths();
        for (size_t unit = 0; unit < n; ++unit) {
          now[unit] = 0.8 * centre[unit] + 0.2 * worths[unit];
        }
        continue;
      }
      if (stale >= kPatience) {
        std::fill(push.begin(), push.end(), 0);
        // Again from the best, in smaller steps.
        now = centre;
        rate /= 2;
        scale_ = std::min(2 * scale_, finest_);
        stale = 0;
        best = Judge(now);
      }
      // Units that the patterns cover too often are worth less, those left out more.
      for (size_t unit = 0; unit < n; ++unit) {
        double surplus = -1;
        for (const auto& kind : kinds_) surplus += kind->pattern[unit] ? kind->count : 0;
        push[unit] = kMomentum * push[unit] - (1 - kMomentum) * rate * surplus;
        // About exp(push), in operations that are the same on every machine.
        const double x = std::clamp(push[unit], -1.0, 1.0);
        now[unit] *= (2 + x) / (2 - x);
      }
    }
    master_work_ = master.work();
    // What a unit of the reduced model is worth is shared by those that it joins.
    std::vector<double> share(n, 0);
    for (const int32_t unit : joined_) ++share[Size(unit)];
    for (size_t unit = 0; unit < worth.size(); ++unit) {
      worth[unit] = centre[Size(joined_[unit])] / share[Size(joined_[unit])];
    }
    return proved_;
  }

  // What has been proved: the cutoff, or less.
  Picos bound() const { return proved_ ? cutoff_ : bound_; }
  int64_t spent() const { return PatternWork() + cuts_ + master_work_ / 8; }

 private:
  struct Kind {
    Kind(const LoadModel& all, int32_t d, Picos cutoff, int64_t work, int64_t& spent)
        : device(d),
          on(ReduceLoadsOn(all, d, cutoff, work, spent)),
          patterns(on.model, on.send, on.receive, d, cutoff, kMaxStates, 8 * work) {}
    int32_t device = 0;
    int32_t count = 1;
    DeviceReduction on;
    LoadPatterns patterns;
    std::vector<char> pattern;  // by unit of the model of all
  };

  int64_t PatternWork() const {
    int64_t work = 0;
    for (const auto& kind : kinds_) work += kind->patterns.work();
    return work / 8;
  }
  int64_t spent(const PatternMaster& master) const {
    return PatternWork() + cuts_ + master.work() / 8;
  }

  // The most worth with a load of at most `load`.
  static int32_t Most(const Kind& kind, Picos load) {
    const std::vector<Picos>& least = kind.patterns.least();
    auto w = static_cast<int32_t>(least.size()) - 1;
    while (w > 0 && least[Size(w)] > load) --w;
    return std::max(w, 0);
  }

  // What all devices can take, as a share of everything: below 1 it is proved. Leaves the patterns
  // that take the most.
  double Judge(std::vector<double>& worth) {
    double sum = 0;
    for (const double w : worth) sum += w;
    for (double& w : worth) w /= sum;
    std::vector<int32_t> whole;
    int64_t total = 0, most = 0;
    for (const double w : worth) {
      whole.push_back(static_cast<int32_t>(std::floor(w * scale_ + 0.5)));
      total += whole.back();
    }
    std::vector<Picos> values;
    for (const auto& kind : kinds_) {
      std::vector<int32_t> joined(Size(kind->on.model.num_units), 0);
      for (size_t unit = 0; unit < whole.size(); ++unit) {
        joined[Size(kind->on.joined[unit])] += whole[unit];
      }
      kind->patterns.Run(joined);
      for (const Picos load : kind->patterns.least()) {
        if (load < cutoff_) values.push_back(load);
      }
      const int32_t w = Most(*kind, cutoff_ - 1);
      kind->pattern.assign(whole.size(), 0);
      if (w <= 0) continue;
      most += int64_t{kind->count} * w;
      const std::vector<char> pattern = kind->patterns.Pattern(w);
      for (size_t unit = 0; unit < whole.size(); ++unit) {
        kind->pattern[unit] = pattern[Size(kind->on.joined[unit])];
      }
    }
    proved_ = most < total;
    if (proved_) {
      bound_ = cutoff_;
    } else {
      // The same worths prove a lower cutoff: the least load with which the devices take enough.
      std::sort(values.begin(), values.end());
      const auto enough = std::partition_point(values.begin(), values.end(), [&](Picos load) {
        int64_t sum_taken = 0;
        for (const auto& kind : kinds_) sum_taken += int64_t{kind->count} * Most(*kind, load);
        return sum_taken < total;
      });
      if (enough != values.end()) bound_ = std::max(bound_, *enough);
    }
    return static_cast<double>(most) / static_cast<double>(std::max<int64_t>(total, 1));
  }

  const Picos cutoff_;
  const int64_t work_;
  LoadModel model_;
  std::vector<int32_t> joined_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  double scale_ = 0, finest_ = 0;  // what all units are worth in whole numbers
  bool proved_ = false;
  Picos bound_ = 0;
  int64_t cuts_ = 0, master_work_ = 0;
};

}  // namespace

Picos BoundByPatterns(const LoadModel& model, Picos known, Picos value, int cutoffs, int64_t work,
                      int64_t& spent) {
  // Even the orders of units and the states along them take about this much.
  if (int64_t{4} * model.num_units * model.num_units > work) return known;
  std::vector<double> worth;
  for (int32_t unit = 0; unit < model.num_units; ++unit) {
    Picos least = value;
    for (int32_t d = 0; d < model.num_devices; ++d) {
      if (model.Time(unit, d) != kNotAllowed) least = std::min(least, model.Time(unit, d));
    }
    worth.push_back(static_cast<double>(least) +
                    static_cast<double>(value) / (300.0 * model.num_units));
  }
  const int64_t until = spent + work;
  Picos cutoff = value;
  Picos failed = value;
  for (int step = 0; step < cutoffs && known < value && spent < until; ++step) {
    Refutation refutation(model, cutoff,
                          step > 0      ? (until - spent) / (cutoffs - step)
                          : cutoffs > 1 ? work / 4 * 3
                                        : work);
    if (!refutation.Run(worth)) failed = cutoff;
    spent += refutation.spent();
    known = std::max(known, refutation.bound());
    if (failed - known <= value / 1000) break;
    cutoff = known + (failed - known) / 2;
  }
  return known;
}

}  // namespace allot
