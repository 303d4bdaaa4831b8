#include "onnx_import/schema_guards.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace allot {
namespace {

using ir::FindAttribute;
using ir::Node;
using Operands = std::vector<ir::OperatorSchemas::Operand>;

// Ranks beyond this are damage. Some rules make as many dimensions as a vector has elements.
constexpr int64_t kMaxRank = 1000;

std::optional<int64_t> RankOf(const Operands& operands, size_t index) {
  if (index >= operands.size() || !operands[index].type.shape.has_value()) return std::nullopt;
  return static_cast<int64_t>(operands[index].type.shape->size());
}

// Whether operand `index`, if its rank is known, has one from `least` to `most`.
bool HasRank(const Operands& operands, size_t index, int64_t least, int64_t most = kMaxRank) {
  const std::optional<int64_t> rank = RankOf(operands, index);
  return !rank.has_value() || (*rank >= least && *rank <= most);
}

bool AllPositive(const Node& node, const char* name) {
  const auto* list = FindAttribute<std::vector<int64_t>>(node.attributes, name);
  return list == nullptr || std::all_of(list->begin(), list->end(), [](int64_t entry) {
           return entry > 0 && entry <= std::numeric_limits<int32_t>::max();
         });
}

bool HasLength(const Node& node, const char* name, int64_t length) {
  const auto* list = FindAttribute<std::vector<int64_t>>(node.attributes, name);
  return list == nullptr || static_cast<int64_t>(list->size()) == length;
}

int64_t IntegerOr(const Node& node, const char* name, int64_t otherwise) {
  const auto* value = FindAttribute<int64_t>(node.attributes, name);
  return value == nullptr ? otherwise : *value;
}

// A window that slides over all but the first two dimensions of operand 0.
bool WindowFits(const Node& node, const Operands& operands) {
  if (!HasRank(operands, 0, 3)) return false;
  for (const char* name : {"kernel_shape", "strides", "dilations"}) {
    if (!AllPositive(node, name)) return false;
  }
  const std::optional<int64_t> rank = RankOf(operands, 0);
  if (!rank.has_value()) return true;
  const int64_t spatial = *rank - 2;
  return HasLength(node, "kernel_shape", spatial) && HasLength(node, "strides", spatial) &&
         HasLength(node, "dilations", spatial) && HasLength(node, "pads", 2 * spatial) &&
         HasLength(node, "output_padding", spatial) && HasLength(node, "output_shape", spatial);
}

template <size_t kWeights>
bool IsConvolution(const Node& node, const Operands& operands) {
  const std::optional<int64_t> x = RankOf(operands, 0);
  const std::optional<int64_t> w = RankOf(operands, kWeights);
  return WindowFits(node, operands) && HasRank(operands, kWeights, 3) && (!x || !w || x == w) &&
         IntegerOr(node, "group", 1) > 0;
}

bool IsRoiPool(const Node& node, const Operands& operands) {
  return HasRank(operands, 0, 4, 4) && HasRank(operands, 1, 2, 2) &&
         HasLength(node, "pooled_shape", 2);
}

bool IsUnpool(const Node& node, const Operands& operands) {
  return WindowFits(node, operands) && RankOf(operands, 0) == RankOf(operands, 1);
}

// The length of the pieces divides.
bool HasPositiveLengths(const Node&, const Operands& operands) {
  if (operands.size() < 2 || !operands[1].integers.has_value()) return true;
  const std::vector<int64_t>& lengths = *operands[1].integers;
  return std::all_of(lengths.begin(), lengths.end(), [](int64_t length) { return length > 0; });
}

// Its square divides, too.
bool HasBlockSize(const Node& node, const Operands&) {
  const int64_t size = IntegerOr(node, "blocksize", 0);
  return size > 0 && size <= std::numeric_limits<int16_t>::max();
}

bool AreMatrices(const Node&, const Operands& operands) {
  return HasRank(operands, 0, 2, 2) && HasRank(operands, 1, 2, 2);
}

bool IsSequenceOfBatches(const Node&, const Operands& operands) {
  return HasRank(operands, 0, 3, 3);
}

// The axis counts from either end, and must exist.
template <int kDefault>
bool AxisExists(const Node& node, const Operands& operands) {
  const int64_t axis = IntegerOr(node, "axis", kDefault);
  const int64_t rank = RankOf(operands, 0).value_or(kMaxRank);
  return axis >= -rank && axis < rank;
}

bool BatchDimsExist(const Node& node, const Operands& operands) {
  const int64_t dims = IntegerOr(node, "batch_dims", 0);
  return dims >= 0 && dims <= RankOf(operands, 0).value_or(0) &&
         dims < RankOf(operands, 1).value_or(0);
}

bool AreScalars(const Node&, const Operands& operands) {
  return std::all_of(operands.begin(), operands.end(), [](const auto& operand) {
    return !operand.integers.has_value() || operand.integers->size() == 1;
  });
}

// Operand `kShape` lists the dimensions of the result.
template <size_t kShape>
bool NamesDimensions(const Node&, const Operands& operands) {
  if (kShape >= operands.size()) return true;
  const ir::Type& type = operands[kShape].type;
  if (!type.shape.has_value() || type.shape->empty()) return true;
  return type.shape->size() == 1 && (*type.shape)[0].size <= kMaxRank;
}

struct Guard {
  std::string_view op_type;
  bool (*holds)(const Node& node, const Operands& operands);
};
constexpr Guard kGuards[] = {
    {"AveragePool", WindowFits},
    {"ConstantOfShape", NamesDimensions<0>},
    {"Conv", IsConvolution<1>},
    {"ConvInteger", IsConvolution<1>},
    {"ConvTranspose", IsConvolution<1>},
    {"DepthToSpace", HasBlockSize},
    {"Expand", NamesDimensions<1>},
    {"GRU", IsSequenceOfBatches},
    {"GatherND", BatchDimsExist},
    {"Gemm", AreMatrices},
    {"LSTM", IsSequenceOfBatches},
    {"LayerNormalization", AxisExists<-1>},
    {"LpPool", WindowFits},
    {"MaxPool", WindowFits},
    {"MaxRoiPool", IsRoiPool},
    {"MaxUnpool", IsUnpool},
    {"QLinearConv", IsConvolution<3>},
    {"RNN", IsSequenceOfBatches},
    {"Range", AreScalars},
    {"Reshape", NamesDimensions<1>},
    {"SpaceToDepth", HasBlockSize},
    {"SplitToSequence", HasPositiveLengths},
};

// Whether the elements of an operand are as many as its shape says, as rules take for granted.
bool IsConsistent(const ir::OperatorSchemas::Operand& operand) {
  if (!operand.integers.has_value()) return true;
  int64_t count = 1;
  for (int64_t dim : operand.integer_dims) {
    if (dim < 0 || dim > std::numeric_limits<int32_t>::max()) return false;
    count = std::min<int64_t>(count * dim, std::numeric_limits<int32_t>::max());
  }
  return count == static_cast<int64_t>(operand.integers->size());
}

}  // namespace

bool IsSafeToInfer(const Node& node, const Operands& operands) {
  if (!std::all_of(operands.begin(), operands.end(), IsConsistent)) return false;
  for (const Guard& guard : kGuards) {
    if (guard.op_type == node.op_type && !guard.holds(node, operands)) return false;
  }
  return true;
}

}  // namespace allot
