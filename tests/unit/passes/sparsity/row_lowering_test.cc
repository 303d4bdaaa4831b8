// Divided networks compute what whole ones do, and send what was counted: by an interpreter for the
// few operators that there are, in numbers that floats hold exactly.
#include "passes/sparsity/row_lowering.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/verify.h"
#include "passes/sparsity/tensor_bytes.h"
#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/search/divide.h"
#include "support/random.h"

namespace allot {
namespace {

struct Matrix {
  std::vector<int64_t> dims;
  std::vector<double> elements;
  friend bool operator==(const Matrix&, const Matrix&) = default;

  int64_t rows() const { return dims.size() == 2 ? dims[0] : 1; }
  int64_t columns() const { return dims.empty() ? 1 : dims.back(); }
  // Broadcast.
  double At(int64_t row, int64_t column) const {
    const int64_t r = rows() == 1 ? 0 : row, c = columns() == 1 ? 0 : column;
    return elements[static_cast<size_t>(r * columns() + c)];
  }
};

template <typename T>
std::vector<double> Numbers(const std::string& bytes) {
  std::vector<T> numbers(bytes.size() / sizeof(T));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return {numbers.begin(), numbers.end()};
}

class Interpreter {
 public:
  explicit Interpreter(const ir::Module& module) : module_(module) {}

  // The values of the outputs.
  std::vector<Matrix> Run(const std::map<std::string, Matrix>& inputs) {
    const ir::Graph& graph = module_.graph;
    for (const ir::ValueId id : graph.inputs()) values_[id] = inputs.at(graph.value(id).name);
    for (const ir::ValueId id : graph.initializers()) {
      const ir::Constant& constant = module_.constants[graph.value(id).constant];
      const std::string bytes = *ReadElements(module_, constant, 1 << 30);
      values_[id] = {constant.dims,
                     constant.element == ir::ElementType::kFloat  ? Numbers<float>(bytes)
                     : constant.element == ir::ElementType::kInt8 ? Numbers<int8_t>(bytes)
                                                                  : Numbers<int64_t>(bytes)};
    }
    for (const ir::NodeId id : graph.nodes()) {
      values_[graph.node(id).results[0]] = Compute(graph.node(id));
    }
    std::vector<Matrix> outputs;
    for (const ir::ValueId id : graph.outputs()) outputs.push_back(values_.at(id));
    return outputs;
  }

  const Matrix& Value(ir::ValueId id) const { return values_.at(id); }

 private:
  template <typename Of>
  static Matrix Make(int64_t rows, int64_t columns, Of of) {
    Matrix result = {{rows, columns}, {}};
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) result.elements.push_back(of(r, c));
    }
    return result;
  }

  Matrix Compute(const ir::Node& node) {
    std::vector<Matrix> in;
    for (const ir::ValueId operand : node.operands) in.push_back(values_.at(operand));
    const Matrix& a = in[0];
    const auto flag = [&](const char* name) {
      const auto* const found = FindAttribute<int64_t>(node.attributes, name);
      return found == nullptr ? 0 : *found;
    };
    if (node.op_type == "MatMul" || node.op_type == "Gemm") {
      const Matrix& b = in[1];
      const bool left = flag("transA") != 0, right = flag("transB") != 0;
      const int64_t rows = left ? a.columns() : a.rows(), inner = left ? a.rows() : a.columns();
      return Make(rows, right ? b.rows() : b.columns(), [&](int64_t r, int64_t c) {
        double sum = in.size() > 2 ? in[2].At(r, c) : 0;
        for (int64_t k = 0; k < inner; ++k)
          sum += (left ? a.At(k, r) : a.At(r, k)) * (right ? b.At(c, k) : b.At(k, c));
        return sum;
      });
    }
    if (node.op_type == "Identity") return a;
    if (node.op_type == "Transpose") {
      return Make(a.columns(), a.rows(), [&](int64_t r, int64_t c) { return a.At(c, r); });
    }
    if (node.op_type == "Gather") {
      const auto& index = in[1].elements;
      const auto count = static_cast<int64_t>(index.size());
      const auto at = [&](int64_t i) {
        return static_cast<int64_t>(index[static_cast<size_t>(i)]);
      };
      if (flag("axis") == 0) {
        return Make(count, a.columns(), [&](int64_t r, int64_t c) { return a.At(at(r), c); });
      }
      return Make(a.rows(), count, [&](int64_t r, int64_t c) { return a.At(r, at(c)); });
    }
    if (node.op_type == "Concat") {
      if (flag("axis") == 1) {
        int64_t columns = 0;
        for (const Matrix& piece : in) columns += piece.columns();
        return Make(a.rows(), columns, [&](int64_t r, int64_t c) {
          size_t piece = 0;
          while (c >= in[piece].columns()) c -= in[piece++].columns();
          return in[piece].At(r, c);
        });
      }
      Matrix joined = {{0, a.columns()}, {}};
      for (const Matrix& piece : in) {
        EXPECT_EQ(piece.columns(), a.columns());
        joined.dims[0] += piece.rows();
        joined.elements.insert(joined.elements.end(), piece.elements.begin(), piece.elements.end());
      }
      return joined;
    }
    if (node.op_type == "DequantizeLinear") {
      return Make(a.rows(), a.columns(), [&](int64_t r, int64_t c) {
        const int64_t along = flag("axis") == 0 ? r : c;
        return (a.At(r, c) - in[2].At(0, along)) * in[1].At(0, along);
      });
    }
    const Matrix& b = in.size() > 1 ? in[1] : a;
    return Make(std::max(a.rows(), b.rows()), std::max(a.columns(), b.columns()),
                [&](int64_t r, int64_t c) {
                  if (node.op_type == "Add") return a.At(r, c) + b.At(r, c);
                  if (node.op_type == "Mul") return a.At(r, c) * b.At(r, c);
                  if (node.op_type == "Sub") return a.At(r, c) - b.At(r, c);
                  EXPECT_EQ(node.op_type, "Relu");
                  return std::max(a.At(r, c), 0.0);
                });
  }

  const ir::Module& module_;
  std::map<ir::ValueId, Matrix> values_;
};

// A network of layers that are drawn, with all that a layer may have.
class Network {
 public:
  explicit Network(uint64_t seed) : random_(seed) {
    module_.opset_imports = {{"", 17}};
    width_ = 4 * random_.Between(2, 6);
    ir::ValueId x = module_.graph.AddInput("x", Type());
    std::vector<ir::ValueId> before;
    const int64_t layers = random_.Between(2, 4);
    for (int64_t l = 0; l < layers; ++l) {
      before.push_back(x);
      x = Layer(x);
      if (random_.Below(2) == 0) x = Op("Relu", {x});
      if (random_.Below(3) == 0)
        x = Op("Add", {before[static_cast<size_t>(random_.Below(l + 1))], x});
      if (random_.Below(3) == 0) x = Op("Sub", {Vector(1), x});
      if (random_.Below(4) == 0) also_ = x;
    }
    std::vector<ir::ValueId> outputs = {x};
    if (also_.valid() && also_ != x) outputs.push_back(also_);
    module_.graph.SetOutputs(outputs);
    EXPECT_TRUE(module_.graph.Compact());
  }

  ir::Module& module() { return module_; }
  Matrix Inputs() {
    Matrix inputs = {{3, width_}, {}};
    for (int64_t i = 0; i < 3 * width_; ++i) {
      inputs.elements.push_back(static_cast<double>(random_.Between(-3, 3)));
    }
    return inputs;
  }

 private:
  ir::Type Type() const {
    return ir::Type::Tensor(ir::ElementType::kFloat,
                            ir::Shape{ir::Dim::Symbol("batch"), ir::Dim::Known(width_)});
  }

  template <typename T>
  ir::ValueId Constant(ir::ElementType element, std::vector<int64_t> dims,
                       const std::vector<T>& of) {
    ir::Constant constant;
    constant.element = element;
    constant.dims = std::move(dims);
    constant.storage = ir::InlineBytes{std::make_shared<const std::string>(
        reinterpret_cast<const char*>(of.data()), of.size() * sizeof(T))};
    const ir::Type type = constant.type();
    return module_.graph.AddInitializer(absl::StrCat("c", ++count_), type,
                                        module_.constants.Add(std::move(constant)));
  }
  ir::ValueId Vector(int64_t least) {
    std::vector<float> of;
    for (int64_t i = 0; i < width_; ++i)
      of.push_back(static_cast<float>(random_.Between(least, 4)));
    return Constant(ir::ElementType::kFloat, {width_}, of);
  }
  ir::ValueId Op(const std::string& op, std::vector<ir::ValueId> operands,
                 ir::AttributeMap attributes = {}) {
    ir::Node node;
    node.op_type = op;
    node.name = absl::StrCat(op, ++count_);
    node.operands = std::move(operands);
    node.attributes = std::move(attributes);
    const ir::Graph::Result result = {node.name + "_out", Type()};
    const ir::NodeId id = module_.graph.AddNode(std::move(node), {&result, 1});
    return module_.graph.node(id).results[0];
  }

  ir::ValueId Layer(ir::ValueId x) {
    const int64_t form = random_.Below(3);
    std::vector<float> weights(static_cast<size_t>(width_ * width_));
    std::vector<int8_t> quantized(weights.size(), 0);
    for (int64_t row = 0; row < width_; ++row) {
      for (int64_t column = 0; column < width_; ++column) {
        if (random_.Below(4) != 0 && row != column) continue;
        const auto at = static_cast<size_t>(row * width_ + column);
        quantized[at] = static_cast<int8_t>(random_.Between(1, 2));
        weights[at] = quantized[at];
      }
    }
    if (form == 0) {
      const ir::ValueId product =
          Op("MatMul", {x, Constant(ir::ElementType::kFloat, {width_, width_}, weights)});
      return Op("Add", {product, Vector(-2)});
    }
    if (form == 1) {
      return Op("Gemm",
                {x, Constant(ir::ElementType::kFloat, {width_, width_}, weights), Vector(-2)},
                {{"transB", {.value = int64_t{1}}}});
    }
    // Zero points and scales along an axis.
    const int64_t axis = random_.Below(2);
    std::vector<int8_t> zeros;
    for (int64_t i = 0; i < width_; ++i)
      zeros.push_back(static_cast<int8_t>(random_.Between(-3, 3)));
    for (int64_t i = 0; i < width_ * width_; ++i) {
      quantized[static_cast<size_t>(i)] =
          static_cast<int8_t>(quantized[static_cast<size_t>(i)] +
                              zeros[static_cast<size_t>(axis == 0 ? i / width_ : i % width_)]);
    }
    std::vector<float> scales(static_cast<size_t>(width_), 0.5F);
    scales[0] = 2;
    const ir::ValueId q = Op("DequantizeLinear",
                             {Constant(ir::ElementType::kInt8, {width_, width_}, quantized),
                              Constant(ir::ElementType::kFloat, {width_}, scales),
                              Constant(ir::ElementType::kInt8, {width_}, zeros)},
                             {{"axis", {.value = axis}}});
    return Op("MatMul", {x, Op("Transpose", {q})});
  }

  Random random_;
  ir::Module module_;
  int64_t width_ = 0, count_ = 0;
  ir::ValueId also_;
};

TEST(RowLowering, ComputesTheSameAndSendsWhatIsCounted) {
  int64_t words = 0, layers = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    for (const RowExchange exchange : {RowExchange::kParts, RowExchange::kWhole}) {
      Network network(seed);
      ir::Module& module = network.module();
      const Matrix x = network.Inputs();
      const std::vector<Matrix> expected = Interpreter(module).Run({{"x", x}});
      absl::StatusOr<RowProblem> rows = ProblemOfRows(module, 1);
      ASSERT_TRUE(rows.ok()) << rows.status();
      rows->problem.parts = static_cast<int32_t>(1 + seed % 4);
      rows->problem.imbalance = 300'000;
      ASSERT_TRUE(rows::Check(rows->problem).ok()) << rows::Check(rows->problem);
      layers += static_cast<int64_t>(rows->network.num_layers());
      rows::Division division = rows::Divide(rows->problem, rows::Effort(), SolveLimits()).division;
      KeepReading(rows->problem, division);
      const rows::Traffic traffic = rows::TrafficOf(rows->problem, division);
      const bool batch_first = seed % 3 == 0;
      ASSERT_TRUE(CanBeBatchFirst(module, *rows));
      const absl::StatusOr<LoweredRows> lowered =
          LowerRows(module, *rows, division, exchange,
                    batch_first ? RowLayout::kBatchFirst : RowLayout::kNeuronsFirst,
                    seed % 2 == 0 ? kMostTurned : 0);
      ASSERT_TRUE(lowered.ok()) << lowered.status();
      ASSERT_TRUE(module.graph.Compact());
      Interpreter divided(module);
      EXPECT_EQ(divided.Run({{"x", x}}), expected);
      if (exchange == RowExchange::kWhole) continue;
      EXPECT_EQ(lowered->words, traffic.words);
      EXPECT_EQ(lowered->links, traffic.links);
      words += traffic.words;
      // What crosses from the nodes of one part to those of another, apart from what is joined.
      int64_t sent = 0;
      const auto part_of = [&](ir::NodeId node) {
        const std::string& name = module.graph.node(node).name;
        return name.substr(0, name.find('/'));
      };
      for (const ir::NodeId id : module.graph.nodes()) {
        const ir::ValueId value = module.graph.node(id).results[0];
        std::set<std::string> readers;
        for (const ir::NodeId user : module.graph.users(value)) {
          if (absl::StartsWith(part_of(user), "rows.p")) readers.insert(part_of(user));
        }
        readers.erase(part_of(id));
        if (!absl::StartsWith(part_of(id), "rows.p")) continue;
        const Matrix& of = divided.Value(value);
        sent += static_cast<int64_t>(readers.size()) * (batch_first ? of.columns() : of.rows());
      }
      EXPECT_EQ(sent, traffic.words);
    }
  }
  EXPECT_GT(words, 150);
  EXPECT_GT(layers, 150);
}

TEST(RowNetwork, DenseLayersAreLeftAlone) {
  Network network(3);
  const absl::StatusOr<RowProblem> rows = ProblemOfRows(network.module(), 0.01);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->network.num_layers(), 0u);
}

}  // namespace
}  // namespace allot
