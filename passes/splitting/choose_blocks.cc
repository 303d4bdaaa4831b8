#include "passes/splitting/choose_blocks.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/constant_view.h"
#include "ir/node_name.h"
#include "operators/features/constant_work.h"
#include "passes/splitting/block_finder.h"

namespace allot {
namespace {

class Chooser {
 public:
  Chooser(const ir::Module& module, const Operators& operators, const SplitChoice& choice)
      : graph_(module.graph),
        module_(module),
        choice_(choice),
        finder_(module, operators),
        taken_(module.graph.node_id_bound(), false) {}

  SplitPlan Choose() {
    for (const SplitRequest& request : choice_.requests) {
      if (request.what == SplitRequest::What::kPairs) {
        ChoosePairs(request.parts, &request, SplitKind::kElements);
      } else {
        ChooseOperators(request);
      }
    }
    if (choice_.width > 1 || !choice_.widths.empty()) {
      if (!choice_.widths.empty()) LeaveWhole();
      ChoosePairs(0, nullptr, SplitKind::kElements);
      ChooseLargeWeights();
    }
    // Numbers say the order in which blocks are come to.
    std::stable_sort(plan_.blocks.begin(), plan_.blocks.end(),
                     [](const PlannedBlock& a, const PlannedBlock& b) {
                       return a.block.ways.rbegin()->first < b.block.ways.rbegin()->first;
                     });
    return std::move(plan_);
  }

 private:
  void Remark(ir::NodeId node, std::string what) {
    plan_.remarks.emplace_back(absl::StrCat("node '", ir::NameOrPlace(graph_.node(node)), "'"),
                               std::move(what));
  }

  // Whether slices of weights are whole bytes; those of elements of a few bits may not be.
  bool FillsBytes(const DividedBlock& block, int64_t parts) const {
    for (const auto& [member, way] : block.ways) {
      const ir::Node& node = graph_.node(member);
      const OpView view(module_, graph_, node, nullptr, nullptr);
      for (size_t i = 0; i < node.operands.size(); ++i) {
        if (!node.operands[i].valid() || way.operands[i].whole()) continue;
        const ir::ConstantId constant = view.ConstantOf(node.operands[i]);
        if (!module_.constants.Contains(constant)) continue;
        const ir::Constant& weights = module_.constants[constant];
        const int bits = ir::BitWidth(weights.element);
        if (bits == 0 || bits >= 8) continue;
        for (int64_t part = 0; part < parts; ++part) {
          const absl::StatusOr<ir::Constant> slice = ir::SliceConstant(
              weights, static_cast<size_t>(way.operands[i].axis),
              RunsOfPart(way.operands[i], block.units, RunOfPart(block.units, parts, part)));
          if (!slice.ok()) return false;
        }
      }
    }
    return true;
  }

  // Takes the block unless it is too narrow.
  bool Take(ir::NodeId node, DividedBlock block, int64_t parts) {
    if (block.units < parts) {
      Remark(node,
             absl::StrCat("stays whole: its ", SplitKindName(block.kind), " are no more than ",
                          block.units, " units that divide alike, for ", parts, " parts"));
      return false;
    }
    if (!FillsBytes(block, parts)) {
      Remark(node, absl::StrCat("stays whole: its weights have elements of a few bits, and ", parts,
                                " slices of them would end within a byte"));
      return false;
    }
    for (const auto& [member, way] : block.ways) taken_[member] = true;
    plan_.blocks.push_back({std::move(block), parts, choice_.split_state});
    return true;
  }

  // What ranges leave whole is in no block that ends behind it, unless it prepares weights.
  void LeaveWhole() {
    const ConstantWork constant = FindConstantWork(module_);
    for (const ir::NodeId node : graph_.nodes()) {
      if (WidthAt(node) < 2 && !constant.constant[node]) taken_[node] = true;
    }
  }

  // Into how many parts what ends with the node is divided where no request says it.
  int64_t WidthAt(ir::NodeId node) const {
    if (choice_.widths.empty()) return choice_.width;
    for (const RangeWidth& range : choice_.widths) {
      if (node.index() < range.end) return range.parts;
    }
    return 1;
  }

  bool Names(const SplitRequest& request, ir::NodeId node) const {
    return request.pattern.Matches(ir::NameOrPlace(graph_.node(node)));
  }

  // Whether the request names one of the block's products.
  bool NamesAny(const SplitRequest& request, const DividedBlock& block) const {
    return std::any_of(block.ways.begin(), block.ways.end(), [&](const auto& entry) {
      return entry.second.kind != SplitKind::kElements && Names(request, entry.first);
    });
  }

  // Into `parts`, or without a request as WidthAt() says.
  void ChoosePairs(int64_t parts, const SplitRequest* request, SplitKind only) {
    bool any = false;
    for (const ir::NodeId node : graph_.nodes()) {
      if (taken_[node]) continue;
      if (request == nullptr) parts = WidthAt(node);
      if (parts < 2) continue;
      const SplitAxis* rows = WayOf(node, SplitKind::kRows);
      if (rows == nullptr) continue;
      std::optional<DividedBlock> block = finder_.EndingWith(node, *rows, taken_);
      if (!block.has_value()) continue;
      if (only != SplitKind::kElements && block->kind != only) continue;
      if (request != nullptr && !NamesAny(*request, *block)) continue;
      any = true;
      Take(node, *std::move(block), parts);
    }
    if (request == nullptr || any) return;
    plan_.remarks.emplace_back(
        absl::StrCat("split '", request->text, "'"),
        "no pair of products has such a name: products by columns, what follows them element by "
        "element or head by head, and a product with weights that sums over the columns");
  }

  // The way of that kind; of several the one whose units are enough and that comes first.
  const SplitAxis* WayOf(ir::NodeId node, SplitKind kind, int64_t parts = 2) {
    const SplitAxis* best = nullptr;
    for (const SplitAxis& way : finder_.WaysOf(node)) {
      const bool batch = kind == SplitKind::kBatch && way.kind == SplitKind::kElements &&
                         !way.results.empty() && way.results[0].axis == 0;
      if (way.kind != kind && !batch) continue;
      const bool first = best != nullptr && best->results[0].axis <= way.results[0].axis;
      if (way.units >= parts ? !first || best->units < parts : best == nullptr) best = &way;
    }
    return best;
  }

  void ChooseOperators(const SplitRequest& request) {
    bool named = false;
    for (const ir::NodeId node : graph_.nodes()) {
      if (taken_[node] || !Names(request, node)) continue;
      named = true;
      const SplitAxis* way = WayOf(node, request.kind, request.parts);
      if (way != nullptr) {
        Take(node, finder_.Alone(node, *way, taken_), request.parts);
      } else if (request.kind != SplitKind::kHeads) {
        Remark(node, WhyNot(node, request.kind));
      }
    }
    // Attention that is no single operator.
    if (request.kind == SplitKind::kHeads) ChoosePairs(request.parts, &request, SplitKind::kHeads);
    if (!named) {
      plan_.remarks.emplace_back(absl::StrCat("split '", request.text, "'"),
                                 "no node has such a name, or another split has it");
    }
  }

  std::string WhyNot(ir::NodeId node, SplitKind kind) {
    std::string kinds;
    for (const SplitAxis& way : finder_.WaysOf(node)) {
      const std::string name(SplitKindName(way.kind));
      if (kinds.find(name) != kinds.npos) continue;
      absl::StrAppend(&kinds, kinds.empty() ? "" : ", ", name);
    }
    return absl::StrCat("stays whole: ", graph_.node(node).op_type, " does not divide by ",
                        SplitKindName(kind), " here (", kinds.empty() ? "nor otherwise" : kinds,
                        kinds.empty() ? "" : " would do", ")");
  }

  int64_t WeightOf(ir::NodeId node, const SplitAxis& way) const {
    int64_t bytes = 0;
    const ir::Node& of = graph_.node(node);
    const OpView view(module_, graph_, of, nullptr, nullptr);
    for (size_t i = 0; i < of.operands.size(); ++i) {
      if (!of.operands[i].valid() || way.operands[i].whole()) continue;
      const ir::ConstantId constant = view.ConstantOf(of.operands[i]);
      if (module_.constants.Contains(constant)) {
        bytes = std::max(bytes, module_.constants[constant].bytes());
      }
    }
    return bytes;
  }

  void ChooseLargeWeights() {
    int64_t largest = 0;
    for (const PlannedBlock& planned : plan_.blocks) {
      for (const auto& [node, way] : planned.block.ways) {
        largest = std::max(largest, WeightOf(node, way));
      }
    }
    for (const ir::NodeId node : graph_.nodes()) {
      const int64_t parts = WidthAt(node);
      if (taken_[node] || parts < 2) continue;
      const SplitAxis* best = nullptr;
      for (const SplitAxis& way : finder_.WaysOf(node)) {
        const bool looked_up = graph_.node(node).Is("Gather") && !way.operands[0].whole();
        if (way.kind != SplitKind::kColumns && !looked_up) continue;
        if (WeightOf(node, way) > largest && way.units >= parts) best = &way;
      }
      if (best != nullptr) Take(node, finder_.Alone(node, *best, taken_), parts);
    }
  }

  const ir::Graph& graph_;
  const ir::Module& module_;
  const SplitChoice& choice_;
  BlockFinder finder_;
  IdVector<ir::NodeId, bool> taken_;
  SplitPlan plan_;
};

}  // namespace

SplitPlan ChooseBlocks(const ir::Module& module, const Operators& operators,
                       const SplitChoice& choice) {
  return Chooser(module, operators, choice).Choose();
}

}  // namespace allot
