// Regions -> graphs: gives SSA names back their values, and captures back to bodies.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "ir/graph.h"
#include "ir/text/decode_attributes.h"
#include "ir/text/syntax.h"

namespace allot::ir::text {

// Doc string and carried fields of a graph.
absl::Status ReadGraphDetails(const ErrorSite& error, const Dictionary& entries, Graph& graph);

// Decodes the main graph or the body of a function, with all regions inside.
class GraphDecoder {
 public:
  GraphDecoder(const ErrorSite& error, AttributeDecoder& attributes)
      : error_(error), attributes_(attributes) {}

  // `nodes` receives the ops of the main graph's nodes, by node id; nullptr in functions.
  absl::StatusOr<Graph> Run(const Op& owner, std::vector<const Op*>* nodes);

 private:
  // A name in scope: values of the graph at `level`, or the absent value.
  struct Binding {
    size_t level = 0;
    bool absent = false;
    std::vector<ValueId> values;
  };
  // One graph being filled.
  struct Level {
    Graph* graph = nullptr;
    std::vector<std::string> defined;                  // names to forget at its end
    absl::flat_hash_map<ValueId, ValueId> capture_of;  // value of the enclosing graph -> ours
  };

  // `captures`: values of the enclosing graph. `offset`: of the op around the region.
  absl::Status DecodeRegion(const Region& region, size_t offset,
                            const std::vector<ValueId>& captures, Graph& graph,
                            std::vector<const Op*>* nodes);
  absl::Status DecodeInitializer(const Op& op);
  absl::Status DecodeInputDetails(const Op& op);
  absl::Status DecodeNoValue(const Op& op);
  absl::Status DecodeTerminator(const Op& op);
  absl::Status DecodeNode(const Op& op, std::vector<const Op*>* nodes);
  absl::Status DecodeBodies(const Op& op, Node& node);

  // Names and types of the results, as the op states them.
  absl::StatusOr<std::vector<Graph::Result>> ResultsOf(const Op& op) const;
  // Gives the op's SSA names to `values`.
  absl::Status Define(const Op& op, const std::vector<ValueId>& values);
  absl::Status Define(const std::string& name, size_t offset, Binding binding);
  // The value in the graph of `level`; invalid for the absent value.
  absl::StatusOr<ValueId> Resolve(const Use& use, size_t level) const;
  // All operands, their types checked.
  absl::StatusOr<std::vector<ValueId>> ResolveOperands(const Op& op) const;
  // What the regions use of the graphs around them, in order of first use.
  std::vector<Use> FreeUses(const std::vector<Region>& regions) const;
  void CollectFreeUses(const Region& region, absl::flat_hash_set<std::string>& seen,
                       std::vector<Use>& out) const;
  absl::Status ReadValueDetails(const Dictionary& entries, const std::vector<ValueId>& values);

  const ErrorSite& error_;
  AttributeDecoder& attributes_;
  absl::flat_hash_map<std::string, Binding> names_;
  std::vector<Level> levels_;
};

}  // namespace allot::ir::text
