#include <algorithm>

#include "design/model/operation.h"

namespace allot::design {
namespace {

// What lies between a product and the products with weights behind it.
struct Upstream {
  std::vector<int32_t> products, between;
  bool mixed = false;
};

bool IsProductOfActivations(const Operation& operation) {
  return !operation.products.empty() && !operation.weighted;
}

Upstream FindUpstream(const Block& block, int32_t from) {
  // Visited with a softmax on the way, or without one.
  std::vector<bool> seen[2] = {std::vector<bool>(block.operations.size()),
                               std::vector<bool>(block.operations.size())};
  Upstream upstream;
  std::vector<std::pair<int32_t, bool>> stack;
  for (const int32_t source : block.operations[static_cast<size_t>(from)].sources) {
    stack.emplace_back(source, false);
  }
  while (!stack.empty()) {
    auto [at, after_softmax] = stack.back();
    stack.pop_back();
    if (seen[after_softmax][static_cast<size_t>(at)]) continue;
    seen[after_softmax][static_cast<size_t>(at)] = true;
    const Operation& operation = block.operations[static_cast<size_t>(at)];
    if (operation.weighted && !operation.products.empty()) {
      // A softmax over the columns of a product needs all of them; over scores of heads it does
      // not.
      upstream.mixed = upstream.mixed || after_softmax;
      upstream.products.push_back(at);
      continue;
    }
    upstream.between.push_back(at);
    upstream.mixed = upstream.mixed || operation.mixes;
    if (IsProductOfActivations(operation)) after_softmax = false;
    if (operation.softmax) after_softmax = true;
    for (const int32_t source : operation.sources) stack.emplace_back(source, after_softmax);
  }
  return upstream;
}

bool MaySplit(const Operation& operation) {
  return operation.weighted && operation.products.size() == 1 && operation.products[0].batch == 1 &&
         (operation.op_type == "MatMul" || operation.op_type == "Gemm" ||
          operation.op_type == "FusedGemm" || operation.op_type == "FusedMatMul");
}

}  // namespace

void AssignSplitRoles(Block& block) {
  std::vector<bool> columns(block.operations.size());
  for (size_t i = 0; i < block.operations.size(); ++i) {
    Operation& operation = block.operations[i];
    operation.role = SplitRole::kWhole;
    if (!MaySplit(operation)) continue;
    const Upstream upstream = FindUpstream(block, static_cast<int32_t>(i));
    const bool rows = !upstream.products.empty() && !upstream.mixed &&
                      std::all_of(upstream.products.begin(), upstream.products.end(),
                                  [&](int32_t at) { return columns[static_cast<size_t>(at)]; });
    if (!rows) {
      columns[i] = true;  // if something takes rows of it
      continue;
    }
    operation.role = SplitRole::kRows;
    block.split = true;
    for (const int32_t at : upstream.products) {
      block.operations[static_cast<size_t>(at)].role = SplitRole::kColumns;
    }
    for (const int32_t at : upstream.between) {
      block.operations[static_cast<size_t>(at)].role = SplitRole::kWithin;
    }
  }
}

}  // namespace allot::design
