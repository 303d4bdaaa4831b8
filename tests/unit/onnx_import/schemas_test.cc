#include <map>

#include "gmock/gmock.h"
#include "onnx/defs/schema.h"

#include "onnx_import/import.h"
#include "support/random.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using Operand = ir::OperatorSchemas::Operand;
using Types = std::vector<ir::Type>;

ir::Type Tensor(const std::vector<int64_t>& dims,
                ir::ElementType element = ir::ElementType::kFloat) {
  ir::Shape shape;
  for (int64_t dim : dims) shape.push_back(dim < 0 ? ir::Dim::Unknown() : ir::Dim::Known(dim));
  return ir::Type::Tensor(element, std::move(shape));
}

Operand Of(ir::Type type) {
  Operand operand;
  operand.type = std::move(type);
  operand.present = true;
  return operand;
}

Operand Integers(const std::vector<int64_t>& elements) {
  Operand operand = Of(Tensor({int64_t(elements.size())}, ir::ElementType::kInt64));
  operand.integers = elements;
  operand.integer_dims = {int64_t(elements.size())};
  return operand;
}

class SchemasTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::optional<Types>> Infer(const std::string& op_type, int64_t version,
                                             const std::vector<Operand>& operands,
                                             size_t num_results = 1) {
    ir::Node node;
    node.op_type = op_type;
    node.domain = domain_;
    node.attributes = attributes_;
    ir::Graph graph;
    const std::vector<ir::Graph::Result> results(num_results);
    const ir::NodeId id = graph.AddNode(node, results);
    return schemas_->InferTypes(module_, graph.node(id), version, operands);
  }

  // The type of the only result, which must be known to the library.
  ir::Type InferOne(const std::string& op_type, int64_t version,
                    const std::vector<Operand>& operands) {
    const auto types = Infer(op_type, version, operands);
    EXPECT_TRUE(types.ok()) << types.status();
    if (!types.ok()) return ir::Type();
    EXPECT_TRUE(types->has_value()) << op_type << " is not trusted at " << version;
    return types->has_value() ? (**types)[0] : ir::Type();
  }

  bool Trusted(const std::string& op_type, int64_t version, const std::vector<Operand>& operands) {
    const auto types = Infer(op_type, version, operands);
    return types.ok() && types->has_value();
  }

  void Set(const std::string& name, ir::AttributeValue value) {
    attributes_[name].value = std::move(value);
  }

  ir::Module module_;
  ir::AttributeMap attributes_;
  std::string domain_;
  std::unique_ptr<ir::OperatorSchemas> schemas_ = MakeOnnxSchemas();
};

TEST_F(SchemasTest, InfersShapes) {
  EXPECT_EQ(InferOne("MatMul", 13, {Of(Tensor({2, 3})), Of(Tensor({3, 4}))}), Tensor({2, 4}));
  EXPECT_EQ(InferOne("Reshape", 14, {Of(Tensor({2, 6})), Integers({3, -1})}), Tensor({3, 4}));
  ir::Type symbolic = Tensor({2, 3});
  (*symbolic.shape)[0] = ir::Dim::Symbol("N");
  EXPECT_EQ(InferOne("Relu", 24, {Of(symbolic)}), symbolic);
  Set("kernel_shape", std::vector<int64_t>{3, 3});
  EXPECT_EQ(InferOne("Conv", 22, {Of(Tensor({1, 3, 8, 8})), Of(Tensor({4, 3, 3, 3}))}),
            Tensor({1, 4, 6, 6}));
}

TEST_F(SchemasTest, InfersConstants) {
  ir::Constant constant;
  constant.element = ir::ElementType::kInt4;
  constant.dims = {6};
  constant.storage = ir::FileBytes{};
  Set("value", module_.constants.Add(constant));
  EXPECT_EQ(InferOne("Constant", 21, {}), Tensor({6}, ir::ElementType::kInt4));
  constant.storage = ir::OpaqueTensor{nullptr, /*sparse=*/true};
  attributes_.clear();
  Set("sparse_value", module_.constants.Add(constant));
  EXPECT_EQ(InferOne("Constant", 13, {}), Tensor({6}, ir::ElementType::kInt4));
  attributes_.clear();
  Set("value_ints", std::vector<int64_t>{1, 2, 3});
  EXPECT_EQ(InferOne("Constant", 13, {}), Tensor({3}, ir::ElementType::kInt64));
}

TEST_F(SchemasTest, ReportsContradictions) {
  const auto types = Infer("MatMul", 13, {Of(Tensor({2, 3})), Of(Tensor({4, 4}))});
  ASSERT_FALSE(types.ok());
  EXPECT_EQ(types.status().message(), "MatMul: incompatible dimensions for matrix multiplication");
  // Not when a shape is missing: then the rule may only have missed something.
  ir::Type unranked = Tensor({});
  unranked.shape.reset();
  EXPECT_TRUE(Infer("Add", 14, {Of(Tensor({2})), Of(unranked)}).ok());
  EXPECT_TRUE(Infer("Add", 14, {Of(Tensor({2})), Of(ir::Type())}).ok());
}

TEST_F(SchemasTest, KnowsOperatorsThatAreDefinedByOthers) {
  const std::vector<Operand> operands = {Of(Tensor({2, 1})), Of(Tensor({3}))};
  for (const char* op_type : {"LessOrEqual", "GreaterOrEqual"}) {
    EXPECT_EQ(InferOne(op_type, 16, operands), Tensor({2, 3}, ir::ElementType::kBool)) << op_type;
  }
  EXPECT_EQ(InferOne("MeanVarianceNormalization", 13, {operands[0]}), Tensor({2, 1}));
}

TEST_F(SchemasTest, KnowsNothingOfOthers) {
  EXPECT_FALSE(Trusted("Gelu", 20, {Of(Tensor({2}))}));
  EXPECT_FALSE(Trusted("NoSuchOperator", 17, {Of(Tensor({2}))}));
  EXPECT_FALSE(Trusted("Relu", 0, {Of(Tensor({2}))}));
  EXPECT_FALSE(Trusted("Relu", 1000, {Of(Tensor({2}))})) << "nobody has looked at it yet";
  EXPECT_TRUE(Trusted("Relu", 28, {Of(Tensor({2}))}));
  EXPECT_FALSE(Trusted("Upsample", 10, {Of(Tensor({1, 1, 2, 2})), Of(Tensor({4}))}))
      << "deprecated";
  EXPECT_FALSE(Trusted("If", 16, {Of(Tensor({}, ir::ElementType::kBool))}));
  domain_ = "com.microsoft";
  EXPECT_FALSE(Trusted("Relu", 17, {Of(Tensor({2}))}));
}

TEST_F(SchemasTest, KnowsClassicalOperators) {
  domain_ = "ai.onnx.ml";
  Set("cats_int64s", std::vector<int64_t>{1});
  Set("cats_strings", std::vector<std::string>{"a"});
  const Operand text = Of(Tensor({2, 3}, ir::ElementType::kString));
  EXPECT_EQ(InferOne("CategoryMapper", 1, {text}).element, ir::ElementType::kInt64);
  EXPECT_EQ(InferOne("CategoryMapper", 5, {text}).element, ir::ElementType::kInt64);
  EXPECT_FALSE(Trusted("CategoryMapper", 6, {text}));
  EXPECT_FALSE(Trusted("LabelEncoder", 4, {Of(Tensor({2, 3}))}));
}

// What changed after opset 17 must not be judged by the old rule.
TEST_F(SchemasTest, DistrustsRulesThatChanged) {
  const std::vector<Operand> image = {Of(Tensor({1, 1, 8, 8}))};
  Set("kernel_shape", std::vector<int64_t>{3, 3});
  EXPECT_EQ(InferOne("AveragePool", 19, image), Tensor({1, 1, 6, 6}));
  Set("dilations", std::vector<int64_t>{2, 2});
  EXPECT_FALSE(Trusted("AveragePool", 19, image));
  EXPECT_FALSE(Trusted("AveragePool", 22, image));
  EXPECT_FALSE(Trusted("LpPool", 18, image));
  EXPECT_TRUE(Trusted("MaxPool", 22, image)) << "it had dilations before";

  attributes_.clear();
  EXPECT_FALSE(Trusted("DFT", 20, {Of(Tensor({1, 8, 1}))}));
  EXPECT_TRUE(Trusted("DFT", 17, {Of(Tensor({1, 8, 1}))}));
  EXPECT_FALSE(Trusted("STFT", 17, {Of(Tensor({1, 8, 1})), Integers({2})}))
      << "its rule is wrong where onesided is left out";

  const std::vector<Operand> split = {Of(Tensor({7})), Integers({3, 4})};
  const auto halves = Infer("Split", 18, split, 2);
  ASSERT_TRUE(halves.ok() && halves->has_value());
  EXPECT_EQ((**halves)[1], Tensor({4}));
  EXPECT_FALSE(Trusted("Split", 18, {split[0]}));
  Set("num_outputs", int64_t{2});
  EXPECT_FALSE(Trusted("Split", 18, {split[0]}));

  attributes_.clear();
  EXPECT_TRUE(Trusted("Pad", 18, {Of(Tensor({2})), Integers({1, 1})}));
  EXPECT_FALSE(Trusted("Pad", 18, {Of(Tensor({2})), Integers({1, 1}), Operand(), Integers({0})}));

  const Operand byte = Of(Tensor({4}, ir::ElementType::kInt8));
  EXPECT_EQ(InferOne("DequantizeLinear", 19, {byte, Of(Tensor({}))}), Tensor({4}));
  EXPECT_FALSE(Trusted("DequantizeLinear", 19, {byte, Of(Tensor({}, ir::ElementType::kFloat16))}));
  Set("output_dtype", int64_t{10});
  EXPECT_FALSE(Trusted("QuantizeLinear", 21, {Of(Tensor({4})), Of(Tensor({}))}));
}

TEST_F(SchemasTest, ReadsAxesOfNewReductions) {
  for (const char* op_type : {"ReduceMean", "ReduceMax", "ReduceL2", "ReduceLogSumExp"}) {
    EXPECT_EQ(InferOne(op_type, 18, {Of(Tensor({2, 3, 4})), Integers({1})}), Tensor({2, 1, 4}))
        << op_type;
    EXPECT_EQ(InferOne(op_type, 20, {Of(Tensor({2, 3}))}), Tensor({1, 1})) << op_type;
  }
  Set("axes", std::vector<int64_t>{1});
  EXPECT_EQ(InferOne("ReduceMean", 13, {Of(Tensor({2, 3}))}), Tensor({2, 1}));
}

TEST_F(SchemasTest, IsSilentWhereTheNodeIsWrong) {
  const auto unknown = [&](const std::string& op_type, const std::vector<Operand>& operands) {
    return InferOne(op_type, 17, operands).kind == ir::Type::Kind::kUnknown;
  };
  EXPECT_TRUE(unknown("Relu", {})) << "too few operands";
  EXPECT_TRUE(unknown("Relu", {Operand()})) << "a required one is absent";
  EXPECT_TRUE(unknown("Relu", {Of(ir::Type::Sequence(Tensor({1})))}));
  EXPECT_TRUE(unknown("Transpose", {Of(Tensor({1})), Of(Tensor({1}))}));
  Set("perm", std::string("ab"));
  EXPECT_TRUE(unknown("Transpose", {Of(Tensor({1}))})) << "an attribute of another type";
  attributes_.clear();
  EXPECT_TRUE(unknown("Cast", {Of(Tensor({1}))})) << "'to' is missing";
  Set("to", int64_t{23});  // newer than the library
  EXPECT_TRUE(unknown("Cast", {Of(Tensor({1}))}));
  Set("to", ir::AttributeReference{"t", 2});
  EXPECT_TRUE(unknown("Cast", {Of(Tensor({1}))})) << "it differs from call to call";
}

// --- every rule on random nodes ---

class RandomNodes {
 public:
  explicit RandomNodes(uint64_t seed) : random_(seed) {}

  ir::Type Type(int depth = 0) {
    switch (random_.Below(20)) {
      case 0:
        return ir::Type();
      case 1:
        if (depth < 3) return ir::Type::Sequence(Type(depth + 1));
        break;
      case 2:
        if (depth < 3) return ir::Type::Optional(Type(depth + 1));
        break;
      default:
        break;
    }
    const auto element = ir::ElementType(random_.Below(3) > 0 ? 1 : int32_t(random_.Below(27)));
    ir::Type type = ir::Type::Tensor(element, std::nullopt);
    if (random_.Below(10) == 0) type.kind = ir::Type::Kind::kSparseTensor;
    if (random_.Below(10) == 0) return type;
    type.shape.emplace();
    for (int64_t i = random_.Below(random_.Below(4) > 0 ? 5 : 9); i > 0; --i) {
      type.shape->push_back(Dimension());
    }
    return type;
  }

  Operand MakeOperand() {
    Operand operand;
    operand.present = random_.Below(12) > 0;
    if (!operand.present) return operand;
    operand.type = Type();
    if (random_.Below(2) > 0) return operand;
    const int64_t count = random_.Below(6);
    if (random_.Below(3) > 0) operand.type = Tensor({count}, ir::ElementType::kInt64);
    operand.integers.emplace();
    for (int64_t i = 0; i < count; ++i) operand.integers->push_back(Integer());
    if (count != 1 || random_.Below(2) > 0) operand.integer_dims = {count};
    return operand;
  }

  std::optional<ir::AttributeValue> Value(onnx::AttributeProto::AttributeType type,
                                          ir::Module& module) {
    switch (type) {
      case onnx::AttributeProto::INT:
        return Integer();
      case onnx::AttributeProto::FLOAT:
        return float(Integer());
      case onnx::AttributeProto::STRING:
        return Word();
      case onnx::AttributeProto::INTS: {
        std::vector<int64_t> list;
        for (int64_t i = random_.Below(6); i > 0; --i) list.push_back(Integer());
        return list;
      }
      case onnx::AttributeProto::FLOATS:
        return std::vector<float>(size_t(random_.Below(5)), 2.0f);
      case onnx::AttributeProto::STRINGS:
        return std::vector<std::string>(size_t(random_.Below(5)), Word());
      case onnx::AttributeProto::TENSOR: {
        ir::Constant constant;
        constant.element = ir::ElementType(1 + random_.Below(26));
        for (int64_t i = random_.Below(3); i > 0; --i) constant.dims.push_back(random_.Below(4));
        constant.storage =
            ir::InlineBytes{std::make_shared<const std::string>(size_t(constant.bytes()), '\1')};
        return module.constants.Add(constant);
      }
      default:
        return std::nullopt;
    }
  }

  int64_t Below(int64_t bound) { return random_.Below(bound); }

 private:
  ir::Dim Dimension() {
    switch (random_.Below(8)) {
      case 0:
        return ir::Dim::Unknown();
      case 1:
        return ir::Dim::Symbol("N");
      case 2:
        return ir::Dim::Known(random_.Below(2) > 0 ? 0 : int64_t{1} << random_.Below(63));
      default:
        return ir::Dim::Known(random_.Below(7));
    }
  }

  int64_t Integer() {
    switch (random_.Below(10)) {
      case 0:
        return std::numeric_limits<int64_t>::min();
      case 1:
        return std::numeric_limits<int64_t>::max();
      case 2:
        return random_.Below(40) - 20;
      default:
        return random_.Below(7) - 2;
    }
  }

  std::string Word() {
    static constexpr const char* kWords[] = {"SAME_UPPER", "VALID",   "ij,jk->ik", "...i->...",
                                             "->",         ",,,",     "forward",   "bidirectional",
                                             "DCR",        "linear",  "",          "i,,j->k",
                                             "constant",   "stretch", "sum",       "bij,bjk"};
    return kWords[random_.Below(std::size(kWords))];
  }

  Random random_;
};

// The rules are not ours and crash readily; nothing may reach them that they cannot bear.
TEST_F(SchemasTest, NoNodeCrashesARule) {
  int64_t known = 0;
  for (const onnx::OpSchema& schema : onnx::OpSchemaRegistry::get_all_schemas_with_history()) {
    if (schema.domain() != "" && schema.domain() != "ai.onnx.ml") continue;
    RandomNodes random(uint64_t(schema.since_version()));
    for (int round = 0; round < 150; ++round) {
      module_.constants.clear();
      attributes_.clear();
      domain_ = schema.domain();
      const auto count = [&](int least, int most) {
        return size_t(least + random.Below(std::min(most, least + 3) - least + 1));
      };
      std::vector<Operand> operands(count(schema.min_input(), schema.max_input()));
      for (Operand& operand : operands) operand = random.MakeOperand();
      for (const auto& [name, stated] : schema.attributes()) {
        if (!stated.required && random.Below(2) > 0) continue;
        if (auto value = random.Value(stated.type, module_)) Set(name, *std::move(value));
      }
      const auto types = Infer(schema.Name(), schema.since_version(), operands,
                               count(schema.min_output(), schema.max_output()));
      if (!types.ok()) {
        EXPECT_THAT(std::string(types.status().message()), HasSubstr(schema.Name() + ": "));
        EXPECT_EQ(types.status().message().find('\n'), absl::string_view::npos);
      } else if (types->has_value()) {
        for (const ir::Type& type : **types) known += type.kind != ir::Type::Kind::kUnknown;
      }
    }
  }
  EXPECT_GT(known, 10'000) << "too few nodes were sound enough to test anything";
}

}  // namespace
}  // namespace allot
