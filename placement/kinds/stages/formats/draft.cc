#include "placement/kinds/stages/formats/draft.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "support/options.h"
#include "support/status.h"
#include "target/quantity.h"

namespace allot {
namespace {

constexpr double kLargestNumber = 1e18;

void SetTimes(StagesDraft& draft, int64_t ticks_per_second) {
  draft.problem.ticks_per_second = ticks_per_second;
  const double per_time = draft.ticks_given ? 1.0 : static_cast<double>(ticks_per_second);
  size_t next = 0;
  for (StageLayer& layer : draft.problem.layers) {
    for (LayerWidth& width : layer.widths) {
      for (LayerVariant& variant : width.variants) {
        const double ticks = draft.times[next++] * per_time;
        variant.time = std::llround(std::min(ticks, kMostTicks));
      }
    }
  }
}

absl::StatusOr<Millibytes> ParseBytes(absl::string_view text) {
  ALLOT_ASSIGN_OR_RETURN(const int64_t bytes, ParseQuantity(text, Unit::kBytes));
  if (bytes > kMaxMillibytes / kMillibytesPerByte) return InputError("is too large");
  return bytes * kMillibytesPerByte;
}

// "1.5ms" exactly enough: a text has fewer digits than a double.
absl::StatusOr<double> ParseSeconds(absl::string_view text) {
  const size_t end = text.find_first_not_of("0123456789.eE+-");
  double number = 0;
  if (!absl::SimpleAtod(text.substr(0, end), &number) || !std::isfinite(number) || number < 0) {
    return InputError("'", text, "' must be a time such as 3ms");
  }
  const absl::string_view unit = end == text.npos ? "" : text.substr(end);
  for (const auto& [name, per_second] :
       {std::pair("s", 1.0), std::pair("ms", 1e3), std::pair("us", 1e6), std::pair("ns", 1e9),
        std::pair("ps", 1e12)}) {
    if (unit == name) return number / per_second;
  }
  return InputError("'", text, "' must be a time with ps, ns, us, ms or s");
}

}  // namespace

LayerVariant& StagesDraft::AddVariant(int64_t width, double time) {
  std::vector<LayerWidth>& widths = problem.layers.back().widths;
  if (widths.empty() || widths.back().devices != width) widths.push_back({width, {}});
  times.push_back(time);
  return widths.back().variants.emplace_back();
}

absl::StatusOr<StagesProblem> FinishDraft(StagesDraft draft,
                                          const std::map<std::string, std::string>& flags) {
  StagesProblem& problem = draft.problem;
  for (const auto& [flag, text] : flags) {
    if (flag == kDevicesFlag) {
      ALLOT_RETURN_IF_ERROR(ParseOption(text, problem.devices), "--devices: ");
    } else if (flag == kMemoryFlag) {
      ALLOT_ASSIGN_OR_RETURN(problem.memory, ParseBytes(text), "--memory: ");
      problem.has_memory = true;
    } else if (flag == kBandwidthFlag) {
      ALLOT_ASSIGN_OR_RETURN(problem.bandwidth, ParseQuantity(text, Unit::kNetworkBytesPerSecond),
                             "--bandwidth: ");
    }
  }
  if (problem.bandwidth < 1) return InputError("bandwidth must be at least 1 byte per second");
  if (problem.samples < 1) return InputError("samples must be at least 1");
  int64_t ticks = draft.ticks_given ? problem.ticks_per_second : kMaxTicksPerSecond;
  SetTimes(draft, ticks);
  while (!draft.ticks_given && ticks > 1 && !TicksFit(problem)) {
    ticks /= 10;
    SetTimes(draft, ticks);
  }
  return std::move(draft.problem);
}

double ReadNumber(JsonReader& reader, absl::string_view key, double otherwise) {
  double number = otherwise;
  reader.Read(key, number);
  if (!std::isfinite(number) || number < 0 || number > kLargestNumber) {
    reader.Error(key, absl::StrCat("must be 0 to ", kLargestNumber));
    return otherwise;
  }
  return number;
}

Millibytes ReadBytes(JsonReader& reader, absl::string_view key, bool required) {
  const Json* const member = reader.Find(key);
  const int64_t most = kMaxMillibytes / kMillibytesPerByte;
  if (const auto* whole = member == nullptr ? nullptr : member->If<int64_t>();
      whole != nullptr && *whole >= 0 && *whole <= most) {
    return *whole * kMillibytesPerByte;
  }
  const auto* const text = member == nullptr ? nullptr : member->If<std::string>();
  if (text != nullptr) {
    const absl::StatusOr<Millibytes> bytes = ParseBytes(*text);
    if (bytes.ok()) return *bytes;
    reader.Error(key, std::string(bytes.status().message()));
    return 0;
  }
  double number = 0;
  const bool found = required ? reader.Require(key, number) : reader.Read(key, number);
  if (!found) return 0;
  if (!std::isfinite(number) || number < 0 || number > static_cast<double>(most)) {
    reader.Error(key, absl::StrCat("must be 0 to ", most, " bytes"));
    return 0;
  }
  return std::llround(number * static_cast<double>(kMillibytesPerByte));
}

double ReadTime(JsonReader& reader, absl::string_view key, double unit, double ticks_per_second,
                bool required) {
  const Json* const member = reader.Find(key);
  const auto* const text = member == nullptr ? nullptr : member->If<std::string>();
  if (text != nullptr) {
    const absl::StatusOr<double> seconds = ParseSeconds(*text);
    if (seconds.ok()) return *seconds * ticks_per_second;
    reader.Error(key, std::string(seconds.status().message()));
    return 0;
  }
  double number = 0;
  const bool found = required ? reader.Require(key, number) : reader.Read(key, number);
  if (!found) return 0;
  if (!std::isfinite(number) || number < 0 || number > kLargestNumber) {
    reader.Error(key, absl::StrCat("must be a time of 0 to ", kLargestNumber));
    return 0;
  }
  return number * unit;
}

}  // namespace allot
