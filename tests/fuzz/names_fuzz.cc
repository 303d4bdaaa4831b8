// The first line is a pattern, the rest a name to match.

#include <string>

#include "target/name_pattern.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const absl::string_view text = fuzz::Text(data, size);
  const size_t end = text.find('\n');
  const absl::string_view pattern = text.substr(0, end);
  const absl::string_view name = end == text.npos ? "" : text.substr(end + 1);
  const absl::StatusOr<NamePattern> parsed = NamePattern::Parse(pattern);
  if (!parsed.ok()) return 0;
  const bool whole = parsed->Matches(name);
  ALLOT_FUZZ_CHECK(!whole || parsed->OccursIn(name));
  // In a group, and as an alternative to itself, it is the same.
  const std::string group = "(?:" + std::string(pattern) + ")";
  for (const std::string& same : {group, group + "|" + group, "(?:" + group + "){1}"}) {
    const absl::StatusOr<NamePattern> other = NamePattern::Parse(same);
    if (other.ok()) ALLOT_FUZZ_CHECK(other->Matches(name) == whole);  // else too long or too deep
  }
  return 0;
}
