#include "passes/nodes/operator_work.h"

#include <utility>

#include "operators/features/op_features.h"
#include "operators/inference/type_inference.h"
#include "support/status.h"

namespace allot {
namespace {

Bytes BytesOf(const ir::Type& type) {
  if (!type.is_static()) return 0;
  return ir::PackedBytes(type.element, *ir::NumElements(*type.shape));
}

}  // namespace

absl::StatusOr<OperatorWork> GraphWork::Make(const ir::Module& module, const PassContext& context) {
  const ScopedStep step(context, "OperatorWork");
  ConcreteTypes types =
      InferConcreteTypes(module, context.schemas, context.dims, *context.operators);
  OperatorWork work;
  ALLOT_ASSIGN_OR_RETURN(work.features,
                         FeaturesOfGraph(module, types.inferred, *context.operators));
  work.value_bytes.resize(module.graph.value_id_bound());
  for (const ir::ValueId value : work.value_bytes.ids()) {
    const ir::Type& inferred = types.inferred.main().types[value];
    const bool known = inferred.kind != ir::Type::Kind::kUnknown;
    work.value_bytes[value] = BytesOf(known ? inferred : module.graph.value(value).type);
  }
  work.defaulted_symbols = std::move(types.defaulted);
  work.unknown_dims = types.unknown_dims;
  work.misfit = std::move(types.misfit);
  return work;
}

}  // namespace allot
