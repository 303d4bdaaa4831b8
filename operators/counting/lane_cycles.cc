#include "operators/counting/lane_cycles.h"

#include <algorithm>

namespace allot {
namespace {

struct Row {
  absl::string_view op_type;
  LaneCycles cycles;
};

// Additions, products and comparisons take a cycle, and so does a look-up, for exponentials and
// roots. Those of the first lines are PHAZE's; of the others each is the sum of its steps.
constexpr Row kRows[] = {
    {"Add", {1, 0}},
    {"Sub", {1, 1}},
    {"Mul", {1, 2}},
    {"Max", {1, 1}},
    {"Min", {1, 1}},
    {"Div", {10, 12}},
    {"Sigmoid", {12, 3}},
    {"HardSwish", {14, 4}},
    {"Swish", {14, 17}},
    {"Tanh", {27, 3}},
    {"Relu", {1, 1}},
    {"LeakyRelu", {1, 1}},
    {"Clip", {2, 1}},
    {"Neg", {1, 1}},
    {"Abs", {1, 1}},
    {"Cast", {1, 1}},
    {"Where", {1, 1}},
    {"Exp", {1, 1}},
    {"Log", {1, 10}},
    {"Sqrt", {1, 11}},
    {"Erf", {27, 3}},
    {"Pow", {1, 2}},
    {"Gelu", {31, 34}},
    {"FastGelu", {33, 36}},
    {"Softmax", {14, 4}},  // largest, difference, exponential, sum, quotient
    {"LogSoftmax", {5, 4}},
    {"LayerNormalization", {9, 14}},
    {"RMSNormalization", {5, 9}},
    {"SimplifiedLayerNormalization", {5, 9}},
    {"SkipLayerNormalization", {10, 14}},
    {"BatchNormalization", {2, 9}},
    {"ReduceMean", {1, 1}},
    {"ReduceSum", {1, 1}},
    {"ReduceMax", {1, 1}},
};

}  // namespace

LaneCycles LaneCyclesOf(absl::string_view op_type, double operations) {
  for (const Row& row : kRows) {
    if (row.op_type == op_type) return row.cycles;
  }
  const double each = std::max(1.0, operations);
  return {each, 2 * each};
}

}  // namespace allot
