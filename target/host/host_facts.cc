#include "target/host/host_facts.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include <sched.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "support/child_output.h"
#include "support/status.h"
#include "target/cpu_list.h"
#include "target/host/cgroup_limits.h"
#include "target/host/kernel_file.h"
#include "target/quantity.h"

namespace allot {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds kNvidiaSmiLimit{10};

// "key : value" lines up to an empty one, as cpuinfo, meminfo and the NVIDIA driver write them.
using Section = std::map<std::string, std::string>;

std::vector<Section> ReadSections(const std::string& text) {
  std::vector<Section> sections(1);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::StripAsciiWhitespace(line).empty()) {
      if (!sections.back().empty()) sections.emplace_back();
      continue;
    }
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    // The first of several: a list of flags is never broken up.
    sections.back().emplace(absl::StripAsciiWhitespace(field.first),
                            absl::StripAsciiWhitespace(field.second));
  }
  if (sections.back().empty()) sections.pop_back();
  return sections;
}

std::string Value(const Section& section, const std::string& key) {
  const auto found = section.find(key);
  return found == section.end() ? std::string() : found->second;
}

// The processors of cpuinfo by number. What a section without a number says holds for all of them
// (old ARM kernels).
std::map<int, Section> Processors(const std::string& cpuinfo) {
  std::map<int, Section> processors;
  Section common;
  for (Section& section : ReadSections(cpuinfo)) {
    int number = 0;
    if (absl::SimpleAtoi(Value(section, "processor"), &number) && number >= 0 &&
        number < kMaxCpus) {
      processors.emplace(number, std::move(section));
    } else {
      common.insert(section.begin(), section.end());
    }
  }
  for (auto& [number, section] : processors) section.insert(common.begin(), common.end());
  return processors;
}

// nullopt: everything that there is.
std::optional<std::vector<int>> Affinity() {
  for (int most = 1024; most <= kMaxCpus; most *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<size_t>(most));
    if (set == nullptr) return std::nullopt;
    const size_t bytes = CPU_ALLOC_SIZE(static_cast<size_t>(most));
    const bool known = sched_getaffinity(0, bytes, set) == 0;
    std::vector<int> cpus;
    for (int cpu = 0; known && cpu < most; ++cpu) {
      if (CPU_ISSET_S(static_cast<size_t>(cpu), bytes, set)) cpus.push_back(cpu);
    }
    CPU_FREE(set);
    if (known) return cpus;  // otherwise the kernel's set is larger
  }
  return std::nullopt;
}

void Keep(const std::vector<int>& allowed, std::vector<int>& cpus) {
  std::vector<int> kept;
  std::set_intersection(cpus.begin(), cpus.end(), allowed.begin(), allowed.end(),
                        std::back_inserter(kept));
  // A set that allows nothing we know of is about other numbers than ours.
  if (!kept.empty()) cpus = std::move(kept);
}

// x86 says which hardware threads are one core; elsewhere each counts as one.
std::vector<HostCore> Cores(const std::vector<int>& cpus,
                            const std::map<int, Section>& processors) {
  const auto core_of = [&](int cpu) {
    const auto found = processors.find(cpu);
    const Section section = found == processors.end() ? Section() : found->second;
    const std::string core = Value(section, "core id");
    return core.empty() ? absl::StrCat("cpu ", cpu)
                        : absl::StrCat(Value(section, "physical id"), "/", core);
  };
  std::map<std::string, int> units;
  std::vector<HostCore> cores;
  for (const int cpu : cpus) {
    const int next = static_cast<int>(units.size());
    cores.push_back({cpu, units.emplace(core_of(cpu), next).first->second});
  }
  return cores;
}

std::string CpuModel(const Section& processor) {
  for (const char* key : {"model name", "Model", "cpu model", "cpu"}) {
    if (std::string name = Value(processor, key); !name.empty()) return name;
  }
  const std::string implementer = Value(processor, "CPU implementer");
  if (implementer.empty()) return "unknown processor";
  return absl::StrCat("ARM implementer ", implementer, " part ", Value(processor, "CPU part"));
}

void ReadInstructions(const Section& processor, HostFacts& facts) {
  std::set<std::string> flags;
  for (const char* key : {"flags", "Features"}) {
    const std::string text = Value(processor, key);
    for (const absl::string_view flag : absl::StrSplit(text, ' ')) flags.emplace(flag);
  }
  const auto has = [&](const char* flag) { return flags.count(flag) > 0; };
  if (has("avx512f")) {
    facts.vector_unit = VectorUnit::kAvx512;
  } else if (has("avx2") && has("fma")) {
    facts.vector_unit = VectorUnit::kAvx2;
  } else if (has("avx")) {
    facts.vector_unit = VectorUnit::kAvx;
  } else if (has("sse")) {
    facts.vector_unit = VectorUnit::kSse;
  } else if (has("asimd") || has("neon")) {
    facts.vector_unit = VectorUnit::kNeon;
  }
  // Zen 4 has the instructions of 512 bits on arithmetic of 256.
  int family = 0;
  if (facts.vector_unit == VectorUnit::kAvx512 && Value(processor, "vendor_id") == "AuthenticAMD" &&
      absl::SimpleAtoi(Value(processor, "cpu family"), &family) && family == 25) {
    facts.vector_unit = VectorUnit::kAvx2;
  }
  facts.int8_dot = has("avx512_vnni") || has("avx_vnni") || has("asimddp");
}

int64_t ClockMhz(const std::string& root, int cpu, const Section& processor) {
  constexpr int64_t kHertzPerMega = 1'000'000;
  const std::string text = ReadKernelFile(absl::StrCat(root, "/sys/devices/system/cpu/cpu", cpu,
                                                       "/cpufreq/cpuinfo_max_freq"))
                               .value_or("");
  int64_t hertz = 0, kilohertz = 0;
  if (absl::SimpleAtoi(text, &kilohertz) && kilohertz > 0 && kilohertz <= 100 * kHertzPerMega) {
    hertz = kilohertz * 1000;
  } else {
    // Only x86 kernels count the cycles of the core, two a round; they also write flags.
    const absl::StatusOr<int64_t> rounds =
        ParseScaledDecimal(Value(processor, "bogomips"), kHertzPerMega);
    if (rounds.ok() && !Value(processor, "flags").empty()) hertz = *rounds / 2;
  }
  // Bogomips differ by some kHz from boot to boot.
  const int64_t mhz = (hertz / kHertzPerMega + 5) / 10 * 10;
  return mhz >= 10 && mhz <= 100'000 ? mhz : kUnknownClockMhz;
}

absl::StatusOr<Bytes> TotalMemory(const std::string& root) {
  const std::vector<Section> sections =
      ReadSections(ReadKernelFile(absl::StrCat(root, "/proc/meminfo")).value_or(""));
  const std::string text = sections.empty() ? "" : Value(sections[0], "MemTotal");
  int64_t kibibytes = 0;
  if (!absl::SimpleAtoi(absl::StripSuffix(text, " kB"), &kibibytes) || kibibytes < 1 ||
      kibibytes > int64_t{1} << 50) {
    return InputError("/proc/meminfo does not tell the memory of this machine");
  }
  return kibibytes << 10;
}

// nullopt if there is none, or if it does not answer as it should.
std::optional<std::vector<NvidiaGpu>> AskNvidiaSmi(const std::string& root) {
  // Where distributions, containers and WSL put it; PATH might lead into a user's folder.
  for (const char* folder : {"/usr/bin", "/usr/local/bin", "/usr/local/nvidia/bin", "/opt/bin",
                             "/usr/lib/wsl/lib", "/run/current-system/sw/bin"}) {
    const std::string path = absl::StrCat(root, folder, "/nvidia-smi");
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    const std::optional<std::string> text = ChildOutput(
        path, {absl::StrCat("--query-gpu=", kNvidiaSmiQuery), "--format=csv,noheader,nounits"},
        kNvidiaSmiLimit);
    if (!text.has_value()) return std::nullopt;
    absl::StatusOr<std::vector<NvidiaGpu>> gpus = ParseNvidiaSmi(*text);
    if (!gpus.ok()) return std::nullopt;
    return *std::move(gpus);
  }
  return std::nullopt;
}

// A folder per card, named by its place on the bus.
std::vector<NvidiaGpu> DriverGpus(const std::string& root) {
  std::set<std::string> places;
  std::error_code error;
  fs::directory_iterator folders(absl::StrCat(root, "/proc/driver/nvidia/gpus"), error), end;
  for (; !error && folders != end; folders.increment(error)) {
    places.insert(folders->path().string());
  }
  std::vector<NvidiaGpu> gpus;
  for (const std::string& place : places) {
    const std::optional<std::string> text = ReadKernelFile(place + "/information");
    if (!text.has_value()) continue;
    NvidiaGpu gpu;
    gpu.ordinal = static_cast<int64_t>(gpus.size());
    const std::vector<Section> sections = ReadSections(*text);
    if (!sections.empty()) gpu.model = Value(sections[0], "Model");
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

}  // namespace

absl::StatusOr<HostFacts> ReadHostFacts(const std::string& root) {
  const std::string prefix = root == "/" ? "" : root;
  const std::map<int, Section> processors =
      Processors(ReadKernelFile(absl::StrCat(prefix, "/proc/cpuinfo")).value_or(""));
  std::vector<int> cpus;
  for (const auto& [number, section] : processors) cpus.push_back(number);
  if (cpus.empty()) return InputError("/proc/cpuinfo does not tell the cores of this machine");
  if (prefix.empty()) {
    const std::optional<std::vector<int>> affinity = Affinity();
    if (affinity.has_value()) Keep(*affinity, cpus);
  }
  const CgroupLimits limits = ReadCgroupLimits(prefix);
  if (limits.cpus.has_value()) Keep(*limits.cpus, cpus);

  HostFacts facts;
  facts.cores = Cores(cpus, processors);
  const Section& first = processors.at(cpus[0]);
  facts.cpu_model = CpuModel(first);
  facts.clock_mhz = ClockMhz(prefix, cpus[0], first);
  ReadInstructions(first, facts);
  ALLOT_ASSIGN_OR_RETURN(facts.memory, TotalMemory(prefix));
  facts.memory = std::min(facts.memory, limits.memory.value_or(facts.memory));
  std::optional<std::vector<NvidiaGpu>> gpus = AskNvidiaSmi(prefix);
  facts.gpus = gpus.has_value() ? *std::move(gpus) : DriverGpus(prefix);
  return facts;
}

std::string Describe(const HostFacts& facts) {
  constexpr double kGibibyte = 1 << 30;
  const int64_t tenths = static_cast<int64_t>(static_cast<double>(facts.memory) / kGibibyte * 10);
  std::string text = absl::StrCat(facts.cpu_model, ", ", facts.cores.size(),
                                  facts.cores.size() == 1 ? " core, " : " cores, ", tenths / 10,
                                  ".", tenths % 10, "GiB");
  if (facts.gpus.empty()) absl::StrAppend(&text, ", no GPU");
  for (const NvidiaGpu& gpu : facts.gpus) absl::StrAppend(&text, ", ", gpu.model);
  return text;
}

}  // namespace allot
