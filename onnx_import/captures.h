// What the bodies of If, Loop and Scan take from the graphs around them. In ONNX a body simply uses
// an outer name; the IR makes each such use an argument.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "onnx/onnx_pb.h"

namespace allot {

// Whether the attribute is one graph, which becomes a region.
bool IsBody(const onnx::AttributeProto& attribute);

// Remembers each graph by its address: the messages must stay where they are. Linear in the model
// times the depth of nesting.
class FreeNames {
 public:
  // The names that the graph uses, at any depth, and does not define itself, in order of first use.
  const std::vector<std::string_view>& OfGraph(const onnx::GraphProto& graph);
  // The names that the bodies of the node use and do not define, each once.
  std::vector<std::string_view> OfBodies(const onnx::NodeProto& node);

 private:
  std::unordered_map<const onnx::GraphProto*, std::vector<std::string_view>> known_;
};

}  // namespace allot
