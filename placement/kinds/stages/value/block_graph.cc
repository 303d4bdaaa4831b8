#include "placement/kinds/stages/value/block_graph.h"

#include <algorithm>
#include <utility>

#include "support/graph/csr_graph.h"
#include "support/graph/strong_components.h"
#include "support/graph/union_find.h"

namespace allot {
namespace {

bool IsFree(const StagesProblem& problem, const CompiledStages& stages, size_t v) {
  for (const std::vector<CompiledVariant>& width : stages.variants[v]) {
    for (const CompiledVariant& variant : width) {
      const bool memory = problem.has_memory && (variant.per_in_flight > 0 || variant.resident > 0);
      if (variant.time > 0 || variant.update > 0 || memory || !variant.syncs.empty()) return false;
    }
  }
  return true;
}

// Whether a neighbour pays a collective where this layer is elsewhere.
bool IsGathered(const CompiledStages& stages, size_t v) {
  for (const auto* neighbours : {&stages.before[v], &stages.after[v]}) {
    for (const int32_t other : *neighbours) {
      for (const std::vector<CompiledVariant>& width :
           stages.variants[static_cast<size_t>(other)]) {
        for (const CompiledVariant& variant : width) {
          for (const auto& [layer, ticks] : variant.syncs) {
            if (static_cast<size_t>(layer) == v) return true;
          }
        }
      }
    }
  }
  return false;
}

int64_t TicksTo(const CompiledStages& stages, size_t v, const std::vector<int32_t>& neighbours) {
  int64_t sum = 0;
  for (const auto& [other, ticks] : stages.links[v]) {
    const bool is = std::binary_search(neighbours.begin(), neighbours.end(), other);
    sum += is ? ticks : 0;
  }
  return sum;
}

// Whether `v` can run with every width that `other` can.
bool RunsWherever(const CompiledStages& stages, size_t v, size_t other) {
  for (size_t w = 0; w < stages.widths.size(); ++w) {
    if (stages.variants[v][w].empty() && !stages.variants[other][w].empty()) return false;
  }
  return true;
}

// Moving such a layer to the stage of its only predecessor, where it gets no less than it gives,
// makes no stage longer, wherever the others are; likewise to that of its only successor, where it
// gives no less. Moves follow each other: whoever stays first, then who goes there, and so on.
void KeepFreeLayersWithNeighbours(const StagesProblem& problem, const CompiledStages& stages,
                                  UnionFind& groups) {
  std::vector<bool> moves(stages.variants.size(), true);
  for (const std::vector<int32_t>& group : problem.together) {
    for (const int32_t v : group) moves[static_cast<size_t>(v)] = false;
  }
  for (size_t v = 0; v < stages.variants.size(); ++v) {
    if (!moves[v] || !IsFree(problem, stages, v) || IsGathered(stages, v)) continue;
    const int64_t in = TicksTo(stages, v, stages.before[v]);
    const int64_t out = TicksTo(stages, v, stages.after[v]);
    for (const auto& [neighbours, pays] :
         {std::pair(&stages.before[v], in >= out), std::pair(&stages.after[v], out >= in)}) {
      if (!pays || neighbours->size() != 1) continue;
      const int32_t other = (*neighbours)[0];
      if (!RunsWherever(stages, v, static_cast<size_t>(other))) continue;
      groups.Merge(static_cast<int32_t>(v), other);
      break;
    }
  }
}

void SortUnique(std::vector<int32_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

BlockGraph MakeBlocks(const StagesProblem& problem, const CompiledStages& stages) {
  const size_t n = problem.layers.size();
  UnionFind together(n);
  for (const std::vector<int32_t>& group : problem.together) {
    for (const int32_t v : group) together.Merge(group[0], v);
  }
  KeepFreeLayersWithNeighbours(problem, stages, together);
  const UnionFind::Numbers groups = together.Number();
  std::vector<WeightedEdge> edges;
  for (const LayerEdge& edge : problem.edges) {
    edges.push_back(
        {groups.of[static_cast<size_t>(edge.from)], groups.of[static_cast<size_t>(edge.to)], 1});
  }
  // Groups in a cycle wait for each other, so they share a stage.
  const StrongComponents components =
      FindStrongComponents(CsrGraph(groups.count, std::move(edges)));
  BlockGraph blocks;
  const auto count = static_cast<size_t>(components.num_components);
  blocks.layers.resize(count);
  blocks.before.resize(count);
  blocks.after.resize(count);
  for (size_t v = 0; v < n; ++v) {
    const int32_t block = components.component_of[static_cast<size_t>(groups.of[v])];
    blocks.block_of.push_back(block);
    blocks.layers[static_cast<size_t>(block)].push_back(static_cast<int32_t>(v));
  }
  for (const LayerEdge& edge : problem.edges) {
    const int32_t from = blocks.block_of[static_cast<size_t>(edge.from)];
    const int32_t to = blocks.block_of[static_cast<size_t>(edge.to)];
    if (from == to) continue;
    blocks.after[static_cast<size_t>(from)].push_back(to);
    blocks.before[static_cast<size_t>(to)].push_back(from);
  }
  for (size_t b = 0; b < count; ++b) {
    SortUnique(blocks.before[b]);
    SortUnique(blocks.after[b]);
  }
  return blocks;
}

}  // namespace allot
