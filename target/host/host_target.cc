#include "target/host/host_target.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "support/options.h"
#include "support/status.h"
#include "target/cpu_list.h"
#include "target/routing.h"
#include "target/target_json.h"

namespace allot {
namespace {

// Estimates for what no file tells. Each device is a process of its own: a part costs a message
// there and back, and values are copied through memory that processes share.
constexpr int64_t kMemoryBandwidthPerCore = 8'000'000'000;
constexpr Picos kCpuPartCost = 150 * kPicosPerMicro, kCpuOpCost = 2 * kPicosPerMicro;
constexpr Picos kGpuPartCost = 200 * kPicosPerMicro, kGpuOpCost = 5 * kPicosPerMicro;
constexpr int64_t kCopyBandwidth = 4'000'000'000;
constexpr Picos kCopyLatency = 20 * kPicosPerMicro;
constexpr Picos kPcieLatency = 10 * kPicosPerMicro;
constexpr char kSwitch[] = "memory";

// In float32, a multiply-add counting two: lanes * operations * units. Two units that multiply and
// add for AVX2, AVX-512 and NEON, one adder and one multiplier before.
int64_t FlopsPerCycle(VectorUnit unit) {
  switch (unit) {
    case VectorUnit::kScalar:
      return 2;
    case VectorUnit::kSse:
      return 4 * 1 * 2;
    case VectorUnit::kNeon:
      return 4 * 2 * 2;
    case VectorUnit::kAvx:
      return 8 * 1 * 2;
    case VectorUnit::kAvx2:
      return 8 * 2 * 2;
    case VectorUnit::kAvx512:
      return 16 * 2 * 2;
  }
  return 2;
}

struct HostOptions {
  std::vector<int64_t> cpus;  // cores of each device; empty: one device with all
  std::optional<int64_t> gpus;
};

std::string Counted(size_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

// So many devices as were asked for, or as there are cores, as even as can be.
std::string LargestSplit(size_t cores, size_t devices) {
  devices = std::min(cores, devices);
  constexpr size_t kShown = 8;
  if (devices > kShown) {
    return absl::StrCat(devices, " devices of ", Counted(cores / devices, "core"));
  }
  std::vector<size_t> split(devices, cores / devices);
  for (size_t i = 0; i < cores % devices; ++i) ++split[i];
  return absl::StrJoin(split, "+");
}

absl::Status ReadCpus(absl::string_view value, const HostFacts& facts, HostOptions& options) {
  for (const absl::string_view piece : absl::StrSplit(value, '+')) {
    int64_t count = 0;
    if (!absl::SimpleAtoi(piece, &count)) {
      return InputError("cannot read cpus '", value,
                        "'; write how many cores each device gets, such as cpus=1+1");
    }
    if (count < 1) return InputError("a device needs at least one core, not ", count);
    options.cpus.push_back(count);
  }
  int64_t wanted = 0;
  for (const int64_t count : options.cpus) wanted = SaturatingAdd(wanted, count);
  if (wanted > static_cast<int64_t>(facts.cores.size())) {
    return InputError("this machine has ", Counted(facts.cores.size(), "core"),
                      "; the largest split is ",
                      LargestSplit(facts.cores.size(), options.cpus.size()));
  }
  return absl::OkStatus();
}

absl::Status ReadGpus(absl::string_view value, const HostFacts& facts, HostOptions& options) {
  int64_t count = 0;
  if (!absl::SimpleAtoi(value, &count) || count < 0) {
    return InputError("cannot read gpus '", value, "'; write how many to use, such as gpus=1");
  }
  if (count > static_cast<int64_t>(facts.gpus.size())) {
    return InputError("this machine has ", Counted(facts.gpus.size(), "GPU"), " that can be seen");
  }
  options.gpus = count;
  return absl::OkStatus();
}

absl::StatusOr<HostOptions> ReadOptions(absl::string_view text, const HostFacts& facts) {
  HostOptions options;
  absl::string_view rest = text;
  absl::ConsumePrefix(&rest, "host");
  if (rest.empty()) return options;
  absl::ConsumePrefix(&rest, ":");
  for (const absl::string_view option : absl::StrSplit(rest, ',')) {
    const size_t equal = option.find('=');
    const absl::string_view key = option.substr(0, equal);
    const absl::string_view value = equal == option.npos ? "" : option.substr(equal + 1);
    if (key == "cpus") {
      if (!options.cpus.empty()) return InputError("cpus is given twice");
      ALLOT_RETURN_IF_ERROR(ReadCpus(value, facts, options));
    } else if (key == "gpus") {
      if (options.gpus.has_value()) return InputError("gpus is given twice");
      ALLOT_RETURN_IF_ERROR(ReadGpus(value, facts, options));
    } else if (key.empty()) {
      return InputError("an option is missing; it is written ", kHostTargetUsage);
    } else {
      return UnknownOptionError(key, {"cpus", "gpus"});
    }
  }
  return options;
}

// The first `count` cores to give away. Devices that need no more than there are units get one
// each; otherwise units are given away whole, so that as few devices as possible share one.
std::vector<HostCore> CoresToUse(std::vector<HostCore> cores, size_t count) {
  std::map<int, size_t> seen;
  std::vector<size_t> thread;  // of its unit
  for (const HostCore& core : cores) thread.push_back(seen[core.unit]++);
  std::vector<size_t> order(cores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const bool spread = count <= seen.size();
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto key = [&](size_t i) {
      const size_t unit = static_cast<size_t>(cores[i].unit);
      return spread ? std::tuple(thread[i], unit, i) : std::tuple(unit, thread[i], i);
    };
    return key(a) < key(b);
  });
  std::vector<HostCore> chosen;
  for (size_t i = 0; i < count; ++i) chosen.push_back(cores[order[i]]);
  return chosen;
}

// Cores that share their arithmetic have equal shares of it; `used` are all that are given away.
int64_t PeakFlops(const HostFacts& facts, const std::vector<HostCore>& cores,
                  const std::vector<HostCore>& used) {
  const int64_t per_unit = facts.clock_mhz * 1'000'000 * FlopsPerCycle(facts.vector_unit);
  int64_t flops = 0;
  for (const HostCore& core : cores) {
    flops += per_unit / std::count_if(used.begin(), used.end(), [&](const HostCore& other) {
               return other.unit == core.unit;
             });
  }
  return flops;
}

Device CpuDevice(const HostFacts& facts, size_t index, const std::vector<HostCore>& cores,
                 const std::vector<HostCore>& used, Bytes memory) {
  Device device;
  device.name = absl::StrCat("cpu", index);
  device.kind = "cpu";
  device.memory = memory;
  const int64_t peak = PeakFlops(facts, cores, used);
  device.flops = {{"float32", peak}, {"default", peak / 2}};
  // Four products of 8 bits in the place of one of 32.
  if (facts.int8_dot) device.flops["int8"] = peak * 4;
  const int64_t count = static_cast<int64_t>(cores.size());
  device.memory_bandwidth = count * kMemoryBandwidthPerCore;
  device.part_cost = kCpuPartCost;
  device.op_cost = kCpuOpCost;
  device.copies = true;
  std::vector<int> numbers;
  for (const HostCore& core : cores) numbers.push_back(core.number);
  std::sort(numbers.begin(), numbers.end());
  device.runtime.provider = "cpu";
  device.runtime.threads = count;
  device.runtime.cores = PrintCpuList(numbers);
  return device;
}

Device GpuDevice(const NvidiaGpu& gpu, size_t index) {
  Device device;
  device.name = absl::StrCat("gpu", index);
  device.kind = "gpu";
  device.memory = gpu.memory > 0 ? gpu.memory : kUnknownGpuMemory;
  NvidiaRates rates = EstimateRates(gpu);
  device.flops = std::move(rates.flops);
  device.memory_bandwidth = rates.memory_bandwidth;
  device.part_cost = kGpuPartCost;
  device.op_cost = kGpuOpCost;
  device.unsupported_ops = {"StringNormalizer", "TfIdfVectorizer"};  // texts; no kernels
  device.runtime.provider = "cuda";
  device.runtime.ordinal = gpu.ordinal;
  return device;
}

Link LinkToMemory(const Device& device, int64_t bandwidth, Picos latency) {
  Link link;
  link.from = kSwitch;
  link.to = device.name;
  link.bandwidth = bandwidth;
  link.latency = latency;
  return link;
}

}  // namespace

bool IsHostTarget(absl::string_view text) { return text == "host" || text.substr(0, 5) == "host:"; }

absl::StatusOr<Target> HostTarget(const HostFacts& facts, absl::string_view text) {
  ALLOT_ASSIGN_OR_RETURN(HostOptions options, ReadOptions(text, facts), text, ": ");
  if (options.cpus.empty()) options.cpus.push_back(static_cast<int64_t>(facts.cores.size()));
  const size_t gpus =
      options.gpus.has_value() ? static_cast<size_t>(*options.gpus) : facts.gpus.size();
  if (options.cpus.size() + gpus > kMaxDevices) {
    return InputError(text, ": makes ", options.cpus.size() + gpus, " devices, more than ",
                      kMaxDevices);
  }
  int64_t count = 0;
  for (const int64_t cores : options.cpus) count += cores;
  const std::vector<HostCore> used = CoresToUse(facts.cores, static_cast<size_t>(count));

  Target target;
  target.name = "host";
  auto next = used.begin();
  for (size_t i = 0; i < options.cpus.size(); ++i) {
    const std::vector<HostCore> cores(next, next + options.cpus[i]);
    next += options.cpus[i];
    // Whole mebibytes, which read better.
    const Bytes share = facts.memory / count * options.cpus[i];
    target.devices.Add(CpuDevice(facts, i, cores, used, std::max<Bytes>(share >> 20, 1) << 20));
  }
  for (size_t i = 0; i < gpus; ++i) target.devices.Add(GpuDevice(facts.gpus[i], i));
  if (target.devices.size() > 1) {
    target.switches = {kSwitch};
    for (const DeviceId id : target.devices.ids()) {
      const size_t index = static_cast<size_t>(id.index());
      target.links.push_back(
          index < options.cpus.size()
              ? LinkToMemory(target.devices[id], kCopyBandwidth, kCopyLatency)
              : LinkToMemory(target.devices[id],
                             PcieBandwidth(facts.gpus[index - options.cpus.size()]), kPcieLatency));
    }
  }
  BuildRoutes(target);
  return target;
}

}  // namespace allot
