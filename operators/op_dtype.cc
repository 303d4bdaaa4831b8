#include "operators/op_dtype.h"

#include <algorithm>

namespace allot {
namespace {

bool IsFloat(ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kFloat:
    case ir::ElementType::kFloat16:
    case ir::ElementType::kDouble:
    case ir::ElementType::kBfloat16:
    case ir::ElementType::kFloat8E4M3FN:
    case ir::ElementType::kFloat8E4M3FNUZ:
    case ir::ElementType::kFloat8E5M2:
    case ir::ElementType::kFloat8E5M2FNUZ:
    case ir::ElementType::kComplex64:
    case ir::ElementType::kComplex128:
      return true;
    default:
      return false;
  }
}

// The name of the integers that quantized arithmetic runs in; "" for other types.
std::string QuantizedName(ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kInt8:
    case ir::ElementType::kUint8:
      return "int8";
    case ir::ElementType::kInt16:
    case ir::ElementType::kUint16:
      return "int16";
    case ir::ElementType::kInt4:
    case ir::ElementType::kUint4:
      return "int4";
    default:
      return "";
  }
}

std::string QuantizedType(const OpView& view) {
  for (const ir::ElementType element : {view.OperandType(0).element, view.ResultType(0).element}) {
    const std::string name = QuantizedName(element);
    if (!name.empty()) return name;
  }
  return "int8";
}

// The integers behind operand `i` if it is dequantized; "" if not.
std::string DequantizedFrom(const OpView& view, size_t i) {
  if (!view.HasOperand(i)) return "";
  const ir::NodeId producer = view.graph().value(view.node().operands[i]).producer;
  if (!producer.valid()) return "";
  const ir::Node& node = view.graph().node(producer);
  if (node.op_type != "DequantizeLinear" || node.operands.empty() || !node.operands[0].valid()) {
    return "";
  }
  return QuantizedName(view.TypeOf(node.operands[0]).element);
}

bool QuantizedAgain(const OpView& view) {
  if (view.node().results.empty()) return false;
  const absl::Span<const ir::NodeId> users = view.graph().users(view.node().results[0]);
  return !users.empty() && std::all_of(users.begin(), users.end(), [&view](ir::NodeId user) {
    return view.graph().node(user).op_type == "QuantizeLinear";
  });
}

// Whether every operand that is data is dequantized; scalars and shapes do not matter.
bool AllDequantized(const OpView& view) {
  bool any = false;
  for (size_t i = 0; i < view.node().operands.size(); ++i) {
    if (!view.HasOperand(i) || !IsFloat(view.OperandType(i).element)) continue;
    if (view.ConstantOf(view.node().operands[i]).valid()) continue;
    if (DequantizedFrom(view, i).empty()) return false;
    any = true;
  }
  return any;
}

}  // namespace

std::string ArithmeticType(const Operator* op, const OpView& view) {
  if (op != nullptr && op->int8) return QuantizedType(view);
  if (op != nullptr && op->family == OpFamily::kMatrix) {
    const std::string data = DequantizedFrom(view, 0);
    if (!data.empty() && !DequantizedFrom(view, 1).empty()) return data;
  } else if (op != nullptr && op->family != OpFamily::kControl && AllDequantized(view) &&
             QuantizedAgain(view)) {
    return DequantizedFrom(view, 0).empty() ? "int8" : DequantizedFrom(view, 0);
  }
  const ir::ElementType operand = view.OperandType(0).element;
  const ir::ElementType result = view.ResultType(0).element;
  ir::ElementType element = operand;
  if (operand == ir::ElementType::kUndefined || (!IsFloat(operand) && IsFloat(result))) {
    element = result;
  }
  if (element == ir::ElementType::kUndefined) return "float32";
  return std::string(ir::DtypeName(element));
}

}  // namespace allot
