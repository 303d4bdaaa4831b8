// The order in which a graph's nodes enter the IR: operands before users.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "onnx/onnx_pb.h"

#include "onnx_import/captures.h"

namespace allot {

// "node 'conv1' (Conv, #12)" or, without a name, "node (Conv, #12)".
std::string DescribeNode(const onnx::NodeProto& node, int index);

// Indices of `nodes`. The order of the file if it is sorted, as ONNX demands; else the topological
// order that takes the smallest index first. An error names the nodes of a cycle, or two nodes that
// give their results the same name. O(E log V).
absl::StatusOr<std::vector<int>> NodeOrder(
    const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes, FreeNames& free_names);

}  // namespace allot
