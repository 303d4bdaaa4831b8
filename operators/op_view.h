// One node as the rules of work and traffic see it: sizes that read as zero when they are unknown,
// attributes with defaults.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "ir/module.h"
#include "support/id.h"
#include "support/units.h"

namespace allot {

// The concrete types of a graph's values: as far as known, with symbols bound to sizes. Where an
// entry is missing or unknown, the type that the graph declares counts.
using ValueTypes = IdVector<ir::ValueId, ir::Type>;

class OpView {
 public:
  // `types` may be nullptr; `bindings` are the values of a function's attributes, or nullptr. All
  // arguments must outlive the view.
  OpView(const ir::Module& module, const ir::Graph& graph, const ir::Node& node,
         const ValueTypes* types, const ir::AttributeMap* bindings)
      : module_(module), graph_(graph), node_(node), types_(types), bindings_(bindings) {}

  const ir::Module& module() const { return module_; }
  const ir::Graph& graph() const { return graph_; }
  const ir::Node& node() const { return node_; }

  const ir::Type& TypeOf(ir::ValueId value) const;
  // Its packed size; 0 if unknown or no tensor.
  Bytes BytesOf(ir::ValueId value) const;
  // The constant behind a value: an initializer, or the tensor of a Constant node. Invalid if none.
  ir::ConstantId ConstantOf(ir::ValueId value) const;

  bool HasOperand(size_t i) const;
  const ir::Type& OperandType(size_t i) const;  // kUnknown if absent
  const ir::Type& ResultType(size_t i) const;   // likewise
  // 0 if absent or unknown.
  int64_t OperandElements(size_t i) const;
  int64_t ResultElements(size_t i) const;
  // Empty if absent or any dimension is unknown.
  std::vector<int64_t> OperandDims(size_t i) const;
  std::vector<int64_t> ResultDims(size_t i) const;
  // The elements of a small constant integer operand; empty if it is none.
  std::vector<int64_t> OperandIntegers(size_t i) const;

  const ir::Attribute* FindAttribute(const std::string& name) const;
  int64_t Int(const std::string& name, int64_t otherwise) const;
  std::vector<int64_t> Ints(const std::string& name) const;
  std::string String(const std::string& name, absl::string_view otherwise) const;
  // The number of elements of an attribute that is a list of numbers; 0 if it is none.
  int64_t ListLength(const std::string& name) const;

 private:
  const ir::Module& module_;
  const ir::Graph& graph_;
  const ir::Node& node_;
  const ValueTypes* types_;
  const ir::AttributeMap* bindings_;
  const ir::Type unknown_;
};

// dims[i], counted from the end if negative; 0 if there is none.
int64_t DimAt(const std::vector<int64_t>& dims, int64_t i);

}  // namespace allot
