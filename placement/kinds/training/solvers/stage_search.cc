#include "placement/kinds/training/solvers/stage_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "placement/kinds/training/model/costs.h"

namespace allot {
namespace {

constexpr size_t kMostSorts = 8;
constexpr int64_t kWidestReduce = 4;
constexpr size_t kPlans = 6;  // that are handed back

// How the replicas of a stage may lie.
struct Manner {
  std::vector<SortGroup> groups;
  std::array<int64_t, kMostSorts> used = {};
  int64_t narrowest = 1;
  std::vector<TrainingRow> rows;  // of each group
};

struct Label {
  Picos slowest = 0, sum = 0, reduce = 0;  // of the stages behind the first one
  Picos compute = 0, down = 0;  // of the first one, and what it pays to speak to the next
  Picos promise = 0;            // no plan from here is below, by the prices
  std::array<int64_t, kMostSorts> left = {};
  int64_t layer = 0;  // the first that is trained
  size_t manner = 0;
  bool mixed = false;
  const Label* next = nullptr;
};

class Search {
 public:
  Search(const TrainingTables& tables, const std::vector<TrainingSort>& sorts,
         const StageQuestion& question)
      : tables_(tables), problem_(tables.problem()), sorts_(sorts), question_(question) {
    const int64_t at_once = question.micro_batch * question.replicas;
    turns_ = (problem_.global_batch + at_once - 1) / at_once - 1;
    MakeManners();
    MakeRests();
  }

  StagesFound Run() {
    if (manners_.empty() || sorts_.size() > kMostSorts) return std::move(found_);
    const int64_t layers = tables_.layers();
    Label none;
    for (size_t c = 0; c < sorts_.size(); ++c) none.left[c] = sorts_[c].count;
    none.layer = layers;
    kept_.emplace_back(static_cast<size_t>(layers) + 1);
    kept_[0][static_cast<size_t>(layers)].push_back(none);
    for (int64_t behind = 0; behind < layers && !over_; ++behind) {
      kept_.emplace_back(static_cast<size_t>(layers) + 1);
      bool any = false;
      for (int64_t layer = layers; layer > 0 && !over_; --layer) {
        for (const Label& label : kept_[static_cast<size_t>(behind)][static_cast<size_t>(layer)]) {
          Extend(label, behind);
          if (over_) break;
        }
      }
      for (std::vector<Label>& each : kept_.back()) {
        Thin(each);
        any = any || !each.empty();
      }
      if (!any) break;
    }
    std::stable_sort(plans_.begin(), plans_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [value, plan] : plans_) {
      if (found_.plans.size() < kPlans) found_.plans.push_back(std::move(plan));
    }
    return std::move(found_);
  }

 private:
  void MakeManners() {
    const int64_t d = question_.replicas;
    for (size_t c = 0; c < sorts_.size(); ++c) {
      for (const int64_t width : Widths(c)) Add({{c, width, d}});
    }
    pure_ = manners_.size();
    // Two sorts share a stage so that one of them is used up: what whole stages leave of it.
    for (size_t a = 0; a < sorts_.size(); ++a) {
      for (size_t b = 0; b < sorts_.size(); ++b) {
        if (a == b) continue;
        for (const int64_t width_a : Widths(a)) {
          std::vector<int64_t> counts;
          for (const int64_t whole : Widths(a)) {
            const int64_t rest = sorts_[a].count % (d * whole) / width_a;
            if (rest > 0 && rest < d) counts.push_back(rest);
          }
          std::sort(counts.begin(), counts.end());
          counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
          for (const int64_t count : counts) {
            for (const int64_t width_b : Widths(b)) {
              if (a < b) Add({{a, width_a, count}, {b, width_b, d - count}});
              if (a > b) Add({{b, width_b, d - count}, {a, width_a, count}});
            }
          }
        }
      }
    }
    transfers_.resize(manners_.size());
  }

  std::vector<int64_t> Widths(size_t sort) const {
    std::vector<int64_t> widths;
    for (const int64_t width : tables_.widths(sorts_[sort].pools[0])) {
      if (tables_.Profiled(sorts_[sort].pools[0], question_.micro_batch, width)) {
        widths.push_back(width);
      }
    }
    return widths;
  }

  void Add(std::vector<SortGroup> groups) {
    Manner manner;
    manner.narrowest = groups[0].width;
    for (const SortGroup& group : groups) {
      manner.used[group.sort] += group.width * group.replicas;
      manner.narrowest = std::min(manner.narrowest, group.width);
      if (manner.used[group.sort] > sorts_[group.sort].count) return;
      manner.rows.push_back(
          tables_.Row(sorts_[group.sort].pools[0], question_.micro_batch, group.width));
    }
    manner.groups = std::move(groups);
    manners_.push_back(std::move(manner));
  }

  // Of the layers before each: what they take at least, once, and in GPUs at their prices.
  void MakeRests() {
    rest_.push_back(0), busy_.push_back(0);
    const auto d = static_cast<double>(question_.replicas);
    for (int64_t layer = 0; layer < tables_.layers(); ++layer) {
      double once = -1, busy = -1;
      for (size_t m = 0; m < pure_; ++m) {
        const SortGroup& group = manners_[m].groups[0];
        const auto time = static_cast<double>(tables_.Compute(
            sorts_[group.sort].pools[0], question_.micro_batch, group.width, layer, layer));
        const double priced = d * question_.shares[group.sort] * static_cast<double>(group.width) /
                              static_cast<double>(sorts_[group.sort].count) * time;
        if (once < 0 || time < once) once = time;
        if (busy < 0 || priced < busy) busy = priced;
      }
      rest_.push_back(rest_.back() + std::max(0.0, once));
      busy_.push_back(busy_.back() + std::max(0.0, busy));
    }
  }

  // No plan that ends in `label` takes less.
  Picos Promise(const Label& label) const {
    double left = 0;
    for (size_t c = 0; c < sorts_.size(); ++c) {
      left += question_.shares[c] * static_cast<double>(label.left[c]) /
              static_cast<double>(sorts_[c].count);
    }
    const auto layer = static_cast<size_t>(label.layer);
    double slowest = static_cast<double>(std::max(label.slowest, label.compute + label.down));
    if (busy_[layer] > 0) {
      if (left <= 0) return kNeverPicos;
      slowest = std::max(slowest, busy_[layer] / left);
    }
    const double value = static_cast<double>(turns_) * slowest + rest_[layer] +
                         static_cast<double>(label.sum + label.compute + label.down + label.reduce);
    return value < static_cast<double>(kNeverPicos) ? static_cast<Picos>(value) : kNeverPicos;
  }

  static Picos Compute(const Manner& manner, int64_t first, int64_t last) {
    Picos slowest = 0;
    for (const TrainingRow& row : manner.rows)
      slowest = std::max(slowest, row.Compute(first, last));
    return slowest;
  }

  static bool Fits(const Manner& manner, int64_t first, int64_t last, int64_t under_way) {
    return std::all_of(manner.rows.begin(), manner.rows.end(),
                       [&](const TrainingRow& row) { return row.Fits(first, last, under_way); });
  }

  Picos Reduce(const Manner& manner, int64_t first, int64_t last) const {
    Picos longest = 0;
    for (size_t i = 0; i < manner.groups.size(); ++i) {
      const SortGroup& group = manner.groups[i];
      const auto reduce = [&](size_t from, size_t to) {
        longest = std::max(longest, SortAllReduce(tables_, sorts_[from], sorts_[to],
                                                  std::min(kWidestReduce, manner.narrowest), first,
                                                  last, question_.replicas, question_.hopeful));
      };
      if (group.replicas > 1) reduce(group.sort, group.sort);
      if (i > 0) reduce(manner.groups[i - 1].sort, group.sort);
    }
    return longest;
  }

  // The output of a layer, from a stage in one manner to one in another.
  Picos Transfer(size_t from, size_t to, int64_t layer) {
    const Bytes bytes = problem_.layers[static_cast<size_t>(layer)].output * question_.micro_batch;
    const auto [found, is_new] = transfers_[from].insert({{to, bytes}, 0});
    if (!is_new) return found->second;
    Picos longest = 0;
    for (const SortGroup& a : manners_[from].groups) {
      for (const SortGroup& b : manners_[to].groups) {
        longest = std::max(longest, SortTransfer(tables_, sorts_[a.sort], a.width, sorts_[b.sort],
                                                 b.width, bytes));
      }
    }
    return found->second = longest;
  }

  // What a boundary costs the stage before it, and the one behind it: their own transfers, or both.
  Picos Down(size_t before, size_t behind, int64_t last) {
    if (problem_.cost == TrainingCost::kOwn) return Both(before, behind, last);
    return Transfer(before, behind, last);
  }
  Picos Up(size_t before, size_t behind, int64_t first) {
    if (problem_.cost == TrainingCost::kOwn) return Both(before, behind, first - 1);
    return Transfer(behind, before, first);
  }
  Picos Both(size_t before, size_t behind, int64_t last) {
    const Bytes bytes = problem_.layers[static_cast<size_t>(last)].output * question_.micro_batch;
    return OwnTransfer(AddPicos(Transfer(before, behind, last), Transfer(behind, before, last)),
                       2 * bytes);
  }

  // By a stage in front of it; `behind` stages are there.
  void Extend(const Label& label, int64_t behind) {
    const bool sailor = problem_.cost == TrainingCost::kSailor;
    for (size_t m = 0; m < manners_.size(); ++m) {
      const Manner& manner = manners_[m];
      if (manner.groups.size() > 1 && label.mixed) continue;
      Label extended;
      bool there = true;
      for (size_t c = 0; c < sorts_.size(); ++c) {
        extended.left[c] = label.left[c] - manner.used[c];
        there = there && extended.left[c] >= 0;
      }
      if (!there) continue;
      if (behind > 0) {
        Picos up = Up(m, label.manner, label.layer);
        if (sailor && behind == 1) up = TimesPicos(2, up);  // the last stage sends nothing else
        const Picos stage = AddPicos(AddPicos(label.compute, label.down), up);
        extended.slowest = std::max(label.slowest, stage);
        extended.sum = AddPicos(label.sum, stage);
        extended.down = Down(m, label.manner, label.layer - 1);
        if (extended.sum >= kNeverPicos || extended.down >= kNeverPicos) continue;
      }
      extended.manner = m;
      extended.mixed = label.mixed || manner.groups.size() > 1;
      extended.next = &label;
      for (int64_t first = label.layer - 1; first >= 0; --first) {
        if (++found_.work > question_.work ||
            (found_.work % 4096 == 0 && question_.stop && question_.stop())) {
          over_ = true;
          return;
        }
        if (!Fits(manner, first, label.layer - 1, behind + 1)) break;
        extended.layer = first;
        extended.compute = Compute(manner, first, label.layer - 1);
        if (first == 0) {
          Finish(extended, label, manner, behind + 1);
          break;
        }
        extended.reduce = std::max(label.reduce, Reduce(manner, first, label.layer - 1));
        extended.promise = Promise(extended);
        if (extended.promise >= question_.below) {
          // A longer stage only takes more.
          const Picos alone = AddPicos(extended.compute, extended.down);
          if (AddPicos(TimesPicos(turns_, alone), alone) >= question_.below) break;
          continue;
        }
        kept_.back()[static_cast<size_t>(first)].push_back(extended);
      }
    }
  }

  // The first stage of all.
  void Finish(Label label, const Label& behind, const Manner& manner, int64_t stages) {
    if (problem_.cost == TrainingCost::kSailor && stages > 3)
      label.down = TimesPicos(2, label.down);
    label.reduce =
        std::max(label.reduce, std::max(behind.reduce, Reduce(manner, 0, behind.layer - 1)));
    const Picos stage = AddPicos(label.compute, label.down);
    const Picos value = AddPicos(
        AddPicos(TimesPicos(turns_, std::max(label.slowest, stage)), AddPicos(label.sum, stage)),
        label.reduce);
    if (value >= question_.below) return;
    const auto same = [&](const auto& each) {
      return static_cast<int64_t>(each.second.size()) == stages;
    };
    const auto found = std::find_if(plans_.begin(), plans_.end(), same);
    if (found != plans_.end() && found->first <= value) return;
    SortPlan plan;
    plan.push_back({0, behind.layer - 1, manner.groups});
    for (const Label* at = &behind; at->next != nullptr; at = at->next) {
      plan.push_back({at->layer, at->next->layer - 1, manners_[at->manner].groups});
    }
    if (found != plans_.end()) {
      *found = {value, std::move(plan)};
    } else {
      plans_.emplace_back(value, std::move(plan));
    }
  }

  static bool Beats(const Label& a, const Label& b) {
    if (a.manner != b.manner || (a.mixed && !b.mixed)) return false;
    if (a.slowest > b.slowest || a.sum + a.compute + a.down > b.sum + b.compute + b.down ||
        a.compute + a.down > b.compute + b.down || a.reduce > b.reduce) {
      return false;
    }
    for (size_t c = 0; c < kMostSorts; ++c) {
      if (a.left[c] < b.left[c]) return false;
    }
    return true;
  }

  void Thin(std::vector<Label>& labels) {
    std::stable_sort(labels.begin(), labels.end(),
                     [](const Label& a, const Label& b) { return a.promise < b.promise; });
    std::vector<Label> kept;
    for (const Label& label : labels) {
      if (static_cast<int64_t>(kept.size()) >= question_.keep) break;
      found_.work += static_cast<int64_t>(kept.size()) / 16;
      const auto beats = [&](const Label& other) { return Beats(other, label); };
      if (std::none_of(kept.begin(), kept.end(), beats)) kept.push_back(label);
    }
    labels = std::move(kept);
  }

  const TrainingTables& tables_;
  const TrainingProblem& problem_;
  const std::vector<TrainingSort>& sorts_;
  const StageQuestion& question_;
  int64_t turns_ = 0;  // of the slowest stage, beyond the first
  std::vector<Manner> manners_;
  size_t pure_ = 0;  // the first ones are of one sort
  std::vector<std::map<std::pair<size_t, Bytes>, Picos>> transfers_;
  std::vector<double> rest_, busy_;
  std::vector<std::vector<std::vector<Label>>> kept_;  // by stages behind, by layer
  std::vector<std::pair<Picos, SortPlan>> plans_;      // the best of each number of stages
  StagesFound found_;
  bool over_ = false;
};

}  // namespace

StagesFound SearchStages(const TrainingTables& tables, const std::vector<TrainingSort>& sorts,
                         const StageQuestion& question) {
  return Search(tables, sorts, question).Run();
}

}  // namespace allot
