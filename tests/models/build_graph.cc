#include "tests/models/build_graph.h"

#include <bit>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/random.h"

namespace allot::testing {
namespace {

using ir::AttributeMap;
using ir::ElementType;
using ir::Graph;
using ir::NodeId;
using ir::Type;
using ir::ValueId;

void AppendLittleEndian(uint64_t bits, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((bits >> (8 * i)) & 0xff);
}

ir::Constant Inline(ElementType element, std::vector<int64_t> dims, std::string bytes) {
  ir::Constant constant;
  constant.element = element;
  constant.dims = std::move(dims);
  constant.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return constant;
}

}  // namespace

Type Tensor(ElementType element, const std::vector<int64_t>& dims) {
  ir::Shape shape;
  for (const int64_t dim : dims) shape.push_back(ir::Dim::Known(dim));
  return Type::Tensor(element, std::move(shape));
}

Type F32(const std::vector<int64_t>& dims) { return Tensor(ElementType::kFloat, dims); }

ir::Attribute Attr(ir::AttributeValue value) {
  ir::Attribute attribute;
  attribute.value = std::move(value);
  return attribute;
}

ir::Constant FloatConstant(const std::vector<int64_t>& dims, uint64_t seed) {
  Random random(seed);
  std::string bytes;
  const int64_t count = ir::NumElements(*F32(dims).shape).value_or(0);
  for (int64_t i = 0; i < count; ++i) {
    // Multiples of 2^-10 in [-1/4, 1/4]: exact, and products of a few stay small.
    const float element = static_cast<float>(random.Between(-256, 256)) * 0x1.0p-10f;
    AppendLittleEndian(std::bit_cast<uint32_t>(element), 4, bytes);
  }
  return Inline(ElementType::kFloat, dims, std::move(bytes));
}

ir::Constant Int64Constant(const std::vector<int64_t>& elements) {
  std::string bytes;
  for (const int64_t element : elements) {
    AppendLittleEndian(static_cast<uint64_t>(element), 8, bytes);
  }
  return Inline(ElementType::kInt64, {static_cast<int64_t>(elements.size())}, std::move(bytes));
}

ir::Constant BoolConstant(const std::vector<bool>& elements) {
  return Inline(ElementType::kBool, {static_cast<int64_t>(elements.size())},
                std::string(elements.begin(), elements.end()));
}

ValueId GraphBuilder::Input(const std::string& name, Type type) {
  return graph_.AddInput(name, std::move(type));
}

ValueId GraphBuilder::Weight(const std::string& name, const std::vector<int64_t>& dims) {
  return Initializer(name, FloatConstant(dims, pool_.size() + 1));
}

ValueId GraphBuilder::Initializer(const std::string& name, ir::Constant constant) {
  constant.name = name;
  Type type = constant.type();
  return graph_.AddInitializer(name, std::move(type), pool_.Add(std::move(constant)));
}

NodeId GraphBuilder::Node(const std::string& op_type, std::vector<ValueId> operands,
                          const std::vector<Type>& results, AttributeMap attributes,
                          const std::string& domain) {
  ir::Node node;
  node.name = absl::StrCat(op_type, "_", graph_.node_id_bound());
  node.domain = domain;
  node.op_type = op_type;
  node.attributes = std::move(attributes);
  node.operands = std::move(operands);
  node.location = {node.name, "test.onnx", static_cast<int64_t>(graph_.node_id_bound()), {}};
  std::vector<Graph::Result> named;
  for (size_t i = 0; i < results.size(); ++i) {
    named.push_back(
        {results.size() == 1 ? absl::StrCat(node.name, "_y") : absl::StrCat(node.name, "_y", i),
         results[i]});
  }
  return graph_.AddNode(std::move(node), named);
}

ValueId GraphBuilder::Op(const std::string& op_type, std::vector<ValueId> operands, Type result,
                         AttributeMap attributes, const std::string& domain) {
  const NodeId node =
      Node(op_type, std::move(operands), {std::move(result)}, std::move(attributes), domain);
  return graph_.node(node).results[0];
}

ValueId GraphBuilder::If(ValueId condition, const std::vector<ValueId>& captures, Type result,
                         const Body& then_body, const Body& else_body) {
  ir::Node node;
  node.name = absl::StrCat("If_", graph_.node_id_bound());
  node.op_type = "If";
  node.operands = {condition};
  node.captures = captures;
  for (const auto& [name, build] :
       {std::pair("then_branch", &then_body), std::pair("else_branch", &else_body)}) {
    Graph body;
    body.name = absl::StrCat(node.name, "_", name);
    std::vector<ValueId> inside;
    for (const ValueId capture : captures) {
      inside.push_back(body.AddCapture(graph_.value(capture).name, graph_.value(capture).type));
    }
    GraphBuilder builder(body, pool_);
    body.SetOutputs({(*build)(builder, inside)});
    // Names are unique over all levels, as ONNX demands.
    for (const NodeId inner : body.nodes()) {
      body.mutable_node_name(inner) = absl::StrCat(body.name, "/", body.node(inner).name);
      for (const ValueId value : body.node(inner).results) {
        body.Rename(value, absl::StrCat(body.name, "/", body.value(value).name));
      }
    }
    node.attributes[name] = Attr(ir::RegionIndex{static_cast<int32_t>(node.regions.size())});
    node.regions.push_back(std::move(body));
  }
  node.location = {node.name, "test.onnx", static_cast<int64_t>(graph_.node_id_bound()), {}};
  const std::string value_name = absl::StrCat(node.name, "_y");
  const NodeId id = graph_.AddNode(std::move(node), {{value_name, std::move(result)}});
  return graph_.node(id).results[0];
}

ValueId GraphBuilder::Constant(ir::Constant constant) {
  Type type = constant.type();
  const ir::ConstantId id = pool_.Add(std::move(constant));
  return Op("Constant", {}, std::move(type), {{"value", Attr(id)}});
}

ModuleBuilder::ModuleBuilder() : ModuleBuilder(std::make_unique<ir::Module>()) {}

ModuleBuilder::ModuleBuilder(std::unique_ptr<ir::Module> module)
    : GraphBuilder(module->graph, module->constants), owned_(std::move(module)), module_(*owned_) {
  module_.opset_imports = {{"", 17}};
  module_.producer_name = "allot-test";
  module_.source_file = "test.onnx";
  module_.graph.name = "main";
}

void ModuleBuilder::Function(const std::string& domain, const std::string& name,
                             const std::vector<std::string>& inputs, const FunctionBody& body) {
  ir::Function function;
  function.domain = domain;
  function.name = name;
  function.opset_imports = {{"", 17}};
  if (module_.OpsetVersion(domain) == 0) module_.opset_imports.emplace_back(domain, 1);
  std::vector<ValueId> formal;
  for (const std::string& input : inputs) {
    formal.push_back(function.body.AddInput(input, Type::Unknown()));
  }
  GraphBuilder builder(function.body, module_.constants);
  function.body.SetOutputs({body(builder, formal)});
  module_.functions.push_back(std::move(function));
}

ir::Module ModuleBuilder::Finish(std::vector<ValueId> outputs) && {
  module_.graph.SetOutputs(std::move(outputs));
  ALLOT_CHECK(module_.graph.Compact());
  return std::move(module_);
}

ir::Module Chain(int length) {
  ModuleBuilder m;
  ValueId value = m.Input("x", F32({8, 8}));
  for (int i = 0; i < length; ++i) value = m.Op("Relu", {value}, F32({8, 8}));
  return std::move(m).Finish({value});
}

ir::Module Diamond() {
  ModuleBuilder m;
  const ValueId x = m.Input("x", F32({8, 8}));
  const ValueId top = m.Op("Relu", {x}, F32({8, 8}));
  const ValueId left = m.Op("Sigmoid", {top}, F32({8, 8}));
  const ValueId right = m.Op("Tanh", {top}, F32({8, 8}));
  return std::move(m).Finish({m.Op("Add", {left, right}, F32({8, 8}))});
}

ir::Module NestedIf() {
  const Type type = F32({8, 8});
  ModuleBuilder m;
  const ValueId condition = m.Input("condition", Tensor(ElementType::kBool, {}));
  const ValueId x = m.Input("x", type);
  const ValueId h = m.Op("Relu", {x}, type);
  const auto one = [&](const char* op) {
    return [type, op](GraphBuilder& body, const std::vector<ValueId>& captures) {
      return body.Op(op, {captures.back()}, type);
    };
  };
  const auto inner = [&](GraphBuilder& body, const std::vector<ValueId>& captures) {
    return body.If(captures[0], {captures[1]}, type, one("Sigmoid"), one("Tanh"));
  };
  const ValueId y = m.If(condition, {condition, h}, type, inner, one("Neg"));
  return std::move(m).Finish({m.Op("Add", {y, x}, type)});
}

ir::Module WithFunctions() {
  ModuleBuilder m;
  m.Function("custom", "Same", {"a"}, [](GraphBuilder& body, const std::vector<ValueId>& in) {
    return body.Op("Identity", {in[0]}, Type::Unknown());
  });
  m.Function("custom", "Twice", {"a"}, [](GraphBuilder& body, const std::vector<ValueId>& in) {
    const ValueId same = body.Op("Same", {in[0]}, Type::Unknown(), {}, "custom");
    return body.Op("Add", {in[0], same}, Type::Unknown());
  });
  m.module().functions[1].opset_imports.emplace_back("custom", 1);
  const ValueId x = m.Input("x", F32({8, 8}));
  const ValueId twice = m.Op("Twice", {x}, F32({8, 8}), {}, "custom");
  return std::move(m).Finish({m.Op("Relu", {twice}, F32({8, 8}))});
}

ir::Module SmallCnn() {
  using Ints = std::vector<int64_t>;
  ModuleBuilder m;
  const ValueId x = m.Input("x", F32({1, 3, 16, 16}));
  const ValueId w = m.Weight("conv.w", {8, 3, 3, 3});
  const ValueId b = m.Weight("conv.b", {8});
  const ValueId conv = m.Op("Conv", {x, w, b}, F32({1, 8, 16, 16}),
                            {{"kernel_shape", Attr(Ints{3, 3})}, {"pads", Attr(Ints{1, 1, 1, 1})}});
  const ValueId relu = m.Op("Relu", {conv}, F32({1, 8, 16, 16}));
  const ValueId pool = m.Op("MaxPool", {relu}, F32({1, 8, 8, 8}),
                            {{"kernel_shape", Attr(Ints{2, 2})}, {"strides", Attr(Ints{2, 2})}});
  const ValueId flat = m.Op("Flatten", {pool}, F32({1, 512}), {{"axis", Attr(int64_t{1})}});
  const ValueId fc_w = m.Weight("fc.w", {10, 512});
  const ValueId fc_b = m.Weight("fc.b", {10});
  const ValueId fc = m.Op("Gemm", {flat, fc_w, fc_b}, F32({1, 10}), {{"transB", Attr(int64_t{1})}});
  return std::move(m).Finish({m.Op("Softmax", {fc}, F32({1, 10}), {{"axis", Attr(int64_t{-1})}})});
}

}  // namespace allot::testing
