// What a plan says, as attributes of MLIR.
#pragma once

#include "mlir/IR/Attributes.h"
#include "mlir/IR/MLIRContext.h"

#include "ir/text/syntax.h"

namespace allot {

// Null for what is spelled in a dialect that the context neither has nor lets pass.
mlir::Attribute AttributeOf(const ir::text::Attr& attr, mlir::MLIRContext* context);

}  // namespace allot
