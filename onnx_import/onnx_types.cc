#include "onnx_import/onnx_types.h"

#include <utility>

#include "support/check.h"
#include "support/status.h"

namespace allot {

using google::protobuf::Message;
using onnx::AttributeProto;
using onnx::TypeProto;

namespace {

// The newest element type of ONNX 1.20; numbers beyond it have no width we could count with.
constexpr int32_t kLastElementType = static_cast<int32_t>(ir::ElementType::kInt2);

bool IsKnownElementType(int32_t type) { return type >= 0 && type <= kLastElementType; }

ir::Shape ShapeFromOnnx(const onnx::TensorShapeProto& proto) {
  ir::Shape shape;
  shape.reserve(proto.dim_size());
  for (const auto& dim : proto.dim()) {
    ir::Dim& out = shape.emplace_back();
    // Some exporters write -1 for "any".
    if (dim.has_dim_value() && dim.dim_value() >= 0) out.size = dim.dim_value();
    if (dim.has_dim_param()) out.symbol = dim.dim_param();
    out.denotation = dim.denotation();
  }
  return shape;
}

template <typename TensorType>
bool TensorTypeFromOnnx(const TensorType& proto, ir::Type::Kind kind, ir::Type& out) {
  if (!IsKnownElementType(proto.elem_type())) return false;
  out.kind = kind;
  out.element = static_cast<ir::ElementType>(proto.elem_type());
  if (proto.has_shape()) out.shape = ShapeFromOnnx(proto.shape());
  return true;
}

// False: the type is of a form that only its bytes can carry.
bool ReadType(const TypeProto& type, ir::Type& out) {
  switch (type.value_case()) {
    case TypeProto::kTensorType:
      return TensorTypeFromOnnx(type.tensor_type(), ir::Type::Kind::kTensor, out);
    case TypeProto::kSparseTensorType:
      return TensorTypeFromOnnx(type.sparse_tensor_type(), ir::Type::Kind::kSparseTensor, out);
    case TypeProto::kSequenceType:
      out.kind = ir::Type::Kind::kSequence;
      out.parameters.push_back(TypeFromOnnx(type.sequence_type().elem_type()));
      return true;
    case TypeProto::kOptionalType:
      out.kind = ir::Type::Kind::kOptional;
      out.parameters.push_back(TypeFromOnnx(type.optional_type().elem_type()));
      return true;
    case TypeProto::kMapType:
      if (!IsKnownElementType(type.map_type().key_type())) return false;
      out.kind = ir::Type::Kind::kMap;
      out.element = static_cast<ir::ElementType>(type.map_type().key_type());
      out.parameters.push_back(TypeFromOnnx(type.map_type().value_type()));
      return true;
    case TypeProto::VALUE_NOT_SET:
      return type.GetReflection()->GetUnknownFields(type).empty();
    default:
      return false;
  }
}

}  // namespace

ir::Type TypeFromOnnx(const TypeProto& type) {
  ir::Type out;
  if (!ReadType(type, out)) {
    out = ir::Type();
    out.kind = ir::Type::Kind::kOpaque;
    type.SerializePartialToString(&out.opaque);
    return out;
  }
  out.denotation = type.denotation();
  return out;
}

void ShapeToOnnx(const ir::Shape& shape, onnx::TensorShapeProto* out) {
  out->Clear();
  for (const ir::Dim& dim : shape) {
    auto* proto = out->add_dim();
    if (dim.known()) {
      proto->set_dim_value(dim.size);
    } else if (!dim.symbol.empty()) {
      proto->set_dim_param(dim.symbol);
    }
    if (!dim.denotation.empty()) proto->set_denotation(dim.denotation);
  }
}

void TypeToOnnx(const ir::Type& type, TypeProto* out) {
  out->Clear();
  const auto parameter = [&type](size_t i, TypeProto* proto) {
    if (i < type.parameters.size()) TypeToOnnx(type.parameters[i], proto);
  };
  switch (type.kind) {
    case ir::Type::Kind::kUnknown:
      break;
    case ir::Type::Kind::kTensor: {
      auto* tensor = out->mutable_tensor_type();
      tensor->set_elem_type(static_cast<int32_t>(type.element));
      if (type.shape.has_value()) ShapeToOnnx(*type.shape, tensor->mutable_shape());
      break;
    }
    case ir::Type::Kind::kSparseTensor: {
      auto* tensor = out->mutable_sparse_tensor_type();
      tensor->set_elem_type(static_cast<int32_t>(type.element));
      if (type.shape.has_value()) ShapeToOnnx(*type.shape, tensor->mutable_shape());
      break;
    }
    case ir::Type::Kind::kSequence:
      parameter(0, out->mutable_sequence_type()->mutable_elem_type());
      break;
    case ir::Type::Kind::kOptional:
      parameter(0, out->mutable_optional_type()->mutable_elem_type());
      break;
    case ir::Type::Kind::kMap:
      out->mutable_map_type()->set_key_type(static_cast<int32_t>(type.element));
      parameter(0, out->mutable_map_type()->mutable_value_type());
      break;
    case ir::Type::Kind::kOpaque:
      if (!out->ParsePartialFromString(type.opaque)) out->Clear();
      return;
  }
  if (!type.denotation.empty()) out->set_denotation(type.denotation);
}

// --- attributes ---

AttributeProto::AttributeType AttributeTypeOf(const AttributeProto& attribute) {
  if (attribute.type() != AttributeProto::UNDEFINED) return attribute.type();
  if (attribute.has_f()) return AttributeProto::FLOAT;
  if (attribute.has_i()) return AttributeProto::INT;
  if (attribute.has_s()) return AttributeProto::STRING;
  if (attribute.has_t()) return AttributeProto::TENSOR;
  if (attribute.has_g()) return AttributeProto::GRAPH;
  if (attribute.floats_size() > 0) return AttributeProto::FLOATS;
  if (attribute.ints_size() > 0) return AttributeProto::INTS;
  if (attribute.strings_size() > 0) return AttributeProto::STRINGS;
  if (attribute.has_sparse_tensor()) return AttributeProto::SPARSE_TENSOR;
  return AttributeProto::UNDEFINED;
}

AttributeProto::AttributeType AttributeTypeOf(const ir::Attribute& attribute,
                                              const ir::ConstantPool& constants) {
  if (attribute.If<int64_t>() != nullptr) return AttributeProto::INT;
  if (attribute.If<float>() != nullptr) return AttributeProto::FLOAT;
  if (attribute.If<std::string>() != nullptr) return AttributeProto::STRING;
  if (attribute.If<std::vector<int64_t>>() != nullptr) return AttributeProto::INTS;
  if (attribute.If<std::vector<float>>() != nullptr) return AttributeProto::FLOATS;
  if (attribute.If<std::vector<std::string>>() != nullptr) return AttributeProto::STRINGS;
  if (attribute.If<ir::RegionIndex>() != nullptr) return AttributeProto::GRAPH;
  if (const auto* id = attribute.If<ir::ConstantId>()) {
    return IsSparse(constants[*id]) ? AttributeProto::SPARSE_TENSOR : AttributeProto::TENSOR;
  }
  if (const auto* reference = attribute.If<ir::AttributeReference>()) {
    return AttributeProto::AttributeType_IsValid(reference->type)
               ? static_cast<AttributeProto::AttributeType>(reference->type)
               : AttributeProto::UNDEFINED;
  }
  AttributeProto proto;
  const auto* opaque = attribute.If<ir::OpaqueAttribute>();
  if (opaque == nullptr || !proto.ParsePartialFromString(opaque->proto)) {
    return AttributeProto::UNDEFINED;
  }
  return AttributeTypeOf(proto);
}

namespace {

// The value of an attribute, and the field that holds it; field 0: the attribute is carried whole.
struct AttributeContent {
  ir::AttributeValue value;
  int field = 0;
};

absl::StatusOr<AttributeContent> ReadAttribute(AttributeProto* proto, ir::ConstantPool* constants) {
  switch (AttributeTypeOf(*proto)) {
    case AttributeProto::FLOAT:
      return AttributeContent{proto->f(), AttributeProto::kFFieldNumber};
    case AttributeProto::INT:
      return AttributeContent{static_cast<int64_t>(proto->i()), AttributeProto::kIFieldNumber};
    case AttributeProto::STRING:
      return AttributeContent{proto->s(), AttributeProto::kSFieldNumber};
    case AttributeProto::FLOATS:
      return AttributeContent{std::vector<float>(proto->floats().begin(), proto->floats().end()),
                              AttributeProto::kFloatsFieldNumber};
    case AttributeProto::INTS:
      return AttributeContent{std::vector<int64_t>(proto->ints().begin(), proto->ints().end()),
                              AttributeProto::kIntsFieldNumber};
    case AttributeProto::STRINGS:
      return AttributeContent{
          std::vector<std::string>(proto->strings().begin(), proto->strings().end()),
          AttributeProto::kStringsFieldNumber};
    case AttributeProto::TENSOR: {
      ALLOT_ASSIGN_OR_RETURN(ir::Constant constant, ConstantFromOnnx(proto->mutable_t()));
      return AttributeContent{constants->Add(std::move(constant)), AttributeProto::kTFieldNumber};
    }
    case AttributeProto::SPARSE_TENSOR: {
      ALLOT_ASSIGN_OR_RETURN(ir::Constant constant, SparseConstantFromOnnx(proto->sparse_tensor()));
      return AttributeContent{constants->Add(std::move(constant)),
                              AttributeProto::kSparseTensorFieldNumber};
    }
    default:
      return AttributeContent{ir::OpaqueAttribute{proto->SerializePartialAsString()}, 0};
  }
}

}  // namespace

absl::StatusOr<ir::Attribute> AttributeFromOnnx(AttributeProto* proto,
                                                ir::ConstantPool* constants) {
  ir::Attribute attribute;
  AttributeContent content;
  if (!proto->ref_attr_name().empty()) {
    content.value = ir::AttributeReference{proto->ref_attr_name(), proto->type()};
    content.field = AttributeProto::kRefAttrNameFieldNumber;
  } else {
    ALLOT_ASSIGN_OR_RETURN(content, ReadAttribute(proto, constants));
  }
  attribute.value = std::move(content.value);
  if (content.field == 0) return attribute;
  attribute.doc = proto->doc_string();
  attribute.unknown_fields =
      CarriedFields(*proto, {AttributeProto::kNameFieldNumber, AttributeProto::kTypeFieldNumber,
                             AttributeProto::kDocStringFieldNumber,
                             AttributeProto::kRefAttrNameFieldNumber, content.field});
  return attribute;
}

absl::Status AttributeToOnnx(const std::string& name, const ir::Attribute& attribute,
                             const ir::ConstantPool& constants, AttributeProto* out) {
  out->Clear();
  if (const auto* opaque = attribute.If<ir::OpaqueAttribute>()) {
    if (!out->ParsePartialFromString(opaque->proto)) {
      return InputError("attribute '", name, "' is carried as bytes that are no AttributeProto");
    }
    out->set_name(name);
    return absl::OkStatus();
  }
  out->set_name(name);
  if (!attribute.doc.empty()) out->set_doc_string(attribute.doc);
  if (const auto* i = attribute.If<int64_t>()) {
    out->set_type(AttributeProto::INT);
    out->set_i(*i);
  } else if (const auto* f = attribute.If<float>()) {
    out->set_type(AttributeProto::FLOAT);
    out->set_f(*f);
  } else if (const auto* s = attribute.If<std::string>()) {
    out->set_type(AttributeProto::STRING);
    out->set_s(*s);
  } else if (const auto* ints = attribute.If<std::vector<int64_t>>()) {
    out->set_type(AttributeProto::INTS);
    out->mutable_ints()->Add(ints->begin(), ints->end());
  } else if (const auto* floats = attribute.If<std::vector<float>>()) {
    out->set_type(AttributeProto::FLOATS);
    out->mutable_floats()->Add(floats->begin(), floats->end());
  } else if (const auto* strings = attribute.If<std::vector<std::string>>()) {
    out->set_type(AttributeProto::STRINGS);
    for (const std::string& entry : *strings) out->add_strings(entry);
  } else if (const auto* id = attribute.If<ir::ConstantId>()) {
    const ir::Constant& constant = constants[*id];
    if (IsSparse(constant)) {
      out->set_type(AttributeProto::SPARSE_TENSOR);
      ALLOT_RETURN_IF_ERROR(SparseConstantToOnnx(constant, out->mutable_sparse_tensor()),
                            "attribute '", name, "': ");
    } else {
      out->set_type(AttributeProto::TENSOR);
      ALLOT_RETURN_IF_ERROR(ConstantToOnnx(constant, out->mutable_t()), "attribute '", name, "': ");
    }
  } else if (const auto* reference = attribute.If<ir::AttributeReference>()) {
    out->set_ref_attr_name(reference->name);
    if (AttributeProto::AttributeType_IsValid(reference->type)) {
      out->set_type(static_cast<AttributeProto::AttributeType>(reference->type));
    }
  } else {
    ALLOT_CHECK(attribute.If<ir::RegionIndex>() != nullptr);
    out->set_type(AttributeProto::GRAPH);
  }
  if (!MergeCarriedFields(attribute.unknown_fields, out)) {
    return InputError("attribute '", name, "' carries bytes that are no fields of an attribute");
  }
  return absl::OkStatus();
}

// --- values ---

void ValueToOnnx(const ir::Value& value, onnx::ValueInfoProto* out) {
  out->Clear();
  out->set_name(value.name);
  if (value.type.kind != ir::Type::Kind::kUnknown || !value.type.denotation.empty()) {
    TypeToOnnx(value.type, out->mutable_type());
  }
  if (!value.doc.empty()) out->set_doc_string(value.doc);
  MergeCarriedFields(value.unknown_fields, out);
}

}  // namespace allot
