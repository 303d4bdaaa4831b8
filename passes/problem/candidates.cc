#include "passes/problem/candidates.h"

#include <algorithm>
#include <utility>

#include "placement/parts/part_price.h"

namespace allot {

Solution EachFastest(const PlacementProblem& problem, const ProblemGraph& graph) {
  Solution fastest{Placement(problem.items.size(), DeviceId(0)), graph.topological};
  for (const ItemId item : problem.items.ids()) {
    for (const DeviceId device : problem.devices.ids()) {
      const std::optional<Picos>& time = problem.items[item].time[device];
      const std::optional<Picos>& least = problem.items[item].time[fastest.device_of[item]];
      if (time.has_value() && (!least.has_value() || *time < *least)) {
        fastest.device_of[item] = device;
      }
    }
  }
  return fastest;
}

std::optional<Picos> Candidates::Offer(const std::string& name, const Solution& solution) {
  PartedSolution parted = FormParts(problem_, graph_, solution, part_effort_);
  if (!parted.score.feasible) return std::nullopt;
  const Picos value = parted.score.objective;
  const Score score = Evaluate(problem_, graph_, solution);
  if (score.feasible && (!best_in_items_.has_value() || Better(score, best_score_in_items_))) {
    best_in_items_ = NamedSolution{name, solution};
    best_score_in_items_ = score;
  }
  Offer(name, std::move(parted));
  return value;
}

void Candidates::Offer(const std::string& name, PartedSolution parted) {
  if (!parted.score.feasible) return;
  if (most_parts_ > 0 && parted.parts.num_parts > static_cast<size_t>(most_parts_)) {
    if (!crowded_.has_value() || parted.parts.num_parts < crowded_->solution.parts.num_parts) {
      crowded_ = Candidate{name, std::move(parted)};
    }
    return;
  }
  const bool adopt = !best_.has_value() || BetterWith(migration_, parted, best_->solution) ||
                     (!BetterWith(migration_, best_->solution, parted) &&
                      parted.parts.num_parts <= best_->solution.parts.num_parts);
  const bool known = std::any_of(all_.begin(), all_.end(), [&](const Candidate& other) {
    return IsSame(other.solution, parted);
  });
  if (!known) Remember(name, parted);
  if (adopt) best_ = Candidate{name, std::move(parted)};
}

void Candidates::Offer(const std::string& name, const Lanes& lanes) {
  if (lanes.lanes.size() == 1) return Offer(name, lanes.lanes[0]);
  for (const PartedSolution& lane : lanes.lanes) Remember(name, lane);
}

void Candidates::Remember(const std::string& name, PartedSolution parted) {
  if (all_.size() < kMost) all_.push_back({name, std::move(parted)});
}

void Candidates::Adopt(PartedSolution parted) {
  best_ = Candidate{NameOf(parted), std::move(parted)};
}

std::string Candidates::NameOf(const PartedSolution& solution) const {
  std::string name = "ranges";
  for (const Candidate& other : all_) {
    if (IsSame(other.solution, solution)) name = other.name;
  }
  return name;
}

}  // namespace allot
