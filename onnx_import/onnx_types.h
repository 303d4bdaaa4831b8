// ONNX's data messages <-> the IR's values, both ways. The importer and lowering share it; neither
// knows another spelling of a type, a tensor or an attribute.
//
// Errors say what is wrong; callers put the place in front ("initializer 'w': ").
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "onnx/onnx_pb.h"

#include "ir/attribute.h"
#include "ir/constant.h"
#include "ir/graph.h"
#include "ir/type.h"
#include "onnx_import/carried_fields.h"  // IWYU pragma: export

namespace allot {

// --- types ---
// Never fails: a type of a form or element type we do not know is kOpaque, none at all kUnknown.
ir::Type TypeFromOnnx(const onnx::TypeProto& type);
// kUnknown leaves `type` without a value (but with its denotation).
void TypeToOnnx(const ir::Type& type, onnx::TypeProto* out);
void ShapeToOnnx(const ir::Shape& shape, onnx::TensorShapeProto* out);

// --- tensors ---
// Moves the elements out of `tensor`. Typed fields (float_data, ...) become little-endian bytes;
// strings and segments stay serialized; external data becomes a reference, which is not followed.
absl::StatusOr<ir::Constant> ConstantFromOnnx(onnx::TensorProto* tensor);
absl::StatusOr<ir::Constant> SparseConstantFromOnnx(const onnx::SparseTensorProto& tensor);

// For constants that are not sparse. Bytes in memory become raw_data. A FileBytes becomes external
// data at its location, also if that is the model file itself (kModelFile): a caller that wants the
// bytes inside the message copies them. A FileView gets no data: its caller copies it.
absl::Status ConstantToOnnx(const ir::Constant& constant, onnx::TensorProto* out);
absl::Status SparseConstantToOnnx(const ir::Constant& constant, onnx::SparseTensorProto* out);
inline bool IsSparse(const ir::Constant& constant) {
  const auto* opaque = std::get_if<ir::OpaqueTensor>(&constant.storage);
  return opaque != nullptr && opaque->sparse;
}

// --- attributes ---
// What the attribute holds. Files of IR version 1 leave `type` out: then it follows from the field
// that is set.
onnx::AttributeProto::AttributeType AttributeTypeOf(const onnx::AttributeProto& attribute);
// What ONNX calls the attribute's type; UNDEFINED where it says none.
onnx::AttributeProto::AttributeType AttributeTypeOf(const ir::Attribute& attribute,
                                                    const ir::ConstantPool& constants);
// Every attribute but a single graph, which only the caller can turn into a region. Tensors move
// into the pool.
absl::StatusOr<ir::Attribute> AttributeFromOnnx(onnx::AttributeProto* attribute,
                                                ir::ConstantPool* constants);
// A RegionIndex sets name, type and doc; the caller fills out->mutable_g().
absl::Status AttributeToOnnx(const std::string& name, const ir::Attribute& attribute,
                             const ir::ConstantPool& constants, onnx::AttributeProto* out);

// --- values ---
// Name, type, doc string and carried fields of a value.
void ValueToOnnx(const ir::Value& value, onnx::ValueInfoProto* out);

// "ai.onnx" is the same domain as "": the IR writes the latter.
inline std::string DomainFromOnnx(const std::string& domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

}  // namespace allot
