// Work that follows from a number of elements alone.
#include <algorithm>

#include "operators/counting/work_rules.h"

namespace allot::work {
namespace {

OpWork Operations(int64_t count) {
  OpWork work;
  work.other_operations = count;
  return work;
}

}  // namespace

WorkRule Nothing() { return nullptr; }

WorkRule PerResult(int64_t operations) {
  return [operations](const OpView& view) {
    return Operations(Product({operations, view.ResultElements(0)}));
  };
}

WorkRule PerAnyResult(int64_t operations) {
  return [operations](const OpView& view) {
    int64_t elements = 0;
    for (size_t i = 0; i < view.node().results.size(); ++i) {
      elements = SaturatingAdd(elements, view.ResultElements(i));
    }
    return Operations(Product({operations, elements}));
  };
}

WorkRule PerOperand(int64_t operations) {
  return [operations](const OpView& view) {
    return Operations(Product({operations, view.OperandElements(0)}));
  };
}

WorkRule PerSecondOperand(int64_t operations) {
  return [operations](const OpView& view) {
    return Operations(Product({operations, view.OperandElements(1)}));
  };
}

WorkRule PerJoinedOperand(int64_t operations) {
  return [operations](const OpView& view) {
    const int64_t joined = static_cast<int64_t>(view.node().operands.size()) - 1;
    return Operations(Product({operations, std::max<int64_t>(0, joined), view.ResultElements(0)}));
  };
}

}  // namespace allot::work
