// A pipeline's text: with every option written out it reads back as itself.

#include <string>

#include "api/compile.h"
#include "ir/parse.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  static const PassRegistry& passes = *new PassRegistry(BuiltinRegistries().passes);
  const absl::StatusOr<Pipeline> pipeline = ParsePipeline(fuzz::Text(data, size), passes);
  if (!pipeline.ok()) return 0;
  const std::string text = PrintPipeline(*pipeline);
  const absl::StatusOr<Pipeline> again = ParsePipeline(text, passes);
  if (!again.ok()) {
    std::fprintf(stderr, "%s\n%s\n", std::string(again.status().message()).c_str(), text.c_str());
  }
  ALLOT_FUZZ_CHECK(again.ok());
  ALLOT_FUZZ_CHECK(PrintPipeline(*again) == text);
  return 0;
}
