// A module in which every field of every structure says something.
#pragma once

#include "ir/module.h"
#include "ir/plan.h"

namespace allot::testing {

ir::Module RichModule();

// Two devices, "cpu0" and "gpu0", with routes both ways.
Target TwoDevices();

// A plan for any graph: all stages filled, nodes dealt out to two
// clusters in turn of their order.
ir::Plan FullPlan(const ir::Graph& graph);
// The same with two further lanes: a copy of the graph on the second device, and the first lane
// again, without times.
ir::Plan FullPlanWithLanes(const ir::Graph& graph);

}  // namespace allot::testing
