// Types of all values of a module: shapes follow from the rules of the operators, from the
// arithmetic on shapes that the model carries, from what the model declares, and, for operators
// without a rule, from a library of schemas. One pass in topological order, near
// linear; a body of a Loop or Scan is visited up to three times, a function once per different set
// of operand types.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "ir/operator_schemas.h"
#include "operators/inference/dim_bindings.h"
#include "operators/operators.h"
#include "support/diagnostics.h"
#include "support/id.h"

namespace allot {

// One graph as it is used in one place: the main graph, a body of a node, or the body of a function
// at its calls with one set of operand types.
using InstanceId = Id<struct InstanceTag>;

// An integer tensor of which every element is known.
struct KnownIntegers {
  ir::ElementType element = ir::ElementType::kInt64;
  std::vector<int64_t> dims;
  std::vector<int64_t> elements;  // row major; truth values are 0 and 1
  friend bool operator==(const KnownIntegers&, const KnownIntegers&) = default;
};

struct GraphTypes {
  IdVector<ir::ValueId, ir::Type> types;
  // Results of nodes that are known at compile time, small ones only. For a fold to be sound they
  // must come from InferTypes, not from InferConcreteTypes.
  std::map<ir::ValueId, KnownIntegers> integers;
  // The bodies of a node, in the order of Node::regions; or, for a call of a function of the model,
  // one: the function's body. Absent for nodes that were not looked into (see kMaxNesting).
  std::map<ir::NodeId, std::vector<InstanceId>> bodies;
  // In the body of a function: what its attribute references stand for.
  ir::AttributeMap arguments;
  // In a body: how often it runs each time its node runs; 0 for a branch that is never taken.
  // nullopt: not known (once, for want of better).
  std::optional<int64_t> iterations;
};

// Results of one operator whose types nothing tells.
struct UntypedOp {
  std::string op;  // "Foo", "com.acme.Foo"
  int64_t results = 0;
  friend bool operator==(const UntypedOp&, const UntypedOp&) = default;
};

struct InferredTypes {
  IdVector<InstanceId, GraphTypes> graphs;  // the main graph is the first
  std::vector<UntypedOp> untyped_ops;       // by name; all their operands have types
  int64_t untyped_behind = 0;               // further results without type, for lack of the above
  const GraphTypes& main() const { return graphs[InstanceId(0)]; }
};

// Bodies and function calls nested deeper are not looked into.
inline constexpr int kMaxNesting = 64;

// What is certain for every size of the open dimensions. `schemas` may be null. Where the model
// declares a type that contradicts what follows from its operators, the declared one stays and a
// warning says so. An error names the first node whose operands cannot fit, whatever the open
// dimensions are. Nodes must be in topological order (Graph::Compact); values used before they are
// produced count as unknown.
absl::StatusOr<InferredTypes> InferTypes(const ir::Module& module,
                                         const ir::OperatorSchemas* schemas,
                                         Diagnostics& diagnostics,
                                         const Operators& operators = BuiltinOperators());

struct ConcreteTypes {
  // Every ranked tensor is static.
  InferredTypes inferred;
  // Symbols that stood for a size nobody gave, by name: they count as DimBindings::fallback.
  std::vector<std::string> defaulted;
  // Sizes that only a run tells; they count as the fallback, too.
  int64_t unknown_dims = 0;
  // Set if some node cannot run with these sizes: what is wrong with the first one. Types behind it
  // are a guess.
  std::string misfit;
};

// Types under sizes for the open dimensions, for costs only: symbols as `dims` binds them, all else
// its fallback. Never fails: where sizes contradict each other the declared types decide.
ConcreteTypes InferConcreteTypes(const ir::Module& module, const ir::OperatorSchemas* schemas,
                                 const DimBindings& dims,
                                 const Operators& operators = BuiltinOperators());

}  // namespace allot
