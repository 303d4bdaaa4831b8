// A text with other attributes on some of its ops, and otherwise as it was.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"

#include "ir/text/syntax.h"

namespace allot::ir::text {

// `document` is what `text` was read as. The ops at the offsets of `attributes` get these, instead
// of their own of the same names; what any op says of a plan already is taken out. Linear.
std::string SpliceAttributes(absl::string_view text, const Document& document,
                             const std::map<size_t, Dictionary>& attributes);

}  // namespace allot::ir::text
