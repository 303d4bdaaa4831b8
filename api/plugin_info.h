// The one function that a plug-in in C++ exports, and how a program tells whether it can trust the
// library behind it. Plug-ins include api/plugin.h. See docs/plugins.md.
#pragma once

#include <cstdint>

#include "absl/base/config.h"

#include "support/version.h"

namespace allot {
struct Registries;
}  // namespace allot

// Raised when register_entries or what it may rely on changes its meaning.
#define ALLOT_PLUGIN_API_VERSION 2

// What must be the same on both sides of the border, because C++ objects cross it: the version of
// Allot, whose classes they are, and the libraries whose types are in them. Compiled into the
// plug-in; programs compare it with their own. Compilers may differ where their ABI agrees.
#define ALLOT_PLUGIN_QUOTE_INNER(x) #x
#define ALLOT_PLUGIN_QUOTE(x) ALLOT_PLUGIN_QUOTE_INNER(x)

#if defined(_LIBCPP_ABI_VERSION)
#define ALLOT_PLUGIN_STANDARD_LIBRARY "libc++ abi " ALLOT_PLUGIN_QUOTE(_LIBCPP_ABI_VERSION)
#elif defined(_GLIBCXX_DEBUG)
#define ALLOT_PLUGIN_STANDARD_LIBRARY \
  "libstdc++ cxx11-abi " ALLOT_PLUGIN_QUOTE(_GLIBCXX_USE_CXX11_ABI) " debug"
#else
#define ALLOT_PLUGIN_STANDARD_LIBRARY \
  "libstdc++ cxx11-abi " ALLOT_PLUGIN_QUOTE(_GLIBCXX_USE_CXX11_ABI)
#endif

#if defined(ABSL_LTS_RELEASE_VERSION)
#define ALLOT_PLUGIN_ABSEIL "absl " ALLOT_PLUGIN_QUOTE(ABSL_LTS_RELEASE_VERSION)
#else
#define ALLOT_PLUGIN_ABSEIL "absl head"
#endif
#if ABSL_OPTION_USE_INLINE_NAMESPACE
#define ALLOT_PLUGIN_ABSEIL_NAMESPACE " " ALLOT_PLUGIN_QUOTE(ABSL_OPTION_INLINE_NAMESPACE_NAME)
#else
#define ALLOT_PLUGIN_ABSEIL_NAMESPACE ""
#endif
#if defined(ABSL_USES_STD_STRING_VIEW)
#define ALLOT_PLUGIN_STRING_VIEW " std::string_view"
#else
#define ALLOT_PLUGIN_STRING_VIEW ""
#endif

#define ALLOT_PLUGIN_BUILD                                  \
  "allot " ALLOT_VERSION ", " ALLOT_PLUGIN_STANDARD_LIBRARY \
  ", " ALLOT_PLUGIN_ABSEIL ALLOT_PLUGIN_ABSEIL_NAMESPACE ALLOT_PLUGIN_STRING_VIEW

// All strings are zero-terminated and live as long as the library is open. The layout never
// changes: it is returned by value, so a member more would break programs that do not know it.
struct AllotPluginInfo {
  uint32_t api_version;        // ALLOT_PLUGIN_API_VERSION
  const char* plugin_name;     // for messages; not empty
  const char* plugin_version;  // of the plug-in's own, in any form
  // Called once, with empty registries; what it adds is checked, then put beside what there is.
  void (*register_entries)(allot::Registries& registries);
  const char* build;  // ALLOT_PLUGIN_BUILD
};

// What a plug-in defines:
//
//   AllotPluginInfo allotGetPluginInfo() {
//     return {ALLOT_PLUGIN_API_VERSION, "my-passes", "1.0", Register, ALLOT_PLUGIN_BUILD};
//   }
extern "C" __attribute__((visibility("default"))) AllotPluginInfo allotGetPluginInfo();
