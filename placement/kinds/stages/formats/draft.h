// A problem while it is read: times are seconds until everything is known that says how fine a tick
// may be.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/kinds/stages/problem/problem.h"
#include "support/diagnostics.h"
#include "support/json_reader.h"

namespace allot {

struct StagesDraft {
  StagesProblem problem;
  // Of each variant, in the order of layers, widths, variants, in seconds or, if `ticks_given`, in
  // ticks; the problem's times mean nothing yet.
  std::vector<double> times;
  bool ticks_given = false;  // else they become as fine as fits

  // The variant last added; a layer and a width must be there.
  LayerVariant& AddVariant(int64_t width, double time);
};

// The flags of the kind.
inline constexpr char kDevicesFlag[] = "devices";
inline constexpr char kMemoryFlag[] = "memory";
inline constexpr char kBandwidthFlag[] = "bandwidth";

// With what was asked beside the file, and times as whole ticks: the finest power of ten for which
// all sums fit. Errors name the flag.
absl::StatusOr<StagesProblem> FinishDraft(StagesDraft draft,
                                          const std::map<std::string, std::string>& flags);

// Each reports what is wrong at the key. A number must be finite and not negative; bytes are a
// number or a text such as "40GiB"; a time is a number, times `unit`, or a text such as "3ms",
// times `ticks_per_second`.
double ReadNumber(JsonReader& reader, absl::string_view key, double otherwise);
Millibytes ReadBytes(JsonReader& reader, absl::string_view key, bool required);
double ReadTime(JsonReader& reader, absl::string_view key, double unit, double ticks_per_second,
                bool required);

}  // namespace allot
