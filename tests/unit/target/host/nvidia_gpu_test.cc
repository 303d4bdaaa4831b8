#include "target/host/nvidia_gpu.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(NvidiaSmi, IsRead) {
  const auto gpus = ParseNvidiaSmi(
      "0, NVIDIA H200, 143771, 5, 16, 1980, 9.0\r\n"
      "\n"
      "3, NVIDIA Something, Special Edition, [N/A], [Not Supported], [N/A], [N/A], [N/A]\n");
  ASSERT_TRUE(gpus.ok()) << gpus.status();
  ASSERT_EQ(gpus->size(), 2u);
  const NvidiaGpu& h200 = (*gpus)[0];
  EXPECT_EQ(h200.ordinal, 0);
  EXPECT_EQ(h200.model, "NVIDIA H200");
  EXPECT_EQ(h200.memory, Bytes{143771} << 20);
  EXPECT_EQ(h200.pcie_generation, 5);
  EXPECT_EQ(h200.pcie_lanes, 16);
  EXPECT_EQ(h200.sm_clock_mhz, 1980);
  EXPECT_EQ(h200.capability, 90);
  const NvidiaGpu& other = (*gpus)[1];
  EXPECT_EQ(other.ordinal, 3);
  EXPECT_EQ(other.model, "NVIDIA Something, Special Edition");
  EXPECT_EQ(other.memory, 0);
  EXPECT_EQ(other.capability, 0);
  EXPECT_THAT(ParseNvidiaSmi("").value(), IsEmpty());
}

TEST(NvidiaSmi, DamagedTextIsAnError) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"No devices were found\n", "nvidia-smi: line 1: has 1 fields, not 7"},
      {"0, A, 1, 1, 1, 1\n", "nvidia-smi: line 1: has 6 fields, not 7"},
      {"0, A, 1, 1, 1, 1, 9.0\nx, A, 1, 1, 1, 1, 9.0", "line 2: cannot read index 'x'"},
      {"-1, A, 1, 1, 1, 1, 9.0", "cannot read index '-1'"},
      {"0, A, 1 MiB, 1, 1, 1, 9.0", "cannot read memory.total '1 MiB'"},
      {"0, A, 99999999999999999999, 1, 1, 1, 9.0", "cannot read memory.total"},
      {"0, A, 1, 400, 1, 1, 9.0", "cannot read pcie.link.gen.max '400'"},
      {"0, A, 1, 1, , 1, 9.0", "cannot read pcie.link.width.max ''"},
      {"0, A, 1, 1, 1, fast, 9.0", "cannot read clocks.max.sm 'fast'"},
      {"0, A, 1, 1, 1, 1, nine", "cannot read compute_cap 'nine'"},
      {"1, A, 1, 1, 1, 1, 9.0\n1, A, 1, 1, 1, 1, 9.0", "line 2: index 1 comes after 1"},
  };
  for (const auto& wrong : cases) {
    const auto gpus = ParseNvidiaSmi(wrong.text);
    ASSERT_FALSE(gpus.ok()) << wrong.text;
    EXPECT_THAT(std::string(gpus.status().message()), HasSubstr(wrong.message));
  }
}

NvidiaGpu Card(const char* model, int64_t clock_mhz, int64_t capability) {
  NvidiaGpu gpu;
  gpu.model = model;
  gpu.sm_clock_mhz = clock_mhz;
  gpu.capability = capability;
  return gpu;
}

// At the clocks of the data sheets, their figures: in float32, and in float16 on tensor cores.
TEST(NvidiaRates, AreThoseOfTheDataSheets) {
  const struct {
    NvidiaGpu gpu;
    double float32, float16, gigabytes;
  } cases[] = {
      {Card("Tesla V100-SXM2-16GB", 1530, 70), 15.7e12, 125e12, 900},
      {Card("Tesla T4", 1590, 75), 8.1e12, 65e12, 320},
      {Card("NVIDIA A100-SXM4-40GB", 1410, 80), 19.5e12, 312e12, 1555},
      {Card("NVIDIA A10", 1695, 86), 31.2e12, 125e12, 600},
      {Card("NVIDIA L4", 2040, 89), 30.3e12, 121e12, 300},
      {Card("NVIDIA H200", 1830, 90), 61.8e12, 989e12, 4800},
      {Card("NVIDIA H100 PCIe", 1755, 90), 51.2e12, 819e12, 2000},
      {Card("NVIDIA H100 80GB HBM3", 1830, 90), 61.8e12, 989e12, 3350},
  };
  for (const auto& each : cases) {
    const NvidiaRates rates = EstimateRates(each.gpu);
    EXPECT_NEAR(static_cast<double>(rates.flops.at("float32")), each.float32, each.float32 / 100)
        << each.gpu.model;
    EXPECT_NEAR(static_cast<double>(rates.flops.at("float16")), each.float16, each.float16 / 50)
        << each.gpu.model;
    EXPECT_EQ(static_cast<double>(rates.memory_bandwidth), each.gigabytes * 1e9) << each.gpu.model;
  }
  EXPECT_EQ(EstimateRates(Card("Tesla V100-SXM2-16GB", 1530, 70)).flops.count("int8"), 0u);
  EXPECT_EQ(EstimateRates(Card("Tesla T4", 1590, 75)).flops.count("bfloat16"), 0u);
}

TEST(NvidiaRates, WithoutFactsAreTheStatedOnes) {
  for (const NvidiaGpu& gpu : {Card("NVIDIA A1000", 1500, 86), Card("NVIDIA A100", 0, 80),
                               Card("NVIDIA A100", 1410, 0), Card("", 0, 0)}) {
    const NvidiaRates rates = EstimateRates(gpu);
    EXPECT_EQ(rates.flops.at("float32"), kUnknownGpuFlops) << gpu.model;
    EXPECT_EQ(rates.flops.at("default"), kUnknownGpuFlops / 2) << gpu.model;
  }
  // No part of another name: an A1000 is no A100.
  EXPECT_EQ(EstimateRates(Card("NVIDIA A1000", 1500, 86)).memory_bandwidth,
            kUnknownGpuMemoryBandwidth);
}

TEST(PcieBandwidth, FollowsGenerationAndLanes) {
  NvidiaGpu gpu;
  EXPECT_EQ(PcieBandwidth(gpu), 12'608'000'000);  // 3.0 x16
  gpu.pcie_generation = 5;
  EXPECT_EQ(PcieBandwidth(gpu), 12'608'000'000);  // the lanes are not known
  gpu.pcie_lanes = 16;
  EXPECT_EQ(PcieBandwidth(gpu), 50'406'400'000);
  gpu.pcie_lanes = 1;
  EXPECT_EQ(PcieBandwidth(gpu), 3'150'400'000);
  gpu.pcie_generation = 99;
  EXPECT_EQ(PcieBandwidth(gpu), 6'050'400'000);  // the newest that we know
}

}  // namespace
}  // namespace allot
