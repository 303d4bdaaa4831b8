// Reads the text form back.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "ir/module.h"
#include "ir/plan.h"

namespace allot::ir::text {
struct Document;
class ErrorSite;
}  // namespace allot::ir::text

namespace allot::ir {

// What stands behind a text for tools other than the parser:
// {-# external_resources: { group: { key: "value" } } #-}
struct ExternalResource {
  std::string group, key;
  std::string value;  // of a truth value: "true" or "false"
};

struct ParsedModule {
  Module module;
  Plan plan;                         // what the attributes say; empty stages where they are silent
  std::vector<size_t> node_offsets;  // where the ops of the main graph stand, by node id
  std::vector<ExternalResource> external_resources;
};

// What becomes the location of an op without a name and without loc(...): nothing, or as in MLIR
// the file and line of its text.
enum class UnnamedOps { kLieNowhere, kLieInTheText };

// Errors are "file:line:column: message", the source line and a caret below it. `target` resolves
// device names; without one, a text with a placement is an error that says so.
absl::StatusOr<ParsedModule> Parse(absl::string_view text, absl::string_view file_name,
                                   const Target* target,
                                   UnnamedOps unnamed = UnnamedOps::kLieNowhere);

// The same of a tree whose ops lie in `text` by their offsets.
absl::StatusOr<ParsedModule> ParseTree(text::Document document, absl::string_view text,
                                       absl::string_view file_name, const Target* target,
                                       UnnamedOps unnamed);
// The same of a tree from elsewhere, where only `error` knows what the offsets of its ops mean.
absl::StatusOr<ParsedModule> ParseTree(const text::Document& document, const text::ErrorSite& error,
                                       const Target* target);

}  // namespace allot::ir
