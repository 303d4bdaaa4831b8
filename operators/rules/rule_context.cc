#include "operators/rules/rule_context.h"

#include <utility>

namespace allot {
namespace {

bool IsElementType(int64_t number) {
  return number >= static_cast<int64_t>(ir::ElementType::kFloat) &&
         number <= static_cast<int64_t>(ir::ElementType::kInt2);
}

}  // namespace

RuleContext::RuleContext(const ir::Module& module, const ir::Node& node,
                         const ir::AttributeMap& attributes, int64_t opset,
                         std::vector<Operand> operands, SymbolTable& symbols)
    : module_(module),
      node_(node),
      attributes_(attributes),
      opset_(opset),
      operands_(std::move(operands)),
      symbols_(symbols),
      results_(node.results.size()),
      values_(node.results.size()) {}

const ir::Type& RuleContext::type(size_t i) const { return Has(i) ? *operands_[i].type : absent_; }

const ir::Shape* RuleContext::shape(size_t i) const {
  const ir::Type& operand = type(i);
  return operand.is_tensor() && operand.shape ? &*operand.shape : nullptr;
}

const PartialValue* RuleContext::value(size_t i) const {
  return Has(i) ? operands_[i].value : nullptr;
}

std::optional<PartialValue> RuleContext::ValueOrUnknown(size_t i) const {
  if (const PartialValue* known = value(i)) return *known;
  const ir::Shape* dims = shape(i);
  if (dims == nullptr || !IsTracked(element(i))) return std::nullopt;
  std::optional<std::vector<int64_t>> sizes = TrackableDims(*dims);
  if (!sizes) return std::nullopt;
  return PartialValue::Unknown(*std::move(sizes));
}

std::optional<std::vector<int64_t>> RuleContext::Integers(size_t i) const {
  const PartialValue* known = value(i);
  return known == nullptr ? std::nullopt : known->Integers();
}

std::optional<int64_t> RuleContext::Integer(size_t i) const {
  const PartialValue* known = value(i);
  if (known == nullptr || known->elements.empty() || !known->elements[0].is_integer()) {
    return std::nullopt;
  }
  return known->elements[0].integer();
}

template <typename T>
const T* RuleContext::Find(absl::string_view name) const {
  return ir::FindAttribute<T>(attributes_, std::string(name));
}

bool RuleContext::HasAttribute(absl::string_view name) const {
  return attributes_.count(std::string(name)) > 0;
}

std::optional<int64_t> RuleContext::FindInt(absl::string_view name) const {
  const int64_t* found = Find<int64_t>(name);
  return found == nullptr ? std::nullopt : std::optional<int64_t>(*found);
}

int64_t RuleContext::Int(absl::string_view name, int64_t otherwise) const {
  return FindInt(name).value_or(otherwise);
}

float RuleContext::Float(absl::string_view name, float otherwise) const {
  const float* found = Find<float>(name);
  return found == nullptr ? otherwise : *found;
}

std::string RuleContext::String(absl::string_view name, absl::string_view otherwise) const {
  const std::string* found = Find<std::string>(name);
  return found == nullptr ? std::string(otherwise) : *found;
}

std::optional<std::vector<int64_t>> RuleContext::Ints(absl::string_view name) const {
  const auto* found = Find<std::vector<int64_t>>(name);
  return found == nullptr ? std::nullopt : std::optional<std::vector<int64_t>>(*found);
}

std::optional<std::vector<float>> RuleContext::Floats(absl::string_view name) const {
  const auto* found = Find<std::vector<float>>(name);
  return found == nullptr ? std::nullopt : std::optional<std::vector<float>>(*found);
}

std::optional<std::vector<std::string>> RuleContext::Strings(absl::string_view name) const {
  const auto* found = Find<std::vector<std::string>>(name);
  return found == nullptr ? std::nullopt : std::optional<std::vector<std::string>>(*found);
}

const ir::Constant* RuleContext::Tensor(absl::string_view name) const {
  const ir::ConstantId* found = Find<ir::ConstantId>(name);
  return found != nullptr && module_.constants.Contains(*found) ? &module_.constants[*found]
                                                                : nullptr;
}

ir::ElementType RuleContext::ElementAttribute(absl::string_view name,
                                              ir::ElementType otherwise) const {
  const std::optional<int64_t> number = FindInt(name);
  if (!number) return otherwise;
  return IsElementType(*number) ? static_cast<ir::ElementType>(*number)
                                : ir::ElementType::kUndefined;
}

RuleContext::List RuleContext::AttributeOrOperand(absl::string_view attribute, size_t i) const {
  if (Has(i)) {
    std::optional<std::vector<int64_t>> known = Integers(i);
    if (!known) return {ListState::kUnknown, {}};
    return {ListState::kKnown, *std::move(known)};
  }
  if (std::optional<std::vector<int64_t>> listed = Ints(attribute)) {
    return {ListState::kKnown, *std::move(listed)};
  }
  // An attribute of another kind (a single integer, a reference that nothing resolves).
  return {HasAttribute(attribute) ? ListState::kUnknown : ListState::kAbsent, {}};
}

void RuleContext::Set(size_t i, ir::ElementType element, std::optional<ir::Shape> shape) {
  SetType(i, ir::Type::Tensor(element, std::move(shape)));
}

void RuleContext::SetType(size_t i, ir::Type type) {
  if (i < results_.size()) results_[i] = std::move(type);
}

void RuleContext::SetValue(size_t i, PartialValue value) {
  if (i < values_.size()) values_[i] = std::move(value);
}

}  // namespace allot
