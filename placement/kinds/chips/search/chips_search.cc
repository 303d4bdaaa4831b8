#include "placement/kinds/chips/search/chips_search.h"

#include <utility>

#include "placement/kinds/chips/search/learned.h"

namespace allot::chips {
namespace {

constexpr int64_t kStepsOfWork = 64;
constexpr int64_t kAnnealingProposals = 1'000;

}  // namespace

AddFinders AllFinders(const ProposerWeights* weights, int64_t finetune) {
  return [weights, finetune](Workshop& workshop, std::vector<Finder>& finders) {
    finders.push_back({MakeSlicesProposer(workshop), 4});
    for (const LearnedUse use : {LearnedUse::kOrder, LearnedUse::kChips}) {
      finders.push_back({MakeLearnedProposer(workshop, use, weights), 1, finetune});
    }
    finders.push_back(
        {MakeAnnealingProposer(workshop, AnnealingStart::kBalanced, kAnnealingProposals), 1});
  };
}

ChipsFound SearchChips(const Problem& problem, const SolveLimits& limits, int64_t evaluations,
                       const AddFinders& add_finders) {
  const Compiled compiled(problem);
  ChipsFound found;
  Workshop workshop(compiled);
  found.bound = BoundOf(workshop.rules);
  if (found.bound.infeasible) return found;
  workshop.random = Random(limits.seed);
  workshop.bound = found.bound.value;
  if (const std::optional<Cutting> plain = PlainSlices(workshop)) found.plain_slices = plain->value;
  SearchLimits search;
  search.steps = SaturatingMultiply(limits.work, kStepsOfWork);
  search.evaluations = evaluations;
  search.stop = limits.stop;
  if (limits.progress) {
    search.progress = [&](Picos best, int64_t steps) {
      limits.progress(best, found.bound.value, steps / kStepsOfWork);
    };
  }
  std::vector<Finder> finders;
  add_finders(workshop, finders);
  SearchResult result = Search(workshop, finders, search);
  found.work = workshop.steps() / kStepsOfWork;
  if (!result.best.has_value()) return found;
  found.best = compiled.Expand(result.best->chips);
  found.value = result.best->value;
  found.finder = std::move(result.finder);
  return found;
}

}  // namespace allot::chips
