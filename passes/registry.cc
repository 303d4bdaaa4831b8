#include "passes/registry.h"

namespace allot {

#define ALLOT_GRAPH_PASS(Name) Entry<GraphPass> Name##Entry();
#define ALLOT_PLAN_PASS(Name) Entry<PlanPass> Name##Entry();
#define ALLOT_PIPELINE(name, summary, text)
#include "passes/registry.def"
#undef ALLOT_GRAPH_PASS
#undef ALLOT_PLAN_PASS
#undef ALLOT_PIPELINE

PassRegistry BuiltinPasses() {
  PassRegistry registry;
#define ALLOT_GRAPH_PASS(Name) registry.graph_passes.Add(Name##Entry());
#define ALLOT_PLAN_PASS(Name) registry.plan_passes.Add(Name##Entry());
#define ALLOT_PIPELINE(name, summary, text) registry.pipelines.push_back({name, summary, text});
#include "passes/registry.def"
#undef ALLOT_GRAPH_PASS
#undef ALLOT_PLAN_PASS
#undef ALLOT_PIPELINE
  return registry;
}

}  // namespace allot
