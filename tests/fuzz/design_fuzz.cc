// What hardware search and its like read beside models: a space of accelerators, measured
// latencies, weights of a proposer; all of them from the same text.
#include <string>
#include <vector>

#include "design/estimate/latencies.h"
#include "placement/kinds/chips/learning/proposer_weights.h"
#include "target/hardware/space.h"
#include "target/hardware/space_json.h"
#include "tests/fuzz/fuzz_input.h"

namespace allot::fuzz {
namespace {

// As many accelerators as take no time to list.
constexpr size_t kMostListed = 10'000;

void CheckSpace(absl::string_view text) {
  const absl::StatusOr<hardware::Space> space = hardware::ParseSpace(text, "s.json");
  if (!space.ok()) return;
  size_t combinations = 1;
  for (const std::vector<int64_t>* values :
       {&space->tensor_cores, &space->vector_cores, &space->width, &space->depth, &space->buffer_mb,
        &space->vector_width}) {
    ALLOT_FUZZ_CHECK(!values->empty() || values == &space->vector_width);
    if (values->empty()) continue;
    if (values->size() > kMostListed / combinations) return;
    combinations *= values->size();
  }
  const absl::StatusOr<std::vector<hardware::SizedConfiguration>> listed =
      hardware::Enumerate(*space);
  if (!listed.ok()) return;
  ALLOT_FUZZ_CHECK(listed->size() <= combinations);
  for (const hardware::SizedConfiguration& sized : *listed) {
    ALLOT_FUZZ_CHECK(sized.area >= hardware::Area(0));
    (void)hardware::ConfigurationJson(sized);
  }
}

void CheckLatencies(absl::string_view text) {
  const absl::StatusOr<design::MeasuredLatencies> latencies =
      design::ParseMeasuredLatencies(text, "l.csv");
  if (!latencies.ok()) return;
  for (const auto& [task, ticks] : *latencies) {
    ALLOT_FUZZ_CHECK(ticks >= 0 && ticks <= design::kMostTicks);
  }
}

// What prints has lost digits once, and never again.
void CheckProposer(absl::string_view text) {
  const absl::StatusOr<chips::ProposerWeights> weights = chips::ReadProposerWeights(text, "w.json");
  if (!weights.ok()) return;
  const std::string written = chips::PrintProposerWeights(*weights);
  const absl::StatusOr<chips::ProposerWeights> again =
      chips::ReadProposerWeights(written, "again.json");
  ALLOT_FUZZ_CHECK(again.ok());
  ALLOT_FUZZ_CHECK(chips::PrintProposerWeights(*again) == written);
}

}  // namespace
}  // namespace allot::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const absl::string_view text = fuzz::Text(data, size);
  fuzz::CheckSpace(text);
  fuzz::CheckLatencies(text);
  fuzz::CheckProposer(text);
  return 0;
}
