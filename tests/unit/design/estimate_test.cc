// What products and vector work take, against sums made by hand.
#include "design/estimate/latencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random.h"

namespace allot::design {
namespace {

using hardware::Cycles;
using hardware::Words;
using hardware::WordsPerCycle;
using ::testing::HasSubstr;

hardware::Rates FastRates() {
  hardware::Rates rates;
  rates.buffer = WordsPerCycle(1e9);
  rates.memory = WordsPerCycle(1e9);
  rates.dispatch = Cycles(0);
  return rates;
}

TEST(Estimate, ArithmeticTakesTheStreamOfAllTilesAndTheArrayOnce) {
  // 4 x 8 tiles of 128 x 128, a stream of 1024 each; 2 cores.
  const TensorCores on{2, 128, 128, Words(65536), Words(1e9)};
  const MatrixCycles cycles = EstimateProduct({1, 512, 1024, 1024}, on, FastRates());
  EXPECT_EQ(cycles.compute.value(), 4 * 8 * 1024 / 2 + 256);
  EXPECT_EQ(cycles.total().value(), cycles.compute.value());
}

TEST(Estimate, TheBestLoopOrderFillsTheArray) {
  // One row of results: the other two dimensions lie over the array.
  const TensorCores on{1, 64, 64, Words(1024), Words(1e9)};
  const MatrixCycles cycles = EstimateProduct({1, 1, 640, 640}, on, FastRates());
  EXPECT_EQ(cycles.compute.value(), 10 * 10 * 1 + 128);
}

TEST(Estimate, MemoryTrafficIsTheLeastThatKeepsSomething) {
  // All fits: each word once.
  EXPECT_EQ(MemoryTraffic({1, 100, 200, 300}, Words(1e6)).value(), 30'000 + 60'000 + 20'000);
  // A block of the result of 30 x 31 fits half of the buffer: the first operand is read 323 times.
  EXPECT_EQ(MemoryTraffic({1, 30, 10'000, 100}, Words(2'000)).value(),
            323 * 3'000 + 1'000'000 + 300'000);
  // Ten rows of the first operand fit: the second is read thrice.
  EXPECT_EQ(MemoryTraffic({1, 30, 90, 10}, Words(200)).value(), 300 + 3 * 900 + 2'700);
  // Batches add up.
  EXPECT_EQ(MemoryTraffic({7, 100, 200, 300}, Words(1e6)).value(), 7 * 110'000);
}

TEST(Estimate, MoreOfAnythingIsNeverSlower) {
  Random random(5);
  for (int i = 0; i < 500; ++i) {
    const Extents product{random.Between(1, 4), random.Between(1, 600), random.Between(1, 600),
                          random.Between(1, 600)};
    hardware::Rates rates = FastRates();
    rates.buffer = WordsPerCycle(static_cast<double>(random.Between(16, 512)));
    rates.memory = WordsPerCycle(static_cast<double>(random.Between(16, 512)));
    const TensorCores on{1 << random.Below(5), 32, 32, Words(2048), Words(1e5)};
    const Cycles base = EstimateProduct(product, on, rates).total();
    hardware::Rates faster = rates;
    faster.memory = rates.memory * 2;
    faster.buffer = rates.buffer * 2;
    EXPECT_LE(EstimateProduct(product, on, faster).total(), base);
    TensorCores larger = on;
    larger.shared_buffer = Words(2e5);
    EXPECT_LE(EstimateProduct(product, larger, rates).total(), base);
  }
}

TEST(Estimate, ThousandsOfSmallCoresPayForReadingAgain) {
  hardware::Rates rates = FastRates();
  rates.buffer = WordsPerCycle(256);
  rates.dispatch = Cycles(1);
  const Extents product{1, 4096, 4096, 4096};
  // The same number of multipliers.
  const Cycles few =
      EstimateProduct(product, {8, 128, 128, Words(131072), Words(6.7e7)}, rates).total();
  const Cycles many =
      EstimateProduct(product, {4096, 8, 4, Words(512), Words(6.7e7)}, rates).total();
  EXPECT_GT(many, few);
}

TEST(Estimate, VectorWorkGoesInWholeRowsOfLanes) {
  hardware::Space space;
  space.rates = FastRates();
  hardware::Configuration c;
  c.vector_cores = 2, c.vector_width = 8, c.buffer_mb = 1;
  Task task;
  task.vectors = {{17, 10}, {33, 1}};
  EXPECT_EQ(VectorsCost(task, space, c, true).cycles.value(), 2 * 10 + 3);
  EXPECT_EQ(VectorsCost(task, space, c, false).cycles.value(), 3 * 10 + 5);
}

TEST(Estimate, ACollectiveIsARing) {
  hardware::Space space;
  space.link = hardware::BytesPerSecond(1e9);
  Task task;
  task.exchanged = Words(1e6);  // of two bytes
  EXPECT_EQ(CollectiveTime(task, space, 4), ToTicks(hardware::Seconds(2 * 0.75 * 2e6 / 1e9)));
}

TEST(Estimate, MeasuredLatenciesAreReadStrictly) {
  const auto good = ParseMeasuredLatencies("task,seconds\na, b,0.5\nc,1e-3\n", "t.csv");
  ASSERT_TRUE(good.ok()) << good.status();
  EXPECT_EQ(good->at("a, b"), ToTicks(hardware::Seconds(0.5)));
  EXPECT_EQ(good->at("c"), ToTicks(hardware::Seconds(1e-3)));
  EXPECT_THAT(ParseMeasuredLatencies("a,-1\n", "t.csv").status().message(), HasSubstr("t.csv:1:"));
  EXPECT_THAT(ParseMeasuredLatencies("a,1\na,2\n", "t.csv").status().message(),
              HasSubstr("t.csv:2: 'a' is there twice"));
  EXPECT_FALSE(ParseMeasuredLatencies("a\n", "t.csv").ok());
}

}  // namespace
}  // namespace allot::design
