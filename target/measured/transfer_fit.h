// From measured transfers of several sizes to a latency and a bandwidth.
#pragma once

#include <vector>

#include "target/target.h"

namespace allot {

struct TransferSample {
  Bytes bytes = 0;
  Picos time = 0;
};

// What is fitted where times do not grow with the size, in bytes/s: a picosecond per 1000 bytes.
inline constexpr int64_t kUnlimitedBandwidth = 1'000'000'000'000'000;

// The latency and the bandwidth for which |predicted - measured| / measured, summed over the
// samples, is least: relative, so that small transfers count as much as large ones, and without
// squares, so that one sample that was disturbed does not bend the line. Latency is never negative
// and bandwidth lies in [1, kUnlimitedBandwidth], so that times are positive and grow with the
// size.
//
// A single sample tells only one of the two: the latency of `known`, the route as it was (nullptr:
// none), stays if it is less than the time; the rest of the time gives the bandwidth.
//
// `samples` must not be empty and have distinct sizes. Integer arithmetic: rounding to a picosecond
// and a byte per second is all that is lost. O(n^2 log n).
Route::Segment FitTransfers(const std::vector<TransferSample>& samples, const Route* known);

}  // namespace allot
