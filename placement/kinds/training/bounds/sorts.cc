#include "placement/kinds/training/bounds/sorts.h"

#include <algorithm>
#include <string>
#include <utility>

namespace allot {

std::vector<TrainingSort> SortsOf(const TrainingProblem& problem,
                                  const std::vector<std::string>& allowed) {
  std::vector<TrainingSort> sorts;
  for (size_t i = 0; i < problem.pools.size(); ++i) {
    const TrainingProblem::Pool& pool = problem.pools[i];
    if (std::find(allowed.begin(), allowed.end(), pool.zone) == allowed.end()) continue;
    const auto found = std::find_if(sorts.begin(), sorts.end(), [&](const TrainingSort& sort) {
      const TrainingProblem::Pool& other = problem.pools[static_cast<size_t>(sort.pools[0])];
      return other.gpu == pool.gpu && other.per_machine == pool.per_machine;
    });
    TrainingSort& sort = found == sorts.end() ? sorts.emplace_back() : *found;
    sort.pools.push_back(static_cast<int64_t>(i));
    sort.count += pool.count;
  }
  return sorts;
}

std::vector<std::string> ZonesByTies(const TrainingTables& tables) {
  const TrainingProblem& problem = tables.problem();
  constexpr Bytes kLarge = 64'000'000;
  std::vector<std::pair<Picos, std::string>> zones;  // the time to all others
  for (const TrainingProblem::Pool& pool : problem.pools) {
    const auto known = [&](const auto& each) { return each.second == pool.zone; };
    if (std::none_of(zones.begin(), zones.end(), known)) zones.emplace_back(0, pool.zone);
  }
  for (auto& [time, zone] : zones) {
    for (size_t a = 0; a < problem.pools.size(); ++a) {
      for (size_t b = 0; b < problem.pools.size(); ++b) {
        if (problem.pools[a].zone != zone || problem.pools[b].zone == zone) continue;
        time = AddPicos(
            time, tables.Transfer(static_cast<int64_t>(a), 1, static_cast<int64_t>(b), 1, kLarge));
      }
    }
  }
  std::stable_sort(zones.begin(), zones.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (auto& [time, zone] : zones) names.push_back(std::move(zone));
  return names;
}

Picos SortTransfer(const TrainingTables& tables, const TrainingSort& from, int64_t from_width,
                   const TrainingSort& to, int64_t to_width, Bytes bytes) {
  const TrainingProblem& problem = tables.problem();
  Picos worst = 0;
  for (const int64_t a : from.pools) {
    for (const int64_t b : to.pools) {
      const Picos time = tables.Transfer(a, from_width, b, to_width, bytes);
      const bool same =
          problem.pools[static_cast<size_t>(a)].zone == problem.pools[static_cast<size_t>(b)].zone;
      if (same) return time;
      worst = std::max(worst, time);
    }
  }
  return worst;
}

Picos SortAllReduce(const TrainingTables& tables, const TrainingSort& from, const TrainingSort& to,
                    int64_t width, int64_t first, int64_t last, int64_t replicas, bool hopeful) {
  Picos worst = 0, best = kNeverPicos;
  for (const int64_t a : from.pools) {
    for (const int64_t b : to.pools) {
      const Picos time = tables.AllReduce(a, b, width, first, last, replicas);
      worst = std::max(worst, time), best = std::min(best, time);
    }
  }
  return hopeful ? best : worst;
}

}  // namespace allot
