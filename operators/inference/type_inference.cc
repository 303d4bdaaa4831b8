#include "operators/inference/type_inference.h"

#include "operators/inference/inference_engine.h"
#include "support/check.h"
#include "support/status.h"

namespace allot {

absl::StatusOr<InferredTypes> InferTypes(const ir::Module& module,
                                         const ir::OperatorSchemas* schemas,
                                         Diagnostics& diagnostics, const Operators& operators) {
  InferenceEngine engine(module, operators, schemas, nullptr, &diagnostics);
  ALLOT_RETURN_IF_ERROR(engine.Run());
  return engine.TakeTypes();
}

ConcreteTypes InferConcreteTypes(const ir::Module& module, const ir::OperatorSchemas* schemas,
                                 const DimBindings& dims, const Operators& operators) {
  InferenceEngine engine(module, operators, schemas, &dims, nullptr);
  // Under given sizes contradictions are noted, never returned.
  ALLOT_CHECK(engine.Run().ok());
  ConcreteTypes concrete;
  concrete.inferred = engine.TakeTypes();
  concrete.defaulted = engine.Defaulted();
  concrete.unknown_dims = engine.unknown_dims();
  concrete.misfit = engine.misfit();
  return concrete;
}

}  // namespace allot
