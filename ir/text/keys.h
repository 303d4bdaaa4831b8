// The names that the text form uses besides those of ONNX itself. Printing and parsing share them.
#pragma once

#include "absl/strings/string_view.h"

namespace allot::ir::text {

// --- operators; ONNX's own are "onnx.Conv", "onnx.com.microsoft.FusedConv" ---
inline constexpr absl::string_view kModuleOp = "builtin.module";
inline constexpr absl::string_view kGraphOp = "onnx.graph";
inline constexpr absl::string_view kFunctionOp = "onnx.function";
inline constexpr absl::string_view kReturnOp = "onnx.Return";  // of the main graph and functions
inline constexpr absl::string_view kYieldOp = "onnx.Yield";    // of bodies
inline constexpr absl::string_view kNoValueOp = "onnx.NoValue";
inline constexpr absl::string_view kInitializerOp = "onnx.Initializer";
inline constexpr absl::string_view kInputOp = "onnx.Input";        // more about a block argument
inline constexpr absl::string_view kCapturesOp = "onnx.Captures";  // uses values, in this order
inline constexpr absl::string_view kCustomOp = "onnx.Custom";  // names that have no such spelling
inline constexpr absl::string_view kOpPrefix = "onnx.";

// --- attributes of nodes, initializers and onnx.Input ---
inline constexpr absl::string_view kNodeName = "onnx_node_name";
inline constexpr absl::string_view kMetaPrefix = "onnx.";
inline constexpr absl::string_view kAttributePrefix = "onnx.attribute.";  // before a taken name
inline constexpr absl::string_view kDomain = "onnx.domain";               // with onnx.Custom
inline constexpr absl::string_view kOpType = "onnx.op_type";              // with onnx.Custom
inline constexpr absl::string_view kOverload = "onnx.overload";
inline constexpr absl::string_view kDoc = "onnx.doc";
inline constexpr absl::string_view kUnknownFields = "onnx.unknown_fields";
inline constexpr absl::string_view kAttributeDocs = "onnx.attribute_docs";
inline constexpr absl::string_view kAttributeUnknown = "onnx.attribute_unknown_fields";
inline constexpr absl::string_view kTensors = "onnx.tensors";  // name, doc, ... of constants
inline constexpr absl::string_view kOutputs = "onnx.outputs";  // names of the results
inline constexpr absl::string_view kDeclared = "onnx.declared";
inline constexpr absl::string_view kOutputDocs = "onnx.output_docs";
inline constexpr absl::string_view kOutputUnknown = "onnx.output_unknown_fields";
inline constexpr absl::string_view kValue = "value";  // of initializers and onnx.Input

// --- dialect attributes, without "#onnx." ---
inline constexpr absl::string_view kExternal = "external";
inline constexpr absl::string_view kModelFile = "model_file";
inline constexpr absl::string_view kView = "view";
// No elements: MLIR cannot write a resource without bytes as bytecode.
inline constexpr absl::string_view kEmpty = "empty";
inline constexpr absl::string_view kTensorProto = "tensor_proto";
inline constexpr absl::string_view kSparseTensorProto = "sparse_tensor_proto";
inline constexpr absl::string_view kRegion = "region";
inline constexpr absl::string_view kReference = "ref";
inline constexpr absl::string_view kProto = "proto";

inline constexpr absl::string_view kElidedBlob = "__elided__";
// How ONNX's unnamed domain is spelled where a name must not be empty.
inline constexpr absl::string_view kDefaultDomain = "ai.onnx";

// --- the plan ---
inline constexpr absl::string_view kPlacePrefix = "place.";
inline constexpr absl::string_view kCostPrefix = "cost.";

}  // namespace allot::ir::text
