#include "placement/kinds/chips/model/problem.h"

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot::chips {
namespace {

absl::Status CheckNode(const Problem& problem, size_t v, std::vector<bool>& is_read) {
  const Node& node = problem.nodes[v];
  for (const auto& [amount, what] : {std::pair<int64_t, const char*>{node.work, "work"},
                                     {node.output, "output"},
                                     {node.transfer, "transfer"},
                                     {node.weights, "weights"}}) {
    if (amount < 0) return InputError(what, " must not be negative");
    if (amount > kMaxAmount) return InputError(what, " is too large");
  }
  for (size_t i = 0; i < node.reads.size(); ++i) {
    const int32_t from = node.reads[i];
    if (from < 0 || static_cast<size_t>(from) >= v) return InputError("reads no earlier node");
    if (i > 0 && from <= node.reads[i - 1]) return InputError("reads must be ascending");
    if (node.copied && !problem.nodes[static_cast<size_t>(from)].copied) {
      return InputError("is copied, but reads '", problem.nodes[static_cast<size_t>(from)].name,
                        "', which is not");
    }
    is_read[static_cast<size_t>(from)] = true;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Check(const Problem& problem) {
  if (problem.chips < 1 || problem.chips > kMaxChips) {
    return InputError("there must be 1 to ", kMaxChips, " chips, not ", problem.chips);
  }
  if (problem.topology == Topology::kGrid &&
      (problem.columns < 1 || problem.chips % problem.columns != 0)) {
    return InputError("a grid of ", problem.chips, " chips cannot have ", problem.columns,
                      " columns; they must divide the chips");
  }
  if (problem.memory.has_value() && *problem.memory < 0) {
    return InputError("memory must not be negative");
  }
  if (problem.nodes.empty()) return InputError("there must be at least one node");
  if (problem.nodes.size() > kMaxNodes)
    return InputError("there are more than ", kMaxNodes, " nodes");
  std::vector<bool> is_read(problem.nodes.size());
  size_t edges = 0;
  for (size_t v = 0; v < problem.nodes.size(); ++v) {
    edges += problem.nodes[v].reads.size();
    ALLOT_RETURN_IF_ERROR(CheckNode(problem, v, is_read), "nodes[", v, "] ('",
                          problem.nodes[v].name, "'): ");
  }
  if (edges > kMaxEdges) return InputError("there are more than ", kMaxEdges, " edges");
  for (size_t v = 0; v < problem.nodes.size(); ++v) {
    if (problem.nodes[v].copied && !is_read[v]) {
      return InputError("nodes[", v, "] ('", problem.nodes[v].name,
                        "'): is copied, but nothing reads it");
    }
  }
  return absl::OkStatus();
}

}  // namespace allot::chips
