// Loads the graph of a model file without its weights.
//
// Protobuf parsers copy every byte of a file into memory. Here a walk over the wire format copies
// all but the elements of large tensors: in their place stands where they are in the file. With the
// file mapped into memory the pages that hold weights are never touched, and memory grows with the
// graph alone.
//
// Left out are raw_data, and float_data and double_data where these are the same bytes, of
// initializers and of attributes that hold one tensor, in graphs nested to any depth and in
// functions. Everything else is copied as it stands. The walk visits every message that the
// installed ONNX knows, so errors of the format are found with their place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "onnx/onnx_pb.h"

namespace allot {

// Bytes of the file.
struct WeightRange {
  int64_t offset = 0;
  int64_t length = 0;
};

// Messages may be nested so deep: protobuf's own limit.
inline constexpr int kMaxMessageDepth = 100;

// Parses a serialized ModelProto into an empty one. Tensors of at least `reference_at_least` bytes
// become ranges (a negative number: none). Errors: "truncated at byte N, in
// graph.node[3].attribute[0]", "nested deeper than ...". Linear in the bytes that are not left out.
absl::Status ParseWithoutWeights(absl::string_view file, int64_t reference_at_least,
                                 onnx::ModelProto* model);

// Where the elements of the tensor are, if ParseWithoutWeights left them out. Removes the mark.
std::optional<WeightRange> TakeWeightRange(onnx::TensorProto* tensor);

}  // namespace allot
