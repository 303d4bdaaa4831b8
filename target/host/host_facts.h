// What this machine says of itself: the usable part of it, that is, what the scheduler and the
// control groups leave to this process. See host_target.h for what is made of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "support/units.h"
#include "target/host/nvidia_gpu.h"

namespace allot {

// The widest arithmetic in float32 that a core has.
enum class VectorUnit { kScalar, kSse, kNeon, kAvx, kAvx2, kAvx512 };

struct HostCore {
  int number = 0;  // Linux's
  int unit = 0;    // what it shares its arithmetic with (SMT siblings) has the same; from 0
};

struct HostFacts {
  std::vector<HostCore> cores;  // usable ones, ascending, at least one
  std::string cpu_model;
  int64_t clock_mhz = 0;  // the highest that is known, rounded to 10 MHz
  VectorUnit vector_unit = VectorUnit::kScalar;
  bool int8_dot = false;        // instructions that sum four products of 8 bits (VNNI, dot product)
  Bytes memory = 0;             // usable
  std::vector<NvidiaGpu> gpus;  // ascending ordinals
};

// Of a core whose clock cannot be found out.
inline constexpr int64_t kUnknownClockMhz = 2000;

// Reads /proc and /sys below `root`; tests pass a folder of their own. Cores are those of
// sched_getaffinity() if `root` is "/", otherwise all of cpuinfo, and of them those of the cpuset;
// memory is MemTotal or the least limit of a control group (version 1 or 2) around this process;
// the clock is cpufreq's highest, half of bogomips on x86, or kUnknownClockMhz. GPUs are what
// nvidia-smi prints if it stands in a usual place below `root` and answers within ten seconds,
// otherwise what the driver lists in /proc, by name alone. Errors name the file that is missing.
absl::StatusOr<HostFacts> ReadHostFacts(const std::string& root = "/");

// One line for people: "AMD EPYC, 2 cores, 23.5GiB, no GPU".
std::string Describe(const HostFacts& facts);

}  // namespace allot
