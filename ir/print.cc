#include "ir/print.h"

#include <algorithm>
#include <utility>

#include "ir/text/encode.h"
#include "ir/text/syntax.h"

namespace allot::ir {

std::string Print(const Module& module, const PrintOptions& options) {
  return text::PrintDocument(text::Encode(module, options));
}

std::string PrintNode(const Module& module, NodeId node, const PrintOptions& options) {
  text::Document document = text::Encode(module, options);
  // The ops of the main graph's nodes are its last, but for the terminator.
  text::Op& graph = document.ops[0].regions[0].ops.back();
  std::vector<text::Op>& ops = graph.regions[0].ops;
  const std::vector<NodeId> nodes = module.graph.nodes();
  const auto place = std::find(nodes.begin(), nodes.end(), node);
  if (place == nodes.end()) return "";
  const auto behind = static_cast<size_t>(nodes.end() - place);
  text::Document one;
  one.ops.push_back(std::move(ops[ops.size() - 1 - behind]));
  return text::PrintDocument(one);
}

}  // namespace allot::ir
