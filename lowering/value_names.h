// The names that values have in a written file: their own, but for what the scoping of ONNX's
// bodies demands. There, a value of an enclosing graph is used by its name alone.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "ir/graph.h"

namespace allot {

using ValueNames = IdVector<ir::ValueId, std::string>;

// Of a graph that captures nothing.
ValueNames NamesOf(const ir::Graph& graph);

// Of a body of `owner`, which lies in a graph with the names `outer`. A captured value goes by its
// name outside. If an edit outside gave it a name that the body uses for something else, that
// something gets a new one.
absl::StatusOr<ValueNames> NamesInBody(const ir::Graph& body, const ir::Node& owner,
                                       const ValueNames& outer);

}  // namespace allot
