// The program that ray_serve.py holds behind the plan, made of application.py when Allot is built.
#pragma once

#include <cstddef>

#include "support/embedded_text.h"

namespace allot::internal {

extern const EmbeddedText kApplicationTexts[];
extern const size_t kNumApplicationTexts;

}  // namespace allot::internal
