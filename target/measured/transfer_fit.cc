#include "target/measured/transfer_fit.h"

#include <algorithm>
#include <optional>

#include "support/check.h"

namespace allot {
namespace {

// bytes per time, rounded to the nearest; no time is no limit.
int64_t Bandwidth(Bytes bytes, Picos time) {
  if (time <= 0) return kUnlimitedBandwidth;
  const Int128 rate = (static_cast<Int128>(bytes) * kPicosPerSecond + time / 2) / time;
  return static_cast<int64_t>(std::clamp<Int128>(rate, 1, kUnlimitedBandwidth));
}

// The line through a sample that rises by `time` per `bytes`, or through zero if that would begin
// below it.
Route::Segment LineThrough(const TransferSample& sample, Bytes bytes, Picos time) {
  const int64_t bandwidth = Bandwidth(bytes, time);
  const Picos along = DurationAtRate(sample.bytes, bandwidth);
  if (along <= sample.time) return {sample.time - along, bandwidth};
  return {0, Bandwidth(sample.bytes, sample.time)};
}

// In billionths, summed. Of the line as it will be used: rounded.
Int128 RelativeError(const Route::Segment& line, const std::vector<TransferSample>& samples) {
  constexpr int64_t kBillion = 1'000'000'000;
  const Route route = {{line}, {}};
  Int128 sum = 0;
  for (const TransferSample& sample : samples) {
    const Picos predicted = route.Time(sample.bytes);
    const Picos error = std::max(predicted, sample.time) - std::min(predicted, sample.time);
    sum += static_cast<Int128>(error) * kBillion / std::max<Picos>(1, sample.time);
  }
  return sum;
}

// How the times rise from one sample to another, and how much that says.
struct Slope {
  Picos time = 0;  // may be negative
  Bytes bytes = 0;
  Int128 weight = 0;
};

// Of all lines through `anchor`, the one of least relative error: its slope is the median of those
// to the other samples, each weighted by distance over time.
Route::Segment BestLineThrough(const TransferSample& anchor,
                               const std::vector<TransferSample>& samples) {
  std::vector<Slope> slopes;
  Int128 total = 0;
  for (const TransferSample& sample : samples) {
    if (sample.bytes == anchor.bytes) continue;
    const bool larger = sample.bytes > anchor.bytes;
    const TransferSample& from = larger ? anchor : sample;
    const TransferSample& to = larger ? sample : anchor;
    Slope slope = {to.time - from.time, to.bytes - from.bytes, 0};
    slope.weight = (static_cast<Int128>(slope.bytes) << 43) / std::max<Picos>(1, sample.time);
    total += slope.weight;
    slopes.push_back(slope);
  }
  std::stable_sort(slopes.begin(), slopes.end(), [](const Slope& a, const Slope& b) {
    return static_cast<Int128>(a.time) * b.bytes < static_cast<Int128>(b.time) * a.bytes;
  });
  Int128 below = 0;
  for (const Slope& slope : slopes) {
    below += slope.weight;
    if (below >= total - below) return LineThrough(anchor, slope.bytes, slope.time);
  }
  return LineThrough(anchor, 0, 0);
}

Route::Segment FitOne(const TransferSample& sample, const Route* known) {
  Picos latency = 0;
  int64_t bandwidth = kUnlimitedBandwidth;
  if (known != nullptr) {
    for (const Route::Segment& segment : known->segments) {
      latency = SaturatingAdd(latency, segment.latency);
      bandwidth = std::min(bandwidth, segment.bandwidth);
    }
  }
  // Nothing that was moved took time for its size.
  if (sample.bytes == 0) return {sample.time, bandwidth};
  if (latency >= sample.time) latency = 0;
  return {latency, Bandwidth(sample.bytes, sample.time - latency)};
}

}  // namespace

Route::Segment FitTransfers(const std::vector<TransferSample>& samples, const Route* known) {
  ALLOT_CHECK(!samples.empty());
  if (samples.size() == 1) return FitOne(samples.front(), known);
  // A line of least error passes through a sample: as long as it does not, one that moves it up or
  // down is at least as good.
  std::optional<Route::Segment> best;
  Int128 least = 0;
  for (const TransferSample& anchor : samples) {
    const Route::Segment line = BestLineThrough(anchor, samples);
    const Int128 error = RelativeError(line, samples);
    if (best.has_value() && least <= error) continue;
    best = line;
    least = error;
  }
  return *best;
}

}  // namespace allot
