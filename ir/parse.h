// Reads the text form back.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/module.h"
#include "ir/plan.h"

namespace allot::ir {

struct ParsedModule {
  Module module;
  Plan plan;  // what the attributes say; empty stages where they are silent
};

// Errors are "file:line:column: message", the source line and a caret below it. `target` resolves
// device names; without one, a text with a placement is an error that says so.
absl::StatusOr<ParsedModule> Parse(absl::string_view text, absl::string_view file_name,
                                   const Target* target);

}  // namespace allot::ir
