#include "ir/print.h"

#include "ir/text/encode.h"
#include "ir/text/syntax.h"

namespace allot::ir {

std::string Print(const Module& module, const PrintOptions& options) {
  return text::PrintDocument(text::Encode(module, options));
}

}  // namespace allot::ir
