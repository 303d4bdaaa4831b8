// What a rule sees of one node, and where it leaves what it infers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "ir/module.h"
#include "operators/rules/partial_value.h"

namespace allot {

class RuleContext {
 public:
  struct Operand {
    const ir::Type* type = nullptr;       // nullptr: absent
    const PartialValue* value = nullptr;  // nullptr: nothing known
  };
  // `attributes` are the node's, with attribute references of functions resolved. All arguments
  // must outlive the context.
  RuleContext(const ir::Module& module, const ir::Node& node, const ir::AttributeMap& attributes,
              int64_t opset, std::vector<Operand> operands, SymbolTable& symbols);

  // --- reading ---
  const ir::Node& node() const { return node_; }
  int64_t opset() const { return opset_; }  // version of the node's domain
  SymbolTable& symbols() const { return symbols_; }
  size_t num_operands() const { return operands_.size(); }
  size_t num_results() const { return results_.size(); }
  bool Has(size_t i) const { return i < operands_.size() && operands_[i].type != nullptr; }
  // kUnknown if absent.
  const ir::Type& type(size_t i) const;
  ir::ElementType element(size_t i) const { return type(i).element; }
  // nullptr unless the operand is a tensor of known rank.
  const ir::Shape* shape(size_t i) const;
  // nullptr if nothing is known of the elements.
  const PartialValue* value(size_t i) const;
  // The elements, some or all unknown, of a small tensor of known shape and tracked type.
  std::optional<PartialValue> ValueOrUnknown(size_t i) const;
  // All elements, if each is a known integer.
  std::optional<std::vector<int64_t>> Integers(size_t i) const;
  // The first element, if a known integer.
  std::optional<int64_t> Integer(size_t i) const;

  bool HasAttribute(absl::string_view name) const;
  std::optional<int64_t> FindInt(absl::string_view name) const;
  int64_t Int(absl::string_view name, int64_t otherwise) const;
  float Float(absl::string_view name, float otherwise) const;
  std::string String(absl::string_view name, absl::string_view otherwise) const;
  std::optional<std::vector<int64_t>> Ints(absl::string_view name) const;
  std::optional<std::vector<float>> Floats(absl::string_view name) const;
  std::optional<std::vector<std::string>> Strings(absl::string_view name) const;
  const ir::Constant* Tensor(absl::string_view name) const;
  // An element type stored as ONNX's number; `otherwise` if absent, kUndefined if it is no type.
  ir::ElementType ElementAttribute(absl::string_view name, ir::ElementType otherwise) const;

  // Axes (or sizes, ...) given by an attribute in old opsets and by operand `i` in newer ones:
  // kAbsent if neither is there, kUnknown if the operand's elements are not known.
  enum class ListState { kAbsent, kUnknown, kKnown };
  struct List {
    ListState state = ListState::kAbsent;
    std::vector<int64_t> values;
  };
  List AttributeOrOperand(absl::string_view attribute, size_t i) const;

  // --- writing; a result that the node does not have is ignored ---
  void Set(size_t i, ir::ElementType element, std::optional<ir::Shape> shape);
  void SetType(size_t i, ir::Type type);
  void SetValue(size_t i, PartialValue value);
  const std::vector<ir::Type>& results() const { return results_; }
  std::vector<ir::Type>& results() { return results_; }
  // Results that the rule leaves unknown: the schemas are asked, as if there were no rule.
  void LeaveToSchemas() { left_to_schemas_ = true; }
  bool left_to_schemas() const { return left_to_schemas_; }
  std::vector<std::optional<PartialValue>>& values() { return values_; }

 private:
  template <typename T>
  const T* Find(absl::string_view name) const;

  const ir::Module& module_;
  const ir::Node& node_;
  const ir::AttributeMap& attributes_;
  const int64_t opset_;
  const std::vector<Operand> operands_;
  SymbolTable& symbols_;
  const ir::Type absent_;
  std::vector<ir::Type> results_;
  std::vector<std::optional<PartialValue>> values_;
  bool left_to_schemas_ = false;
};

}  // namespace allot
