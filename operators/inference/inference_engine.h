// The walk behind type_inference.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/called_function.h"
#include "operators/inference/type_inference.h"
#include "operators/operators.h"
#include "operators/rules/partial_value.h"
#include "operators/rules/rule_context.h"

namespace allot {

class InferenceEngine {
 public:
  // `dims` null: what is certain; else: under these sizes. `diagnostics` may be null.
  InferenceEngine(const ir::Module& module, const Operators& operators,
                  const ir::OperatorSchemas* schemas, const DimBindings* dims,
                  Diagnostics* diagnostics);

  absl::Status Run();

  InferredTypes TakeTypes();
  std::vector<std::string> Defaulted() const { return {defaulted_.begin(), defaulted_.end()}; }
  int64_t unknown_dims() const { return unknown_dims_; }
  const std::string& misfit() const { return misfit_; }

 private:
  // A value as an argument or result of a graph.
  struct Known {
    ir::Type type;
    std::optional<PartialValue> value;
  };
  // One graph being walked.
  struct Frame {
    const ir::Graph& graph;
    const std::vector<ir::OpsetImport>& imports;
    const ir::AttributeMap* arguments = nullptr;  // null outside of functions
    int depth = 0;
    bool tolerant = false;  // in a body that may never run: contradictions are no errors
    bool unfit = false;     // there is one: the body never runs, its types are of no interest
    // What is certain, which rules may use.
    IdVector<ir::ValueId, ir::Type> types;
    IdVector<ir::ValueId, std::optional<PartialValue>> values;
    GraphTypes result;
  };
  struct Outcome {
    InstanceId instance;  // invalid if the graph was not looked into
    std::vector<Known> outputs;
    bool unfit = false;  // it never runs
  };
  struct Invocation {
    const ir::Graph& graph;
    const std::vector<ir::OpsetImport>& imports;
    const ir::AttributeMap* arguments = nullptr;
    int depth = 0;
    bool tolerant = false;
    std::optional<int64_t> iterations;
    std::vector<Known> inputs, captures;  // missing ones: as declared
  };

  absl::StatusOr<Outcome> Walk(Invocation invocation);
  absl::Status Visit(Frame& frame, ir::NodeId id);
  // Whether sizes that the model declares, and nothing computes, hold at every inference.
  enum class Stated { kHolds, kGuess };
  // Takes what rules found for a value together with what is declared.
  void Settle(Frame& frame, ir::ValueId id, ir::Type inferred, std::optional<PartialValue> value,
              Stated stated);
  // What is certain of a value: what is computed, and of what is not, what is declared. Sets
  // `contradicts` where the declared type excludes the computed one.
  ir::Type Certain(const ir::Type& declared, const ir::Type& inferred, Stated stated,
                   bool& contradicts) const;
  // `counted`: the results without type that were counted before the node's bodies were visited.
  void CountUntyped(const Frame& frame, ir::NodeId node_id, int64_t counted);
  int64_t UntypedSoFar() const;
  absl::Status Contradiction(Frame& frame, const ir::Node& node, const absl::Status& why);

  // inference_control_flow.cc: sets the results of nodes with bodies and of calls.
  using Results = std::vector<Known>;
  absl::StatusOr<Results> VisitBodies(Frame& frame, ir::NodeId id,
                                      const ir::AttributeMap& attributes);
  absl::StatusOr<Results> VisitIf(Frame& frame, ir::NodeId id, const ir::AttributeMap& attributes);
  absl::StatusOr<Results> VisitLoop(Frame& frame, ir::NodeId id, size_t body);
  absl::StatusOr<Results> VisitScan(Frame& frame, ir::NodeId id, const ir::AttributeMap& attributes,
                                    size_t body);
  absl::StatusOr<Results> VisitBatchedScan(Frame& frame, ir::NodeId id,
                                           const ir::AttributeMap& attributes, size_t body);
  absl::Status VisitModifiers(Frame& frame, ir::NodeId id, const ir::AttributeMap& attributes);
  absl::StatusOr<Results> VisitSequenceMap(Frame& frame, ir::NodeId id, size_t body);
  absl::StatusOr<Results> VisitCall(Frame& frame, ir::NodeId id, const ir::Function& function,
                                    int32_t function_index, const ir::AttributeMap& attributes);
  // Walks one body with the captures as they are in `frame`.
  absl::StatusOr<Outcome> WalkBody(Frame& frame, ir::NodeId id, size_t body,
                                   std::vector<Known> inputs, std::optional<int64_t> iterations,
                                   bool tolerant);
  // Walks a body whose first inputs come back as its outputs from `first_output` on, until their
  // types hold for every iteration. `tolerant`: it may never run.
  absl::StatusOr<Outcome> WalkRepeated(Frame& frame, ir::NodeId id, size_t body,
                                       std::vector<Known> inputs, size_t first_carried,
                                       size_t num_carried, size_t first_output,
                                       std::optional<int64_t> iterations, bool tolerant);
  Known OperandOf(const Frame& frame, const ir::Node& node, size_t i) const;

  // What is declared, with sizes in place of symbols where they are given.
  ir::Type Declared(const ir::Type& type);
  void BindDims(ir::Type& type);
  // Sizes for what is still open: concrete mode only.
  void CloseDims(ir::Type& type);
  int64_t OpsetVersion(const std::vector<ir::OpsetImport>& imports,
                       const std::string& domain) const;

  const ir::Module& module_;
  const Operators& operators_;
  const ir::OperatorSchemas* schemas_;
  const DimBindings* dims_;
  Diagnostics* diagnostics_;
  const CalledFunctions functions_;
  SymbolTable symbols_;
  IdVector<InstanceId, GraphTypes> graphs_;
  std::unordered_map<std::string, Outcome> calls_;  // by function, operand types and attributes
  int64_t work_left_ = 0;                           // nodes in bodies that may still be visited
  std::set<std::string> input_symbols_, defaulted_;
  bool open_inputs_ = false;  // some input of the model has no fixed size
  int64_t unknown_dims_ = 0;
  std::string misfit_;
  std::map<std::string, int64_t> untyped_;
  int64_t untyped_behind_ = 0;
  std::string first_mismatch_;  // declared against inferred
  int64_t mismatches_ = 0;
  bool out_of_work_ = false;
};

}  // namespace allot
