#include "passes/pipeline/registry.h"

namespace allot {

#define ALLOT_GRAPH_PASS(Name) Entry<GraphPass> Name##Entry();
#define ALLOT_PLAN_PASS(Name) Entry<PlanPass> Name##Entry();
#define ALLOT_PIPELINE(name, summary, text)
#define ALLOT_NAMED_PIPELINE(Name) NamedPipeline Name##Pipeline();
#include "passes/pipeline/registry.def"
#undef ALLOT_GRAPH_PASS
#undef ALLOT_PLAN_PASS
#undef ALLOT_PIPELINE
#undef ALLOT_NAMED_PIPELINE

PassRegistry BuiltinPasses() {
  PassRegistry registry;
#define ALLOT_GRAPH_PASS(Name) registry.graph_passes.Add(Name##Entry());
#define ALLOT_PLAN_PASS(Name) registry.plan_passes.Add(Name##Entry());
#define ALLOT_PIPELINE(name, summary, text) registry.pipelines.push_back({name, summary, text});
#define ALLOT_NAMED_PIPELINE(Name) registry.pipelines.push_back(Name##Pipeline());
#include "passes/pipeline/registry.def"
#undef ALLOT_GRAPH_PASS
#undef ALLOT_PLAN_PASS
#undef ALLOT_PIPELINE
#undef ALLOT_NAMED_PIPELINE
  return registry;
}

}  // namespace allot
