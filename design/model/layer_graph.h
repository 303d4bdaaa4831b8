// The layers of a module.
#pragma once

#include "absl/status/statusor.h"

#include "design/model/operation.h"
#include "ir/module.h"
#include "ir/operator_schemas.h"
#include "operators/inference/dim_bindings.h"
#include "operators/operators.h"

namespace allot::design {

// The layers are the repetitions that FindRepeatedBlocks() finds, and what lies between them, cut
// where a single value crosses. Where none does for a long way (encoders beside each other, the
// arms of a U), what lies between is divided into its branches (branches.h), the longest stretch
// first, for as long as there are at most kMostCuts sets of layers that may lie before a cut; where
// they are more, into pieces in the order of the file. `dims` must make it a model of one sample.
// Views, gathers and other movement cost nothing here, as PHAZE has it; nor does work on shapes and
// constants. Errors: a model that cannot run with these sizes, or that has no work.
absl::StatusOr<LayerGraph> ReadLayers(const ir::Module& module, const std::string& name,
                                      const ir::OperatorSchemas* schemas, const DimBindings& dims,
                                      const Operators& operators);

}  // namespace allot::design
