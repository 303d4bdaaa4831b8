// Picoseconds as microseconds in text: exact, since six decimals hold them.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"

#include "support/json.h"
#include "support/options.h"
#include "support/units.h"

namespace allot {

// A whole number where it is one; else the shortest decimal that reads back as the nearest double,
// which below 10^9 us is the exact one.
inline Json Micros(Picos time) {
  if (time % kPicosPerMicro == 0) return Json(time / kPicosPerMicro);
  return Json(ToMicros(time));
}

inline std::string MicrosText(Picos time) { return PrintJsonCompact(Micros(time)); }

}  // namespace allot
