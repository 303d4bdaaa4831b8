#include "tools/repetition_report.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "ir/node_name.h"
#include "passes/coarsening/chain_of_blocks.h"

namespace allot {
namespace {

std::string NameAt(const ir::Graph& graph, const std::vector<ir::NodeId>& order, size_t place) {
  return ir::NameOrPlace(graph.node(order[place]));
}

Json BlocksJson(const ir::Graph& graph, const std::vector<ir::NodeId>& order,
                const std::vector<ir::RepeatedBlock>& blocks) {
  Json::Array array;
  for (const ir::RepeatedBlock& block : blocks) {
    array.push_back(Json::Object{{"count", static_cast<int64_t>(block.count)},
                                 {"nodes", static_cast<int64_t>(block.nodes)},
                                 {"first", NameAt(graph, order, block.begin)},
                                 {"last", NameAt(graph, order, block.begin + block.nodes - 1)},
                                 {"blocks", BlocksJson(graph, order, block.inner)}});
  }
  return array;
}

}  // namespace

std::vector<std::string> RepetitionLines(const ir::Graph& graph) {
  const std::vector<ir::NodeId> order = graph.nodes();
  size_t covered = 0;
  std::vector<std::string> lines;
  for (const ir::RepeatedBlock& block : RepetitionsOf(graph)) {
    covered += block.nodes * block.count;
    if (20 * block.nodes * block.count < order.size()) continue;
    lines.push_back(absl::StrCat(block.count, " x ", block.nodes, " nodes (",
                                 NameAt(graph, order, block.begin), " to ",
                                 NameAt(graph, order, block.begin + block.nodes - 1), ")"));
  }
  if (2 * covered < order.size()) lines.clear();
  return lines;
}

Json RepetitionJson(const ir::Graph& graph) {
  return BlocksJson(graph, graph.nodes(), RepetitionsOf(graph));
}

}  // namespace allot
