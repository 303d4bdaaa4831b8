#include "target/cost_model.h"

namespace allot {

#define ALLOT_COST_MODEL(Name) Entry<CostModel> Name##Entry();
#include "target/cost_models/registry.def"
#undef ALLOT_COST_MODEL

Registry<CostModel> BuiltinCostModels() {
  Registry<CostModel> registry;
#define ALLOT_COST_MODEL(Name) registry.Add(Name##Entry());
#include "target/cost_models/registry.def"
#undef ALLOT_COST_MODEL
  return registry;
}

}  // namespace allot
