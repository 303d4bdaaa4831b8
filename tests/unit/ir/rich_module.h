// A module in which every field of every structure says something.
#pragma once

#include "ir/module.h"
#include "ir/plan.h"

namespace allot::ir {

Module RichModule();

// Two devices, "cpu0" and "gpu0", with routes both ways.
Target TwoDevices();

// A plan for tests/models' Diamond() or any other graph: all stages filled, nodes dealt out to two
// clusters in turn of their order.
Plan FullPlan(const Graph& graph);

}  // namespace allot::ir
