// The work of every operator and the size of every tensor of a model, under sizes for its open
// dimensions: for costs only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "ir/plan_stages.h"
#include "passes/pipeline/pass.h"
#include "support/id.h"
#include "support/units.h"
#include "target/op_features.h"

namespace allot {

struct OperatorWork {
  IdVector<ir::NodeId, OpFeatures> features;   // of the main graph; empty ones for erased nodes
  IdVector<ir::ValueId, Bytes> value_bytes;    // 0 if not known: containers, tensors without rank
  std::vector<std::string> defaulted_symbols;  // by name; they count as DimBindings::fallback
  int64_t unknown_dims = 0;                    // that only a run tells; likewise
  std::string misfit;  // why the model cannot run with these sizes; empty: it can
};

// Of the graph with the sizes in the context. The one inference of sizes of a compile; for graph
// passes as well, whose decisions need costs. Near linear.
struct GraphWork {
  using Result = OperatorWork;
  static constexpr ir::PlanStage kReads = ir::PlanStage::kGraph;
  static absl::StatusOr<OperatorWork> Make(const ir::Module& module, const PassContext& context);
};

}  // namespace allot
