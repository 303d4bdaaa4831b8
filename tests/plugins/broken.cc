// A plug-in that is wrong in the one way that the build asks for.
#include <stdexcept>

#include "api/plugin_info.h"

namespace allot {
// Defined nowhere.
void OfAnotherVersion(Registries& registries);
}  // namespace allot

namespace {

[[maybe_unused]] void Register(allot::Registries& registries) {
#if defined(BROKEN_THROWS)
  static_cast<void>(registries);
  throw std::runtime_error("no licence found");
#elif defined(BROKEN_UNDEFINED)
  allot::OfAnotherVersion(registries);
#else
  static_cast<void>(registries);
#endif
}

}  // namespace

#if !defined(BROKEN_SYMBOL)
AllotPluginInfo allotGetPluginInfo() {
  AllotPluginInfo info = {ALLOT_PLUGIN_API_VERSION, "broken", "1.0", Register, ALLOT_PLUGIN_BUILD};
#if defined(BROKEN_VERSION)
  info.api_version = 77;
  info.build = reinterpret_cast<const char*>(1);  // nobody may look
#elif defined(BROKEN_BUILD)
  info.build = "allot 0.0.1, libfoo";
#elif defined(BROKEN_NAME)
  info.plugin_name = nullptr;
#elif defined(BROKEN_OWN_VERSION)
  info.plugin_version = nullptr;
#elif defined(BROKEN_FUNCTION)
  info.register_entries = nullptr;
#endif
  return info;
}
#endif
