// Syntax tree -> module and plan.
#pragma once

#include "absl/status/statusor.h"

#include "ir/parse.h"
#include "ir/text/decode_attributes.h"
#include "ir/text/syntax.h"

namespace allot::ir::text {

// `error` points into the text that the document was read from.
absl::StatusOr<ParsedModule> Decode(const Document& document, const Target* target,
                                    const ErrorSite& error);

}  // namespace allot::ir::text
