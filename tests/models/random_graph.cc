#include "tests/models/random_graph.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/random.h"
#include "tests/models/build_graph.h"

namespace allot::testing {
namespace {

using ir::AttributeMap;
using ir::ValueId;

AttributeMap AttributesOf(const std::string& op_type) {
  if (op_type == "Softmax") return {{"axis", Attr(int64_t{-1})}};
  if (op_type == "Transpose") return {{"perm", Attr(std::vector<int64_t>{1, 0})}};
  return {};
}

}  // namespace

ir::Module RandomModule(const RandomGraphOptions& options) {
  constexpr std::array<const char*, 3> kBinary = {"Add", "Mul", "MatMul"};
  constexpr std::array<const char*, 5> kUnary = {"Relu", "Sigmoid", "Tanh", "Softmax", "Transpose"};
  const ir::Type type = F32({8, 8});
  Random random(options.seed);
  ModuleBuilder m;
  std::vector<ValueId> values;
  for (int i = 0; i < std::max(1, options.inputs); ++i) {
    values.push_back(m.Input(absl::StrCat("x", i), type));
  }
  const auto pick = [&] {
    const auto size = static_cast<int64_t>(values.size());
    const int64_t window = std::min<int64_t>(size, std::max(1, options.window));
    return values[static_cast<size_t>(size - 1 - random.Below(window))];
  };
  const auto chance = [&](int percent) { return random.Below(100) < percent; };
  for (int i = 0; i < options.nodes; ++i) {
    if (chance(options.two_operands_percent)) {
      const std::string op = kBinary[static_cast<size_t>(random.Below(kBinary.size()))];
      const ValueId left = pick();
      values.push_back(m.Op(op, {left, pick()}, type));
    } else if (chance(options.weights_percent)) {
      const ValueId left = pick();
      values.push_back(m.Op("MatMul", {left, m.Weight(absl::StrCat("w", i), {8, 8})}, type));
    } else {
      const std::string op = kUnary[static_cast<size_t>(random.Below(kUnary.size()))];
      values.push_back(m.Op(op, {pick()}, type, AttributesOf(op)));
    }
  }
  std::vector<ValueId> outputs;
  for (const ValueId value : values) {
    if (m.graph().users(value).empty() && m.graph().value(value).producer.valid()) {
      outputs.push_back(value);
    }
  }
  return std::move(m).Finish(std::move(outputs));
}

}  // namespace allot::testing
