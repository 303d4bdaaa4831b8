#include "api/stage_widths.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "ir/node_name.h"
#include "passes/coarsening/chain_of_blocks.h"
#include "passes/pipeline/analyses.h"
#include "passes/problem/cluster_problem.h"
#include "passes/splitting/slice_name.h"
#include "passes/splitting/split_request.h"
#include "placement/blocks/choose_widths.h"
#include "placement/blocks/near_devices.h"
#include "support/options.h"
#include "support/status.h"

namespace allot {
namespace {

// A module with its costs and clusters.
struct Costed {
  ir::Module module;
  ir::Plan plan;
  std::shared_ptr<const BuiltProblem> built;
};

// The blocks of a graph, and of each the one that stands for all that are alike.
struct Blocks {
  std::vector<int32_t> of_place;
  int32_t count = 0;
  std::vector<int32_t> like;  // by block
};

Blocks BlocksOf(const ir::Graph& graph) {
  Blocks blocks;
  blocks.of_place = BlocksOfPlaces(graph);
  if (blocks.of_place.empty()) return blocks;
  blocks.count = blocks.of_place.back() + 1;
  for (int32_t block = 0; block < blocks.count; ++block) blocks.like.push_back(block);
  for (const ir::RepeatedBlock& repetition : RepetitionsOf(graph)) {
    const auto block = [&](size_t i) {
      return blocks.of_place[repetition.begin + i * repetition.nodes];
    };
    for (size_t i = 0; i < repetition.count; ++i) {
      blocks.like[static_cast<size_t>(block(i))] = block(repetition.count / 2);
    }
  }
  return blocks;
}

// Widths by block as ranges of places; what is 1 behind the last is left out.
std::vector<RangeWidth> RangesOf(const Blocks& blocks, const std::vector<int64_t>& width) {
  std::vector<RangeWidth> ranges;
  size_t last = 0;
  for (size_t place = 0; place < blocks.of_place.size(); ++place) {
    const int64_t parts = width[static_cast<size_t>(blocks.of_place[place])];
    if (ranges.empty() || ranges.back().parts != parts) ranges.push_back({0, parts});
    ranges.back().end = static_cast<int64_t>(place) + 1;
    if (parts > 1) last = ranges.size();
  }
  ranges.resize(last);
  return ranges;
}

// By node of a graph in which blocks of `whole` were divided, the block that it comes from: named
// as there, a slice of something, or behind such nodes.
IdVector<ir::NodeId, int32_t> BlocksAfter(const ir::Graph& whole, const Blocks& blocks,
                                          const ir::Graph& divided) {
  std::map<std::string, int32_t> by_node, by_value;
  size_t place = 0;
  for (const ir::NodeId id : whole.nodes()) {
    const int32_t block = blocks.of_place[place++];
    by_node.emplace(ir::NameOrPlace(whole.node(id)), block);
    for (const ir::ValueId result : whole.node(id).results) {
      by_value.emplace(whole.value(result).name, block);
    }
  }
  std::map<int64_t, int32_t> by_number;  // of what is divided together
  IdVector<ir::NodeId, int32_t> block_of(divided.node_id_bound(), -1);
  for (const ir::NodeId id : divided.nodes()) {
    const ir::Node& node = divided.node(id);
    for (const ir::ValueId result : node.results) {
      const auto known = by_value.find(divided.value(result).name);
      if (known != by_value.end()) block_of[id] = known->second;
    }
    const std::optional<SliceOf> of = ParseSliceName(node.name);
    if (!of.has_value() || block_of[id] >= 0) continue;
    const std::string suffix = SliceName("", *of);
    const auto original = by_node.find(node.name.substr(0, node.name.size() - suffix.size()));
    if (original == by_node.end()) continue;
    block_of[id] = original->second;
    by_number.emplace(of->block, original->second);
  }
  for (const ir::NodeId id : divided.nodes()) {
    const ir::Node& node = divided.node(id);
    const std::optional<SliceOf> of = ParseSliceName(node.name);
    if (block_of[id] < 0 && of.has_value() && by_number.count(of->block) > 0) {
      block_of[id] = by_number.at(of->block);
    }
    if (block_of[id] >= 0) continue;
    for (const ir::ValueId operand : node.operands) {
      if (!operand.valid() || !divided.value(operand).producer.valid()) continue;
      block_of[id] = std::max(block_of[id], block_of[divided.value(operand).producer]);
    }
    block_of[id] = std::max(block_of[id], 0);
  }
  return block_of;
}

class Chooser {
 public:
  Chooser(const std::string& shown, const CompileOptions& options, const PlacementSetup& setup,
          const RunOptions& run)
      : shown_(shown), options_(options), setup_(setup), run_(run) {}

  absl::StatusOr<std::optional<StageWidths>> Run(const ir::Module& module) {
    // The graph as split-operators will see it: divided into nothing.
    CompileOptions as_it_is = options_;
    as_it_is.tensor_width = "1";
    as_it_is.split_widths = PrintRangeWidths({{0, 1}});
    ALLOT_ASSIGN_OR_RETURN(const Pipeline prepare,
                           ParsePipeline(PipelineText(as_it_is), options_.AllRegistries().passes));
    whole_.module = module;
    ALLOT_RETURN_IF_ERROR(RunGraphs(prepare, whole_.module));
    blocks_ = BlocksOf(whole_.module.graph);
    if (blocks_.count == 0) return std::optional<StageWidths>();
    ALLOT_RETURN_IF_ERROR(Cost("coarsen", whole_));
    const PlacementProblem& problem = whole_.built->problem;
    if (problem.items.empty()) return std::optional<StageWidths>();
    NodeGrouping clusters{{}, whole_.plan.num_clusters()};
    for (const ir::ClusterId cluster : whole_.plan.cluster_of) {
      clusters.group_of.Add(ItemId(cluster.index()));
    }
    const ChainOfBlocks found = FindChainOfBlocks(whole_.module.graph, clusters);
    BlockChain chain(problem, found.block_of, found.num_blocks);
    size_t most = 1;
    for (const std::vector<DeviceId>& kind : chain.kinds()) {
      for (const std::vector<DeviceId>& near : NearDevices(problem, kind)) {
        most = std::max(most, near.size());
      }
    }
    if (most == 1) return std::optional<StageWidths>();
    for (size_t width = 2; width <= std::min<size_t>(most, kMostWidth); width *= 2) {
      ALLOT_RETURN_IF_ERROR(AddWidth(width, chain));
    }
    return Choose(problem, chain);
  }

 private:
  static constexpr size_t kMostWidth = 64;

  PassContext Context(Diagnostics& said, PassStatistics& statistics, Analyses& analyses) const {
    PassContext context = setup_.Context(options_, said, statistics);
    context.start = nullptr;
    context.progress = nullptr;
    context.analyses = &analyses;
    return context;
  }

  absl::Status RunGraphs(const Pipeline& pipeline, ir::Module& module) const {
    Diagnostics said;
    PassStatistics statistics;
    Analyses analyses;
    PassContext context = Context(said, statistics, analyses);
    ir::Plan none;
    ALLOT_RETURN_IF_ERROR(RunGraphPasses(pipeline, module, none, context, Quietly()), shown_, ": ");
    return absl::OkStatus();
  }

  // Costs the nodes and groups them by `coarsen`, a pass with its options.
  absl::Status Cost(const std::string& coarsen, Costed& costed) const {
    ALLOT_ASSIGN_OR_RETURN(
        const Pipeline pipeline,
        ParsePipeline(absl::StrCat("estimate-cost,", coarsen), options_.AllRegistries().passes));
    Diagnostics said;
    PassStatistics statistics;
    Analyses analyses;
    PassContext context = Context(said, statistics, analyses);
    ALLOT_RETURN_IF_ERROR(RunPlanPasses(pipeline, costed.module, costed.plan, context, Quietly()),
                          shown_, ": ");
    ALLOT_ASSIGN_OR_RETURN(costed.built,
                           Analysis<ClusterProblem>(costed.module, costed.plan, context));
    return absl::OkStatus();
  }

  // Nobody dumps or times what is tried.
  RunOptions Quietly() const {
    RunOptions run = run_;
    run.hooks = nullptr;
    return run;
  }

  BlockPlanOptions Ask() const {
    BlockPlanOptions ask;
    ask.turns = options_.replicas && !options_.contiguous;
    ask.latency_limit = options_.latency_limit;
    return ask;
  }

  // Divides one of each distinct block, and says what the blocks take so.
  absl::Status AddWidth(size_t width, BlockChain& chain) const {
    std::vector<int64_t> widths(static_cast<size_t>(blocks_.count), 1);
    for (const int32_t like : blocks_.like) {
      widths[static_cast<size_t>(like)] = static_cast<int64_t>(width);
    }
    ALLOT_ASSIGN_OR_RETURN(
        const Pipeline split,
        ParsePipeline(absl::StrCat("split-operators{widths=",
                                   PrintOption(PrintRangeWidths(RangesOf(blocks_, widths))),
                                   options_.split_state ? " split-state=true}" : "}"),
                      options_.AllRegistries().passes));
    Costed sample{whole_.module, {}, nullptr};
    ALLOT_RETURN_IF_ERROR(RunGraphs(split, sample.module));
    // What is fused stays together, and nothing else.
    ALLOT_RETURN_IF_ERROR(
        Cost(absl::StrCat("coarsen{max-items=", sample.module.graph.num_nodes() + 1, "}"), sample));

    const ir::Graph& graph = sample.module.graph;
    const auto block_of_node = BlocksAfter(whole_.module.graph, blocks_, graph);
    NodeGrouping clusters{{}, sample.plan.num_clusters()};
    IdVector<ItemId, int32_t> block_of(clusters.num_groups, 0);
    for (const ir::NodeId node : sample.plan.cluster_of.ids()) {
      const ItemId item(sample.plan.cluster_of[node].index());
      clusters.group_of.Add(item);
      if (item.valid()) block_of[item] = std::max(block_of[item], block_of_node[node]);
    }
    std::vector<std::vector<ItemId>> items(static_cast<size_t>(blocks_.count));
    for (const ItemId item : block_of.ids()) {
      const auto block = static_cast<size_t>(block_of[item]);
      if (widths[block] > 1) items[block].push_back(item);
    }
    const IdVector<ItemId, int32_t> slice_of = SlicesOfGroups(graph, clusters);
    const PlacementProblem& problem = sample.built->problem;
    DividedBlocks divided(problem, std::move(items), slice_of, PartsFor(problem, Ask()));
    for (size_t kind = 0; kind < chain.kinds().size(); ++kind) {
      const std::vector<DeviceId> near = NearDevices(problem, chain.kinds()[kind])[0];
      if (near.size() < width) continue;
      const std::vector<DeviceId> devices(near.begin(),
                                          near.begin() + static_cast<std::ptrdiff_t>(width));
      std::vector<std::optional<DividedCost>> costs;
      for (size_t block = 0; block < chain.num_blocks(); ++block) {
        const auto number = static_cast<size_t>(chain.NumberOf(block));
        costs.push_back(divided.Measure(static_cast<size_t>(blocks_.like[number]), devices, kind));
      }
      chain.AddWidth(kind, width, costs);
    }
    return absl::OkStatus();
  }

  std::optional<StageWidths> Choose(const PlacementProblem& problem,
                                    const BlockChain& chain) const {
    const std::optional<ChosenWidths> chosen = ChooseWidths(problem, chain, Ask());
    StageWidths result;
    if (!chosen.has_value()) return result;
    result.value = chosen->value;
    std::vector<int64_t> width(static_cast<size_t>(blocks_.count), 1);
    std::map<size_t, size_t> count;  // of blocks, by width
    for (size_t block = 0; block < chain.num_blocks(); ++block) {
      width[static_cast<size_t>(chain.NumberOf(block))] =
          static_cast<int64_t>(chosen->width[block]);
      ++count[chosen->width[block]];
    }
    result.uniform = count.size() == 1;
    result.ranges = PrintRangeWidths(RangesOf(blocks_, width));
    result.text = absl::StrJoin(count, ", ", [](std::string* out, const auto& entry) {
      absl::StrAppend(out, entry.second, entry.second == 1 ? " block " : " blocks ");
      absl::StrAppend(
          out, entry.first == 1 ? "whole" : absl::StrCat("on ", entry.first, " devices each"));
    });
    return result;
  }

  const std::string& shown_;
  const CompileOptions& options_;
  const PlacementSetup& setup_;
  const RunOptions& run_;
  Costed whole_;
  Blocks blocks_;
};

}  // namespace

absl::StatusOr<std::optional<StageWidths>> ChooseStageWidths(const ir::Module& module,
                                                             const std::string& shown,
                                                             const CompileOptions& options,
                                                             const PlacementSetup& setup,
                                                             const RunOptions& run) {
  return Chooser(shown, options, setup, run).Run(module);
}

}  // namespace allot
