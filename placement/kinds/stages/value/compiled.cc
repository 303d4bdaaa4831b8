#include "placement/kinds/stages/value/compiled.h"

#include <algorithm>
#include <set>

namespace allot {
namespace {

void SortUnique(std::vector<int32_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

CompiledVariant CompileVariant(const StagesProblem& problem, const CostRuleFacts& facts,
                               const LayerVariant& variant, const std::vector<int32_t>& before,
                               const std::vector<int32_t>& after) {
  CompiledVariant compiled;
  compiled.time = variant.time;
  compiled.update = TransferTicks(problem, variant.parameters, facts.update_passes,
                                  facts.update_per_batch ? problem.samples : 1);
  compiled.per_in_flight = variant.per_in_flight;
  compiled.resident = variant.resident;
  if (!facts.transfers) return compiled;
  for (const auto& [syncs, neighbours] :
       {std::pair(&variant.before, &before), std::pair(&variant.after, &after)}) {
    for (const BoundarySync& sync : *syncs) {
      const bool linked =
          std::binary_search(neighbours->begin(), neighbours->end(), sync.neighbour);
      const int64_t ticks = TransferTicks(problem, sync.bytes, 2, 1);
      if (linked && ticks > 0) compiled.syncs.emplace_back(sync.neighbour, ticks);
    }
  }
  return compiled;
}

}  // namespace

CompiledStages Compile(const StagesProblem& problem) {
  const CostRuleFacts facts = FactsOf(problem.rule);
  const size_t n = problem.layers.size();
  CompiledStages compiled;
  compiled.variants.resize(n);
  compiled.links.resize(n);
  compiled.before.resize(n);
  compiled.after.resize(n);
  for (const LayerEdge& edge : problem.edges) {
    const auto from = static_cast<size_t>(edge.from), to = static_cast<size_t>(edge.to);
    compiled.after[from].push_back(edge.to);
    compiled.before[to].push_back(edge.from);
    const int64_t ticks = facts.transfers ? TransferTicks(problem, edge.bytes, 2, 1) : 0;
    if (ticks == 0) continue;
    compiled.links[from].emplace_back(edge.to, ticks);
    compiled.links[to].emplace_back(edge.from, ticks);
  }
  std::set<int64_t> widths;
  for (size_t v = 0; v < n; ++v) {
    SortUnique(compiled.before[v]);
    SortUnique(compiled.after[v]);
    for (const LayerWidth& width : problem.layers[v].widths) widths.insert(width.devices);
  }
  compiled.widths.assign(widths.begin(), widths.end());
  for (size_t v = 0; v < n; ++v) {
    compiled.variants[v].resize(compiled.widths.size());
    for (const LayerWidth& width : problem.layers[v].widths) {
      const auto at =
          std::lower_bound(compiled.widths.begin(), compiled.widths.end(), width.devices);
      auto& variants = compiled.variants[v][static_cast<size_t>(at - compiled.widths.begin())];
      for (const LayerVariant& variant : width.variants) {
        variants.push_back(
            CompileVariant(problem, facts, variant, compiled.before[v], compiled.after[v]));
        variants.back().number = static_cast<int32_t>(variants.size()) - 1;
        compiled.one_update = compiled.one_update && variants.back().update == variants[0].update;
      }
    }
  }
  const int64_t most =
      facts.replicas_divide ? std::min(problem.devices, problem.samples) : problem.devices;
  for (int64_t r = 1; r <= most; ++r) {
    if (!facts.replicas_divide || problem.samples % r == 0) compiled.replicas.push_back(r);
  }
  compiled.limits_sum = facts.replicas_divide;
  compiled.max_sum = facts.replicas_divide ? problem.samples : problem.devices;
  return compiled;
}

}  // namespace allot
