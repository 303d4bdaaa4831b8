#include "ir/parse.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/text/decode.h"
#include "ir/text/syntax.h"
#include "ir/verify.h"
#include "support/status.h"

namespace allot::ir {

absl::StatusOr<ParsedModule> Parse(absl::string_view text, absl::string_view file_name,
                                   const Target* target) {
  ALLOT_ASSIGN_OR_RETURN(const text::Document document, text::ParseDocument(text, file_name));
  ALLOT_ASSIGN_OR_RETURN(ParsedModule parsed,
                         text::Decode(document, target, text::ErrorSite(text, file_name)));
  parsed.external_resources = document.external_resources;
  Diagnostics violations;
  const absl::Status sound = Verify(parsed.module, violations);
  if (sound.ok()) return parsed;
  // The first violation stands in front of the message; its op, if that is one op only, has a
  // place.
  std::optional<NodeId> at;
  for (const NodeId id : parsed.module.graph.nodes()) {
    const std::string op = Describe(parsed.module.graph.node(id));
    if (!absl::StartsWith(sound.message(), absl::StrCat(op, ": "))) continue;
    if (at.has_value()) return WithContext(sound, absl::StrCat(file_name, ": "));
    at = id;
  }
  if (at.has_value()) {
    return text::ErrorAt(text, file_name, parsed.node_offsets[static_cast<size_t>(at->index())],
                         sound.message());
  }
  return WithContext(sound, absl::StrCat(file_name, ": "));
}

}  // namespace allot::ir
