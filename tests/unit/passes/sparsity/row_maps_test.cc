// Divided networks of convolutions compute what whole ones do, and send what was counted: by an
// interpreter for the operators that there are, in numbers that floats hold exactly.
#include <algorithm>
#include <cmath>
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
#include "passes/sparsity/row_lowering.h"
#include "passes/sparsity/tensor_bytes.h"
#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/verify.h"
#include "placement/kinds/rows/search/divide.h"
#include "support/random.h"

namespace allot {
namespace {

using Dims = std::vector<int64_t>;

struct Array {
  Dims dims;
  std::vector<double> elements;
  friend bool operator==(const Array&, const Array&) = default;
};

int64_t Count(const Dims& dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  return count;
}

// Each index of `dims`, in order, as visit(index).
template <typename Visit>
void ForEachIndex(const Dims& dims, Visit visit) {
  Dims index(dims.size());
  for (int64_t n = Count(dims); n > 0; --n) {
    visit(index);
    for (size_t axis = dims.size(); axis-- > 0;) {
      if (++index[axis] < dims[axis]) break;
      index[axis] = 0;
    }
  }
}

// The element at an index, broadcast.
double At(const Array& array, const Dims& index) {
  int64_t at = 0;
  const size_t lead = index.size() - array.dims.size();
  for (size_t axis = 0; axis < array.dims.size(); ++axis) {
    at = at * array.dims[axis] + (array.dims[axis] == 1 ? 0 : index[lead + axis]);
  }
  return array.elements[static_cast<size_t>(at)];
}

template <typename Of>
Array Make(const Dims& dims, Of of) {
  Array array = {dims, {}};
  ForEachIndex(dims, [&](const Dims& index) { array.elements.push_back(of(index)); });
  return array;
}

class Interpreter {
 public:
  explicit Interpreter(const ir::Module& module) : module_(module) {}

  std::vector<Array> Run(const Array& x) {
    const ir::Graph& graph = module_.graph;
    values_[graph.inputs()[0]] = x;
    for (const ir::ValueId id : graph.initializers()) {
      const ir::Constant& constant = module_.constants[graph.value(id).constant];
      const std::string bytes = *ReadElements(module_, constant, 1 << 30);
      Array& array = values_[id];
      array.dims = constant.dims;
      for (int64_t i = 0; i < Count(constant.dims); ++i) {
        if (constant.element == ir::ElementType::kInt8) {
          array.elements.push_back(static_cast<int8_t>(bytes[static_cast<size_t>(i)]));
        } else if (constant.element == ir::ElementType::kFloat) {
          float element = 0;
          std::memcpy(&element, bytes.data() + i * 4, 4);
          array.elements.push_back(element);
        } else {
          int64_t element = 0;
          std::memcpy(&element, bytes.data() + i * 8, 8);
          array.elements.push_back(static_cast<double>(element));
        }
      }
    }
    for (const ir::NodeId id : graph.nodes()) {
      values_[graph.node(id).results[0]] = Compute(graph.node(id));
    }
    std::vector<Array> outputs;
    for (const ir::ValueId id : graph.outputs()) outputs.push_back(values_.at(id));
    return outputs;
  }

  const Array& Value(ir::ValueId id) const { return values_.at(id); }

 private:
  static int64_t Integer(const ir::Node& node, const char* name, int64_t usual) {
    const auto* const found = FindAttribute<int64_t>(node.attributes, name);
    return found == nullptr ? usual : *found;
  }
  static int64_t First(const ir::Node& node, const char* name, int64_t usual) {
    const auto* const found = FindAttribute<Dims>(node.attributes, name);
    return found == nullptr ? usual : found->front();
  }

  // Over windows of `size` x `size`: fold(the elements inside of the map).
  template <typename Fold>
  static Array Pool(const ir::Node& node, const Array& a, Fold fold) {
    const int64_t size = First(node, "kernel_shape", 2), stride = First(node, "strides", 1);
    const int64_t out = (a.dims[2] - size) / stride + 1;
    return Make({a.dims[0], a.dims[1], out, out}, [&](const Dims& i) {
      std::vector<double> inside;
      for (int64_t y = 0; y < size; ++y) {
        for (int64_t x = 0; x < size; ++x) {
          inside.push_back(At(a, {i[0], i[1], i[2] * stride + y, i[3] * stride + x}));
        }
      }
      return fold(inside);
    });
  }

  static double Mean(const std::vector<double>& inside) {
    double sum = 0;
    for (const double each : inside) sum += each;
    return sum / static_cast<double>(inside.size());
  }

  static Array Conv(const ir::Node& node, const std::vector<Array>& in) {
    const Array &x = in[0], &w = in[1];
    const int64_t pad = First(node, "pads", 0), stride = First(node, "strides", 1);
    const int64_t groups = Integer(node, "group", 1), size = w.dims[2];
    const int64_t out = (x.dims[2] + 2 * pad - size) / stride + 1;
    EXPECT_EQ(w.dims[1] * groups, x.dims[1]);
    return Make({x.dims[0], w.dims[0], out, out}, [&](const Dims& i) {
      double sum = in.size() > 2 ? At(in[2], {i[1]}) : 0;
      const int64_t first = i[1] / (w.dims[0] / groups) * w.dims[1];
      for (int64_t c = 0; c < w.dims[1]; ++c) {
        for (int64_t ky = 0; ky < size; ++ky) {
          for (int64_t kx = 0; kx < size; ++kx) {
            const int64_t y = i[2] * stride + ky - pad, at = i[3] * stride + kx - pad;
            if (y < 0 || at < 0 || y >= x.dims[2] || at >= x.dims[3]) continue;
            sum += At(x, {i[0], first + c, y, at}) * At(w, {i[1], c, ky, kx});
          }
        }
      }
      return sum;
    });
  }

  Array Compute(const ir::Node& node) {
    std::vector<Array> in;
    for (const ir::ValueId operand : node.operands) in.push_back(values_.at(operand));
    const Array& a = in[0];
    const std::string& op = node.op_type;
    if (op == "Conv") return Conv(node, in);
    if (op == "MatMul" || op == "Gemm") {
      const bool left = Integer(node, "transA", 0) != 0, right = Integer(node, "transB", 0) != 0;
      return Make({a.dims[left ? 1 : 0], in[1].dims[right ? 0 : 1]}, [&](const Dims& i) {
        double sum = in.size() > 2 ? At(in[2], i) : 0;
        for (int64_t k = 0; k < a.dims[left ? 0 : 1]; ++k) {
          sum += At(a, left ? Dims{k, i[0]} : Dims{i[0], k}) *
                 At(in[1], right ? Dims{i[1], k} : Dims{k, i[1]});
        }
        return sum;
      });
    }
    if (op == "Transpose") {
      return Make({a.dims[1], a.dims[0]}, [&](const Dims& i) { return At(a, {i[1], i[0]}); });
    }
    if (op == "DequantizeLinear") {
      const auto axis = static_cast<size_t>(Integer(node, "axis", 1));
      return Make(a.dims, [&](const Dims& i) {
        const Dims along = {i[axis]};
        return (At(a, i) - At(in[2], along)) * At(in[1], along);
      });
    }
    if (op == "Flatten") {
      return {{a.dims[0], Count(a.dims) / a.dims[0]}, a.elements};
    }
    if (op == "Gather") {
      const auto axis = static_cast<size_t>(Integer(node, "axis", 0));
      Dims dims = a.dims;
      dims[axis] = in[1].dims[0];
      return Make(dims, [&](Dims i) {
        i[axis] = static_cast<int64_t>(in[1].elements[static_cast<size_t>(i[axis])]);
        return At(a, i);
      });
    }
    if (op == "Concat") {
      const int64_t given = Integer(node, "axis", 0);
      const size_t axis = static_cast<size_t>(given) + (given < 0 ? a.dims.size() : 0);
      Dims dims = a.dims;
      dims[axis] = 0;
      for (const Array& piece : in) dims[axis] += piece.dims[axis];
      return Make(dims, [&](Dims i) {
        size_t piece = 0;
        while (i[axis] >= in[piece].dims[axis]) i[axis] -= in[piece++].dims[axis];
        return At(in[piece], i);
      });
    }
    if (op == "BatchNormalization") {
      return Make(a.dims, [&](const Dims& i) {
        const Dims c = {i[1]};
        return (At(a, i) - At(in[3], c)) / std::sqrt(At(in[4], c)) * At(in[1], c) + At(in[2], c);
      });
    }
    if (op == "MaxPool") {
      return Pool(node, a, [](const std::vector<double>& inside) {
        return *std::max_element(inside.begin(), inside.end());
      });
    }
    if (op == "ReduceMean") {
      ir::Node all = node;
      all.attributes["kernel_shape"].value = Dims{a.dims[2]};
      Array mean = Pool(all, a, Mean);
      if (Integer(node, "keepdims", 1) == 0) mean.dims.resize(2);
      return mean;
    }
    if (op == "AveragePool" || op == "GlobalAveragePool") {
      ir::Node all = node;
      if (op == "GlobalAveragePool") all.attributes["kernel_shape"].value = Dims{a.dims[2]};
      return Pool(all, a, Mean);
    }
    const Array& b = in.size() > 1 ? in[1] : a;
    Dims dims = a.dims.size() >= b.dims.size() ? a.dims : b.dims;
    for (size_t back = 1; back <= std::min(a.dims.size(), b.dims.size()); ++back) {
      dims[dims.size() - back] =
          std::max(a.dims[a.dims.size() - back], b.dims[b.dims.size() - back]);
    }
    return Make(dims, [&](const Dims& i) {
      if (op == "Add") return At(a, i) + At(b, i);
      if (op == "Mul") return At(a, i) * At(b, i);
      if (op == "Sub") return At(a, i) - At(b, i);
      if (op == "Identity") return At(a, i);
      EXPECT_EQ(op, "Relu");
      return std::max(At(a, i), 0.0);
    });
  }

  const ir::Module& module_;
  std::map<ir::ValueId, Array> values_;
};

// A network that is drawn: convolutions with all that may follow them, then a classifier.
class Network {
 public:
  explicit Network(uint64_t seed) : random_(seed) {
    module_.opset_imports = {{"", 17}};
    channels_ = 4 * random_.Between(1, 2);
    size_ = 4 * random_.Between(1, 2);
    input_ = Dims{2, channels_, size_, size_};
    ir::ValueId x = module_.graph.AddInput("x", Type(input_));
    if (random_.Below(3) == 0) x = Op("Relu", {x}, Maps());  // then the input is computed
    const int64_t blocks = random_.Between(1, 3);
    for (int64_t b = 0; b < blocks; ++b) x = Block(x);
    if (random_.Below(3) == 0) also_ = x;
    x = Classifier(x);
    std::vector<ir::ValueId> outputs = {x};
    if (also_.valid()) outputs.push_back(also_);
    module_.graph.SetOutputs(outputs);
    EXPECT_TRUE(module_.graph.Compact());
  }

  ir::Module& module() { return module_; }
  Array Input() {
    return Make(input_, [&](const Dims&) { return static_cast<double>(random_.Between(-2, 2)); });
  }

 private:
  Dims Maps() const { return {-1, channels_, size_, size_}; }

  static ir::Type Type(const Dims& dims) {
    ir::Shape shape = {ir::Dim::Symbol("batch")};
    for (size_t axis = 1; axis < dims.size(); ++axis) shape.push_back(ir::Dim::Known(dims[axis]));
    return ir::Type::Tensor(ir::ElementType::kFloat, shape);
  }

  ir::ValueId Constant(const Dims& dims, const std::vector<float>& of) {
    ir::Constant constant;
    constant.element = ir::ElementType::kFloat;
    constant.dims = dims;
    constant.storage = ir::InlineBytes{std::make_shared<const std::string>(
        reinterpret_cast<const char*>(of.data()), of.size() * sizeof(float))};
    const ir::Type type = constant.type();
    return module_.graph.AddInitializer(absl::StrCat("c", ++count_), type,
                                        module_.constants.Add(std::move(constant)));
  }
  ir::ValueId Numbers(const Dims& dims, int64_t least, int64_t most) {
    std::vector<float> of;
    for (int64_t i = 0; i < Count(dims); ++i) {
      of.push_back(static_cast<float>(random_.Between(least, most)));
    }
    return Constant(dims, of);
  }
  // Of 8 bits, with a scale and a zero point for each neuron.
  ir::ValueId Quantized(const Dims& dims, int64_t one_in) {
    std::string zeros, bytes;
    for (int64_t row = 0; row < dims[0]; ++row) {
      zeros += static_cast<char>(random_.Between(-3, 3));
      for (int64_t i = 0; i < Count(dims) / dims[0]; ++i) {
        const int64_t more = random_.Below(one_in) != 0 ? 0 : random_.Between(1, 2);
        bytes += static_cast<char>(zeros.back() + more);
      }
    }
    std::vector<float> scales(static_cast<size_t>(dims[0]), 0.5F);
    scales[0] = 2;
    return Op("DequantizeLinear",
              {Bytes(dims, bytes), Constant({dims[0]}, scales), Bytes({dims[0]}, zeros)}, dims,
              {{"axis", {.value = int64_t{0}}}});
  }
  ir::ValueId Bytes(const Dims& dims, const std::string& bytes) {
    ir::Constant constant;
    constant.element = ir::ElementType::kInt8;
    constant.dims = dims;
    constant.storage = ir::InlineBytes{std::make_shared<const std::string>(bytes)};
    const ir::Type type = constant.type();
    return module_.graph.AddInitializer(absl::StrCat("c", ++count_), type,
                                        module_.constants.Add(std::move(constant)));
  }
  // Weights of which about one in `one_in` is not zero.
  ir::ValueId Sparse(const Dims& dims, int64_t one_in) {
    if (random_.Below(4) == 0) return Quantized(dims, one_in);
    std::vector<float> of;
    for (int64_t i = 0; i < Count(dims); ++i) {
      const bool zero = random_.Below(one_in) != 0;
      of.push_back(zero ? 0 : static_cast<float>(random_.Between(1, 2)));
    }
    return Constant(dims, of);
  }
  ir::ValueId Op(const std::string& op, std::vector<ir::ValueId> operands, const Dims& dims,
                 ir::AttributeMap attributes = {}) {
    ir::Node node;
    node.op_type = op;
    node.name = absl::StrCat(op, ++count_);
    node.operands = std::move(operands);
    node.attributes = std::move(attributes);
    const ir::Graph::Result result = {node.name + "_out", Type(dims)};
    const ir::NodeId id = module_.graph.AddNode(std::move(node), {&result, 1});
    return module_.graph.node(id).results[0];
  }

  ir::ValueId Conv(ir::ValueId x, int64_t out, int64_t kernel, int64_t stride) {
    std::vector<ir::ValueId> operands = {x, Sparse({out, channels_, kernel, kernel}, 3 * kernel)};
    if (random_.Below(2) == 0) operands.push_back(Numbers({out}, -2, 2));
    channels_ = out;
    size_ /= stride;
    return Op("Conv", operands, Maps(),
              {{"pads", {.value = Dims(4, kernel / 2)}}, {"strides", {.value = Dims(2, stride)}}});
  }
  ir::ValueId Norm(ir::ValueId x, const Dims& dims, int64_t features) {
    std::vector<float> variances;
    for (int64_t i = 0; i < features; ++i) variances.push_back(random_.Below(2) == 0 ? 1 : 4);
    return Op("BatchNormalization",
              {x, Numbers({features}, 1, 2), Numbers({features}, -2, 2), Numbers({features}, -1, 1),
               Constant({features}, variances)},
              dims, {{"epsilon", {.value = 0.0F}}});
  }
  ir::ValueId Depthwise(ir::ValueId x) {
    return Op("Conv", {x, Numbers({channels_, 1, 3, 3}, -1, 1), Numbers({channels_}, -1, 1)},
              Maps(), {{"pads", {.value = Dims(4, 1)}}, {"group", {.value = channels_}}});
  }

  // In groups of channels, or several channels from each.
  ir::ValueId Grouped(ir::ValueId x) {
    const int64_t groups = random_.Below(3) == 0 ? channels_ : 2 * random_.Between(1, 2);
    const int64_t out = groups == channels_ ? 2 * channels_ : 4 * random_.Between(1, 2);
    std::vector<ir::ValueId> operands = {x, Sparse({out, channels_ / groups, 3, 3}, 2)};
    if (random_.Below(2) == 0) operands.push_back(Numbers({out}, -2, 2));
    channels_ = out;
    return Op("Conv", operands, Maps(),
              {{"pads", {.value = Dims(4, 1)}}, {"group", {.value = groups}}});
  }

  // Of one or two sizes, in either order, or of one twice.
  ir::ValueId Joined(ir::ValueId x, ir::ValueId other, int64_t channels) {
    std::vector<ir::ValueId> operands = {x, other};
    if (random_.Below(2) == 0) operands = {other, x};
    if (random_.Below(4) == 0) operands.push_back(x), channels += channels_;
    channels_ += channels;
    x = Op("Concat", operands, Maps(),
           {{"axis", {.value = int64_t{random_.Below(2) == 0 ? 1 : -3}}}});
    return random_.Below(2) == 0 ? Norm(x, Maps(), channels_) : x;
  }

  ir::ValueId Block(ir::ValueId x) {
    const ir::ValueId shortcut = x;
    const int64_t before = channels_, was = size_;
    const int64_t out = random_.Below(3) == 0 ? 4 * random_.Between(1, 2) : channels_;
    const int64_t kernel = random_.Below(2) == 0 ? 1 : 3;
    const int64_t stride = size_ > 2 && random_.Below(4) == 0 ? 2 : 1;
    x = Conv(x, out, kernel, stride);
    if (random_.Below(2) == 0) x = Norm(x, Maps(), channels_);
    if (random_.Below(2) == 0) x = Op("Relu", {x}, Maps());
    if (random_.Below(3) == 0) x = Depthwise(x);
    const bool grouped = channels_ <= 16 && random_.Below(4) == 0;
    if (grouped) x = Grouped(x);
    if (random_.Below(3) == 0) x = Op("Mul", {x, Numbers({channels_, 1, 1}, 1, 2)}, Maps());
    if (random_.Below(2) == 0) {
      if (channels_ == before && size_ == was) {
        x = Op("Add", {shortcut, x}, Maps());
      } else if (size_ == was) {
        const Dims maps = Maps();
        const int64_t after = channels_;
        channels_ = before;
        x = Op("Add", {x, Conv(shortcut, after, 1, 1)}, maps);
      }
    }
    if (channels_ + before <= 16 && size_ == was && random_.Below(3) == 0) {
      x = Joined(x, shortcut, before);
    }
    // Squares of sums over groups would be more than doubles hold.
    if (!grouped && random_.Below(3) == 0) {  // a gate: two read it, one of them neuron by neuron
      const ir::ValueId mean = Op("GlobalAveragePool", {x}, {-1, channels_, 1, 1});
      x = Op("Mul", {x, Op("Relu", {mean}, {-1, channels_, 1, 1})}, Maps());
    }
    if (size_ > 2 && random_.Below(3) == 0) {
      size_ /= 2;
      x = Op(random_.Below(2) == 0 ? "MaxPool" : "AveragePool", {x}, Maps(),
             {{"kernel_shape", {.value = Dims(2, 2)}}, {"strides", {.value = Dims(2, 2)}}});
    }
    return x;
  }

  ir::ValueId Classifier(ir::ValueId x) {
    const int64_t form = random_.Below(5);
    if (form < 2) {
      x = form == 0
              ? Op("GlobalAveragePool", {x}, {-1, channels_, 1, 1})
              : Op("ReduceMean", {x}, {-1, channels_, 1, 1}, {{"axes", {.value = Dims{-1, 2}}}});
      size_ = 1;
    }
    const int64_t features = form == 2 ? channels_ : channels_ * size_ * size_;
    x = form == 2 ? Op("ReduceMean", {x}, {-1, channels_},
                       {{"axes", {.value = Dims{2, 3}}}, {"keepdims", {.value = int64_t{0}}}})
                  : Op("Flatten", {x}, {-1, features});
    if (random_.Below(3) == 0) x = Norm(x, {-1, features}, features);
    if (random_.Below(3) == 0) x = Op("Sub", {x, Numbers({features}, -1, 1)}, {-1, features});
    if (random_.Below(2) == 0) {
      return Op("Gemm", {x, Sparse({6, features}, 4), Numbers({6}, -2, 2)}, {-1, 6},
                {{"transB", {.value = int64_t{1}}}});
    }
    return Op("MatMul", {x, Sparse({features, 6}, 4)}, {-1, 6});
  }

  Random random_;
  ir::Module module_;
  Dims input_;
  int64_t channels_ = 0, size_ = 0, count_ = 0;
  ir::ValueId also_;
};

std::string PartOf(const ir::Module& module, ir::NodeId node) {
  const std::string& name = module.graph.node(node).name;
  return name.substr(0, name.find('/'));
}

// Words for each sample that cross from the nodes of one part to those of another, apart from what
// is joined.
int64_t WordsSent(const ir::Module& module, const Interpreter& ran, RowLayout layout) {
  int64_t sent = 0;
  for (const ir::NodeId id : module.graph.nodes()) {
    if (!absl::StartsWith(PartOf(module, id), "rows.p")) continue;
    const ir::ValueId value = module.graph.node(id).results[0];
    std::set<std::string> readers;
    for (const ir::NodeId user : module.graph.users(value)) {
      if (absl::StartsWith(PartOf(module, user), "rows.p")) readers.insert(PartOf(module, user));
    }
    readers.erase(PartOf(module, id));
    const Dims& dims = ran.Value(value).dims;
    const bool neurons_first = dims.size() == 2 && layout == RowLayout::kNeuronsFirst;
    const int64_t words = neurons_first ? dims[0] : Count(dims) / dims[0];
    sent += static_cast<int64_t>(readers.size()) * words;
  }
  return sent;
}

TEST(RowMaps, DividedConvolutionsComputeTheSameAndSendWhatIsCounted) {
  int64_t words = 0, layers = 0, steps = 0, followers = 0, flattened = 0, grouped = 0, joined = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    for (const RowExchange exchange : {RowExchange::kParts, RowExchange::kWhole}) {
      Network network(seed);
      ir::Module& module = network.module();
      const Array x = network.Input();
      const std::vector<Array> expected = Interpreter(module).Run(x);
      absl::StatusOr<RowProblem> rows = ProblemOfRows(module, 1);
      ASSERT_TRUE(rows.ok()) << rows.status();
      rows->problem.parts = static_cast<int32_t>(1 + seed % 4);
      rows->problem.imbalance = 500'000;
      ASSERT_TRUE(rows::Check(rows->problem).ok()) << rows::Check(rows->problem);
      layers += static_cast<int64_t>(rows->network.num_layers());
      for (const RowTensor& tensor : rows->network.tensors) {
        steps += static_cast<int64_t>(tensor.tail.size());
        followers += !tensor.is_input() && !tensor.product.valid();
        grouped += tensor.groups > 1;
        joined += tensor.concat.valid();
        for (const TailStep& step : tensor.tail) {
          flattened += step.spread > 1;
        }
      }
      rows::Division division = rows::Divide(rows->problem, rows::Effort(), SolveLimits()).division;
      KeepReading(rows->problem, division);
      const rows::Traffic traffic = rows::TrafficOf(rows->problem, division);
      const auto verified = rows::Verify(rows->problem, division);
      ASSERT_TRUE(verified.ok()) << verified.status();
      EXPECT_EQ(*verified, traffic.words);
      const RowLayout layout = seed % 3 == 0 ? RowLayout::kBatchFirst : RowLayout::kNeuronsFirst;
      ASSERT_TRUE(CanBeBatchFirst(module, *rows));
      const absl::StatusOr<LoweredRows> lowered =
          LowerRows(module, *rows, division, exchange, layout, seed % 2 == 0 ? kMostTurned : 0);
      ASSERT_TRUE(lowered.ok()) << lowered.status();
      ASSERT_TRUE(module.graph.Compact());
      Interpreter divided(module);
      EXPECT_EQ(divided.Run(x), expected);
      if (exchange == RowExchange::kWhole) continue;
      EXPECT_EQ(lowered->words, traffic.words);
      EXPECT_EQ(lowered->links, traffic.links);
      EXPECT_EQ(WordsSent(module, divided, layout), traffic.words);
      words += traffic.words;
    }
  }
  EXPECT_GT(words, 10'000);
  EXPECT_GT(layers, 700);
  EXPECT_GT(steps, 900);
  EXPECT_GT(followers, 40);
  EXPECT_GT(flattened, 50);
  EXPECT_GT(grouped, 50);
  EXPECT_GT(joined, 50);
}

TEST(RowMaps, WordsAndWeightsCountPositions) {
  Network network(1);
  const absl::StatusOr<RowProblem> rows = ProblemOfRows(network.module(), 1);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const RowTensor* conv = nullptr;
  for (size_t t = 0; t < rows->network.tensors.size(); ++t) {
    const RowTensor& tensor = rows->network.tensors[t];
    EXPECT_EQ(rows->problem.tensors[t].words, tensor.form.positions);
    if (!tensor.product.valid() || !tensor.product_form.maps) continue;
    if (tensor.groups == 1) conv = &tensor;
    const auto bits = NonzerosOf(network.module(), tensor.weights);
    ASSERT_TRUE(bits.ok());
    const std::vector<int64_t> weights = rows::RowWeights(rows->problem.tensors[t]);
    for (int64_t row = 0; row < bits->rows(); ++row) {
      EXPECT_EQ(weights[static_cast<size_t>(row)],
                bits->CountRow(row) * tensor.product_form.positions);
    }
  }
  EXPECT_NE(conv, nullptr);
}

}  // namespace
}  // namespace allot
