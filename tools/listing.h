// The entries of a registry with their options, as --list-... prints them.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"

#include "support/registry.h"

namespace allot {

inline std::string ListedOptions(const OptionSchemaView& schema) {
  std::string text;
  for (const OptionDoc& option : schema.options) {
    absl::StrAppend(&text, "      ", option.name, "=", option.default_value, "  ", option.summary,
                    "\n");
  }
  return text;
}

template <typename Interface>
std::string Listing(const Registry<Interface>& registry) {
  std::string text;
  for (const Entry<Interface>& entry : registry.entries()) {
    absl::StrAppend(&text, entry.name, "\n    ", entry.summary, "\n");
    text += ListedOptions(entry.options);
  }
  return text;
}

}  // namespace allot
