// What NVIDIA's driver says of a GPU, and what follows for its rates.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "support/units.h"

namespace allot {

// 0 stands for everything that the driver does not tell.
struct NvidiaGpu {
  int64_t ordinal = 0;  // in the order of the PCI bus
  std::string model;    // "NVIDIA H200"
  Bytes memory = 0;
  int64_t pcie_generation = 0, pcie_lanes = 0;  // the most that card and slot can do
  int64_t sm_clock_mhz = 0;                     // the highest
  int64_t capability = 0;                       // compute capability times ten: 9.0 is 90
};

// What nvidia-smi is asked for, and in which order.
inline constexpr char kNvidiaSmiQuery[] =
    "index,name,memory.total,pcie.link.gen.max,pcie.link.width.max,clocks.max.sm,compute_cap";

// Reads "nvidia-smi --query-gpu=<kNvidiaSmiQuery> --format=csv,noheader,nounits", a line per GPU,
// by ascending index. A field in brackets ("[N/A]") is not known. Errors say the line.
absl::StatusOr<std::vector<NvidiaGpu>> ParseNvidiaSmi(absl::string_view text);

// Estimates that measuring replaces.
struct NvidiaRates {
  std::map<std::string, int64_t> flops;  // peak per dtype as in Device::flops, FLOP/s
  int64_t memory_bandwidth = 0;          // bytes/s
};

// FLOP/s = SMs * operations per cycle of an SM * the highest clock. SMs and memory bandwidth follow
// from the model (NVIDIA's data sheets), the operations from the compute capability. Where the
// model is not in our table, or capability or clock are not known, the constants below stand in.
NvidiaRates EstimateRates(const NvidiaGpu& gpu);

// Of a GPU that nothing is known of: an entry-level card.
inline constexpr int64_t kUnknownGpuFlops = 8'000'000'000'000;
inline constexpr int64_t kUnknownGpuMemoryBandwidth = 300'000'000'000;
inline constexpr Bytes kUnknownGpuMemory = Bytes{8} << 30;

// bytes/s in each direction, 80% of what the wires carry; PCIe 3.0 x16 if the driver does not tell.
int64_t PcieBandwidth(const NvidiaGpu& gpu);

}  // namespace allot
