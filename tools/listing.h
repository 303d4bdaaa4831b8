// The entries of a registry with their options, as --list-... prints them.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"

#include "support/registry.h"

namespace allot {

template <typename Interface>
std::string Listing(const Registry<Interface>& registry) {
  std::string text;
  for (const Entry<Interface>& entry : registry.entries()) {
    absl::StrAppend(&text, entry.name, "\n    ", entry.summary, "\n");
    for (const OptionDoc& option : entry.options.options) {
      absl::StrAppend(&text, "      ", option.name, "=", option.default_value, "  ", option.summary,
                      "\n");
    }
  }
  return text;
}

}  // namespace allot
