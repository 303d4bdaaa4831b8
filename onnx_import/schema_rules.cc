#include "onnx_import/schema_rules.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace allot {
namespace {

using ir::FindAttribute;
using ir::Node;
using Operands = std::vector<ir::OperatorSchemas::Operand>;

// The newest versions that libonnx 1.12 has schemas of.
constexpr int kNewestKnownOpset = 17;
constexpr int kNewestKnownMl = 3;
constexpr int kNewestCheckedMl = 5;

bool IsPresent(const Operands& operands, size_t index) {
  return index < operands.size() && operands[index].present;
}
bool HasAttribute(const Node& node, const char* name) { return node.attributes.count(name) > 0; }
bool IsZeroOrAbsent(const Node& node, const char* name) {
  const auto* value = FindAttribute<int64_t>(node.attributes, name);
  return value == nullptr ? !HasAttribute(node, name) : *value == 0;
}

// Whether the rule of version 17 still holds for this node.
using Condition = bool (*)(const Node& node, const Operands& operands);

bool Never(const Node&, const Operands&) { return false; }
bool WithoutDilations(const Node& node, const Operands&) {
  return !HasAttribute(node, "dilations") && IsZeroOrAbsent(node, "ceil_mode");
}
bool WithoutOutputDtype(const Node& node, const Operands&) {
  return IsZeroOrAbsent(node, "output_dtype");
}
// The old rule says that the result is float32; now it has the type of the scale.
bool FloatScale(const Node& node, const Operands& operands) {
  return IsZeroOrAbsent(node, "output_dtype") && operands.size() > 1 &&
         operands[1].type.element == ir::ElementType::kFloat;
}
bool WithoutAxesInput(const Node&, const Operands& operands) { return !IsPresent(operands, 3); }
bool AllAxesAsStated(const Node& node, const Operands&) {
  const auto* policy = FindAttribute<std::string>(node.attributes, "keep_aspect_ratio_policy");
  return !HasAttribute(node, "axes") &&
         (policy == nullptr ? !HasAttribute(node, "keep_aspect_ratio_policy")
                            : *policy == "stretch");
}
bool WithSizes(const Node& node, const Operands& operands) {
  return !HasAttribute(node, "num_outputs") && IsPresent(operands, 1);
}
bool OfOptional(const Node&, const Operands& operands) {
  return !operands.empty() && operands[0].type.kind == ir::Type::Kind::kOptional;
}
bool OfImages(const Node&, const Operands& operands) {
  return !operands.empty() && operands[0].type.is_ranked_tensor() &&
         operands[0].type.shape->size() == 4;
}

// The operators of version 17 whose result changed afterwards, from that version on. From ONNX's
// change log, versions 18 to 28; versions that only widen type constraints are left out.
struct Change {
  std::string_view op_type;
  int64_t version;
  Condition rule_still_holds;
};
constexpr Change kChanges[] = {
    {"AveragePool", 19, WithoutDilations},       // dilations; ceil_mode counts windows differently
    {"DFT", 20, Never},                          // the axis became an input
    {"DequantizeLinear", 19, FloatScale},        // result as the scale; 23: output_dtype
    {"GridSample", 20, OfImages},                // any rank
    {"LpPool", 18, WithoutDilations},            // dilations, ceil_mode
    {"OptionalGetElement", 18, OfOptional},      // tensors and sequences too
    {"OptionalHasElement", 18, OfOptional},      // likewise, and no input at all
    {"Pad", 18, WithoutAxesInput},               // axes
    {"QuantizeLinear", 21, WithoutOutputDtype},  // output_dtype
    {"Resize", 18, AllAxesAsStated},             // axes, keep_aspect_ratio_policy
    {"Split", 18, WithSizes},                    // num_outputs
};

// Operators whose rule is wrong in version 17 already: it takes `onesided` for 0 where it is
// absent.
constexpr std::string_view kWrongRules[] = {"STFT"};

// Since 18 these take their axes as ReduceSum has done since 13; its rule is theirs.
constexpr std::string_view kReductions[] = {"ReduceL1",        "ReduceL2",   "ReduceLogSum",
                                            "ReduceLogSumExp", "ReduceMax",  "ReduceMean",
                                            "ReduceMin",       "ReduceProd", "ReduceSumSquare"};

// Operators that libonnx 1.12 has no rule for, since it inlines their definition, and others whose
// result is of the same type.
struct Twin {
  std::string_view op_type;
  const char* same_result_as;
};
constexpr Twin kTwins[] = {
    {"GreaterOrEqual", "Greater"},
    {"LessOrEqual", "Less"},
    {"MeanVarianceNormalization", "Relu"},
};

const onnx::OpSchema* Lookup(const std::string& op_type, int64_t version,
                             const std::string& domain) {
  return onnx::OpSchemaRegistry::Schema(op_type, static_cast<int>(version), domain);
}

const onnx::OpSchema* StandardSchema(const Node& node, int64_t version, const Operands& operands) {
  if (version > kNewestCheckedOpset) return nullptr;
  for (const std::string_view wrong : kWrongRules) {
    if (wrong == node.op_type) return nullptr;
  }
  for (const Twin& twin : kTwins) {
    if (twin.op_type == node.op_type) {
      return Lookup(twin.same_result_as, std::min<int64_t>(version, kNewestKnownOpset), "");
    }
  }
  if (version <= kNewestKnownOpset) return Lookup(node.op_type, version, "");
  if (std::find(std::begin(kReductions), std::end(kReductions), node.op_type) !=
      std::end(kReductions)) {
    return Lookup("ReduceSum", kNewestKnownOpset, "");
  }
  for (const Change& change : kChanges) {
    if (change.op_type == node.op_type && version >= change.version &&
        !change.rule_still_holds(node, operands)) {
      return nullptr;
    }
  }
  return Lookup(node.op_type, kNewestKnownOpset, "");
}

const onnx::OpSchema* ClassicalSchema(const Node& node, int64_t version) {
  if (version > kNewestCheckedMl) return nullptr;
  if (version > kNewestKnownMl && node.op_type == "LabelEncoder") return nullptr;
  return Lookup(node.op_type, std::min<int64_t>(version, kNewestKnownMl), "ai.onnx.ml");
}

}  // namespace

const onnx::OpSchema* TrustedSchema(const Node& node, int64_t opset_version,
                                    const Operands& operands) {
  if (opset_version <= 0 || !node.overload.empty()) return nullptr;
  const onnx::OpSchema* schema = nullptr;
  // Their rules ask for the results of the bodies.
  for (const char* op_type : {"If", "Loop", "Scan", "SequenceMap"}) {
    if (node.Is(op_type)) return nullptr;
  }
  if (node.domain.empty()) schema = StandardSchema(node, opset_version, operands);
  if (node.domain == "ai.onnx.ml") schema = ClassicalSchema(node, opset_version);
  if (schema == nullptr || schema->deprecated() ||
      !schema->has_type_and_shape_inference_function()) {
    return nullptr;
  }
  return schema;
}

}  // namespace allot
