#include "api/placed_tree.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "api/compile.h"
#include "ir/text/plan_attributes.h"
#include "ir/text/plan_keys.h"
#include "ir/verify.h"
#include "lowering/emitters/iree_devices.h"
#include "mlir_import/import.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::text::Dictionary;
using ir::text::Op;
using ir::text::StringAttr;

// Graph passes renumber and inline nodes, and keep their locations: what a node was read from goes
// along as what its location was fused from.
void MarkOriginsOf(std::vector<Op>& ops) {
  for (Op& op : ops) {
    if (!op.location.has_value()) op.location.emplace();
    ir::Location origin;
    origin.index = static_cast<int64_t>(op.offset);
    op.location->fused = {std::move(origin)};
    for (ir::text::Region& region : op.regions) MarkOriginsOf(region.ops);
  }
}

std::optional<size_t> OriginOf(const ir::Node& node) {
  if (node.location.fused.empty()) return std::nullopt;
  return static_cast<size_t>(node.location.fused[0].index);
}

class Annotation {
 public:
  Annotation(const ir::Graph& graph, const ir::Plan& plan, const Target& target,
             const TreeOrigin& origin, PlanWords words, std::vector<TreeDiagnostic>& diagnostics)
      : graph_(graph),
        plan_(plan),
        target_(target),
        origin_(origin),
        words_(words),
        diagnostics_(diagnostics) {}

  std::vector<PlacedOp> Run() {
    std::vector<PlacedOp> ops;
    std::map<size_t, std::vector<ir::NodeId>> nodes_of;  // by offset
    for (const ir::NodeId node : graph_.nodes()) {
      if (const auto origin = OriginOf(graph_.node(node))) nodes_of[*origin].push_back(node);
    }
    // Ids in the plan are those of the text only if nothing was opened.
    const bool same =
        graph_.num_nodes() == origin_.num_nodes && nodes_of.size() == origin_.num_nodes;
    if (origin_.form == MlirForm::kOwn && same) {
      PlacedOp whole{origin_.graph_offset, {}};
      ir::text::SetGraphPlan(plan_, graph_, &target_, whole.attributes);
      ops.push_back(std::move(whole));
    }
    for (const auto& [offset, nodes] : nodes_of) {
      PlacedOp placed{offset, {}};
      if (origin_.form == MlirForm::kOwn && same) {
        ir::text::SetNodePlan(plan_, graph_, &target_, nodes[0], placed.attributes);
      } else {
        SetDevice(offset, nodes, placed.attributes);
      }
      if (!placed.attributes.empty()) ops.push_back(std::move(placed));
    }
    std::stable_sort(ops.begin(), ops.end(),
                     [](const PlacedOp& a, const PlacedOp& b) { return a.offset < b.offset; });
    return ops;
  }

 private:
  void SetDevice(size_t offset, const std::vector<ir::NodeId>& nodes, Dictionary& attributes) {
    std::set<DeviceId> devices;
    std::set<ir::PartId> parts;
    for (const ir::NodeId node : nodes) {
      if (plan_.DeviceOf(node).valid()) devices.insert(plan_.DeviceOf(node));
      if (plan_.PartOf(node).valid()) parts.insert(plan_.PartOf(node));
    }
    if (devices.size() > 1) {
      diagnostics_.push_back(
          {Severity::kWarning, offset,
           absl::StrCat("is in a function whose calls are on different devices, so that it is left "
                        "without one; inline the function to place each call")});
      return;
    }
    if (devices.empty()) return;
    const std::string& device = target_.devices[*devices.begin()].name;
    const bool foreign = origin_.form != MlirForm::kOwn;
    if (!foreign || words_ != PlanWords::kUsers) {
      const bool shapes =
          !plan_.features.empty() && std::all_of(nodes.begin(), nodes.end(), [&](ir::NodeId node) {
            return plan_.features[node].integer_shape_work;
          });
      if (foreign && shapes) Set(attributes, ir::text::kShapeWork, ir::text::Attr{});
      Set(attributes, ir::text::kDevice, StringAttr(device));
      if (parts.size() == 1) {
        Set(attributes, ir::text::kPart, ir::text::IntegerAttr(parts.begin()->index()));
      }
    }
    if (!foreign || words_ == PlanWords::kOwn) return;
    if (origin_.form == MlirForm::kOnnxMlir) {
      Set(attributes, "device", StringAttr(device));
    } else {
      Set(attributes, "stream.affinity",
          ir::text::Attr{ir::text::Verbatim{
              absl::StrCat("#hal.device.promise<@", IreeSymbols(target_)[*devices.begin()], ">")}});
    }
  }

  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const Target& target_;
  const TreeOrigin& origin_;
  const PlanWords words_;
  std::vector<TreeDiagnostic>& diagnostics_;
};

// Gives messages the places of the nodes that they name.
class Places {
 public:
  Places(const ir::Graph& graph, size_t graph_offset) : graph_offset_(graph_offset) {
    for (const ir::NodeId id : graph.nodes()) {
      if (const auto origin = OriginOf(graph.node(id))) {
        const auto [entry, is_new] = offset_of_.emplace(ir::Describe(graph.node(id)), *origin);
        if (!is_new) entry->second = graph_offset;
      }
    }
  }

  size_t Of(absl::string_view message) const {
    // Descriptions begin with a quote: of those that begin at one the longest is meant.
    for (size_t at = message.find('\''); at != message.npos; at = message.find('\'', at + 1)) {
      const absl::string_view rest = message.substr(at);
      auto next = offset_of_.upper_bound(std::string(rest));
      if (next != offset_of_.begin() && absl::StartsWith(rest, (--next)->first)) {
        return next->second;
      }
    }
    return graph_offset_;
  }

 private:
  const size_t graph_offset_;
  std::map<std::string, size_t> offset_of_;
};

}  // namespace

void MarkOrigins(ir::text::Document& document) { MarkOriginsOf(document.ops); }

std::vector<PlacedOp> PlanOfOps(const ir::Module& module, const ir::Plan& plan,
                                const Target& target, const TreeOrigin& origin, PlanWords words,
                                std::vector<TreeDiagnostic>& diagnostics) {
  return Annotation(module.graph, plan, target, origin, words, diagnostics).Run();
}

PlacedTree PlaceTree(ir::text::Document document, const TreeOptions& options,
                     const RunOptions& run) {
  PlacedTree tree;
  DropPlan(document);
  MarkOrigins(document);
  std::optional<TreeDiagnostic> placed;
  const ir::text::ErrorSite error([&](size_t offset, absl::string_view message) {
    placed = TreeDiagnostic{Severity::kError, offset, std::string(message)};
    return InputError(message);
  });
  absl::StatusOr<MlirModel> model = ImportMlirTree(std::move(document), error);
  if (!model.ok()) {
    tree.diagnostics.push_back(placed.value_or(
        TreeDiagnostic{Severity::kError, 0, std::string(model.status().message())}));
    return tree;
  }
  tree.form = model->form;
  tree.graph_offset = model->graph_offset;
  ir::Module& module = model->parsed.module;
  module.source_folder = options.source_folder;
  const size_t num_nodes = module.graph.num_nodes();
  const Places places(module.graph, tree.graph_offset);
  Diagnostics diagnostics;
  absl::StatusOr<Compilation> compilation =
      CompileModule(std::move(module), options.shown, options.compile, diagnostics, run);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity == Severity::kError) continue;  // told once, below
    const std::string message =
        absl::StrCat(diagnostic.where, diagnostic.where.empty() ? "" : ": ", diagnostic.message);
    tree.diagnostics.push_back({diagnostic.severity, places.Of(message), message});
  }
  if (!compilation.ok()) {
    const absl::string_view message =
        absl::StripPrefix(compilation.status().message(), absl::StrCat(options.shown, ": "));
    tree.diagnostics.push_back({Severity::kError, places.Of(message), std::string(message)});
    return tree;
  }
  tree.compilation = *std::move(compilation);
  tree.ops = PlanOfOps(*tree.compilation->module, tree.compilation->plan, tree.compilation->target,
                       {tree.form, tree.graph_offset, num_nodes}, options.words, tree.diagnostics);
  return tree;
}

}  // namespace allot
