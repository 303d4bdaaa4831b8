// Divides operators into slices that run on several devices: plain operators of ONNX on slices of
// the weights, with explicit sums or concatenations of their results. What computes elements on its
// own goes with its slices; a pair of products (attention; a feed-forward) is joined once, by a
// sum. Sums round otherwise than the whole product: floating point results differ in the last
// digits.
//
// Leaves whole what has no rule, what a rule cannot be sure of (sizes that only a run tells),
// bodies of control flow, and functions.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "operators/inference/type_inference.h"
#include "passes/pipeline/pass.h"
#include "passes/splitting/choose_blocks.h"
#include "passes/splitting/divide_block.h"
#include "passes/splitting/slice_name.h"
#include "support/options.h"
#include "support/registry.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {
  std::string split;
  int64_t width = 1;
  std::string widths;
  bool split_state = false;
};

// The first number of a block such that no name of the model says it or a later one.
int64_t FirstFreeBlock(const ir::Graph& graph) {
  int64_t next = 0;
  for (const ir::NodeId node : graph.nodes()) {
    if (const auto of = ParseSliceName(graph.node(node).name)) {
      next = std::max(next, of->block + 1);
    }
  }
  return next;
}

class SplitOperators final : public GraphPass {
 public:
  explicit SplitOperators(Options options) : options_(std::move(options)) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    SplitChoice choice;
    ALLOT_ASSIGN_OR_RETURN(choice.requests, ParseSplitRequests(options_.split));
    constexpr int64_t kMostParts = 64;
    if (options_.width < 1 || options_.width > kMostParts) {
      return InputError("width=", options_.width, ": expected 1 to ", kMostParts);
    }
    choice.width = options_.width;
    ALLOT_ASSIGN_OR_RETURN(choice.widths, ParseRangeWidths(options_.widths));
    choice.split_state = options_.split_state;
    const SplitPlan plan = ChooseBlocks(module, *context.operators, choice);
    Report(plan, *context.diagnostics);
    if (plan.blocks.empty()) return false;
    const ConcreteTypes types =
        InferConcreteTypes(module, context.schemas, context.dims, *context.operators);
    if (types.unknown_dims > 0)
      context.statistics->Add("sizes that only a run tells", types.unknown_dims);
    context.statistics->Add("words moved",
                            MovedWords(module, types.inferred.main().types, plan.blocks));
    DivideOptions divide;
    divide.block = FirstFreeBlock(module.graph);
    divide.split_state = options_.split_state;
    ValueNamesInUse names(module.graph);
    // What is new stands where its block stood, so that what repeats goes on repeating.
    IdVector<ir::NodeId, int64_t> rank;
    const auto rank_new = [&](int64_t place) {
      while (rank.size() < module.graph.node_id_bound()) {
        rank.Add(place < 0 ? static_cast<int64_t>(rank.size()) : place);
      }
    };
    rank_new(-1);
    for (const PlannedBlock& planned : plan.blocks) {
      divide.parts = planned.parts;
      ALLOT_RETURN_IF_ERROR(DivideBlock(planned.block, divide, module, names));
      rank_new(planned.block.ways.begin()->first.index());
      ++divide.block;
      context.statistics->Add("blocks divided", 1);
      context.statistics->Add("operators divided", static_cast<int64_t>(planned.block.ways.size()));
    }
    if (!module.graph.Compact(rank)) {
      return absl::InternalError("operators that were divided wait for each other");
    }
    return true;
  }

 private:
  // The same of many nodes is said once.
  static void Report(const SplitPlan& plan, Diagnostics& diagnostics) {
    std::map<std::string, std::pair<std::string, int64_t>> first;  // by what is said
    for (const auto& [where, what] : plan.remarks)
      ++first.try_emplace(what, where, 0).first->second.second;
    for (const auto& [where, what] : plan.remarks) {
      const auto& [at, count] = first.at(what);
      if (at != where) continue;
      diagnostics.Warning(where,
                          count == 1 ? what : absl::StrCat(what, " (so do ", count - 1, " more)"));
    }
  }

  Options options_;
};

}  // namespace

Entry<GraphPass> SplitOperatorsEntry() {
  return MakeEntry<GraphPass, SplitOperators>(
      "split-operators", "divide operators into slices for several devices",
      OptionSchema<Options>()
          .Add("split", &Options::split,
               "REGEX=KIND:PARTS;...: nodes whose whole name matches; kinds are pairs, columns, "
               "rows, heads, experts and batch")
          .Add("width", &Options::width,
               "then all pairs of products, and larger weights, into so many slices; 1: none")
          .Add(
              "widths", &Options::widths,
              "END:N;... in the place of width: nodes before the first END by place into N slices, "
              "those from there to the next, ...; none behind the last")
          .Add("split-state", &Options::split_state,
               "states of divided attention (find-state comes before) become inputs and outputs of "
               "each "
               "slice"));
}

}  // namespace allot
