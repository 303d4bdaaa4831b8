#include "placement/kinds/chips/formats/draft.h"

#include <algorithm>
#include <set>
#include <utility>

#include "support/graph/topo_order.h"
#include "support/status.h"

namespace allot::chips {

absl::StatusOr<Problem> FinishDraft(Draft draft) {
  std::set<std::string> names;
  std::vector<std::vector<int32_t>> readers(draft.nodes.size());
  for (size_t v = 0; v < draft.nodes.size(); ++v) {
    Node& node = draft.nodes[v];
    if (!names.insert(node.name).second) {
      return InputError("nodes[", v, "].name: there are two nodes '", node.name, "'");
    }
    std::sort(node.reads.begin(), node.reads.end());
    node.reads.erase(std::unique(node.reads.begin(), node.reads.end()), node.reads.end());
    for (const int32_t from : node.reads) {
      readers[static_cast<size_t>(from)].push_back(static_cast<int32_t>(v));
    }
  }
  const std::vector<int32_t> order =
      SortTopologically(static_cast<int32_t>(draft.nodes.size()), [&](int32_t v,
                                                                      const auto& visit) {
        for (const int32_t w : readers[static_cast<size_t>(v)]) visit(w);
      }).order;
  if (order.size() != draft.nodes.size()) {
    std::vector<bool> sorted(draft.nodes.size());
    for (const int32_t v : order) sorted[static_cast<size_t>(v)] = true;
    const auto cyclic =
        static_cast<size_t>(std::find(sorted.begin(), sorted.end(), false) - sorted.begin());
    return InputError("nodes[", cyclic, "] ('", draft.nodes[cyclic].name,
                      "'): lies on a cycle, or reads what does");
  }
  const std::vector<int32_t> position = Positions(order);
  std::vector<Node> nodes;
  for (const int32_t v : order) {
    Node node = std::move(draft.nodes[static_cast<size_t>(v)]);
    for (int32_t& from : node.reads) from = position[static_cast<size_t>(from)];
    std::sort(node.reads.begin(), node.reads.end());
    nodes.push_back(std::move(node));
  }
  draft.nodes = std::move(nodes);
  return draft;
}

}  // namespace allot::chips
