#include "lowering/emitter.h"

namespace allot {

#define ALLOT_EMITTER(Name) Entry<Emitter> Name##Entry();
#define ALLOT_EMITTER_ON_REQUEST(Name) ALLOT_EMITTER(Name)
#include "lowering/emitters/registry.def"
#undef ALLOT_EMITTER
#undef ALLOT_EMITTER_ON_REQUEST

namespace {

Entry<Emitter> OnRequest(Entry<Emitter> entry) {
  entry.on_request = true;
  return entry;
}

}  // namespace

Registry<Emitter> BuiltinEmitters() {
  Registry<Emitter> registry;
#define ALLOT_EMITTER(Name) registry.Add(Name##Entry());
#define ALLOT_EMITTER_ON_REQUEST(Name) registry.Add(OnRequest(Name##Entry()));
#include "lowering/emitters/registry.def"
#undef ALLOT_EMITTER
#undef ALLOT_EMITTER_ON_REQUEST
  return registry;
}

}  // namespace allot
