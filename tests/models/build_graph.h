// Compact ways to build IR in tests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ir/module.h"

namespace allot::testing {

ir::Type Tensor(ir::ElementType element, const std::vector<int64_t>& dims);
ir::Type F32(const std::vector<int64_t>& dims);

ir::Attribute Attr(ir::AttributeValue value);

// A constant in memory whose floats are small, unlike and the same on every run.
ir::Constant FloatConstant(const std::vector<int64_t>& dims, uint64_t seed = 1);
ir::Constant Int64Constant(const std::vector<int64_t>& elements);
ir::Constant BoolConstant(const std::vector<bool>& elements);

// Adds to one graph. Names are made up from the operator and a number: node "Relu_3" gives value
// "Relu_3_y"; several results are "Split_4_y0", "Split_4_y1".
class GraphBuilder {
 public:
  GraphBuilder(ir::Graph& graph, ir::ConstantPool& pool) : graph_(graph), pool_(pool) {}

  ir::ValueId Input(const std::string& name, ir::Type type);
  // An initializer with FloatConstant's elements; its type must be static floats.
  ir::ValueId Weight(const std::string& name, const std::vector<int64_t>& dims);
  ir::ValueId Initializer(const std::string& name, ir::Constant constant);
  // One result.
  ir::ValueId Op(const std::string& op_type, std::vector<ir::ValueId> operands, ir::Type result,
                 ir::AttributeMap attributes = {}, const std::string& domain = "");
  // Any number of results.
  ir::NodeId Node(const std::string& op_type, std::vector<ir::ValueId> operands,
                  const std::vector<ir::Type>& results, ir::AttributeMap attributes = {},
                  const std::string& domain = "");
  // An If whose bodies capture `captures`; each body gets them as its own values and returns its
  // output.
  using Body =
      std::function<ir::ValueId(GraphBuilder& body, const std::vector<ir::ValueId>& captures)>;
  ir::ValueId If(ir::ValueId condition, const std::vector<ir::ValueId>& captures, ir::Type result,
                 const Body& then_body, const Body& else_body);
  // A Constant node.
  ir::ValueId Constant(ir::Constant constant);

  ir::Graph& graph() { return graph_; }
  ir::ConstantPool& pool() { return pool_; }

 private:
  ir::Graph& graph_;
  ir::ConstantPool& pool_;
};

// A module with a main graph named "main", opset 17 and IR version 8.
class ModuleBuilder : public GraphBuilder {
 public:
  ModuleBuilder();
  // Adds a function of one output and of the given inputs.
  using FunctionBody =
      std::function<ir::ValueId(GraphBuilder& body, const std::vector<ir::ValueId>& inputs)>;
  void Function(const std::string& domain, const std::string& name,
                const std::vector<std::string>& inputs, const FunctionBody& body);
  ir::Module& module() { return module_; }
  // Sets the outputs, compacts, and gives the module away.
  ir::Module Finish(std::vector<ir::ValueId> outputs) &&;

 private:
  explicit ModuleBuilder(std::unique_ptr<ir::Module> module);
  // Behind a pointer, so that the base class can refer to it.
  std::unique_ptr<ir::Module> owned_;
  ir::Module& module_;
};

// x -> Relu -> ... -> Relu, of `length` nodes on 8x8 floats.
ir::Module Chain(int length);
// x -> Relu -> (Sigmoid, Tanh) -> Add.
ir::Module Diamond();
// An If inside an If; the inner one captures a value of the main graph through the outer one.
ir::Module NestedIf();
// A main graph that calls function "custom.Twice", which itself calls "custom.Same".
ir::Module WithFunctions();
// x -> Conv(w, b) -> Relu -> MaxPool -> Flatten -> Gemm -> Softmax on [1, 3, 16, 16].
ir::Module SmallCnn();

}  // namespace allot::testing
