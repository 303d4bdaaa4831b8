// Adds nodes and constants to a graph, with names that nothing else has.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "ir/module.h"

namespace allot {

class GraphWriter {
 public:
  explicit GraphWriter(ir::Module& module);

  // A node of ai.onnx with one result, whose type is left to inference; NAME_out is its result.
  ir::ValueId Node(absl::string_view op_type, const std::string& name,
                   std::vector<ir::ValueId> operands, ir::AttributeMap attributes = {});
  // The same node on other operands, with one result of its own.
  ir::ValueId Copy(const ir::Node& node, const std::string& name,
                   std::vector<ir::ValueId> operands);
  // An initializer of that name.
  ir::ValueId Constant(const std::string& name, ir::Constant constant);
  ir::ValueId Integers(const std::string& name, const std::vector<int64_t>& values);
  // Indexes `indices` along the axis; the value itself if those are all of them in their order.
  ir::ValueId Gather(const std::string& name, ir::ValueId value,
                     const std::vector<int64_t>& indices, int64_t all, int64_t axis);
  // The piece itself if there is one.
  ir::ValueId Concat(const std::string& name, std::vector<ir::ValueId> pieces, int64_t axis);
  // Of a matrix.
  ir::ValueId Transpose(const std::string& name, ir::ValueId value);
  // From here on `value` is what `old` was, under its name, which `old` loses.
  void TakeOver(ir::ValueId old, ir::ValueId value);

 private:
  std::string Fresh(std::string name);

  ir::Module& module_;
  std::set<std::string> names_;  // of values and nodes
};

}  // namespace allot
