#include "passes/coarsening/whole_model.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/called_function.h"
#include "passes/coarsening/uncuttable.h"
#include "support/units.h"

namespace allot {
namespace {

// A stand-in for time that needs no device: arithmetic, and bytes moved at a few operations each.
int64_t WorkOf(const OpFeatures& features) {
  constexpr int64_t kFlopsPerByte = 8;
  const int64_t bytes = SaturatingAdd(Traffic(features), features.weights);
  return SaturatingAdd(1, SaturatingAdd(features.flops, SaturatingMultiply(bytes, kFlopsPerByte)));
}

// Nine tenths: with what is left, no split gains anything.
bool IsNearlyAll(int64_t work, int64_t total) { return work >= total - total / 10; }

// What to do about an If that holds the model.
std::string RemedyForIf(const ir::Graph& graph, const ir::Node& node) {
  if (node.operands.empty() || !node.operands[0].valid()) return "";
  const ir::Value& condition = graph.value(node.operands[0]);
  switch (condition.origin) {
    case ir::Value::Origin::kInput:
      return absl::StrCat("; if its condition is always the same, fix it: --set ", condition.name,
                          "=true, or =false");
    case ir::Value::Origin::kInitializer:
      return "; its condition is known: the pass fold-conditions takes the branch";
    default:
      return absl::StrCat("; if what its condition '", condition.name,
                          "' depends on is always the same, fix that input: --set NAME=VALUE");
  }
}

// What to do about a call that holds the model.
std::string RemedyForCall(const ir::Module& module, const ir::Function& function) {
  for (const auto& [domain, version] : function.opset_imports) {
    const int64_t models = module.OpsetVersion(domain);
    if (models == 0 || models == version) continue;
    return absl::StrCat("; bring function and model to one version of domain '",
                        domain.empty() ? "ai.onnx" : domain, "', and it is opened");
  }
  return "; the pass inline-functions puts its nodes in its place";
}

// Nodes of the cluster that are no Constant.
std::vector<ir::NodeId> Largest(const ir::Module& module, const ir::Plan& plan,
                                const NodeGrouping& clusters, int64_t& work, int64_t& total) {
  std::vector<ir::NodeId> largest;
  work = total = 0;
  for (const std::vector<ir::NodeId>& nodes : clusters.Members()) {
    int64_t sum = 0;
    for (const ir::NodeId node : nodes) sum = SaturatingAdd(sum, WorkOf(plan.features[node]));
    total = SaturatingAdd(total, sum);
    if (sum <= work) continue;
    work = sum;
    largest.clear();
    for (const ir::NodeId node : nodes) {
      if (!module.graph.node(node).Is("Constant")) largest.push_back(node);
    }
  }
  return largest;
}

// The largest cluster around a value that cannot cross, if it has half of the work or of the nodes.
std::vector<ir::NodeId> HeldTogether(const ir::Module& module, const ir::Plan& plan,
                                     const NodeGrouping& clusters, int64_t total) {
  const auto placed = std::count_if(clusters.group_of.begin(), clusters.group_of.end(),
                                    [](ItemId group) { return group.valid(); });
  std::vector<ir::NodeId> held;
  for (const std::vector<ir::NodeId>& nodes : clusters.Members()) {
    if (nodes.size() < 2 || nodes.size() <= held.size()) continue;
    int64_t work = 0;
    for (const ir::NodeId node : nodes) work = SaturatingAdd(work, WorkOf(plan.features[node]));
    const bool half = work >= total / 2 || 2 * static_cast<int64_t>(nodes.size()) >= placed;
    if (half && FirstUncuttable(module.graph, nodes).valid()) held = nodes;
  }
  return held;
}

}  // namespace

void ReportWhatCannotBeSplit(const ir::Module& module, const ir::Plan& plan,
                             const NodeGrouping& clusters, Diagnostics& diagnostics) {
  const ir::Graph& graph = module.graph;
  int64_t work = 0, total = 0;
  const std::vector<ir::NodeId> nodes = Largest(module, plan, clusters, work, total);
  if (nodes.empty()) return;
  const ir::NodeId heaviest =
      *std::max_element(nodes.begin(), nodes.end(), [&](ir::NodeId a, ir::NodeId b) {
        return WorkOf(plan.features[a]) < WorkOf(plan.features[b]);
      });
  const ir::Node& node = graph.node(heaviest);
  const int32_t called = CalledFunctions(module).Find(node);
  const bool calls = called >= 0;
  if (IsNearlyAll(WorkOf(plan.features[heaviest]), total) && (calls || !node.regions.empty())) {
    const std::string what = absl::StrCat(
        "nearly all work is in one node, '", plan.features[heaviest].name, "', ",
        calls
            ? absl::StrCat("a call of the model's function '", node.domain, ".", node.op_type, "'")
        : node.op_type == "If" ? "an If"
                               : absl::StrCat("a ", node.op_type),
        ", which is placed as a whole: nothing inside it can be on another device");
    const std::string remedy =
        calls           ? RemedyForCall(module, module.functions[static_cast<size_t>(called)])
        : node.Is("If") ? RemedyForIf(graph, node)
                        : "";
    diagnostics.Warning("", what + remedy);
    return;
  }
  // Of values that cannot cross, half is worth a word: a split in two is out of reach.
  const std::vector<ir::NodeId> held = HeldTogether(module, plan, clusters, total);
  if (held.empty()) return;
  const ir::Value& value = graph.value(FirstUncuttable(graph, held));
  diagnostics.Warning("", absl::StrCat(held.size(),
                                       " nodes, a large part of the model, must run on one device, "
                                       "since ",
                                       WhyUncuttable(value),
                                       " and cannot cross between files: ", RemedyFor(value.type)));
}

}  // namespace allot
