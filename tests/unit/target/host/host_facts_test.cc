#include "target/host/host_facts.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/host/cgroup_limits.h"
#include "tests/unit/target/host/fake_machine.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kXeon[] =
    "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel name\t: Intel(R) Xeon(R) Gold 6330\n"
    "cpu MHz\t\t: 1234.5\nflags\t\t: fpu sse sse2 avx fma avx2 avx512f avx512_vnni\n"
    "bogomips\t: 5192.25\n";
constexpr char kArm[] =
    "BogoMIPS\t: 243.75\nFeatures\t: fp asimd evtstrm aes asimddp\nCPU implementer\t: 0x41\n"
    "CPU architecture: 8\nCPU part\t: 0xd0c\n";

std::vector<int> Numbers(const HostFacts& facts) {
  std::vector<int> numbers;
  for (const HostCore& core : facts.cores) numbers.push_back(core.number);
  return numbers;
}

TEST(HostFacts, OfAnX86Machine) {
  FakeMachine machine;
  machine.WriteCores(4, kXeon);
  machine.WriteMemory(16);
  const HostFacts facts = ReadHostFacts(machine.root()).value();
  EXPECT_THAT(Numbers(facts), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(facts.cores[0].unit, 0);
  EXPECT_EQ(facts.cpu_model, "Intel(R) Xeon(R) Gold 6330");
  EXPECT_EQ(facts.clock_mhz, 2600);  // half of bogomips; "cpu MHz" is of the moment
  EXPECT_EQ(facts.vector_unit, VectorUnit::kAvx512);
  EXPECT_TRUE(facts.int8_dot);
  EXPECT_EQ(facts.memory, Bytes{16} << 30);
  EXPECT_THAT(facts.gpus, IsEmpty());
  EXPECT_EQ(Describe(facts), "Intel(R) Xeon(R) Gold 6330, 4 cores, 16.0GiB, no GPU");
}

TEST(HostFacts, OfAnArmMachine) {
  FakeMachine machine;
  machine.WriteCores(2, kArm);
  machine.WriteMemory(4);
  HostFacts facts = ReadHostFacts(machine.root()).value();
  EXPECT_EQ(facts.cpu_model, "ARM implementer 0x41 part 0xd0c");
  EXPECT_EQ(facts.clock_mhz, kUnknownClockMhz);  // its bogomips are of a timer
  EXPECT_EQ(facts.vector_unit, VectorUnit::kNeon);
  EXPECT_TRUE(facts.int8_dot);
  machine.Write("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "2995200\n");
  facts = ReadHostFacts(machine.root()).value();
  EXPECT_EQ(facts.clock_mhz, 3000);
}

TEST(HostFacts, VectorUnitsFollowFromTheFlags) {
  const struct {
    const char* section;
    VectorUnit unit;
    bool int8_dot;
  } cases[] = {
      {"flags : sse sse2 avx fma avx2 avx_vnni\n", VectorUnit::kAvx2, true},
      {"flags : sse sse2 avx avx2\n", VectorUnit::kAvx, false},
      {"flags : sse sse2\n", VectorUnit::kSse, false},
      {"flags : fpu\n", VectorUnit::kScalar, false},
      {"Features : half thumb neon vfpv4\n", VectorUnit::kNeon, false},
      {"isa : rv64imafdc\n", VectorUnit::kScalar, false},
      {"vendor_id : AuthenticAMD\ncpu family : 25\nflags : avx fma avx2 avx512f\n",
       VectorUnit::kAvx2, false},
      {"vendor_id : AuthenticAMD\ncpu family : 26\nflags : avx fma avx2 avx512f\n",
       VectorUnit::kAvx512, false},
  };
  for (const auto& each : cases) {
    FakeMachine machine;
    machine.WriteCores(1, each.section);
    machine.WriteMemory(1);
    const HostFacts facts = ReadHostFacts(machine.root()).value();
    EXPECT_EQ(facts.vector_unit, each.unit) << each.section;
    EXPECT_EQ(facts.int8_dot, each.int8_dot) << each.section;
  }
}

TEST(HostFacts, HardwareThreadsShareACore) {
  FakeMachine machine;
  std::string cpuinfo;
  for (int i = 0; i < 6; ++i) {
    // Threads 0 and 4, and 1 and 5, are one core each; 2 and 3 are alone on another package.
    cpuinfo += "processor : " + std::to_string(i) + "\nphysical id : " + (i == 2 ? "1" : "0") +
               "\ncore id : " + std::to_string(i == 2 ? 0 : i % 4) + "\n\n";
  }
  machine.Write("/proc/cpuinfo", cpuinfo);
  machine.WriteMemory(1);
  const HostFacts facts = ReadHostFacts(machine.root()).value();
  std::vector<int> units;
  for (const HostCore& core : facts.cores) units.push_back(core.unit);
  EXPECT_THAT(units, ElementsAre(0, 1, 2, 3, 0, 1));
}

TEST(HostFacts, ControlGroupsOfVersion2Limit) {
  FakeMachine machine;
  machine.WriteCores(8, kXeon);
  machine.WriteMemory(16);
  machine.Write("/proc/self/cgroup", "0::/slice/job\n");
  machine.Write("/sys/fs/cgroup/cpuset.cpus.effective", "0-7\n");
  machine.Write("/sys/fs/cgroup/slice/cpuset.cpus.effective", "2-3,6\n");
  machine.Write("/sys/fs/cgroup/slice/memory.max", "4294967296\n");
  machine.Write("/sys/fs/cgroup/slice/job/memory.max", "max\n");
  const HostFacts facts = ReadHostFacts(machine.root()).value();
  EXPECT_THAT(Numbers(facts), ElementsAre(2, 3, 6));
  EXPECT_EQ(facts.memory, Bytes{4} << 30);
}

TEST(HostFacts, ControlGroupsOfVersion1Limit) {
  FakeMachine machine;
  machine.WriteCores(4, kXeon);
  machine.WriteMemory(16);
  // The path of the host, which the container does not see; its own limits are at the top.
  machine.Write("/proc/self/cgroup",
                "9:name=systemd:/\n5:cpu,cpuset:/docker/0123\n4:memory:/docker/0123\n0::/\n");
  machine.Write("/sys/fs/cgroup/cpuset/cpuset.cpus", "1\n");
  machine.Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
  HostFacts facts = ReadHostFacts(machine.root()).value();
  EXPECT_THAT(Numbers(facts), ElementsAre(1));
  EXPECT_EQ(facts.memory, Bytes{1} << 30);
  // What stands for no limit is more than there is.
  machine.Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  machine.Write("/sys/fs/cgroup/cpuset/cpuset.cpus", "\n");
  facts = ReadHostFacts(machine.root()).value();
  EXPECT_THAT(Numbers(facts), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(facts.memory, Bytes{16} << 30);
}

TEST(HostFacts, DamagedControlGroupsAreNoLimit) {
  FakeMachine machine;
  machine.Write("/proc/self/cgroup", "nonsense\n0:\n0::/a\n:::\n");
  machine.Write("/sys/fs/cgroup/cpuset.cpus.effective", "7-2\n");
  machine.Write("/sys/fs/cgroup/memory.max", "-5\n");
  const CgroupLimits limits = ReadCgroupLimits(machine.root());
  EXPECT_EQ(limits.cpus, std::nullopt);
  EXPECT_EQ(limits.memory, std::nullopt);
}

constexpr char kInformation[] =
    "Model: \t\t NVIDIA H200\nIRQ:   \t\t 123\nBus Type: \t PCIe\nBus Location: \t 0000:0f:00.0\n";

TEST(HostFacts, GpusAreThoseThatNvidiaSmiPrints) {
  FakeMachine machine;
  machine.WriteCores(1, kXeon);
  machine.WriteMemory(1);
  machine.Write("/proc/driver/nvidia/gpus/0000:0f:00.0/information", kInformation);
  machine.WriteProgram("/usr/bin/nvidia-smi",
                       "case \"$*\" in\n"
                       "'--query-gpu=index,name,memory.total,pcie.link.gen.max,"
                       "pcie.link.width.max,clocks.max.sm,compute_cap --format=csv,noheader,"
                       "nounits') echo '0, NVIDIA H200, 143771, 5, 16, 1980, 9.0'\n"
                       "echo '1, NVIDIA L4, 23034, 4, 16, 2040, 8.9' ;; *) exit 2 ;; esac\n");
  HostFacts facts = ReadHostFacts(machine.root()).value();
  ASSERT_EQ(facts.gpus.size(), 2u);
  EXPECT_EQ(facts.gpus[1].model, "NVIDIA L4");
  EXPECT_THAT(Describe(facts), HasSubstr(", 1 core, 1.0GiB, NVIDIA H200, NVIDIA L4"));
  // A driver in trouble: what /proc lists is all there is.
  for (const char* script : {"echo 'NVIDIA-SMI has failed'; exit 9", "echo 'NVIDIA-SMI has failed'",
                             "echo '0, NVIDIA H200'"}) {
    machine.WriteProgram("/usr/bin/nvidia-smi", script);
    facts = ReadHostFacts(machine.root()).value();
    ASSERT_EQ(facts.gpus.size(), 1u) << script;
    EXPECT_EQ(facts.gpus[0].model, "NVIDIA H200");
    EXPECT_EQ(facts.gpus[0].memory, 0);
  }
}

TEST(HostFacts, GpusOfTheDriverAreInTheOrderOfTheBus) {
  FakeMachine machine;
  machine.WriteCores(1, kXeon);
  machine.WriteMemory(1);
  machine.Write("/proc/driver/nvidia/gpus/0000:81:00.0/information", "Model: \t NVIDIA L4\n");
  machine.Write("/proc/driver/nvidia/gpus/0000:0f:00.0/information", kInformation);
  machine.Write("/proc/driver/nvidia/gpus/0000:90:00.0/power", "no information\n");
  const HostFacts facts = ReadHostFacts(machine.root()).value();
  ASSERT_EQ(facts.gpus.size(), 2u);
  EXPECT_EQ(facts.gpus[0].model, "NVIDIA H200");
  EXPECT_EQ(facts.gpus[1].model, "NVIDIA L4");
  EXPECT_EQ(facts.gpus[1].ordinal, 1);
}

TEST(HostFacts, WhatIsMissingIsSaid) {
  FakeMachine machine;
  const auto error = [&] { return std::string(ReadHostFacts(machine.root()).status().message()); };
  EXPECT_EQ(error(), "/proc/cpuinfo does not tell the cores of this machine");
  machine.WriteCores(1, kXeon);
  EXPECT_EQ(error(), "/proc/meminfo does not tell the memory of this machine");
  machine.Write("/proc/meminfo", "MemTotal: lots\n");
  EXPECT_EQ(error(), "/proc/meminfo does not tell the memory of this machine");
  machine.Write("/proc/meminfo", "MemTotal: 1024 kB\n");
  EXPECT_EQ(ReadHostFacts(machine.root())->memory, 1 << 20);
}

TEST(HostFacts, OfThisMachineAreRead) {
  const absl::StatusOr<HostFacts> facts = ReadHostFacts();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_FALSE(facts->cores.empty());
  EXPECT_GT(facts->memory, 0);
  EXPECT_GT(facts->clock_mhz, 0);
}

}  // namespace
}  // namespace allot
