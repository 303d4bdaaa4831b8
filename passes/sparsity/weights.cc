#include "passes/sparsity/weights.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "passes/sparsity/sparse_tensor.h"
#include "passes/sparsity/tensor_bytes.h"
#include "support/status.h"
#include "support/units.h"

namespace allot {
namespace {

constexpr size_t kMostSteps = 16;
constexpr int64_t kMostElements = int64_t{1} << 34;
constexpr int64_t kPiece = int64_t{1} << 20;

int64_t Product(const std::vector<int64_t>& dims) {
  int64_t product = 1;
  for (const int64_t dim : dims) product = SaturatingMultiply(product, dim);
  return product;
}

ir::ConstantId ConstantOf(const ir::Graph& graph, ir::ValueId value) {
  if (!value.valid()) return {};
  const ir::Value& known = graph.value(value);
  if (known.origin == ir::Value::Origin::kInitializer) return known.constant;
  if (known.origin != ir::Value::Origin::kResult) return {};
  const ir::Node& node = graph.node(known.producer);
  if (!node.Is("Constant")) return {};
  for (const char* const name : {"value", "sparse_value"}) {
    const auto* const id = FindAttribute<ir::ConstantId>(node.attributes, name);
    if (id != nullptr) return *id;
  }
  return {};
}

// The dimensions of a Reshape to constant ones.
std::optional<std::vector<int64_t>> Reshaped(const std::vector<int64_t>& dims,
                                             std::vector<int64_t> to) {
  int64_t known = 1;
  int open = -1;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && i < dims.size()) to[i] = dims[i];
    if (to[i] == -1 && open < 0) {
      open = static_cast<int>(i);
    } else if (to[i] <= 0) {
      return std::nullopt;
    } else {
      known = SaturatingMultiply(known, to[i]);
    }
  }
  const int64_t all = Product(dims);
  if (open >= 0) {
    if (all % known != 0) return std::nullopt;
    to[static_cast<size_t>(open)] = all / known;
  }
  return Product(to) == all ? std::optional(to) : std::nullopt;
}

// The step that a node is, from dimensions `dims`; nullopt: none that weights may pass. The
// dimensions become those of its result.
std::optional<Weights::Step> StepOf(const ir::Module& module, const ir::Node& node,
                                    std::vector<int64_t>& dims) {
  const ir::Graph& graph = module.graph;
  Weights::Step step;
  const auto operand = [&](size_t i) {
    return i < node.operands.size() ? ConstantOf(graph, node.operands[i]) : ir::ConstantId();
  };
  if (node.Is("Cast")) {
    const auto* const to = FindAttribute<int64_t>(node.attributes, "to");
    if (to == nullptr) return std::nullopt;
    step.element = static_cast<ir::ElementType>(*to);
    return step;
  }
  if (node.Is("Transpose")) {
    step.kind = Weights::Step::Kind::kTranspose;
    const auto* const perm = FindAttribute<std::vector<int64_t>>(node.attributes, "perm");
    step.numbers.resize(dims.size());
    std::iota(step.numbers.rbegin(), step.numbers.rend(), 0);
    if (perm != nullptr) step.numbers = *perm;
    std::vector<int64_t> sorted = step.numbers;
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (sorted[i] != static_cast<int64_t>(i)) return std::nullopt;
    }
    if (sorted.size() != dims.size()) return std::nullopt;
    std::vector<int64_t> after;
    for (const int64_t axis : step.numbers) after.push_back(dims[static_cast<size_t>(axis)]);
    dims = after;
    return step;
  }
  if (node.Is("Reshape")) {
    step.kind = Weights::Step::Kind::kReshape;
    if (!operand(1).valid()) return std::nullopt;
    const auto to = module.constants[operand(1)].AsIntegers();
    const auto after = to.has_value() ? Reshaped(dims, *to) : std::nullopt;
    if (!after.has_value()) return std::nullopt;
    step.numbers = dims = *after;
    return step;
  }
  if (node.Is("DequantizeLinear")) {
    step.kind = Weights::Step::Kind::kDequantize;
    step.scale = operand(1);
    step.zero_point = operand(2);
    const bool has_zero = node.operands.size() > 2 && node.operands[2].valid();
    if (!step.scale.valid() || step.zero_point.valid() != has_zero) return std::nullopt;
    step.element = module.constants[step.scale].element;
    const auto* const axis = FindAttribute<int64_t>(node.attributes, "axis");
    if (axis != nullptr) step.axis = *axis;
    if (step.axis < 0) step.axis += static_cast<int64_t>(dims.size());
    const std::vector<int64_t>& scales = module.constants[step.scale].dims;
    const bool each = Product(scales) > 1;
    if (each &&
        (scales.size() != 1 || step.axis < 0 || step.axis >= static_cast<int64_t>(dims.size()) ||
         scales[0] != dims[static_cast<size_t>(step.axis)])) {
      return std::nullopt;  // in blocks
    }
    if (FindAttribute<int64_t>(node.attributes, "block_size") != nullptr &&
        *FindAttribute<int64_t>(node.attributes, "block_size") != 0) {
      return std::nullopt;
    }
    return step;
  }
  return std::nullopt;
}

bool IsFloat(ir::ElementType element) {
  using enum ir::ElementType;
  return element == kFloat || element == kDouble || element == kFloat16 || element == kBfloat16;
}

// What a zero looks like: the bytes, and which of their bits count.
struct Zeros {
  std::vector<uint64_t> values;  // one, or by index along an axis
  uint64_t mask = ~uint64_t{0};
  int64_t inner = 1;  // elements that share an index, in the order of the constant
  uint64_t At(int64_t element) const {
    if (values.size() == 1) return values[0];
    return values[static_cast<size_t>(element / inner) % values.size()];
  }
};

uint64_t LoadElement(const char* bytes, size_t width) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, width);
  return value;
}

// Zero points of the first step that dequantizes, in the dimensions of the constant: only what
// leaves them alone may stand before it.
absl::StatusOr<Zeros> ZerosOf(const ir::Module& module, const Weights& weights) {
  const ir::Constant& constant = module.constants[weights.constant];
  Zeros zeros;
  zeros.values = {0};
  if (IsFloat(constant.element)) {
    const int bits = ir::BitWidth(constant.element);
    zeros.mask = (~uint64_t{0} >> (64 - bits)) >> 1;  // no sign
  }
  for (size_t i = 0; i < weights.steps.size(); ++i) {
    const Weights::Step& step = weights.steps[i];
    if (step.kind != Weights::Step::Kind::kDequantize) continue;
    if (!step.zero_point.valid()) return zeros;
    const ir::Constant& zero_point = module.constants[step.zero_point];
    ALLOT_ASSIGN_OR_RETURN(const std::string bytes,
                           ReadElements(module, zero_point, int64_t{1} << 24), "zero point ");
    const auto width = static_cast<size_t>(std::max(ir::BitWidth(zero_point.element) / 8, 1));
    zeros.values.clear();
    for (size_t at = 0; at + width <= bytes.size(); at += width) {
      zeros.values.push_back(LoadElement(bytes.data() + at, width));
    }
    if (zeros.values.empty()) return InputError("its zero point is empty");
    if (zeros.values.size() == 1) return zeros;
    if (i > 0) return absl::UnimplementedError("zero points of axes after other operators");
    for (size_t axis = static_cast<size_t>(step.axis) + 1; axis < constant.dims.size(); ++axis) {
      zeros.inner *= constant.dims[axis];
    }
    return zeros;
  }
  return zeros;
}

template <typename Element>
uint64_t NonzeroBits(const char* bytes, int64_t count, Element zero, Element mask) {
  uint64_t word = 0;
  for (int64_t i = 0; i < count; ++i) {
    Element element;
    std::memcpy(&element, bytes + static_cast<size_t>(i) * sizeof(Element), sizeof(Element));
    word |= static_cast<uint64_t>(((element ^ zero) & mask) != 0) << i;
  }
  return word;
}

uint64_t NonzeroBits(const char* bytes, int64_t count, size_t width, uint64_t zero, uint64_t mask) {
  switch (width) {
    case 1:
      return NonzeroBits<uint8_t>(bytes, count, static_cast<uint8_t>(zero),
                                  static_cast<uint8_t>(mask));
    case 2:
      return NonzeroBits<uint16_t>(bytes, count, static_cast<uint16_t>(zero),
                                   static_cast<uint16_t>(mask));
    case 4:
      return NonzeroBits<uint32_t>(bytes, count, static_cast<uint32_t>(zero),
                                   static_cast<uint32_t>(mask));
    default:
      return NonzeroBits<uint64_t>(bytes, count, zero, mask);
  }
}

// As a matrix of dims[0] rows. (A scalar has one of each.)
BitMatrix EmptyMatrix(const std::vector<int64_t>& dims) {
  const int64_t rows = dims.empty() ? 1 : dims[0];
  return BitMatrix(rows, rows == 0 ? 0 : Product(dims) / rows);
}

absl::StatusOr<BitMatrix> NonzerosOfDense(const ir::Module& module, const ir::Constant& constant,
                                          const Zeros& zeros) {
  BitMatrix bits = EmptyMatrix(constant.dims);
  const auto width = static_cast<size_t>(ir::BitWidth(constant.element) / 8);
  int64_t element = 0;
  const int64_t columns = bits.columns();
  const bool same = zeros.values.size() == 1;
  ALLOT_RETURN_IF_ERROR(
      ForEachPiece(module, constant, kPiece, [&](absl::string_view bytes) -> absl::Status {
        const auto count = static_cast<int64_t>(bytes.size() / width);
        for (int64_t done = 0; done < count;) {
          const int64_t row = element / columns, column = element % columns;
          // To the end of the word, of the row, and of the piece.
          const int64_t run = std::min({64 - column % 64, columns - column, count - done});
          const char* const at = bytes.data() + static_cast<size_t>(done) * width;
          uint64_t word = 0;
          if (same) {
            word = NonzeroBits(at, run, width, zeros.values[0], zeros.mask);
          } else {
            for (int64_t i = 0; i < run; ++i) {
              const uint64_t value = LoadElement(at + static_cast<size_t>(i) * width, width);
              const bool nonzero = ((value ^ zeros.At(element + i)) & zeros.mask) != 0;
              word |= static_cast<uint64_t>(nonzero) << i;
            }
          }
          bits.Row(row)[static_cast<size_t>(column) / 64] |= word << (column % 64);
          element += run;
          done += run;
        }
        return absl::OkStatus();
      }));
  return bits;
}

absl::StatusOr<BitMatrix> NonzerosOfSparse(const ir::Constant& constant, const Zeros& zeros) {
  ALLOT_ASSIGN_OR_RETURN(const SparseElements sparse, ReadSparse(constant));
  BitMatrix bits = EmptyMatrix(constant.dims);
  const auto width = static_cast<size_t>(ir::BitWidth(constant.element) / 8);
  for (size_t i = 0; i < sparse.indices.size(); ++i) {
    const uint64_t value = LoadElement(sparse.values.data() + i * width, width);
    if (((value ^ zeros.At(sparse.indices[i])) & zeros.mask) == 0) continue;
    bits.Set(sparse.indices[i] / bits.columns(), sparse.indices[i] % bits.columns());
  }
  return bits;
}

// The place of an element after a Transpose.
class Permutation {
 public:
  Permutation(const std::vector<int64_t>& dims, const std::vector<int64_t>& perm) : dims_(dims) {
    std::vector<int64_t> stride(dims.size(), 1);
    for (size_t i = perm.size(); i-- > 1;) {
      stride[i - 1] = stride[i] * dims[static_cast<size_t>(perm[i])];
    }
    to_.resize(dims.size());
    for (size_t i = 0; i < perm.size(); ++i) to_[static_cast<size_t>(perm[i])] = stride[i];
  }
  int64_t operator()(int64_t index) const {
    int64_t result = 0;
    for (size_t axis = dims_.size(); axis-- > 0;) {
      result += index % dims_[axis] * to_[axis];
      index /= dims_[axis];
    }
    return result;
  }

 private:
  const std::vector<int64_t> dims_;
  std::vector<int64_t> to_;  // by axis of the operand
};

std::vector<int64_t> Permuted(const std::vector<int64_t>& dims, const std::vector<int64_t>& perm) {
  std::vector<int64_t> result;
  for (const int64_t axis : perm) result.push_back(dims[static_cast<size_t>(axis)]);
  return result;
}

// The same bits after a change of where elements are.
template <typename Place>
BitMatrix Moved(const BitMatrix& from, const std::vector<int64_t>& dims, Place place) {
  BitMatrix to = EmptyMatrix(dims);
  for (int64_t row = 0; row < from.rows(); ++row) {
    from.ForEachInRow(row, [&](int64_t column) {
      const int64_t index = place(row * from.columns() + column);
      to.Set(index / to.columns(), index % to.columns());
    });
  }
  return to;
}

}  // namespace

std::optional<Weights> FindWeights(const ir::Module& module, ir::ValueId value) {
  const ir::Graph& graph = module.graph;
  std::vector<ir::NodeId> nodes;
  while (value.valid() && !ConstantOf(graph, value).valid()) {
    const ir::Value& known = graph.value(value);
    if (known.origin != ir::Value::Origin::kResult || nodes.size() == kMostSteps) {
      return std::nullopt;
    }
    const ir::Node& node = graph.node(known.producer);
    const bool passes = node.Is("Identity") || node.Is("Cast") || node.Is("Transpose") ||
                        node.Is("Reshape") || node.Is("DequantizeLinear");
    if (!passes || node.operands.empty()) return std::nullopt;
    nodes.push_back(known.producer);
    value = node.operands[0];
  }
  if (!value.valid()) return std::nullopt;
  Weights weights;
  weights.constant = ConstantOf(graph, value);
  const ir::Constant& constant = module.constants[weights.constant];
  weights.element = constant.element;
  weights.dims = constant.dims;
  for (size_t i = nodes.size(); i-- > 0;) {
    const ir::Node& node = graph.node(nodes[i]);
    if (node.Is("Identity")) continue;
    const std::optional<Weights::Step> step = StepOf(module, node, weights.dims);
    if (!step.has_value()) return std::nullopt;
    if (step->element != ir::ElementType::kUndefined) weights.element = step->element;
    weights.steps.push_back(*step);
  }
  return weights;
}

absl::StatusOr<BitMatrix> NonzerosOf(const ir::Module& module, const Weights& weights) {
  const ir::Constant& constant = module.constants[weights.constant];
  const int width = ir::BitWidth(constant.element);
  if (width < 8 || width > 64) {
    return absl::UnimplementedError("its elements are no numbers of 8 to 64 bits");
  }
  if (Product(constant.dims) > kMostElements) {
    return absl::UnimplementedError("it has more than 2^34 elements");
  }
  ALLOT_ASSIGN_OR_RETURN(const Zeros zeros, ZerosOf(module, weights));
  const auto* const opaque = std::get_if<ir::OpaqueTensor>(&constant.storage);
  BitMatrix bits;
  if (opaque != nullptr && opaque->sparse) {
    ALLOT_ASSIGN_OR_RETURN(bits, NonzerosOfSparse(constant, zeros));
  } else {
    ALLOT_ASSIGN_OR_RETURN(bits, NonzerosOfDense(module, constant, zeros));
  }
  std::vector<int64_t> dims = constant.dims;
  for (const Weights::Step& step : weights.steps) {
    if (step.kind == Weights::Step::Kind::kTranspose) {
      if (dims.size() == 2 && step.numbers[0] == 1) {
        bits = bits.Transposed();
      } else {
        bits = Moved(bits, Permuted(dims, step.numbers), Permutation(dims, step.numbers));
      }
      dims = Permuted(dims, step.numbers);
    } else if (step.kind == Weights::Step::Kind::kReshape) {
      dims = step.numbers;
      bits = Moved(bits, dims, [](int64_t index) { return index; });
    }
  }
  return bits;
}

absl::StatusOr<std::string> ElementsOf(const ir::Module& module, const Weights& weights,
                                       int64_t most) {
  const ir::Constant& constant = module.constants[weights.constant];
  const auto width = static_cast<size_t>(ir::BitWidth(constant.element) / 8);
  if (width == 0) return absl::UnimplementedError("its elements are no whole bytes");
  if (constant.bytes() > most) {
    return InputError("has ", constant.bytes(), " bytes, more than ", most);
  }
  std::string elements;
  const auto* const opaque = std::get_if<ir::OpaqueTensor>(&constant.storage);
  if (opaque != nullptr && opaque->sparse) {
    ALLOT_ASSIGN_OR_RETURN(const SparseElements sparse, ReadSparse(constant));
    elements.assign(static_cast<size_t>(constant.bytes()), '\0');
    for (size_t i = 0; i < sparse.indices.size(); ++i) {
      std::memcpy(elements.data() + static_cast<size_t>(sparse.indices[i]) * width,
                  sparse.values.data() + i * width, width);
    }
  } else {
    ALLOT_ASSIGN_OR_RETURN(elements, ReadElements(module, constant, most));
  }
  std::vector<int64_t> dims = constant.dims;
  for (const Weights::Step& step : weights.steps) {
    if (step.kind == Weights::Step::Kind::kReshape) dims = step.numbers;
    if (step.kind != Weights::Step::Kind::kTranspose) continue;
    const Permutation place(dims, step.numbers);
    std::string moved(elements.size(), '\0');
    for (int64_t i = 0; i < Product(dims); ++i) {
      std::memcpy(moved.data() + static_cast<size_t>(place(i)) * width,
                  elements.data() + static_cast<size_t>(i) * width, width);
    }
    elements = std::move(moved);
    dims = Permuted(dims, step.numbers);
  }
  return elements;
}

}  // namespace allot
