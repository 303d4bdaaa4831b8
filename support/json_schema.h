// What a document says of itself.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

#include "support/json.h"

namespace allot {

// Whether an object's member "schema" is this text, such as "allot.rows/1".
inline bool HasSchema(const Json& document, absl::string_view schema) {
  const Json* const member = document.Find("schema");
  const auto* const text = member == nullptr ? nullptr : member->If<std::string>();
  return text != nullptr && *text == schema;
}

}  // namespace allot
