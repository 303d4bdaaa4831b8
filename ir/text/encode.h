// Module and plan -> syntax tree.
#pragma once

#include "ir/print.h"
#include "ir/text/syntax.h"

namespace allot::ir::text {

Document Encode(const Module& module, const PrintOptions& options);

}  // namespace allot::ir::text
