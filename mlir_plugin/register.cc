// What the plug-in loads, and what programs that link MLIR call.
#include <memory>

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"

#include "mlir_plugin/passes.h"

namespace allot {

void RegisterMlirPasses() {
  mlir::registerPass([] { return CreatePlacePass({}); });
}

}  // namespace allot

extern "C" ALLOT_MLIR_EXPORT void allotRegisterMlirPasses() { allot::RegisterMlirPasses(); }
