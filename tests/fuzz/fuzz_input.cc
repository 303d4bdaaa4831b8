#include "tests/fuzz/fuzz_input.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"

#include "target/target_json.h"

namespace allot::fuzz {

std::pair<absl::string_view, absl::string_view> TwoTexts(absl::string_view text) {
  constexpr absl::string_view kMarker = "\n// -----\n";
  const size_t at = text.find(kMarker);
  if (at == text.npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + kMarker.size())};
}

void CheckBlame(const absl::Status& status) {
  const bool blames_allot =
      absl::IsInternal(status) || absl::StrContains(status.message(), "left an invalid graph");
  if (blames_allot) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  ALLOT_FUZZ_CHECK(!blames_allot);
}

const Target& SmallMachine() {
  static const Target& machine = *new Target([] {
    absl::StatusOr<Target> parsed = ParseTarget(R"({
  "schema": "allot.target/1",
  "name": "small",
  "devices": [
    {"name": "cpu0", "kind": "cpu", "memory": "64MiB", "memory_bandwidth": "20GB/s",
     "flops": {"float32": "20G", "default": "10G"}, "part_cost_us": 1, "op_cost_us": 0.5},
    {"name": "gpu0", "kind": "gpu", "memory": "1MiB", "memory_bandwidth": "200GB/s",
     "flops": {"float32": "2T", "float16": "4T", "default": "1T"}, "part_cost_us": 5,
     "op_cost_us": 1, "runtime": {"provider": "cuda", "ordinal": 0}},
    {"name": "npu0", "kind": "npu", "memory": "16KiB", "memory_bandwidth": "100GB/s",
     "flops": {"int8": "8T", "default": "1T"}, "part_cost_us": 2, "op_cost_us": 0.1,
     "supports": {"except": ["If", "Loop", "Scan"]}}
  ],
  "topology": {
    "links": [
      {"from": "cpu0", "to": "gpu0", "bandwidth": "12GB/s", "latency_us": 8},
      {"from": "cpu0", "to": "npu0", "bandwidth": "2GB/s", "latency_us": 3}
    ]
  },
  "rules": [
    {"forbid": "npu0", "op": "Softmax"},
    {"pin": "gpu0", "name": "pin.*"},
    {"together": true, "name": "x.*"}
  ]
})",
                                                "small.target.json");
    if (!parsed.ok()) std::fprintf(stderr, "%s\n", std::string(parsed.status().message()).c_str());
    ALLOT_FUZZ_CHECK(parsed.ok());
    return *std::move(parsed);
  }());
  return machine;
}

}  // namespace allot::fuzz
