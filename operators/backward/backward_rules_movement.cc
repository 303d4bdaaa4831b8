// What only moves elements: gradients are moved back, and nothing but indices is kept.
#include "operators/backward/backward_rules.h"

namespace allot {
namespace {

// The same bytes in another shape, forward and backward.
Backward View(const OpView& view, const std::vector<bool>& wanted, const OpWork& /*forward*/) {
  Backward backward = GradientsOf(view, wanted, {0});
  backward.view = true;
  return backward;
}

// A mask of a byte for each element, where a model that is being trained drops some; else a view.
Backward Dropout(const OpView& view, const std::vector<bool>& wanted, const OpWork& forward) {
  const bool trains = view.HasOperand(2);
  if (!trains) return View(view, wanted, forward);
  Backward backward = GradientsOf(view, wanted, {0});
  if (!backward.any()) return backward;
  backward.work.other_operations = view.ResultElements(0);
  backward.keeps_more = view.ResultElements(0);
  return backward;
}

// `data` get gradients; of the operands behind them, indices and sizes, all are kept.
BackwardRule Moved(size_t data) {
  return [data](const OpView& view, const std::vector<bool>& wanted, const OpWork& /*forward*/) {
    std::vector<size_t> operands;
    for (size_t i = 0; i < data && i < wanted.size(); ++i) operands.push_back(i);
    Backward backward = GradientsOf(view, wanted, operands);
    if (!backward.any()) return backward;
    for (size_t i = data; i < wanted.size(); ++i) backward.keeps_operands[i] = true;
    return backward;
  };
}

// Data, indices, updates.
Backward Scatter(const OpView& view, const std::vector<bool>& wanted, const OpWork& /*forward*/) {
  Backward backward = GradientsOf(view, wanted, {0, 2});
  if (backward.any() && wanted.size() > 1) backward.keeps_operands[1] = true;
  return backward;
}

}  // namespace

std::vector<BackwardRuleEntry> MovementBackwardRules() {
  std::vector<BackwardRuleEntry> rules;
  for (const char* op_type : {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze"}) {
    rules.push_back({"", op_type, View});
  }
  rules.push_back({"com.microsoft", "ExpandDims", View});
  rules.push_back({"", "Dropout", Dropout});
  constexpr size_t kAll = 1'000'000;
  rules.push_back({"", "Concat", Moved(kAll)});
  for (const char* op_type : {"Transpose",       "Split",        "Slice",
                              "DynamicSlice",    "Gather",       "GatherElements",
                              "GatherND",        "Pad",          "Crop",
                              "CenterCropPad",   "Tile",         "Expand",
                              "DepthToSpace",    "SpaceToDepth", "ReverseSequence",
                              "Compress",        "Trilu",        "MaxUnpool",
                              "SplitToSequence", "TopK"}) {
    rules.push_back({"", op_type, Moved(1)});
  }
  for (const char* op_type :
       {"GatherND", "DynamicSlice", "Pad", "Trilu", "RemovePadding", "RestorePadding"}) {
    rules.push_back({"com.microsoft", op_type, Moved(1)});
  }
  for (const char* op_type : {"Scatter", "ScatterElements", "ScatterND", "TensorScatter"}) {
    rules.push_back({"", op_type, Scatter});
  }
  for (const char* op_type : {"ReorderInput", "ReorderOutput"}) {
    rules.push_back({"com.microsoft.nchwc", op_type, Moved(1)});
  }
  for (const char* op_type : {"Constant", "Shape", "Size", "OneHot", "Range", "ConstantFill",
                              "ConstantOfShape", "EyeLike"}) {
    rules.push_back({"", op_type, NoGradient});
  }
  return rules;
}

}  // namespace allot
