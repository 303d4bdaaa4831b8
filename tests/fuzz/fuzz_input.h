// What the fuzz targets share: how an input is divided, and what a broken promise does.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "target/target.h"

// Ends the run with the place, as a finding, in any build.
#define ALLOT_FUZZ_CHECK(condition)                                                \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

namespace allot::fuzz {

inline absl::string_view Text(const uint8_t* data, size_t size) {
  return absl::string_view(reinterpret_cast<const char*>(data), size);
}

// A number that depends on all bytes (FNV-1a), to choose options by: no bytes of a format that
// knows no comments must be kept for them.
inline uint64_t Choice(absl::string_view bytes) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash ^ (hash >> 29);
}

// What stands before the first line "// -----" and what stands behind it; all and nothing if there
// is no such line.
std::pair<absl::string_view, absl::string_view> TwoTexts(absl::string_view text);

// Ends the run, as a finding, with an error that blames Allot itself and no input: a wrong answer
// of a solver, a graph that a pass has broken.
void CheckBlame(const absl::Status& status);

// A machine on which small models are cut: three unlike devices, two of them with little memory,
// and rules.
const Target& SmallMachine();

}  // namespace allot::fuzz
