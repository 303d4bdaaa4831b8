// A machine as JSON: what is read prints as a text that reads back the same.

#include <string>

#include "target/target_json.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const absl::StatusOr<Target> target = ParseTarget(fuzz::Text(data, size), "t.json");
  if (!target.ok()) return 0;
  const std::string text = PrintTarget(*target);
  const absl::StatusOr<Target> again = ParseTarget(text, "again.json");
  if (!again.ok()) std::fprintf(stderr, "%s\n", std::string(again.status().message()).c_str());
  ALLOT_FUZZ_CHECK(again.ok());
  ALLOT_FUZZ_CHECK(PrintTarget(*again) == text);
  return 0;
}
