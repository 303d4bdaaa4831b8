#include "target/host/host_target.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/target_json.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

HostFacts Machine(int cores, int gpus = 0) {
  HostFacts facts;
  for (int i = 0; i < cores; ++i) facts.cores.push_back({i, i});
  facts.cpu_model = "Processor";
  facts.clock_mhz = 2600;
  facts.vector_unit = VectorUnit::kAvx2;
  facts.memory = Bytes{16} << 30;
  for (int i = 0; i < gpus; ++i) {
    NvidiaGpu gpu;
    gpu.ordinal = 2 * i;  // one of two is not ours
    gpu.model = "NVIDIA H200";
    gpu.memory = Bytes{141} << 30;
    gpu.pcie_generation = 5;
    gpu.pcie_lanes = 16;
    gpu.sm_clock_mhz = 1980;
    gpu.capability = 90;
    facts.gpus.push_back(gpu);
  }
  return facts;
}

TEST(HostTarget, OneDeviceHasAllCores) {
  const Target target = HostTarget(Machine(4), "host").value();
  EXPECT_EQ(target.name, "host");
  ASSERT_EQ(target.devices.size(), 1u);
  const Device& cpu = target.devices[DeviceId(0)];
  EXPECT_EQ(cpu.name, "cpu0");
  EXPECT_EQ(cpu.kind, "cpu");
  EXPECT_EQ(cpu.memory, Bytes{16} << 30);
  EXPECT_EQ(cpu.flops.at("float32"), 4 * 2'600'000'000 * 32);
  EXPECT_EQ(cpu.flops.at("default"), 2 * 2'600'000'000 * 32);
  EXPECT_EQ(cpu.flops.count("int8"), 0u);
  EXPECT_EQ(cpu.memory_bandwidth, 32'000'000'000);
  EXPECT_EQ(cpu.part_cost, 150 * kPicosPerMicro);
  EXPECT_EQ(cpu.op_cost, 2 * kPicosPerMicro);
  EXPECT_EQ(cpu.runtime.provider, "cpu");
  EXPECT_EQ(cpu.runtime.threads, 4);
  EXPECT_EQ(cpu.runtime.cores, "0-3");
  EXPECT_THAT(target.links, IsEmpty());
}

TEST(HostTarget, CoresAreSplitInOrder) {
  HostFacts facts = Machine(4);
  facts.cores[3].number = 9;
  const Target target = HostTarget(facts, "host:cpus=2+1+1").value();
  ASSERT_EQ(target.devices.size(), 3u);
  EXPECT_EQ(target.devices[DeviceId(0)].runtime.cores, "0-1");
  EXPECT_EQ(target.devices[DeviceId(0)].runtime.threads, 2);
  EXPECT_EQ(target.devices[DeviceId(0)].memory, Bytes{8} << 30);
  EXPECT_EQ(target.devices[DeviceId(1)].runtime.cores, "2");
  EXPECT_EQ(target.devices[DeviceId(2)].name, "cpu2");
  EXPECT_EQ(target.devices[DeviceId(2)].runtime.cores, "9");
  EXPECT_EQ(target.devices[DeviceId(2)].runtime.threads, 1);
  EXPECT_EQ(target.devices[DeviceId(2)].memory, Bytes{4} << 30);
  EXPECT_THAT(target.switches, ElementsAre("memory"));
  EXPECT_EQ(target.links.size(), 3u);
  const Route& route = *target.routes[DeviceId(0)][DeviceId(2)];
  ASSERT_EQ(route.segments.size(), 1u);
  EXPECT_EQ(route.segments[0], (Route::Segment{40 * kPicosPerMicro, 4'000'000'000}));
  // Cores that nobody asked for are left alone, and their memory is not.
  const Target one = HostTarget(facts, "host:cpus=1").value();
  ASSERT_EQ(one.devices.size(), 1u);
  EXPECT_EQ(one.devices[DeviceId(0)].runtime.cores, "0");
  EXPECT_EQ(one.devices[DeviceId(0)].memory, Bytes{16} << 30);
}

TEST(HostTarget, HardwareThreadsShareTheRate) {
  HostFacts facts = Machine(4);
  for (HostCore& core : facts.cores) core.unit = core.number % 2;
  facts.vector_unit = VectorUnit::kAvx512;
  facts.int8_dot = true;
  const Target target = HostTarget(facts, "host").value();
  EXPECT_EQ(target.devices[DeviceId(0)].flops.at("float32"), 2 * 2'600'000'000 * 64);
  EXPECT_EQ(target.devices[DeviceId(0)].flops.at("int8"), 8 * 2'600'000'000 * 64);
}

TEST(HostTarget, DevicesShareNoArithmeticIfTheyNeedNot) {
  HostFacts facts = Machine(4);
  for (HostCore& core : facts.cores) core.unit = core.number / 2;  // 0 and 1, 2 and 3
  const auto cores = [&](const char* text) {
    std::vector<std::string> lists;
    const Target target = HostTarget(facts, text).value();
    for (const Device& device : target.devices) lists.push_back(device.runtime.cores);
    return lists;
  };
  EXPECT_THAT(cores("host:cpus=1+1"), ElementsAre("0", "2"));
  EXPECT_THAT(cores("host:cpus=2"), ElementsAre("0,2"));
  EXPECT_THAT(cores("host:cpus=2+2"), ElementsAre("0-1", "2-3"));
  EXPECT_THAT(cores("host:cpus=1+2"), ElementsAre("0", "1-2"));
  // Each alone on its unit has all of it.
  const Target apart = HostTarget(facts, "host:cpus=1+1").value();
  EXPECT_EQ(apart.devices[DeviceId(1)].flops.at("float32"),
            HostTarget(facts, "host:cpus=2+2").value().devices[DeviceId(1)].flops.at("float32"));
}

TEST(HostTarget, GpusHangOnTheSameMemory) {
  const Target target = HostTarget(Machine(2, 2), "host:cpus=1+1").value();
  ASSERT_EQ(target.devices.size(), 4u);
  const Device& gpu = target.devices[DeviceId(3)];
  EXPECT_EQ(gpu.name, "gpu1");
  EXPECT_EQ(gpu.kind, "gpu");
  EXPECT_EQ(gpu.memory, Bytes{141} << 30);
  EXPECT_EQ(gpu.flops.at("float32"), int64_t{132} * 256 * 1'980'000'000);
  EXPECT_EQ(gpu.memory_bandwidth, 4'800'000'000'000);
  EXPECT_EQ(gpu.part_cost, 200 * kPicosPerMicro);
  EXPECT_EQ(gpu.op_cost, 5 * kPicosPerMicro);
  EXPECT_EQ(gpu.runtime.provider, "cuda");
  EXPECT_EQ(gpu.runtime.ordinal, 2);
  EXPECT_EQ(gpu.runtime.cores, "");
  ASSERT_EQ(target.links.size(), 4u);
  EXPECT_EQ(target.links[3].to, "gpu1");
  EXPECT_EQ(target.links[3].bandwidth, 50'406'400'000);
  EXPECT_TRUE(target.routes[DeviceId(0)][DeviceId(3)].has_value());

  EXPECT_EQ(HostTarget(Machine(2, 2), "host:gpus=1").value().devices.size(), 2u);
  EXPECT_EQ(HostTarget(Machine(2, 2), "host:gpus=0,cpus=1+1").value().devices.size(), 2u);
  HostFacts unknown = Machine(1, 1);
  unknown.gpus[0] = NvidiaGpu();
  const Target poor = HostTarget(unknown, "host").value();
  EXPECT_EQ(poor.devices[DeviceId(1)].memory, kUnknownGpuMemory);
}

TEST(HostTarget, PrintsAndReadsBackTheSame) {
  for (const char* text : {"host", "host:cpus=1+2", "host:gpus=0", "host:cpus=1+1+1,gpus=1"}) {
    HostFacts facts = Machine(3, 2);
    facts.memory = 25'276'514'304;
    const Target target = HostTarget(facts, text).value();
    const std::string printed = PrintTarget(target);
    const absl::StatusOr<Target> again = ParseTarget(printed, "again.json");
    ASSERT_TRUE(again.ok()) << again.status() << printed;
    EXPECT_EQ(PrintTarget(*again), printed);
    EXPECT_EQ(again->routes, target.routes);
    EXPECT_EQ(again->links, target.links);
  }
}

TEST(HostTarget, KnowsItsTexts) {
  EXPECT_TRUE(IsHostTarget("host"));
  EXPECT_TRUE(IsHostTarget("host:"));
  EXPECT_TRUE(IsHostTarget("host:foo"));
  EXPECT_FALSE(IsHostTarget("hosts"));
  EXPECT_FALSE(IsHostTarget("host.json"));
  EXPECT_FALSE(IsHostTarget(""));
}

TEST(HostTarget, EveryMistakeIsSaid) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"host:", "host:: an option is missing; it is written host[:cpus=A+B+...][,gpus=N]"},
      {"host:cpus=1,", "host:cpus=1,: an option is missing"},
      {"host:foo=1", "host:foo=1: no such option 'foo' (options: cpus, gpus)"},
      {"host:cpu=1", "no such option 'cpu'; did you mean 'cpus'? (options: cpus, gpus)"},
      {"host:cpus", "host:cpus: cannot read cpus ''; write how many cores each device gets"},
      {"host:cpus=", "cannot read cpus ''"},
      {"host:cpus=a", "cannot read cpus 'a'"},
      {"host:cpus=1++1", "cannot read cpus '1++1'"},
      {"host:cpus=99999999999999999999", "cannot read cpus '99999999999999999999'"},
      {"host:cpus=0", "host:cpus=0: a device needs at least one core, not 0"},
      {"host:cpus=1+-1", "a device needs at least one core, not -1"},
      {"host:cpus=2+2", "host:cpus=2+2: this machine has 2 cores; the largest split is 1+1"},
      {"host:cpus=1+1+1", "this machine has 2 cores; the largest split is 1+1"},
      {"host:cpus=1000000", "host:cpus=1000000: this machine has 2 cores; the largest split is 2"},
      {"host:cpus=9223372036854775807+9223372036854775807", "the largest split is 1+1"},
      {"host:cpus=1,cpus=1", "cpus is given twice"},
      {"host:gpus=x", "host:gpus=x: cannot read gpus 'x'; write how many to use, such as gpus=1"},
      {"host:gpus=-1", "cannot read gpus '-1'"},
      {"host:gpus=2", "host:gpus=2: this machine has 1 GPU that can be seen"},
      {"host:gpus=0,gpus=0", "gpus is given twice"},
  };
  for (const auto& wrong : cases) {
    const absl::StatusOr<Target> target = HostTarget(Machine(2, 1), wrong.text);
    ASSERT_FALSE(target.ok()) << wrong.text;
    EXPECT_THAT(std::string(target.status().message()), HasSubstr(wrong.message));
  }
  const auto error = [](int cores, int gpus, std::string text) {
    return std::string(HostTarget(Machine(cores, gpus), text).status().message());
  };
  EXPECT_THAT(error(1, 0, "host:cpus=2"), HasSubstr("has 1 core; the largest split is 1"));
  EXPECT_THAT(error(8, 0, "host:cpus=8+8+8"), HasSubstr("the largest split is 3+3+2"));
  EXPECT_THAT(error(64, 0, "host:cpus=9+9+9+9+9+9+9+9+9"),
              HasSubstr("the largest split is 9 devices of 7 cores"));
  std::string many = "host:cpus=1";
  for (int i = 1; i < 128; ++i) many += "+1";
  EXPECT_THAT(error(200, 1, many), HasSubstr("makes 129 devices, more than 128"));
  EXPECT_TRUE(HostTarget(Machine(200), many).ok());
}

}  // namespace
}  // namespace allot
