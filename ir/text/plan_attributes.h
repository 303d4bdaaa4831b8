// A plan as attributes of the main graph and its nodes, and back. What belongs to one node stands
// on it, so that a decision can be edited where it is read; the nodes of a cluster must agree.
#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"

#include "ir/plan.h"
#include "ir/text/syntax.h"

namespace allot::ir::text {

// `target` names devices; it must be there if the plan places anything.
void SetNodePlan(const Plan& plan, const Graph& graph, const Target* target, NodeId node,
                 Dictionary& attributes);
void SetGraphPlan(const Plan& plan, const Graph& graph, const Target* target,
                  Dictionary& attributes);

// Whether the attribute of a node or of the main graph is part of a plan.
bool IsPlanAttribute(absl::string_view name);

// Reads all of them. `nodes` are the main graph's ops, by node id. `error` makes an error about the
// place `offset` in the text.
using MakeError = std::function<absl::Status(size_t offset, absl::string_view message)>;
absl::StatusOr<Plan> DecodePlan(const Op& graph_op, const std::vector<const Op*>& nodes,
                                const Graph& graph, const Target* target, const MakeError& error);

}  // namespace allot::ir::text
