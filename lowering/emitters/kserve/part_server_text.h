// The program that serves a part, made of part_server.py when Allot is built.
#pragma once

#include <cstddef>

#include "support/embedded_text.h"

namespace allot::internal {

extern const EmbeddedText kPartServerTexts[];
extern const size_t kNumPartServerTexts;

}  // namespace allot::internal
