// Attributes as text that is equal exactly if they mean the same: for finding equal nodes and
// calls.
#pragma once

#include <string>

#include "absl/types/span.h"

#include "ir/attribute.h"
#include "ir/constant.h"

namespace allot {

// Appends the value, not the documentation. Floating point goes by its bits. `same_constant[i]`
// stands for constant i; with an empty span every constant stands for itself. Bodies (RegionIndex)
// go by their index.
void AppendAttributeKey(const ir::Attribute& attribute,
                        absl::Span<const ir::ConstantId> same_constant, std::string& key);

// For each constant of the pool, the first one with the same type and elements. Contents in memory
// are compared up to `largest` bytes, larger ones only by identity; contents in files by place.
// Names do not count.
IdVector<ir::ConstantId, ir::ConstantId> EqualConstants(const ir::ConstantPool& constants,
                                                        int64_t largest);

}  // namespace allot
