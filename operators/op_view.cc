#include "operators/op_view.h"

#include <optional>

namespace allot {
namespace {

int64_t ElementsOf(const ir::Type& type) {
  if (!type.is_ranked_tensor()) return 0;
  return ir::NumElements(*type.shape).value_or(0);
}

std::vector<int64_t> DimsOf(const ir::Type& type) {
  if (!type.is_static()) return {};
  std::vector<int64_t> dims;
  for (const ir::Dim& dim : *type.shape) dims.push_back(dim.size);
  return dims;
}

}  // namespace

int64_t DimAt(const std::vector<int64_t>& dims, int64_t i) {
  const int64_t rank = static_cast<int64_t>(dims.size());
  if (i < 0) i += rank;
  return i < 0 || i >= rank ? 0 : dims[static_cast<size_t>(i)];
}

const ir::Type& OpView::TypeOf(ir::ValueId value) const {
  if (types_ != nullptr && types_->Contains(value)) {
    const ir::Type& type = (*types_)[value];
    if (type.kind != ir::Type::Kind::kUnknown) return type;
  }
  return graph_.value(value).type;
}

Bytes OpView::BytesOf(ir::ValueId value) const {
  const ir::Type& type = TypeOf(value);
  if (!type.is_static()) return 0;
  return ir::PackedBytes(type.element, ElementsOf(type));
}

ir::ConstantId OpView::ConstantOf(ir::ValueId id) const {
  const ir::Value& value = graph_.value(id);
  if (value.constant.valid() || !value.producer.valid()) return value.constant;
  const ir::Node& producer = graph_.node(value.producer);
  if (!producer.Is("Constant")) return ir::ConstantId();
  const ir::ConstantId* constant = ir::FindAttribute<ir::ConstantId>(producer.attributes, "value");
  return constant == nullptr ? ir::ConstantId() : *constant;
}

bool OpView::HasOperand(size_t i) const {
  return i < node_.operands.size() && node_.operands[i].valid();
}

const ir::Type& OpView::OperandType(size_t i) const {
  return HasOperand(i) ? TypeOf(node_.operands[i]) : unknown_;
}

const ir::Type& OpView::ResultType(size_t i) const {
  return i < node_.results.size() && node_.results[i].valid() ? TypeOf(node_.results[i]) : unknown_;
}

int64_t OpView::OperandElements(size_t i) const { return ElementsOf(OperandType(i)); }
int64_t OpView::ResultElements(size_t i) const { return ElementsOf(ResultType(i)); }
std::vector<int64_t> OpView::OperandDims(size_t i) const { return DimsOf(OperandType(i)); }
std::vector<int64_t> OpView::ResultDims(size_t i) const { return DimsOf(ResultType(i)); }

std::vector<int64_t> OpView::OperandIntegers(size_t i) const {
  if (!HasOperand(i)) return {};
  const ir::ConstantId constant = ConstantOf(node_.operands[i]);
  if (module_.constants.Contains(constant)) {
    return module_.constants[constant].AsIntegers().value_or(std::vector<int64_t>());
  }
  const ir::NodeId producer = graph_.value(node_.operands[i]).producer;
  if (!producer.valid() || !graph_.node(producer).Is("Constant")) return {};
  const ir::AttributeMap& attributes = graph_.node(producer).attributes;
  if (const auto* list = ir::FindAttribute<std::vector<int64_t>>(attributes, "value_ints")) {
    return *list;
  }
  if (const auto* number = ir::FindAttribute<int64_t>(attributes, "value_int")) return {*number};
  return {};
}

const ir::Attribute* OpView::FindAttribute(const std::string& name) const {
  const auto found = node_.attributes.find(name);
  if (found == node_.attributes.end()) return nullptr;
  const auto* reference = found->second.If<ir::AttributeReference>();
  if (reference == nullptr) return &found->second;
  if (bindings_ == nullptr) return nullptr;
  const auto bound = bindings_->find(reference->name);
  return bound == bindings_->end() ? nullptr : &bound->second;
}

int64_t OpView::Int(const std::string& name, int64_t otherwise) const {
  const ir::Attribute* attribute = FindAttribute(name);
  const int64_t* value = attribute == nullptr ? nullptr : attribute->If<int64_t>();
  return value == nullptr ? otherwise : *value;
}

std::vector<int64_t> OpView::Ints(const std::string& name) const {
  const ir::Attribute* attribute = FindAttribute(name);
  const auto* value = attribute == nullptr ? nullptr : attribute->If<std::vector<int64_t>>();
  return value == nullptr ? std::vector<int64_t>() : *value;
}

std::string OpView::String(const std::string& name, absl::string_view otherwise) const {
  const ir::Attribute* attribute = FindAttribute(name);
  const auto* value = attribute == nullptr ? nullptr : attribute->If<std::string>();
  return value == nullptr ? std::string(otherwise) : *value;
}

int64_t OpView::ListLength(const std::string& name) const {
  const ir::Attribute* attribute = FindAttribute(name);
  if (attribute == nullptr) return 0;
  if (const auto* ints = attribute->If<std::vector<int64_t>>()) {
    return static_cast<int64_t>(ints->size());
  }
  if (const auto* floats = attribute->If<std::vector<float>>()) {
    return static_cast<int64_t>(floats->size());
  }
  if (const auto* tensor = attribute->If<ir::ConstantId>()) {
    if (!module_.constants.Contains(*tensor)) return 0;
    return ElementsOf(module_.constants[*tensor].type());
  }
  return 0;
}

}  // namespace allot
