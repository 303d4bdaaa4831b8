#include "ir/parse.h"

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
  Diagnostics violations;
  ALLOT_RETURN_IF_ERROR(Verify(parsed.module, violations), file_name, ": ");
  return parsed;
}

}  // namespace allot::ir
