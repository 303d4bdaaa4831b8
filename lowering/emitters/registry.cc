#include "lowering/emitter.h"

namespace allot {

#define ALLOT_EMITTER(Name) Entry<Emitter> Name##Entry();
#include "lowering/emitters/registry.def"
#undef ALLOT_EMITTER

Registry<Emitter> BuiltinEmitters() {
  Registry<Emitter> registry;
#define ALLOT_EMITTER(Name) registry.Add(Name##Entry());
#include "lowering/emitters/registry.def"
#undef ALLOT_EMITTER
  return registry;
}

}  // namespace allot
