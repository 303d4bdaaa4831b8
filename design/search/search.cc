#include "design/search/search.h"

#include <algorithm>
#include <tuple>

#include "design/search/parallel.h"
#include "support/status.h"

namespace allot::design {
namespace {

using hardware::Configuration;
using hardware::SizedConfiguration;

// So many configurations are decided between two looks at what is known, for any number of threads.
constexpr size_t kChunk = 64;

CoreCount CountOf(const Configuration& c) { return {c.tensor_cores, c.vector_cores}; }

// What the costs of products depend on.
std::tuple<int64_t, int64_t, int64_t, int64_t> TensorKey(const Configuration& c) {
  return {c.tensor_cores, c.width, c.depth, c.buffer_mb};
}

// The best value of configurations that are no larger than an area.
class Staircase {
 public:
  void Add(double area, double value) {
    auto after = best_.upper_bound(area);
    if (after != best_.begin() && std::prev(after)->second >= value) return;
    while (after != best_.end() && after->second <= value) after = best_.erase(after);
    best_[area] = value;
  }
  double BestWithin(double area) const {
    const auto after = best_.upper_bound(area);
    return after == best_.begin() ? 0 : std::prev(after)->second;
  }

 private:
  std::map<double, double> best_;  // by area, both ascending
};

}  // namespace

double Combine(const Question& question, const std::vector<PlanChoice>& plans, double watts,
               hardware::Area area) {
  double value = 0, weights = 0;
  for (size_t i = 0; i < plans.size(); ++i) {
    const double rate = plans[i].samples_per_s;
    if (rate <= 0) return 0;
    if (question.combination == Combination::kWorst) {
      value = i == 0 ? rate : std::min(value, rate);
    } else {
      value += question.weights[i] * rate;
      weights += question.weights[i];
    }
  }
  if (question.combination == Combination::kMean) value /= weights;
  if (question.per == PerUnit::kArea) return value / (area.value() * 1e-6);
  if (question.per == PerUnit::kWatt) return watts > 0 ? value / watts : 0;
  return value;
}

HardwareSearch::HardwareSearch(const Question& question) : question_(question) {
  models_.reserve(question.models.size());
  for (const LayerGraph& model : question.models) models_.emplace_back(question, model);
}

HardwareSearch::Times HardwareSearch::Schedule(size_t configuration) const {
  const Configuration& c = question_.configurations[configuration].configuration;
  Times times;
  for (const ModelPlans& model : models_) {
    times.latencies.push_back(
        Latencies(question_, model.tasks(), c, CostProducts(question_, model.tasks(), c)));
    times.lengths.push_back(ScheduleBlocks(model.tasks(), times.latencies.back(), CountOf(c)));
  }
  return times;
}

Outcome HardwareSearch::Decide(size_t configuration,
                               std::vector<ModelPlans::Workspace>& workspaces) const {
  const SizedConfiguration& sized = question_.configurations[configuration];
  const Times times = Schedule(configuration);
  Outcome best;
  for (size_t memory = 0; memory < question_.memories_gib.size(); ++memory) {
    Outcome outcome;
    for (size_t m = 0; m < models_.size(); ++m) {
      PlanChoice& chosen = outcome.plans.emplace_back();
      for (size_t microbatch = 0; microbatch < question_.microbatches.size(); ++microbatch) {
        for (const bool recompute : question_.recompute) {
          const PlanChoice plan =
              models_[m].Best(times.lengths[m], microbatch, memory, recompute, workspaces[m]);
          if (plan.samples_per_s > chosen.samples_per_s) chosen = plan;
        }
      }
      outcome.watts +=
          WattsOf(models_[m], configuration, chosen) / static_cast<double>(models_.size());
    }
    outcome.value = Combine(question_, outcome.plans, outcome.watts, sized.area);
    if (best.plans.empty() || outcome.value > best.value) best = std::move(outcome);
  }
  return best;
}

// Those with the same tensor cores share what products take.
std::vector<double> HardwareSearch::Bounds() const {
  std::map<std::tuple<int64_t, int64_t, int64_t, int64_t>, std::vector<size_t>> groups;
  for (size_t i = 0; i < question_.configurations.size(); ++i) {
    groups[TensorKey(question_.configurations[i].configuration)].push_back(i);
  }
  std::vector<const std::vector<size_t>*> work;
  for (const auto& [key, members] : groups) work.push_back(&members);
  std::vector<double> bounds(question_.configurations.size());
  std::vector<std::vector<ModelPlans::Workspace>> workspaces(
      static_cast<size_t>(std::max(1, question_.threads)));
  ForEachParallel(work.size(), question_.threads, [&](size_t group, size_t thread) {
    workspaces[thread].resize(models_.size());
    std::vector<ProductCosts> products;
    const std::vector<size_t>& members = *work[group];
    for (const ModelPlans& model : models_) {
      products.push_back(CostProducts(question_, model.tasks(),
                                      question_.configurations[members[0]].configuration));
    }
    for (const size_t i : members) {
      const SizedConfiguration& sized = question_.configurations[i];
      std::vector<PlanChoice> plans(models_.size());
      double least_watts = 0;
      for (size_t m = 0; m < models_.size(); ++m) {
        const auto latencies =
            Latencies(question_, models_[m].tasks(), sized.configuration, products[m]);
        const std::vector<Ticks> times =
            BoundBlocks(models_[m].tasks(), latencies, CountOf(sized.configuration));
        plans[m].samples_per_s = models_[m].Bound(times, workspaces[thread][m]);
      }
      // Less than leakage nothing takes.
      if (question_.space.power.has_value()) {
        least_watts = question_.space.power->leakage_per_mm2.value() * sized.area.value() * 1e-6;
      }
      bounds[i] = Combine(question_, plans, least_watts, sized.area);
      if (question_.per == PerUnit::kWatt && least_watts <= 0) {
        bounds[i] = std::numeric_limits<double>::max();  // nothing is excluded
      }
    }
  });
  return bounds;
}

absl::StatusOr<SearchResult> HardwareSearch::Run(const SearchHooks& hooks) const {
  SearchResult result;
  const size_t count = question_.configurations.size();
  std::vector<double> bounds = Bounds();
  std::vector<size_t> order(count);
  for (size_t i = 0; i < count; ++i) order[i] = i;
  // What may be best comes first; of equals the first of the space.
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return bounds[a] > bounds[b]; });
  std::vector<std::vector<ModelPlans::Workspace>> workspaces(
      static_cast<size_t>(std::max(1, question_.threads)));
  for (auto& each : workspaces) each.resize(models_.size());

  int64_t plans_each = 0;
  for (const ModelPlans& model : models_) plans_each += model.num_plans();
  result.plans = plans_each * static_cast<int64_t>(count);
  Staircase known;
  std::vector<double> values;  // of the best, descending, as many as are wanted
  const bool power = question_.space.power.has_value();
  for (size_t done = 0; done < count;) {
    std::vector<size_t> chunk;
    for (; done < count && chunk.size() < kChunk; ++done) {
      const size_t i = order[done];
      const double area = question_.configurations[i].area.value();
      // It can neither be among the best nor beat all that are as small. With a third dimension
      // nothing is known of a front.
      const bool ranks =
          values.size() < static_cast<size_t>(question_.rank) || bounds[i] > values.back();
      if (bounds[i] > 0 && (power || ranks || bounds[i] > known.BestWithin(area))) {
        chunk.push_back(i);
      }
    }
    std::vector<Outcome> outcomes(chunk.size());
    ForEachParallel(chunk.size(), question_.threads, [&](size_t at, size_t thread) {
      const auto earlier = hooks.known.find(chunk[at]);
      outcomes[at] =
          earlier != hooks.known.end() ? earlier->second : Decide(chunk[at], workspaces[thread]);
    });
    for (size_t at = 0; at < chunk.size(); ++at) {
      result.computed += plans_each;
      const double value = outcomes[at].value;
      if (value > 0) {
        known.Add(question_.configurations[chunk[at]].area.value(), value);
        values.insert(std::upper_bound(values.begin(), values.end(), value, std::greater<>()),
                      value);
        if (values.size() > static_cast<size_t>(question_.rank)) values.pop_back();
      }
      result.outcomes.emplace(chunk[at], std::move(outcomes[at]));
    }
    if (hooks.found) ALLOT_RETURN_IF_ERROR(hooks.found(chunk, result.outcomes));
    if (hooks.progress) {
      hooks.progress(static_cast<int64_t>(done), static_cast<int64_t>(count),
                     values.empty() ? 0 : values[0]);
    }
  }
  // The best value, or what a configuration might reach with other schedules of its blocks.
  for (const double bound : bounds) result.bound = std::max(result.bound, bound);
  Rank(result);
  return result;
}

void HardwareSearch::Rank(SearchResult& result) const {
  std::vector<size_t> all;
  for (const auto& [i, outcome] : result.outcomes) {
    if (outcome.value > 0) all.push_back(i);
  }
  // Of equals the smallest is the best.
  const auto key = [&](size_t i) {
    return std::tuple(-result.outcomes.at(i).value, question_.configurations[i].area, i);
  };
  std::sort(all.begin(), all.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  result.ranking.assign(
      all.begin(), all.begin() + static_cast<std::ptrdiff_t>(
                                     std::min(all.size(), static_cast<size_t>(question_.rank))));
  const bool power = question_.space.power.has_value();
  const auto beats = [&](size_t a, size_t b) {
    const double area_a = question_.configurations[a].area.value();
    const double area_b = question_.configurations[b].area.value();
    const Outcome &of_a = result.outcomes.at(a), &of_b = result.outcomes.at(b);
    const double watts_a = power ? of_a.watts : 0, watts_b = power ? of_b.watts : 0;
    const bool as_good = area_a <= area_b && of_a.value >= of_b.value && watts_a <= watts_b;
    const bool better = area_a < area_b || of_a.value > of_b.value || watts_a < watts_b;
    return as_good && (better || a < b);
  };
  std::stable_sort(all.begin(), all.end(), [&](size_t a, size_t b) {
    return question_.configurations[a].area < question_.configurations[b].area;
  });
  for (const size_t i : all) {
    const bool beaten = std::any_of(result.front.begin(), result.front.end(),
                                    [&](size_t o) { return beats(o, i); });
    if (beaten) continue;
    std::erase_if(result.front, [&](size_t o) { return beats(i, o); });
    result.front.push_back(i);
  }
}

}  // namespace allot::design
