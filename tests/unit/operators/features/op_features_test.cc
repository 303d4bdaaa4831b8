#include "operators/features/op_features.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "operators/counting/work_rules.h"
#include "operators/operators.h"

namespace allot {
namespace {

using ir::ElementType;
using Dims = std::vector<int64_t>;

ir::Type TensorType(const Dims& dims, ElementType element = ElementType::kFloat) {
  ir::Shape shape;
  for (int64_t dim : dims) {
    shape.push_back(dim < 0 ? ir::Dim::Unknown() : ir::Dim::Known(dim));
  }
  return ir::Type::Tensor(element, shape);
}

// Builds a module of declared types.
class Builder {
 public:
  ir::Module module;

  ir::ValueId Input(const Dims& dims, ElementType element = ElementType::kFloat) {
    return graph().AddInput(Fresh(), TensorType(dims, element));
  }
  ir::ConstantId AddConstant(const Dims& dims, ElementType element = ElementType::kFloat) {
    ir::Constant constant;
    constant.element = element;
    constant.dims = dims;
    constant.storage = ir::FileBytes{ir::FileBytes::Home::kExternalFile, "w.bin", 0, -1, {}};
    return module.constants.Add(std::move(constant));
  }
  ir::ValueId Weight(const Dims& dims, ElementType element = ElementType::kFloat) {
    return graph().AddInitializer(Fresh(), TensorType(dims, element), AddConstant(dims, element));
  }
  ir::NodeId Node(const std::string& op, std::vector<ir::ValueId> operands,
                  std::vector<ir::Type> results, ir::AttributeMap attributes = {},
                  std::vector<ir::Graph> regions = {}, std::vector<ir::ValueId> captures = {}) {
    ir::Node node;
    const size_t colon = op.rfind(':');
    node.domain = colon == std::string::npos ? "" : op.substr(0, colon);
    node.op_type = colon == std::string::npos ? op : op.substr(colon + 1);
    node.operands = std::move(operands);
    node.attributes = std::move(attributes);
    node.regions = std::move(regions);
    node.captures = std::move(captures);
    std::vector<ir::Graph::Result> made;
    for (ir::Type& type : results) made.push_back({Fresh(), std::move(type)});
    return graph().AddNode(std::move(node), made);
  }
  ir::ValueId Result(ir::NodeId node, size_t i = 0) { return graph().node(node).results[i]; }
  OpFeatures Features(ir::NodeId node) { return FeaturesOf(module, node, InferredTypes()); }
  // Of a node made on the spot.
  OpFeatures Of(const std::string& op, std::vector<ir::ValueId> operands,
                std::vector<ir::Type> results, ir::AttributeMap attributes = {}) {
    return Features(Node(op, std::move(operands), std::move(results), std::move(attributes)));
  }
  // Makes what follows part of another graph.
  void SwitchTo(ir::Graph* graph) { current_ = graph; }

 private:
  ir::Graph& graph() { return current_ == nullptr ? module.graph : *current_; }
  std::string Fresh() { return "v" + std::to_string(count_++); }
  ir::Graph* current_ = nullptr;
  int count_ = 0;
};

ir::Attribute Int(int64_t value) { return {value, "", ""}; }
ir::Attribute Ints(Dims value) { return {std::move(value), "", ""}; }
ir::Attribute Text(std::string value) { return {std::move(value), "", ""}; }

TEST(OpFeatures, ConvCountsTwoPerMultiplyAdd) {
  Builder b;
  // The stem of ResNet-50: 118.0 million multiply-adds.
  const OpFeatures f = b.Of("Conv", {b.Input({1, 3, 224, 224}), b.Weight({64, 3, 7, 7})},
                            {TensorType({1, 64, 112, 112})});
  EXPECT_EQ(f.family, OpFamily::kMatrix);
  EXPECT_EQ(f.dtype, "float32");
  EXPECT_EQ(f.flops, 2 * 118'013'952);
  EXPECT_EQ(f.read, 4 * 3 * 224 * 224);
  EXPECT_EQ(f.written, 4 * 64 * 112 * 112);
  EXPECT_EQ(f.weights, 4 * 64 * 3 * 49);
  EXPECT_EQ(f.launches, 1);
  EXPECT_FALSE(f.integer_shape_work);
  // Depthwise, with a bias: 32 * 9 multiply-adds and 32 additions at each of 14 * 14 places.
  EXPECT_EQ(b.Of("Conv", {b.Input({1, 32, 14, 14}), b.Weight({32, 1, 3, 3}), b.Weight({32})},
                 {TensorType({1, 32, 14, 14})}, {{"group", Int(32)}})
                .flops,
            (2 * 9 + 1) * 32 * 14 * 14);
  // Three dimensions.
  EXPECT_EQ(b.Of("Conv", {b.Input({2, 4, 8, 8, 8}), b.Weight({6, 4, 3, 3, 3})},
                 {TensorType({2, 6, 6, 6, 6})})
                .flops,
            int64_t{2} * (2 * 6 * 6 * 6 * 6) * (4 * 27));
  EXPECT_EQ(b.Of("ConvTranspose", {b.Input({1, 8, 5, 5}), b.Weight({8, 3, 2, 2})},
                 {TensorType({1, 3, 10, 10})})
                .flops,
            2 * (8 * 25) * (3 * 4));
  // Every input element reaches the kernel of its group.
  const OpFeatures q = b.Of(
      "QLinearConv",
      {b.Input({1, 3, 8, 8}, ElementType::kUint8), b.Weight({}), b.Weight({}, ElementType::kUint8),
       b.Weight({4, 3, 1, 1}, ElementType::kInt8), b.Weight({}), b.Weight({}, ElementType::kInt8),
       b.Weight({}), b.Weight({}, ElementType::kUint8)},
      {TensorType({1, 4, 8, 8}, ElementType::kUint8)});
  EXPECT_EQ(q.flops, 2 * (4 * 64) * 3);
  EXPECT_EQ(q.dtype, "int8");
  EXPECT_EQ(q.weights, 4 + 1 + 12 + 4 + 1 + 4 + 1);
}

TEST(OpFeatures, MatrixProducts) {
  Builder b;
  EXPECT_EQ(
      b.Of("Gemm", {b.Input({5, 7}), b.Weight({7, 3}), b.Weight({3})}, {TensorType({5, 3})}).flops,
      2 * 5 * 7 * 3 + 15);
  EXPECT_EQ(b.Of("Gemm", {b.Input({7, 5}), b.Weight({3, 7})}, {TensorType({5, 3})},
                 {{"transA", Int(1)}, {"transB", Int(1)}})
                .flops,
            2 * 5 * 7 * 3);
  EXPECT_EQ(
      b.Of("MatMul", {b.Input({2, 1, 4, 8}), b.Input({3, 8, 6})}, {TensorType({2, 3, 4, 6})}).flops,
      2 * (2 * 3 * 4 * 6) * 8);
  EXPECT_EQ(b.Of("MatMul", {b.Input({8}), b.Input({8})}, {TensorType({})}).flops, 16);
  EXPECT_EQ(b.Of("com.microsoft:FusedMatMul", {b.Input({8, 4}), b.Input({8, 6})},
                 {TensorType({4, 6})}, {{"transA", Int(1)}})
                .flops,
            2 * 24 * 8);
  // Weights of 4 bits, two in a byte.
  const OpFeatures q =
      b.Of("com.microsoft:MatMulNBits",
           {b.Input({1, 10, 64}, ElementType::kFloat16), b.Weight({32, 2, 16}, ElementType::kUint8),
            b.Weight({64}, ElementType::kFloat16)},
           {TensorType({1, 10, 32}, ElementType::kFloat16)},
           {{"K", Int(64)}, {"N", Int(32)}, {"bits", Int(4)}, {"block_size", Int(32)}});
  EXPECT_EQ(q.flops, 2 * 10 * 64 * 32);
  EXPECT_EQ(q.dtype, "float16");
  EXPECT_EQ(q.weights, 32 * 2 * 16 + 128);
  EXPECT_EQ(b.Of("MatMulInteger",
                 {b.Input({4, 8}, ElementType::kUint8), b.Input({8, 2}, ElementType::kInt8)},
                 {TensorType({4, 2}, ElementType::kInt32)})
                .dtype,
            "int8");
}

int64_t EinsumFlops(absl::string_view equation, const std::vector<Dims>& operands) {
  return Flops(work::EinsumWork(equation, operands));
}

TEST(OpFeatures, EinsumContractsFromLeftToRight) {
  EXPECT_EQ(EinsumFlops("ij,jk->ik", {{2, 3}, {3, 5}}), 2 * 2 * 3 * 5);
  EXPECT_EQ(EinsumFlops(" i j , j k ", {{2, 3}, {3, 5}}), 2 * 2 * 3 * 5) << "implicit";
  EXPECT_EQ(EinsumFlops("bhid,bhjd->bhij", {{2, 4, 8, 16}, {2, 4, 9, 16}}), 2 * 2 * 4 * 8 * 9 * 16);
  EXPECT_EQ(EinsumFlops("...ij,...jk->...ik", {{7, 2, 3}, {7, 3, 5}}), 2 * 7 * 2 * 3 * 5);
  EXPECT_EQ(EinsumFlops("...ij,jk", {{7, 2, 3}, {3, 5}}), 2 * 7 * 2 * 3 * 5);
  EXPECT_EQ(EinsumFlops("i,j->ij", {{2}, {3}}), 6) << "outer: no sums";
  EXPECT_EQ(EinsumFlops("ij->ji", {{2, 3}}), 0) << "a transposition";
  EXPECT_EQ(EinsumFlops("ij->i", {{2, 3}}), 6);
  EXPECT_EQ(EinsumFlops("ii->i", {{3, 3}}), 0);
  EXPECT_EQ(EinsumFlops("ij,jk,kl->il", {{2, 3}, {3, 5}, {5, 7}}), 2 * (2 * 3 * 5 + 2 * 5 * 7));
  EXPECT_EQ(EinsumFlops(",->", {{}, {}}), 1) << "two scalars";
  for (const char* wrong :
       {"", "ij", "ij,jk,kl->il", "ij,j1->i", "ij,j..->i", "ijk,jk->ik", "->", ",,,"}) {
    EXPECT_EQ(EinsumFlops(wrong, {{2, 3}, {3, 5}}), 0) << wrong;
  }
  EXPECT_EQ(EinsumFlops("i,i->", {}), 0);
  Builder b;
  EXPECT_EQ(b.Of("Einsum", {b.Input({2, 3}), b.Input({3, 5})}, {TensorType({2, 5})},
                 {{"equation", Text("ij,jk->ik")}})
                .flops,
            60);
}

TEST(OpFeatures, RecurrentCellsMultiplyWithAllWeightsEachStep) {
  Builder b;
  // 10 steps, batch 2, 16 inputs, hidden 8, both directions.
  const OpFeatures f =
      b.Of("LSTM", {b.Input({10, 2, 16}), b.Weight({2, 32, 16}), b.Weight({2, 32, 8})},
           {TensorType({10, 2, 2, 8})}, {{"direction", Text("bidirectional")}});
  EXPECT_EQ(f.flops, 20 * (2 * (2 * 32 * 16 + 2 * 32 * 8) + 10 * (2 * 32)));
  EXPECT_EQ(f.weights, 4 * (2 * 32 * 16 + 2 * 32 * 8));
}

TEST(OpFeatures, AttentionInItsForms) {
  Builder b;
  const int64_t core = 2 * 2 * (2 * 4 * 8 * 16) * 8 + 12 * (2 * 4 * 8) * 8;
  const auto tensor = [&b] { return b.Input({2, 8, 64}); };
  EXPECT_EQ(b.Of("Attention", {tensor(), tensor(), tensor()}, {TensorType({2, 8, 64})},
                 {{"q_num_heads", Int(4)}, {"kv_num_heads", Int(4)}})
                .flops,
            core);
  const auto heads = [&b](int64_t n) { return b.Input({2, n, 8, 16}); };
  EXPECT_EQ(b.Of("Attention", {heads(4), heads(2), heads(2)}, {TensorType({2, 4, 8, 16})}).flops,
            core)
      << "grouped queries";
  EXPECT_EQ(b.Of("com.microsoft:MultiHeadAttention", {tensor(), tensor(), tensor()},
                 {TensorType({2, 8, 64})}, {{"num_heads", Int(4)}})
                .flops,
            core);
  // Packed, [batch, positions, heads, 3, head].
  EXPECT_EQ(b.Of("com.microsoft:MultiHeadAttention", {b.Input({2, 8, 4, 3, 16})},
                 {TensorType({2, 8, 64})}, {{"num_heads", Int(4)}})
                .flops,
            core);
  EXPECT_EQ(b.Of("com.microsoft:Attention", {tensor(), b.Weight({64, 192})},
                 {TensorType({2, 8, 64})}, {{"num_heads", Int(4)}})
                .flops,
            core + 2 * 16 * 64 * 192);
  // One new token after 7: 8 keys.
  EXPECT_EQ(b.Of("com.microsoft:GroupQueryAttention",
                 {b.Input({2, 1, 64}), b.Input({2, 1, 32}), b.Input({2, 1, 32}),
                  b.Input({2, 2, 7, 16}), b.Input({2, 2, 7, 16})},
                 {TensorType({2, 1, 64})}, {{"num_heads", Int(4)}, {"kv_num_heads", Int(2)}})
                .flops,
            2 * 2 * (2 * 64) * 8 + 12 * (2 * 4) * 8);
}

TEST(OpFeatures, LinearAttentionUpdatesAStateAtEachPosition) {
  for (const auto& [rule, update] : std::vector<std::pair<std::string, int64_t>>{
           {"linear", 2}, {"gated", 3}, {"delta", 4}, {"gated_delta", 5}}) {
    Builder b;
    // 2 key heads with a state of 8 x 16 each, read by 4 query heads.
    EXPECT_EQ(
        b.Of("LinearAttention", {b.Input({3, 7, 32}), b.Input({3, 7, 16}), b.Input({3, 7, 32})},
             {TensorType({3, 7, 64}), TensorType({3, 2, 8, 16})},
             {{"q_num_heads", Int(4)}, {"kv_num_heads", Int(2)}, {"update_rule", Text(rule)}})
            .flops,
        3 * 7 * (update * 2 * 8 * 16 + 2 * 4 * 8 * 16));
  }
}

TEST(OpFeatures, NewerOperators) {
  Builder b;
  EXPECT_EQ(b.Of("CausalConvWithState", {b.Input({2, 6, 10}), b.Weight({6, 1, 4})},
                 {TensorType({2, 6, 10}), TensorType({2, 6, 3})})
                .flops,
            2 * (2 * 6 * 10) * 4);
  EXPECT_EQ(b.Of("SwiGLU", {b.Input({10}), b.Input({10})}, {TensorType({10})}).flops, 130);
  EXPECT_EQ(b.Of("BitCast", {b.Input({10})}, {TensorType({10})}).family, OpFamily::kNone);
  EXPECT_EQ(b.Of("ai.onnx.preview:FlexAttention",
                 {b.Input({2, 4, 8, 16}), b.Input({2, 4, 8, 16}), b.Input({2, 4, 8, 16})},
                 {TensorType({2, 4, 8, 16})})
                .flops,
            2 * 2 * (2 * 4 * 8 * 16) * 8 + 12 * (2 * 4 * 8) * 8);
  // Two variables: 12 operations per element.
  EXPECT_EQ(b.Of("ai.onnx.preview.training:Adam", {b.Input({})},
                 {TensorType({5}), TensorType({7}), TensorType({5}), TensorType({7}),
                  TensorType({5}), TensorType({7})})
                .flops,
            12 * (5 + 7));
  for (const char* op :
       {"ImageDecoder", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike",
        "Bernoulli", "StringConcat", "StringNormalizer", "StringSplit", "RegexFullMatch",
        "TfIdfVectorizer", "ai.onnx.ml:LabelEncoder", "ai.onnx.ml:CategoryMapper",
        "ai.onnx.ml:DictVectorizer", "ai.onnx.ml:CastMap", "ai.onnx.ml:ZipMap"}) {
    const OpFeatures features = b.Of(op, {b.Input({10})}, {TensorType({10})});
    EXPECT_GT(features.flops, 0) << op;
    EXPECT_NE(features.family, OpFamily::kOther) << op;
  }
}

TEST(OpFeatures, ElementwiseReductionAndWindows) {
  Builder b;
  const OpFeatures relu = b.Of("Relu", {b.Input({10, 10})}, {TensorType({10, 10})});
  EXPECT_EQ(relu.family, OpFamily::kElementwise);
  EXPECT_EQ(relu.flops, 100);
  const ir::ValueId x = b.Input({10});
  const OpFeatures square = b.Of("Mul", {x, x}, {TensorType({10})});
  EXPECT_EQ(square.read, 40) << "each operand once";
  EXPECT_EQ(b.Of("Add", {b.Input({10, 1}), b.Input({1, 10})}, {TensorType({10, 10})}).flops, 100);
  EXPECT_EQ(b.Of("Sum", {x, b.Input({10}), b.Input({10})}, {TensorType({10})}).flops, 20);
  EXPECT_EQ(b.Of("ReduceMean", {b.Input({4, 25})}, {TensorType({4, 1})}).flops, 100);
  EXPECT_EQ(b.Of("MaxPool", {b.Input({1, 2, 8, 8})}, {TensorType({1, 2, 4, 4})},
                 {{"kernel_shape", Ints({3, 3})}})
                .flops,
            9 * 2 * 16);
  EXPECT_EQ(b.Of("Resize", {b.Input({1, 2, 4, 4})}, {TensorType({1, 2, 8, 8})},
                 {{"mode", Text("linear")}})
                .flops,
            8 * 128);
  EXPECT_EQ(b.Of("TopK", {b.Input({100}), b.Weight({1}, ElementType::kInt64)},
                 {TensorType({8}), TensorType({8}, ElementType::kInt64)})
                .flops,
            100 * (1 + 3));
  EXPECT_EQ(b.Of("Det", {b.Input({2, 3, 3})}, {TensorType({2})}).flops, 2 * 2 * 27 / 3);
  const OpFeatures unknown = b.Of("acme:Foo", {b.Input({5})}, {TensorType({7})});
  EXPECT_EQ(unknown.family, OpFamily::kOther);
  EXPECT_EQ(unknown.flops, 0);
  EXPECT_EQ(unknown.read, 20);
  EXPECT_EQ(unknown.written, 28);
}

TEST(OpFeatures, GatherTouchesRowsAndKeepsTheTable) {
  Builder b;
  const OpFeatures f =
      b.Of("Gather", {b.Weight({30522, 768}), b.Input({1, 128}, ElementType::kInt64)},
           {TensorType({1, 128, 768})});
  EXPECT_EQ(f.family, OpFamily::kMovement);
  EXPECT_EQ(f.written, 4 * 128 * 768);
  EXPECT_EQ(f.read, 4 * 128 * 768 + 8 * 128);
  EXPECT_EQ(f.weights, int64_t{4} * 30522 * 768);
  EXPECT_EQ(Traffic(f), f.read + f.written);
  EXPECT_EQ(f.dtype, "float32");
  const OpFeatures slice =
      b.Of("Slice", {b.Input({1000}), b.Weight({1}, ElementType::kInt64)}, {TensorType({10})});
  EXPECT_EQ(slice.read, 40 + 8);
  const OpFeatures concat = b.Of("Concat", {b.Input({10}), b.Weight({20})}, {TensorType({30})});
  EXPECT_EQ(concat.read, 120) << "movement counts the constants that it touches";
  EXPECT_EQ(concat.weights, 80);
  EXPECT_EQ(Traffic(concat), 240);
}

TEST(OpFeatures, ConstantNodesBelongToTheirUsers) {
  Builder b;
  const ir::NodeId constant =
      b.Node("Constant", {}, {TensorType({8, 8})}, {{"value", {b.AddConstant({8, 8}), "", ""}}});
  EXPECT_EQ(b.Features(constant).weights, 0);
  EXPECT_EQ(b.Features(constant).written, 0);
  const OpFeatures f = b.Of("MatMul", {b.Input({2, 8}), b.Result(constant)}, {TensorType({2, 8})});
  EXPECT_EQ(f.weights, 256);
  EXPECT_EQ(f.read, 64);
  // The same constant twice is resident once.
  const ir::ValueId w = b.Weight({4, 4});
  EXPECT_EQ(b.Of("Gemm", {b.Input({4, 4}), w, w}, {TensorType({4, 4})}).weights, 64);
}

TEST(OpFeatures, WhatIsFoldedWhenAModelIsLoadedIsNoWork) {
  Builder b;
  const ir::ValueId w = b.Weight({4, 4});
  const OpFeatures product = b.Of("MatMul", {w, w}, {TensorType({4, 4})});
  EXPECT_EQ(product.family, OpFamily::kNone);
  EXPECT_EQ(product.flops + product.read + product.written + product.weights, 0);
  // Runtimes keep this one.
  EXPECT_EQ(b.Of("DequantizeLinear", {w, w}, {TensorType({4, 4})}).written, 64);
  EXPECT_EQ(b.Of("RandomUniformLike", {w}, {TensorType({4, 4})}).written, 64);
}

TEST(OpFeatures, NamesAndAbsentThings) {
  Builder b;
  const ir::NodeId node =
      b.Node("Clip", {b.Input({3}), ir::ValueId(), ir::ValueId()}, {TensorType({3})});
  b.module.graph.mutable_location(node).index = 12;
  EXPECT_EQ(b.Features(node).name, "Clip#12");
  b.module.graph.mutable_node_name(node) = "clip";
  EXPECT_EQ(b.Features(node).name, "clip");
  EXPECT_EQ(b.Features(node).read, 12);
}

TEST(OpFeatures, UnknownTypesAndNonsenseCountNothing) {
  for (const Operator& op : BuiltinOperators().records()) {
    const std::string name = OperatorName(op);
    Builder b;
    const OpFeatures bare = b.Of(name, {}, {});
    EXPECT_EQ(bare.flops, 0) << name;
    EXPECT_EQ(bare.read + bare.written + bare.weights, 0) << name;
    std::vector<ir::ValueId> unknown;
    for (int i = 0; i < 6; ++i) {
      unknown.push_back(b.module.graph.AddInput("u" + std::to_string(i), ir::Type::Unknown()));
    }
    EXPECT_EQ(b.Of(name, unknown, {ir::Type::Unknown()}).flops, 0) << name;
    // Scalars, empty tensors and huge ones, where anything else is expected.
    for (const Dims& dims :
         {Dims{}, Dims{0}, Dims{0, 0, 0}, Dims{0, 5, 0, 5}, Dims{1, 1, 1, 1, 1, 1},
          Dims{int64_t{1} << 40, int64_t{1} << 40, int64_t{1} << 40},
          Dims{int64_t{1} << 62, 3, 3, int64_t{1} << 62}}) {
      std::vector<ir::ValueId> operands;
      for (int i = 0; i < 8; ++i) operands.push_back(b.Input(dims));
      const OpFeatures f = b.Of(name, operands, {TensorType(dims), TensorType(dims)},
                                {{"kernel_shape", Ints({-1, 0, int64_t{1} << 62})},
                                 {"num_heads", Int(0)},
                                 {"axis", Int(-9)},
                                 {"size", Int(-5)},
                                 {"equation", Text("ij...,..j->")}});
      EXPECT_GE(f.flops, 0) << name;
      EXPECT_GE(f.read, 0) << name;
      EXPECT_GE(f.written, 0) << name;
    }
  }
}

TEST(OpFeatures, SumsSaturate) {
  Builder b;
  const Dims huge = {int64_t{1} << 40, int64_t{1} << 40};
  const OpFeatures f = b.Of("MatMul", {b.Input(huge), b.Input(huge)}, {TensorType(huge)});
  EXPECT_EQ(f.flops, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(f.written, std::numeric_limits<int64_t>::max());
}

TEST(OpDtype, QuantizedPatternsRunInIntegers) {
  Builder b;
  const auto dequantize = [&b](ir::ValueId x, const Dims& dims) {
    return b.Result(b.Node("DequantizeLinear", {x, b.Weight({})}, {TensorType(dims)}));
  };
  const ir::ValueId x = dequantize(b.Input({1, 3, 8, 8}, ElementType::kUint8), {1, 3, 8, 8});
  const ir::ValueId w = dequantize(b.Weight({4, 3, 1, 1}, ElementType::kInt8), {4, 3, 1, 1});
  const ir::NodeId conv = b.Node("Conv", {x, w}, {TensorType({1, 4, 8, 8})});
  EXPECT_EQ(b.Features(conv).dtype, "int8");
  // Weights only: the product itself is in floating point.
  EXPECT_EQ(b.Of("Conv", {b.Input({1, 3, 8, 8}), w}, {TensorType({1, 4, 8, 8})}).dtype, "float32");
  const ir::NodeId pool = b.Node("AveragePool", {x}, {TensorType({1, 3, 4, 4})});
  EXPECT_EQ(b.Features(pool).dtype, "float32") << "nobody quantizes it again";
  const ir::NodeId quantize = b.Node("QuantizeLinear", {b.Result(pool), b.Weight({})},
                                     {TensorType({1, 3, 4, 4}, ElementType::kUint8)});
  EXPECT_EQ(b.Features(pool).dtype, "int8");
  EXPECT_EQ(b.Features(quantize).dtype, "int8");
}

TEST(OpDtype, FloatingPointWins) {
  Builder b;
  EXPECT_EQ(b.Of("Where", {b.Input({3}, ElementType::kBool), b.Input({3}), b.Input({3})},
                 {TensorType({3})})
                .dtype,
            "float32");
  EXPECT_EQ(
      b.Of("Cast", {b.Input({3}, ElementType::kInt64)}, {TensorType({3}, ElementType::kFloat16)})
          .dtype,
      "float16");
  EXPECT_EQ(
      b.Of("Equal", {b.Input({3}, ElementType::kFloat16), b.Input({3}, ElementType::kFloat16)},
           {TensorType({3}, ElementType::kBool)})
          .dtype,
      "float16");
  EXPECT_EQ(b.Of("Add", {b.Input({3}, ElementType::kInt64), b.Input({3}, ElementType::kInt64)},
                 {TensorType({3}, ElementType::kInt64)})
                .dtype,
            "int64");
}

TEST(ShapeWork, IsWhatDependsOnShapesAloneAndIsSmall) {
  Builder b;
  const ElementType i64 = ElementType::kInt64;
  const ir::ValueId x = b.Input({1, 3, 224, 224});
  const ir::NodeId shape = b.Node("Shape", {x}, {TensorType({4}, i64)});
  const ir::NodeId gather =
      b.Node("Gather", {b.Result(shape), b.Weight({}, i64)}, {TensorType({}, i64)});
  const ir::NodeId cast = b.Node("Cast", {b.Result(gather)}, {TensorType({})});
  const ir::NodeId mixed = b.Node("Mul", {b.Result(cast), x}, {TensorType({1, 3, 224, 224})});
  const ir::NodeId zeros = b.Node("ConstantOfShape", {b.Result(shape)}, {TensorType({1, 2, 4, 4})});
  const ir::NodeId range = b.Node("Range", {b.Weight({}, i64), b.Result(gather), b.Weight({}, i64)},
                                  {TensorType({224}, i64)});
  const ir::NodeId reshape =
      b.Node("Reshape", {x, b.Result(shape)}, {TensorType({1, 3, 224, 224})});
  const ir::NodeId constants =
      b.Node("Add", {b.Weight({4}, i64), b.Weight({4}, i64)}, {TensorType({4}, i64)});
  const ir::NodeId data =
      b.Node("Add", {b.Input({4}, i64), b.Result(shape)}, {TensorType({4}, i64)});
  const IdVector<ir::NodeId, OpFeatures> f = FeaturesOfGraph(b.module, InferredTypes()).value();
  EXPECT_TRUE(f[shape].integer_shape_work);
  EXPECT_EQ(f[shape].read, 32) << "it does not read the data";
  EXPECT_TRUE(f[gather].integer_shape_work);
  EXPECT_TRUE(f[cast].integer_shape_work);
  EXPECT_FALSE(f[mixed].integer_shape_work);
  EXPECT_FALSE(f[zeros].integer_shape_work);
  EXPECT_FALSE(f[range].integer_shape_work);
  EXPECT_FALSE(f[reshape].integer_shape_work);
  EXPECT_FALSE(f[constants].integer_shape_work);
  EXPECT_FALSE(f[data].integer_shape_work);
}

// A body that captures a matrix and multiplies with it, and with one of its own.
ir::Graph Body(Builder& b, int num_inputs) {
  ir::Graph body;
  b.SwitchTo(&body);
  for (int i = 0; i + 1 < num_inputs; ++i) b.Input({}, ElementType::kInt64);
  const ir::ValueId x = b.Input({2, 8});
  const ir::ValueId captured = body.AddCapture("captured", TensorType({8, 8}));
  const ir::NodeId first = b.Node("MatMul", {x, captured}, {TensorType({2, 8})});
  const ir::NodeId second =
      b.Node("MatMul", {b.Result(first), b.Weight({8, 8})}, {TensorType({2, 8})});
  body.SetOutputs({b.Result(second)});
  b.SwitchTo(nullptr);
  return body;
}

TEST(OpFeatures, LoopsCountTheirBodyByTrips) {
  Builder b;
  const ir::ValueId w = b.Weight({8, 8});
  std::vector<ir::Graph> regions;
  regions.push_back(Body(b, 3));
  const ir::NodeId loop =
      b.Node("Loop", {ir::ValueId(), ir::ValueId(), b.Input({2, 8})}, {TensorType({2, 8})},
             {{"body", {ir::RegionIndex{0}, "", ""}}}, std::move(regions), {w});
  const OpFeatures guessed = b.Features(loop);
  EXPECT_EQ(guessed.family, OpFamily::kControl);
  const int64_t product = 2 * 2 * 8 * 8;
  EXPECT_EQ(guessed.flops, kGuessedTrips * 2 * product);
  EXPECT_EQ(guessed.launches, kGuessedTrips * 2);
  EXPECT_EQ(guessed.weights, 256 + 256) << "resident once";
  // Each trip reads two activations and both matrices.
  EXPECT_EQ(guessed.read, kGuessedTrips * (64 + 256 + 64 + 256));
  EXPECT_EQ(guessed.written, kGuessedTrips * (64 + 64));
  EXPECT_EQ(Traffic(guessed), guessed.read + guessed.written);
  EXPECT_FALSE(guessed.integer_shape_work);

  InferredTypes types;
  GraphTypes main, body;
  main.bodies[loop] = {InstanceId(1)};
  body.iterations = 3;
  types.graphs.Add(main);
  types.graphs.Add(body);
  EXPECT_EQ(FeaturesOf(b.module, loop, types).flops, 3 * 2 * product);
}

TEST(OpFeatures, IfCountsItsCostlierBranchUnlessOneIsKnown) {
  Builder b;
  const ir::ValueId w = b.Weight({8, 8});
  ir::Graph light;
  b.SwitchTo(&light);
  light.AddCapture("captured", TensorType({8, 8}));
  const ir::NodeId relu = b.Node("Relu", {b.Weight({3})}, {TensorType({3})});
  light.SetOutputs({b.Result(relu)});
  b.SwitchTo(nullptr);
  std::vector<ir::Graph> regions;
  regions.push_back(std::move(light));
  regions.push_back(Body(b, 1));
  const ir::NodeId node = b.Node("If", {b.Input({}, ElementType::kBool)}, {TensorType({2, 8})}, {},
                                 std::move(regions), {w});
  EXPECT_EQ(b.Features(node).flops, 2 * 2 * 2 * 8 * 8);
  EXPECT_EQ(b.Features(node).weights, 256 + 12 + 256) << "both branches are resident";
  InferredTypes types;
  GraphTypes main, taken, not_taken;
  main.bodies[node] = {InstanceId(1), InstanceId(2)};
  taken.iterations = 1;
  not_taken.iterations = 0;
  types.graphs.Add(main);
  types.graphs.Add(taken);
  types.graphs.Add(not_taken);
  EXPECT_EQ(FeaturesOf(b.module, node, types).flops, 3);
}

TEST(OpFeatures, CallsCountTheirFunction) {
  Builder b;
  ir::Function function;
  function.domain = "local";
  function.name = "Twice";
  b.SwitchTo(&function.body);
  const ir::ValueId x = b.Input({-1, -1}), w = b.Input({-1, -1});
  ir::AttributeMap reference;
  reference["transA"] = {ir::AttributeReference{"t", 2}, "", ""};
  const ir::NodeId first = b.Node("Gemm", {x, w}, {TensorType({-1, -1})}, reference);
  const ir::NodeId second = b.Node("Relu", {b.Result(first)}, {TensorType({-1, -1})});
  function.body.SetOutputs({b.Result(second)});
  b.SwitchTo(nullptr);
  b.module.functions.push_back(std::move(function));
  const ir::NodeId call = b.Node("local:Twice", {b.Input({8, 2}), b.Weight({8, 4})},
                                 {TensorType({2, 4})}, {{"t", Int(1)}});
  const OpFeatures blind = b.Features(call);
  EXPECT_EQ(blind.family, OpFamily::kControl);
  EXPECT_EQ(blind.flops, 0);
  EXPECT_EQ(blind.weights, 128);
  EXPECT_EQ(blind.read, 64 + 128);

  InferredTypes types;
  GraphTypes main, body;
  main.bodies[call] = {InstanceId(1)};
  body.types.resize(4);
  body.types[x] = TensorType({8, 2});
  body.types[w] = TensorType({8, 4});
  body.types[ir::ValueId(2)] = body.types[ir::ValueId(3)] = TensorType({2, 4});
  body.arguments["t"] = Int(1);
  types.graphs.Add(main);
  types.graphs.Add(body);
  const OpFeatures seen = FeaturesOf(b.module, call, types);
  EXPECT_EQ(seen.flops, 2 * 2 * 8 * 4 + 8);
  EXPECT_EQ(seen.launches, 2);
  EXPECT_EQ(seen.weights, 128);
  EXPECT_EQ(seen.dtype, "float32");
}

}  // namespace
}  // namespace allot
