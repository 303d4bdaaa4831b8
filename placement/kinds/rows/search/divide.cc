#include "placement/kinds/rows/search/divide.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/limits.h"
#include "placement/kinds/rows/model/readers.h"
#include "placement/kinds/rows/search/baselines.h"
#include "placement/search/progress.h"

namespace allot::rows {
namespace {

class Search {
 public:
  Search(const Problem& problem, const Effort& effort, const SolveLimits& limits)
      : problem_(problem), effort_(effort), random_(limits.seed), progress_(limits.progress) {
    work_.limit = limits.work;
    work_.stop = limits.stop;
    for (const Tensor& tensor : problem.tensors) {
      const bool divided = !tensor.sources.empty();
      structures_.push_back(divided ? StructureOf(tensor) : PhaseStructure());
      limits_.push_back(divided ? LimitsOf(problem, tensor).most : std::vector<int64_t>());
    }
    division_.resize(problem.tensors.size());
    for (size_t t = 0; t < division_.size(); ++t) {
      const Tensor& tensor = problem.tensors[t];
      if (!tensor.is_at_home()) continue;
      division_[t].assign(static_cast<size_t>(tensor.neurons), tensor.home);
    }
  }

  Divided Run() {
    for (size_t t = 0; t < division_.size(); ++t) Forward(t);
    PlaceInputs(problem_, division_);
    int64_t cost = Evaluate(problem_, division_);
    if (Division cyclic = Cyclic(problem_); Keeps(cyclic) && Evaluate(problem_, cyclic) < cost) {
      division_ = std::move(cyclic);
      cost = Evaluate(problem_, division_);
    }
    progress_.Report(cost, 0, work_.spent);
    Division best = division_;
    const bool hopeless = hopeless_ * 2 > division_.size();
    for (int64_t sweep = 0; sweep < effort_.sweeps && !hopeless && !work_.Done(); ++sweep) {
      const size_t count = division_.size();
      for (size_t i = 0; i < count && !work_.Done(); ++i) Again(sweep % 2 == 0 ? count - 1 - i : i);
      PlaceInputs(problem_, division_);
      const int64_t now = Evaluate(problem_, division_);
      if (now >= cost) break;
      const bool little = (cost - now) * 500 < cost;
      cost = now;
      best = division_;
      progress_.Report(cost, 0, work_.spent);
      if (little) break;
    }
    return {std::move(best), work_.spent};
  }

 private:
  bool Keeps(const Division& division) const {
    for (size_t t = 0; t < division.size(); ++t) {
      std::vector<int64_t> room = limits_[t];
      if (room.empty()) continue;
      const std::vector<int64_t> weights = RowWeights(problem_.tensors[t]);
      for (size_t row = 0; row < weights.size(); ++row) {
        int64_t& left = room[static_cast<size_t>(division[t][row])];
        left -= weights[row];
        if (left < 0) return false;
      }
    }
    return true;
  }

  void Forward(size_t t) {
    if (problem_.tensors[t].sources.empty()) return;
    const Phase phase = PhaseOf(problem_, division_, t, structures_[t], limits_[t]);
    division_[t] = DividePhase(phase, effort_, random_, work_);
    if (HasNothingInCommon(phase, division_[t], random_)) ++hopeless_;
    KeepLimits(phase, division_[t], random_, work_);
  }

  void Again(size_t t) {
    if (problem_.tensors[t].sources.empty()) return;
    const Phase phase = PhaseOf(problem_, division_, t, structures_[t], limits_[t]);
    division_[t] = ImprovePhase(phase, std::move(division_[t]), effort_, random_, work_);
    // What was right while nobody read these rows may be far from what is right now.
    std::vector<int32_t> anew = DividePhase(phase, effort_, random_, work_);
    const PhaseState old_state(phase, division_[t]), new_state(phase, anew);
    if (new_state.Excess() == 0 && new_state.cost() < old_state.cost()) {
      division_[t] = std::move(anew);
    }
  }

  const Problem& problem_;
  const Effort& effort_;
  Random random_;
  WorkMeter work_;
  Progress progress_;
  std::vector<PhaseStructure> structures_;
  std::vector<std::vector<int64_t>> limits_;
  Division division_;
  size_t hopeless_ = 0;  // phases whose rows have nothing in common
};

}  // namespace

void PlaceInputs(const Problem& problem, Division& division) {
  for (size_t t = 0; t < division.size(); ++t) {
    const Tensor& tensor = problem.tensors[t];
    if (!tensor.sources.empty()) continue;
    const ReaderParts readers = ReadersOf(problem, division, t, -1);
    division[t].assign(static_cast<size_t>(tensor.neurons), std::max(tensor.home, 0));
    if (tensor.is_at_home()) continue;
    for (size_t neuron = 0; neuron < division[t].size(); ++neuron) {
      int64_t least = -1;
      readers.ForEach(neuron, [&](int32_t owner) {
        int64_t cost = 0;
        readers.ForEach(neuron, [&](int32_t to) { cost += problem.LinkCost(owner, to); });
        if (least < 0 || cost < least) least = cost, division[t][neuron] = owner;
      });
    }
  }
}

Divided Divide(const Problem& problem, const Effort& effort, const SolveLimits& limits) {
  return Search(problem, effort, limits).Run();
}

}  // namespace allot::rows
