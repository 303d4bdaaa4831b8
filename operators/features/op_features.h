// What the cost models are told of each node (target/op_features.h), from operators, types and
// constants. See docs/cost-model.md for what is counted and how.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "ir/called_function.h"
#include "ir/module.h"
#include "operators/inference/type_inference.h"
#include "operators/op_view.h"
#include "operators/operators.h"
#include "support/id.h"
#include "target/op_features.h"

namespace allot {

// How often a loop is taken to run when nothing tells.
inline constexpr int64_t kGuessedTrips = 10;

class OpFeatureAnalysis {
 public:
  // `types` from InferConcreteTypes(); where they are silent the declared types count, and what
  // remains unknown counts nothing. All must outlive the analysis.
  OpFeatureAnalysis(const ir::Module& module, const InferredTypes& types,
                    const Operators& operators);

  // Of a node of the main graph. What a runtime folds (constant_work.h) is no work. Nodes with
  // bodies are kControl: a Loop or Scan its body times the trips, an If its costlier branch, a call
  // its function's body; operators of the table that a model also defines as functions count as
  // operators. Linear in the size of the node's bodies, each of which is visited once in the life
  // of the analysis.
  OpFeatures Of(ir::NodeId node);
  // The first error of a work rule since then; its node counts no work.
  const absl::Status& status() const { return status_; }

 private:
  // One use of a graph.
  struct Scope {
    const ir::Graph* graph = nullptr;
    const GraphTypes* types = nullptr;  // nullptr: as declared
    int depth = 0;
  };
  struct Work {
    OpFeatures features;
    std::set<ir::ConstantId> constants;  // all that `weights` counts
  };
  // The sum of a body.
  struct BodyWork {
    int64_t flops = 0;
    Bytes moved_in = 0, moved_out = 0;  // moved_in: constants as often as they are touched
    int64_t launches = 0;
    std::map<std::string, int64_t> flops_by_dtype;
    std::set<ir::ConstantId> constants;
  };

  OpView ViewOf(const Scope& scope, const ir::Node& node) const;
  Work WorkOf(const Scope& scope, ir::NodeId node);
  void CountTraffic(const OpView& view, bool touched_only, Work& work) const;
  void AddControl(const Scope& scope, ir::NodeId id, bool is_call, Work& work);
  void AddModifiers(const Scope& scope, ir::NodeId id, Work& work);
  const BodyWork& InstanceWork(InstanceId instance, const ir::Graph& graph, int depth);
  BodyWork SumOf(const Scope& scope);
  std::optional<int64_t> IterationsOf(InstanceId instance) const;

  const ir::Module& module_;
  const InferredTypes& types_;
  const Operators& operators_;
  const CalledFunctions functions_;
  const IdVector<ir::NodeId, bool> shape_work_;  // of the main graph
  const IdVector<ir::NodeId, bool> folded_;      // likewise
  IdVector<InstanceId, std::optional<BodyWork>> body_work_;
  absl::Status status_;
};

// Of every node of the main graph; erased nodes get empty features. Errors are those of work rules.
absl::StatusOr<IdVector<ir::NodeId, OpFeatures>> FeaturesOfGraph(
    const ir::Module& module, const InferredTypes& types,
    const Operators& operators = BuiltinOperators());

// Of one node. Builds the analysis: O(graph), for tests and tools.
OpFeatures FeaturesOf(const ir::Module& module, ir::NodeId node, const InferredTypes& types);

}  // namespace allot
