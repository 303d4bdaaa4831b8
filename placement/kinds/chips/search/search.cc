#include "placement/kinds/chips/search/search.h"

#include <utility>

#include "placement/kinds/chips/model/evaluate.h"

namespace allot::chips {

Picos Worth(const Compiled& problem, const Assignment& compiled) {
  return FitsMemory(problem, compiled) ? Bottleneck(problem, compiled) : kDoesNotFit;
}

SearchResult Search(Workshop& workshop, const std::vector<Finder>& finders,
                    const SearchLimits& limits) {
  SearchResult result;
  const auto size = workshop.problem.size();
  const int64_t begin = workshop.steps();
  int64_t turns = 0;
  const auto spent = [&] { return workshop.steps() - begin + turns * size; };
  std::vector<double> of(finders.size());  // steps by finder, for its share
  std::vector<int64_t> proposals(finders.size());
  while (spent() < limits.steps && !(limits.stop && limits.stop())) {
    if (limits.evaluations > 0 && result.evaluations >= limits.evaluations) break;
    if (result.best.has_value() && result.best->value <= workshop.bound) break;
    size_t next = finders.size();
    for (size_t i = 0; i < finders.size(); ++i) {
      if (finders[i].most > 0 && proposals[i] >= finders[i].most) continue;
      if (next == finders.size() || of[i] / finders[i].share < of[next] / finders[next].share) {
        next = i;
      }
    }
    if (next == finders.size()) break;
    ++proposals[next];
    const int64_t before = spent();
    Proposer& proposer = *finders[next].proposer;
    const std::optional<Assignment> chips =
        proposer.Propose(result.best.has_value() ? &*result.best : nullptr);
    ++turns;
    ++result.evaluations;
    of[next] += static_cast<double>(spent() - before);
    if (chips.has_value()) {
      const Picos value = Worth(workshop.problem, *chips);
      proposer.Learn(*chips, value);
      if (value != kDoesNotFit && (!result.best.has_value() || value < result.best->value)) {
        result.best = Cutting{*chips, value};
        result.finder = std::string(proposer.name());
        if (limits.progress) limits.progress(value, spent());
      }
    }
    result.history.push_back(result.best.has_value() ? result.best->value : kDoesNotFit);
  }
  return result;
}

}  // namespace allot::chips
