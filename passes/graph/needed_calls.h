// The pass inline-functions{needed=true} for passes that bring calls to the top.
#pragma once

#include "ir/module.h"
#include "passes/pipeline/pass.h"

namespace allot {

// Whether any call of the main graph was opened.
bool InlineNeededCalls(ir::Module& module, PassContext& context);

}  // namespace allot
