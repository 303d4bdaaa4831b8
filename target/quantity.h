// Amounts as people write them ("40GiB", "1555GB/s", "19.5T"), read exactly: no floating point, so
// the same text is the same integer on every machine.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "support/units.h"

namespace allot {

enum class Unit { kBytes, kBytesPerSecond, kFlopsPerSecond, kNetworkBytesPerSecond };

// A decimal number, an SI prefix (k, M, G, T, P, E; with an i behind it a power of 1024) and the
// unit, which may be left out: "B"; "B/s"; "FLOP/s", "FLOPS", "OP/s", "OPS". Bits ("Gb/s")
// are refused, but of networks, where they are turned into bytes, rounded down. Else rounds half up
// to an integer.
absl::StatusOr<int64_t> ParseQuantity(absl::string_view text, Unit unit);

// The shortest such text that reads back as `amount`, for non-negative amounts: "40GiB",
// "1.555TB/s", "19.5T", "1234567".
std::string PrintQuantity(int64_t amount, Unit unit);

// A decimal number and "ps", "ns", "us", "ms" or "s", as picoseconds, rounded half up.
absl::StatusOr<Picos> ParseDuration(absl::string_view text);

// The duration in the largest unit that shows it with at most three decimals: "12.5us", "3ps".
// Reads back as the same. For non-negative durations.
std::string PrintDuration(Picos time);

// A non-negative decimal number ("12", "0.5", "1.5e3") times `scale`, rounded half up.
absl::StatusOr<int64_t> ParseScaledDecimal(absl::string_view text, int64_t scale);

}  // namespace allot
