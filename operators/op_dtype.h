// The type that a node's arithmetic runs in.
#pragma once

#include <string>

#include "operators/op_view.h"
#include "operators/operator.h"

namespace allot {

// "float32", "float16", "int8", ... `op` may be nullptr (unknown operator).
//
// The type of the first operand or, if that is no floating point type but the first result is, of
// the result. Quantized operators run in the integers that they take or give: "int8" for 8 bits,
// signed or not. So does a node between DequantizeLinear and QuantizeLinear nodes: a matrix
// operator whose two factors are dequantized, another one whose operands are and whose results are
// quantized again. "float32" if nothing is known.
std::string ArithmeticType(const Operator* op, const OpView& view);

}  // namespace allot
