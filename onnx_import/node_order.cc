#include "onnx_import/node_order.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/graph/topo_order.h"
#include "support/status.h"

namespace allot {
namespace {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

// The nodes of one cycle among those with missing[i] > 0, each of which waits for another.
std::string DescribeCycle(const Nodes& nodes, const std::vector<std::vector<int>>& producers,
                          const std::vector<int32_t>& missing) {
  const auto waits_for = [&](int node) {
    for (int producer : producers[static_cast<size_t>(node)]) {
      if (missing[static_cast<size_t>(producer)] > 0) return producer;
    }
    return node;
  };
  int at = 0;
  while (missing[static_cast<size_t>(at)] == 0) ++at;
  std::vector<bool> visited(missing.size(), false);
  while (!visited[static_cast<size_t>(at)]) {
    visited[static_cast<size_t>(at)] = true;
    at = waits_for(at);
  }
  constexpr int kShown = 5;
  std::string text = DescribeNode(nodes[at], at);
  int shown = 1;
  for (int next = waits_for(at); next != at; next = waits_for(next), ++shown) {
    if (shown == kShown) {
      text += " needs ...";
      break;
    }
    text += " needs " + DescribeNode(nodes[next], next);
  }
  return text + " needs " + (shown == 1 ? "itself" : DescribeNode(nodes[at], at));
}

}  // namespace

std::string DescribeNode(const onnx::NodeProto& node, int index) {
  const std::string type =
      node.domain().empty() ? node.op_type() : absl::StrCat(node.domain(), ".", node.op_type());
  if (node.name().empty()) return absl::StrCat("node (", type, ", #", index, ")");
  return absl::StrCat("node '", node.name(), "' (", type, ", #", index, ")");
}

absl::StatusOr<std::vector<int>> NodeOrder(const Nodes& nodes, FreeNames& free_names) {
  std::unordered_map<std::string_view, int> producer_of;
  for (int i = 0; i < nodes.size(); ++i) {
    for (const std::string& output : nodes[i].output()) {
      if (output.empty()) continue;
      const auto [other, is_new] = producer_of.emplace(output, i);
      if (!is_new) {
        return InputError(
            DescribeNode(nodes[i], i), ": its result '", output, "' is already a result of ",
            DescribeNode(nodes[other->second], other->second), "; names of values must be unique");
      }
    }
  }

  std::vector<std::vector<int>> producers(static_cast<size_t>(nodes.size()));
  bool sorted = true;
  for (int i = 0; i < nodes.size(); ++i) {
    std::vector<int>& found = producers[static_cast<size_t>(i)];
    const auto add = [&](std::string_view name) {
      const auto producer = producer_of.find(name);
      if (producer == producer_of.end()) return;
      found.push_back(producer->second);
      sorted = sorted && producer->second < i;
    };
    for (const std::string& input : nodes[i].input()) add(input);
    for (std::string_view name : free_names.OfBodies(nodes[i])) add(name);
  }
  std::vector<int> order(producers.size());
  std::iota(order.begin(), order.end(), 0);
  if (sorted) return order;

  std::vector<std::vector<int>> users(producers.size());
  for (size_t i = 0; i < producers.size(); ++i) {
    for (int producer : producers[i]) users[static_cast<size_t>(producer)].push_back(int(i));
  }
  TopologicalSort<int> sort = SortTopologically(int(users.size()), SuccessorsIn(users));
  if (sort.order.size() != producers.size()) {
    return InputError("the nodes form a cycle: ", DescribeCycle(nodes, producers, sort.missing),
                      "; no order of execution exists");
  }
  return std::move(sort.order);
}

}  // namespace allot
