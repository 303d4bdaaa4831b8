// What Allot knows of an operator: one record, whoever asks.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "operators/backward.h"
#include "operators/op_view.h"
#include "operators/op_work.h"
#include "operators/rules/rule_context.h"
#include "operators/split_axis.h"
#include "target/op_features.h"

namespace allot {

// The operations of one node, whose types are those of the run that is planned for. Sizes that are
// unknown read as 0 there and give no work, not an error: errors end the run, with the node before
// them, and are for what must not be planned.
using WorkRule = std::function<absl::StatusOr<OpWork>(const OpView& view)>;

// How the types of results follow from those of operands. A rule writes what is certain and leaves
// the rest unknown: what it writes ends up in the files that are emitted. It returns an error only
// for a contradiction between known numbers ("inner dimensions 3 and 4 differ"); whoever calls it
// adds the node and the types of its operands. Odd models (wrong rank, missing operand, axis out of
// range) give unknown results, not errors: another tool judges them.
using ShapeRule = std::function<absl::Status(RuleContext& context)>;

// How elements of small results follow from those of operands, so that the arithmetic that a model
// does on shapes is known. Runs after the shape rule and sees the result's type. It sets elements
// of which it is certain on every runtime.
using ValueRule = std::function<void(RuleContext& context)>;

// Rules hold for every version of the operator unless they look at it. They have no state, and may
// be called on several threads at once.
struct Operator {
  std::string domain;  // "" is ai.onnx
  std::string op_type;
  OpFamily family = OpFamily::kOther;
  bool int8 = false;      // computes in 8-bit integers
  bool looks_up = false;  // reads of each operand no more bytes than it writes
  WorkRule work;          // empty: no operations
  ShapeRule shape;        // empty: schemas are asked, and what the model declares
  ValueRule value;  // empty: nothing is known of elements; called only if there is a shape rule
  SplitRule split;  // empty: it stays whole
  BackwardRule backward;  // empty: as backward_default.h says
};

// "Conv", "com.microsoft:FusedConv".
std::string OperatorName(const Operator& op);

}  // namespace allot
