#include "target/measured/transfer_fit.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/random.h"

namespace allot {
namespace {

std::vector<TransferSample> Sampled(const Route::Segment& truth, const std::vector<Bytes>& sizes) {
  std::vector<TransferSample> samples;
  for (const Bytes size : sizes) samples.push_back({size, Route{{truth}, {}}.Time(size)});
  return samples;
}

constexpr Bytes kMega = 1'000'000;

TEST(FitTransfers, RecoversLatencyAndBandwidthExactly) {
  for (const Route::Segment truth :
       {Route::Segment{5 * kPicosPerMicro, 10'000'000'000}, Route::Segment{0, 25'000'000'000},
        Route::Segment{37 * kPicosPerMicro, 125'000'000}, Route::Segment{1, 1'000'000'000'000}}) {
    EXPECT_EQ(FitTransfers(Sampled(truth, {1000, 64'000, kMega, 16 * kMega}), nullptr), truth);
    EXPECT_EQ(FitTransfers(Sampled(truth, {16 * kMega, 0}), nullptr), truth);
    EXPECT_EQ(FitTransfers(Sampled(truth, {kMega, 2 * kMega, 1000}), nullptr), truth);
  }
}

TEST(FitTransfers, RoundingCostsNextToNothing) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const Route::Segment truth = {random.Between(0, 100 * kPicosPerMicro),
                                  random.Between(1'000'000, 100'000'000'000)};
    const Route::Segment fit =
        FitTransfers(Sampled(truth, {1 << 10, 1 << 14, 1 << 20, 1 << 24}), nullptr);
    EXPECT_NEAR(static_cast<double>(fit.latency), static_cast<double>(truth.latency), 2.0);
    EXPECT_NEAR(static_cast<double>(fit.bandwidth), static_cast<double>(truth.bandwidth),
                1e-6 * static_cast<double>(truth.bandwidth));
  }
}

TEST(FitTransfers, ADisturbedSampleDoesNotBendTheLine) {
  const Route::Segment truth = {8 * kPicosPerMicro, 5'000'000'000};
  for (size_t disturbed = 0; disturbed < 6; ++disturbed) {
    std::vector<TransferSample> samples =
        Sampled(truth, {1000, 8000, 64'000, 512'000, 4 * kMega, 32 * kMega});
    samples[disturbed].time *= 9;
    EXPECT_EQ(FitTransfers(samples, nullptr), truth) << disturbed;
  }
}

TEST(FitTransfers, NoiseOfAFewPercentStaysAFewPercent) {
  Random random(11);
  const std::vector<Bytes> sizes = {1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22};
  for (int round = 0; round < 100; ++round) {
    const Route::Segment truth = {random.Between(1, 50) * kPicosPerMicro,
                                  random.Between(1, 30) * 1'000'000'000};
    std::vector<TransferSample> samples = Sampled(truth, sizes);
    for (TransferSample& sample : samples) {
      sample.time = sample.time / 1000 * random.Between(970, 1030);
    }
    const Route fit = {{FitTransfers(samples, nullptr)}, {}};
    for (const TransferSample& exact : Sampled(truth, sizes)) {
      EXPECT_NEAR(static_cast<double>(fit.Time(exact.bytes)), static_cast<double>(exact.time),
                  0.1 * static_cast<double>(exact.time));
    }
  }
}

// Against every line through two samples, or through one and zero.
TEST(FitTransfers, NoOtherLineIsCloser) {
  const auto error = [](const Route::Segment& line, const std::vector<TransferSample>& samples) {
    double sum = 0;
    for (const TransferSample& sample : samples) {
      const double time = static_cast<double>(sample.time);
      sum += std::abs(static_cast<double>(Route{{line}, {}}.Time(sample.bytes)) - time) / time;
    }
    return sum;
  };
  Random random(5);
  for (int round = 0; round < 500; ++round) {
    std::vector<TransferSample> samples;
    for (Bytes size = 0; static_cast<int64_t>(samples.size()) < 2 + round % 5;) {
      size += random.Between(1, 1000) * 1000;
      samples.push_back({size, random.Between(1, 1000) * kPicosPerMicro});
    }
    const double best = error(FitTransfers(samples, nullptr), samples);
    for (const TransferSample& a : samples) {
      const double origin = static_cast<double>(a.bytes) / static_cast<double>(a.time) * 1e12;
      EXPECT_LE(best, error({0, static_cast<int64_t>(origin)}, samples) + 1e-3);
      EXPECT_LE(best, error({a.time, kUnlimitedBandwidth}, samples) + 1e-3);
      for (const TransferSample& b : samples) {
        if (a.bytes >= b.bytes || a.time >= b.time) continue;
        const double rate =
            static_cast<double>(b.bytes - a.bytes) / static_cast<double>(b.time - a.time) * 1e12;
        const Picos along = DurationAtRate(a.bytes, static_cast<int64_t>(rate));
        if (along > a.time) continue;
        EXPECT_LE(best, error({a.time - along, static_cast<int64_t>(rate)}, samples) + 1e-3);
      }
    }
  }
}

TEST(FitTransfers, TimesThatDoNotGrowAreLatency) {
  const Route::Segment flat = FitTransfers({{1000, 7000}, {2000, 7000}, {3000, 7000}}, nullptr);
  EXPECT_EQ(flat.bandwidth, kUnlimitedBandwidth);
  EXPECT_NEAR(static_cast<double>(flat.latency), 7000.0, 3.0);
  const Route::Segment falling = FitTransfers({{1000, 9000}, {kMega, 8000}}, nullptr);
  EXPECT_EQ(falling.bandwidth, kUnlimitedBandwidth);
  EXPECT_GE(falling.latency, 0);
  const Route::Segment nothing = FitTransfers({{1000, 0}, {2000, 0}}, nullptr);
  EXPECT_EQ(nothing, (Route::Segment{0, kUnlimitedBandwidth}));
}

TEST(FitTransfers, TimesThatGrowFasterThanSizesHaveNoLatency) {
  const Route::Segment fit = FitTransfers({{1000, 1000}, {2000, 8000}, {3000, 27'000}}, nullptr);
  EXPECT_EQ(fit.latency, 0);
  EXPECT_GE(fit.bandwidth, 1);
}

TEST(FitTransfers, OneSampleKeepsTheLatencyOfTheRoute) {
  const Route known = {{{3 * kPicosPerMicro, 1'000'000}, {2 * kPicosPerMicro, 2'000'000}}, {}};
  EXPECT_EQ(FitTransfers({{kMega, 105 * kPicosPerMicro}}, &known),
            (Route::Segment{5 * kPicosPerMicro, 10'000'000'000}));
  EXPECT_EQ(FitTransfers({{kMega, 100 * kPicosPerMicro}}, nullptr),
            (Route::Segment{0, 10'000'000'000}));
  // Less than the latency: that cannot be what the route takes to begin with.
  EXPECT_EQ(FitTransfers({{kMega, 4 * kPicosPerMicro}}, &known),
            (Route::Segment{0, 250'000'000'000}));
  EXPECT_EQ(FitTransfers({{0, 4 * kPicosPerMicro}}, &known),
            (Route::Segment{4 * kPicosPerMicro, 1'000'000}));
  EXPECT_EQ(FitTransfers({{1, kMaxPicos}}, nullptr), (Route::Segment{0, 1})) << "at least 1";
}

TEST(FitTransfers, IsMonotoneAndNeverNegativeWhateverTheSamples) {
  Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<TransferSample> samples;
    for (Bytes size = random.Below(2); samples.size() < 1 + static_cast<size_t>(round % 6);) {
      samples.push_back({size, random.Below(Picos{1} << random.Between(1, 43))});
      size += random.Between(1, Bytes{1} << random.Between(1, 59));
    }
    const Route::Segment fit = FitTransfers(samples, nullptr);
    EXPECT_GE(fit.latency, 0);
    EXPECT_LE(fit.latency, kMaxPicos);
    EXPECT_GE(fit.bandwidth, 1);
    EXPECT_LE(fit.bandwidth, kUnlimitedBandwidth);
    std::reverse(samples.begin(), samples.end());
    const Route::Segment again = FitTransfers(samples, nullptr);
    EXPECT_GE(again.latency, 0);
  }
}

}  // namespace
}  // namespace allot
