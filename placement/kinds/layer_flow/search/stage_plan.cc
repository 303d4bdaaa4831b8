#include "placement/kinds/layer_flow/search/stage_plan.h"

#include <algorithm>

namespace allot {
namespace {

// What the servers of a stage pass with 1, 2, ... layers.
std::vector<int64_t> StageRates(const LayerFlowProblem& problem,
                                const std::vector<int32_t>& stage) {
  std::vector<int64_t> rates;
  for (const int32_t server : stage) {
    const std::vector<int64_t>& of = problem.servers[static_cast<size_t>(server)].throughput;
    const size_t most = std::min(of.size(), static_cast<size_t>(problem.layers));
    if (rates.size() < most) rates.resize(most);
    for (size_t k = 0; k < most; ++k) rates[k] += of[k];
  }
  return rates;
}

using Rates = std::vector<std::vector<int64_t>>;

Rates AllStageRates(const LayerFlowProblem& problem, const Stages& stages) {
  Rates rates;
  for (const std::vector<int32_t>& stage : stages) rates.push_back(StageRates(problem, stage));
  return rates;
}

std::optional<std::vector<int32_t>> Layers(const Rates& rates, int32_t layers, int64_t rate) {
  const auto total = static_cast<size_t>(layers);
  // by[s][sum]: how many layers stage s holds where the stages up to it hold `sum`; -1: no way.
  std::vector<std::vector<int32_t>> by(rates.size(), std::vector<int32_t>(total + 1, -1));
  std::vector<bool> reached(total + 1, false), next;
  reached[0] = true;
  for (size_t s = 0; s < rates.size(); ++s) {
    next.assign(total + 1, false);
    // The most layers first: where several ways lead to a sum, stages in front hold more.
    for (size_t k = rates[s].size() + 1; k-- > 0;) {
      if (k > 0 && rates[s][k - 1] < rate) continue;
      for (size_t sum = k; sum <= total; ++sum) {
        if (!reached[sum - k] || next[sum]) continue;
        next[sum] = true;
        by[s][sum] = static_cast<int32_t>(k);
      }
    }
    reached.swap(next);
  }
  if (!reached[total]) return std::nullopt;
  std::vector<int32_t> chosen(rates.size());
  size_t sum = total;
  for (size_t s = rates.size(); s-- > 0;) {
    chosen[s] = by[s][sum];
    sum -= static_cast<size_t>(chosen[s]);
  }
  return chosen;
}

}  // namespace

std::optional<std::vector<int32_t>> StageLayers(const LayerFlowProblem& problem,
                                                const Stages& stages, int64_t rate) {
  return Layers(AllStageRates(problem, stages), problem.layers, rate);
}

int64_t BestStageRate(const LayerFlowProblem& problem, const Stages& stages) {
  const Rates rates = AllStageRates(problem, stages);
  std::vector<int64_t> candidates;
  for (const std::vector<int64_t>& of : rates) {
    candidates.insert(candidates.end(), of.begin(), of.end());
  }
  std::sort(candidates.begin(), candidates.end());
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  size_t low = 0, high = candidates.size();  // candidates[low - 1] has a way, candidates[high] not
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (Layers(rates, problem.layers, candidates[middle]).has_value()) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? -1 : candidates[low - 1];
}

LayerPlacement PlacementOfStages(const LayerFlowProblem& problem, const Stages& stages,
                                 const std::vector<int32_t>& layers) {
  LayerPlacement placement(problem.servers.size(), LayerInterval{0, 1});
  std::vector<LayerInterval> pieces;
  std::vector<int32_t> idle;
  int32_t first = 0;
  for (size_t s = 0; s < stages.size(); ++s) {
    const LayerInterval piece{first, layers[s]};
    first += layers[s];
    if (piece.layers > 0) pieces.push_back(piece);
    for (const int32_t server : stages[s]) {
      if (piece.layers > 0 && piece.layers <= MostLayers(problem, static_cast<size_t>(server))) {
        placement[static_cast<size_t>(server)] = piece;
      } else {
        idle.push_back(server);
      }
    }
  }
  // Where no piece is small enough, the first layer alone leads nowhere: no route gets longer.
  for (const int32_t server : idle) {
    const int32_t most = MostLayers(problem, static_cast<size_t>(server));
    const auto fits = std::find_if(pieces.begin(), pieces.end(), [&](const LayerInterval& piece) {
      return piece.layers <= most;
    });
    if (fits != pieces.end()) placement[static_cast<size_t>(server)] = *fits;
  }
  return placement;
}

}  // namespace allot
