#include "placement/lanes/turns_bound.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "placement/patterns/pattern_master.h"
#include "placement/problem/allowed_times.h"
#include "support/id_table.h"

namespace allot {
namespace {

constexpr size_t kMaxKinds = 6;

class Turns {
 public:
  Turns(const LoadRows& rows, const RowGraph& graph, const std::vector<Picos>& launch)
      : num_rows_(rows.size()), graph_(graph), on_path_(rows.size(), 0) {
    std::vector<size_t> first;  // by kind, its first device
    const auto alike = [&](size_t a, size_t b) {
      if (launch[a] != launch[b]) return false;
      for (size_t row = 0; row < num_rows_; ++row) {
        const absl::Span<const Picos> times = rows.time.row(row);
        if (times[a] != times[b]) return false;
      }
      return true;
    };
    for (size_t d = 0; d < rows.num_devices(); ++d) {
      size_t kind = 0;
      while (kind < first.size() && !alike(first[kind], d)) ++kind;
      if (kind == first.size()) {
        first.push_back(d);
        counts_.push_back(0);
        launch_.push_back(launch[d]);
      }
      ++counts_[kind];
    }
    time_.Assign(num_rows_, first.size(), kNotAllowed);
    for (size_t row = 0; row < num_rows_; ++row) {
      for (size_t kind = 0; kind < first.size(); ++kind) {
        time_(row, kind) = rows.time(row, DeviceId(first[kind]));
      }
    }
    if (first.size() <= kMaxKinds) {
      for (uint32_t set = 1; set < (uint32_t{1} << first.size()); ++set) sets_.push_back(set);
    }
  }

  Picos Run(int64_t work) {
    // The path is chosen by weights, and the weights are good for a path.
    constexpr int kPhases = 3;
    const auto num_devices = std::accumulate(counts_.begin(), counts_.end(), int64_t{0});
    std::vector<int64_t> weight(counts_.size(), kLoadWeight / num_devices);
    Picos best = 0;
    for (int phase = 0; phase < kPhases; ++phase) {
      if (phase > 0) ChoosePath(weight);
      if (phase > 0 && path_.empty()) break;
      best = std::max(best, Improve(work / kPhases, weight));
    }
    return best;
  }

 private:
  // The best bound found from `weight`, which becomes the weights that prove it.
  Picos Improve(int64_t work, std::vector<int64_t>& weight) {
    const size_t kinds = counts_.size();
    const auto cost =
        static_cast<int64_t>((num_rows_ + path_.size() * kinds + 1) * kinds * (sets_.size() + 1));
    const int64_t rounds = std::clamp<int64_t>(work / cost, 4, 64);
    PatternMaster master(static_cast<int32_t>(kinds), {1});
    std::vector<int64_t> best_weight = weight;
    Picos best = 0;
    for (int64_t round = 0; round < rounds; ++round) {
      loads_.clear();
      const Picos bound = Bound(weight);
      if (bound > best) best_weight = weight;
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
    weight = std::move(best_weight);
    return best;
  }

  // The path on which most would be lost by leaving rows where they do not want to be, a change of
  // devices at most for each.
  void ChoosePath(const std::vector<int64_t>& weight) {
    const size_t kinds = counts_.size();
    Int128 launches = 0;
    for (size_t kind = 0; kind < kinds; ++kind) {
      launches += static_cast<Int128>(weight[kind]) * launch_[kind];
    }
    const size_t n = graph_.topological.size();
    std::vector<Int128> longest(n, 0);  // by item
    std::vector<int32_t> previous(n, -1);
    int32_t last = -1;
    for (size_t i = 0; i < n; ++i) {
      const int32_t item = graph_.topological[i];
      const auto at = static_cast<size_t>(item);
      for (int32_t k = graph_.before_begin[i]; k < graph_.before_begin[i + 1]; ++k) {
        const int32_t p = graph_.before[static_cast<size_t>(k)];
        if (previous[at] >= 0 && longest[static_cast<size_t>(p)] <= longest[at]) continue;
        longest[at] = longest[static_cast<size_t>(p)];
        previous[at] = p;
      }
      if (graph_.row[at] >= 0) {
        const absl::Span<const Picos> times = time_.row(static_cast<size_t>(graph_.row[at]));
        Int128 least = -1, second = -1;
        for (size_t kind = 0; kind < kinds; ++kind) {
          if (times[kind] == kNotAllowed) continue;
          const Int128 cost = static_cast<Int128>(weight[kind]) * times[kind];
          if (least < 0 || cost < least) {
            second = least;
            least = cost;
          } else if (second < 0 || cost < second) {
            second = cost;
          }
        }
        longest[at] += second < 0 ? launches : std::min(launches, second - least);
      }
      if (last < 0 || longest[at] > longest[static_cast<size_t>(last)]) last = item;
    }
    path_.clear();
    std::fill(on_path_.begin(), on_path_.end(), 0);
    for (; last >= 0; last = previous[static_cast<size_t>(last)]) {
      const int32_t row = graph_.row[static_cast<size_t>(last)];
      if (row < 0) continue;
      path_.push_back(row);
      on_path_[static_cast<size_t>(row)] = 1;
    }
    std::reverse(path_.begin(), path_.end());
  }

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
    if (sets_.empty()) consider(Least(weight, ~uint32_t{0}, /*every=*/false));
    return least < 0 ? 0 : static_cast<Picos>((least + sum - 1) / sum);
  }

  // The least weighted load if all rows are on the kinds of `set`, and each of these launches if
  // `every`, else the cheapest one; -1 if some row fits none of them.
  Int128 Least(const std::vector<int64_t>& weight, uint32_t set, bool every) {
    const size_t kinds = weight.size();
    const auto in = [&](size_t kind) { return !every || ((set >> kind) & 1) != 0; };
    const auto launch = [&](size_t kind) {
      return static_cast<Int128>(weight[kind]) * launch_[kind];
    };
    Int128 off_path = 0, on_path = 0;
    std::vector<Picos> load(kinds, 0), path_load(kinds, 0);
    for (size_t row = 0; row < num_rows_; ++row) {
      const absl::Span<const Picos> times = time_.row(row);
      Int128 least = -1;
      size_t chosen = 0;
      for (size_t kind = 0; kind < kinds; ++kind) {
        if (!in(kind) || times[kind] == kNotAllowed) continue;
        const Int128 cost = static_cast<Int128>(weight[kind]) * times[kind];
        // Of equal ones what loads less.
        if (least >= 0 && (cost > least || (cost == least && times[kind] >= times[chosen]))) {
          continue;
        }
        least = cost;
        chosen = kind;
      }
      if (least < 0) return -1;
      (on_path_[row] != 0 ? on_path : off_path) += least;
      (on_path_[row] != 0 ? path_load : load)[chosen] += times[chosen];
    }
    std::optional<size_t> cheapest;
    for (size_t kind = 0; kind < kinds; ++kind) {
      if (!in(kind)) continue;
      if (every) {
        on_path += launch(kind);
        path_load[kind] += launch_[kind];
      } else if (!cheapest.has_value() || launch(kind) < launch(*cheapest)) {
        cheapest = kind;
      }
    }
    if (cheapest.has_value()) {
      on_path += launch(*cheapest);
      path_load[*cheapest] += launch_[*cheapest];
    }
    if (!path_.empty()) {
      std::vector<Picos> stretch_load;
      const Int128 stretches = LeastOnPath(weight, in, stretch_load);
      if (stretches > on_path) {
        on_path = stretches;
        path_load = std::move(stretch_load);
      }
    }
    for (size_t kind = 0; kind < kinds; ++kind) load[kind] += path_load[kind];
    loads_.push_back(std::move(load));
    return off_path + on_path;
  }

  // The least weighted load of the path's rows and of a launch for each of its stretches; every row
  // fits some kind that is `in`. `load`: of the kinds that leads there.
  template <typename In>
  Int128 LeastOnPath(const std::vector<int64_t>& weight, const In& in, std::vector<Picos>& load) {
    const size_t kinds = weight.size(), length = path_.size();
    std::vector<Int128> cost(kinds, -1), next(kinds);
    from_.Assign(length, kinds, 0);
    for (size_t i = 0; i < length; ++i) {
      size_t cheapest = kinds;
      for (size_t kind = 0; kind < kinds; ++kind) {
        if (cost[kind] >= 0 && (cheapest == kinds || cost[kind] < cost[cheapest])) cheapest = kind;
      }
      const absl::Span<const Picos> times = time_.row(static_cast<size_t>(path_[i]));
      for (size_t kind = 0; kind < kinds; ++kind) {
        next[kind] = -1;
        if (!in(kind) || times[kind] == kNotAllowed) continue;
        const Int128 anew = (i == 0 ? Int128{0} : cost[cheapest]) +
                            static_cast<Int128>(weight[kind]) * launch_[kind];
        const bool stays = i > 0 && cost[kind] >= 0 && cost[kind] <= anew;
        from_(i, kind) = static_cast<int16_t>(stays ? kind : kinds + cheapest);
        next[kind] = (stays ? cost[kind] : anew) + static_cast<Int128>(weight[kind]) * times[kind];
      }
      cost.swap(next);
    }
    size_t kind = kinds;
    for (size_t k = 0; k < kinds; ++k) {
      if (cost[k] >= 0 && (kind == kinds || cost[k] < cost[kind])) kind = k;
    }
    const Int128 least = cost[kind];
    load.assign(kinds, 0);
    for (size_t i = length; i-- > 0;) {
      load[kind] += time_(static_cast<size_t>(path_[i]), kind);
      const auto from = static_cast<size_t>(from_(i, kind));
      if (from < kinds) continue;  // it stays
      load[kind] += launch_[kind];
      kind = from - kinds;
    }
    return least;
  }

  const size_t num_rows_;
  const RowGraph& graph_;
  std::vector<int32_t> path_;  // rows in the order of a path
  std::vector<char> on_path_;  // by row
  // Scratch: by [place on the path][kind], the kind before it, plus the number of kinds where a
  // stretch begins.
  IdTable<size_t, size_t, int16_t> from_;
  std::vector<int64_t> counts_;          // by kind, its devices
  std::vector<Picos> launch_;            // by kind
  IdTable<size_t, size_t, Picos> time_;  // [row][kind]
  std::vector<uint32_t> sets_;           // empty if there are too many
  std::vector<std::vector<Picos>> loads_;
  Picos scale_ = 0;
};

}  // namespace

RowGraph MakeRowGraph(const PlacementProblem& problem, const ProblemGraph& graph) {
  RowGraph rows;
  // As MakeLoadRows() numbers them: by the first item of each.
  std::vector<char> follows(problem.items.size(), 0), shares(problem.items.size(), 0);
  for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
    for (const ItemId item : group) {
      shares[static_cast<size_t>(item.index())] = 1;
      follows[static_cast<size_t>(item.index())] = item != group[0] ? 1 : 0;
    }
  }
  int32_t count = 0;
  for (size_t item = 0; item < problem.items.size(); ++item) {
    rows.row.push_back(shares[item] != 0 ? -1 : count);
    if (follows[item] == 0) ++count;
  }
  rows.before_begin.push_back(0);
  for (const ItemId item : graph.topological) {
    rows.topological.push_back(item.index());
    for (const ItemId p : graph.predecessors[item]) rows.before.push_back(p.index());
    rows.before_begin.push_back(static_cast<int32_t>(rows.before.size()));
  }
  return rows;
}

Picos BoundTurns(const LoadRows& rows, const RowGraph& graph, const std::vector<Picos>& launch,
                 int64_t work) {
  return rows.size() == 0 ? 0 : Turns(rows, graph, launch).Run(work);
}

}  // namespace allot
