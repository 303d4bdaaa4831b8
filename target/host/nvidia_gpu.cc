#include "target/host/nvidia_gpu.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "support/status.h"
#include "target/quantity.h"

namespace allot {
namespace {

constexpr int64_t kMega = 1'000'000;
constexpr int64_t kGiga = 1'000'000'000;

// A non-negative number times `scale`, at most `most`; 0 if the field says that it is not known.
absl::StatusOr<int64_t> Field(absl::string_view name, absl::string_view text, int64_t scale,
                              int64_t most) {
  if (absl::StartsWith(text, "[") && absl::EndsWith(text, "]")) return 0;
  const absl::StatusOr<int64_t> value = ParseScaledDecimal(text, scale);
  if (!value.ok() || *value > most) return InputError("cannot read ", name, " '", text, "'");
  return *value;
}

absl::StatusOr<NvidiaGpu> ParseLine(absl::string_view line) {
  std::vector<absl::string_view> fields = absl::StrSplit(line, ',');
  for (absl::string_view& field : fields) field = absl::StripAsciiWhitespace(field);
  constexpr size_t kFields = 7;
  if (fields.size() < kFields) {
    return InputError("has ", fields.size(), " fields, not ", kFields, ": '", line, "'");
  }
  // Commas beyond those between the fields can only be the name's.
  const auto rest = fields.end() - (kFields - 2);
  NvidiaGpu gpu;
  if (!absl::SimpleAtoi(fields[0], &gpu.ordinal) || gpu.ordinal < 0 || gpu.ordinal > 1023) {
    return InputError("cannot read index '", fields[0], "'");
  }
  gpu.model = absl::StrJoin(fields.begin() + 1, rest, ", ");
  ALLOT_ASSIGN_OR_RETURN(gpu.memory, Field("memory.total", rest[0], 1 << 20, Bytes{1} << 50));
  ALLOT_ASSIGN_OR_RETURN(gpu.pcie_generation, Field("pcie.link.gen.max", rest[1], 1, 99));
  ALLOT_ASSIGN_OR_RETURN(gpu.pcie_lanes, Field("pcie.link.width.max", rest[2], 1, 64));
  ALLOT_ASSIGN_OR_RETURN(gpu.sm_clock_mhz, Field("clocks.max.sm", rest[3], 1, 100'000));
  ALLOT_ASSIGN_OR_RETURN(gpu.capability, Field("compute_cap", rest[4], 10, 1000));
  return gpu;
}

// NVIDIA's data sheets. The first model whose words the name holds counts.
struct Card {
  absl::string_view words;
  int64_t sms;
  int64_t memory_gigabytes_per_second;
};
constexpr Card kCards[] = {
    {"B200", 148, 8000},
    {"H200", 132, 4800},
    {"GH200", 132, 4000},
    {"H100 NVL", 132, 3900},
    {"H100 PCIe", 114, 2000},
    {"H100", 132, 3350},
    {"A100-SXM4-80GB", 108, 2039},
    {"A100 80GB", 108, 1935},
    {"A100", 108, 1555},
    {"L40S", 142, 864},
    {"L40", 142, 864},
    {"L4", 58, 300},
    {"A30", 56, 933},
    {"A40", 84, 696},
    {"A10", 72, 600},
    {"V100", 80, 900},
    {"T4", 40, 320},
    {"RTX 5090", 170, 1792},
    {"RTX 4090", 128, 1008},
    {"RTX 3090", 82, 936},
};

// "A10" is in "NVIDIA A10", and not in "NVIDIA A100".
bool HoldsWords(absl::string_view name, absl::string_view words) {
  const auto is_word = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); };
  for (size_t at = name.find(words); at != name.npos; at = name.find(words, at + 1)) {
    const size_t end = at + words.size();
    if ((at == 0 || !is_word(name[at - 1])) && (end == name.size() || !is_word(name[end]))) {
      return true;
    }
  }
  return false;
}

// Operations per cycle of one SM, a multiply-add counting two: the table of arithmetic throughput
// in the CUDA C++ Programming Guide, and for half precision and int8 the dense tensor-core rates of
// the architecture white papers (0: no tensor cores for it).
struct Architecture {
  int64_t capability;
  int64_t float32, float64, float16, int8;
  bool bfloat16;  // as fast as float16
};
constexpr Architecture kArchitectures[] = {
    {70, 128, 64, 1024, 0, false},      {75, 128, 4, 1024, 2048, false},
    {80, 128, 64, 2048, 4096, true},    {86, 256, 4, 1024, 2048, true},
    {89, 256, 4, 1024, 2048, true},     {90, 256, 128, 4096, 8192, true},
    {100, 256, 128, 8192, 16384, true}, {120, 256, 4, 1024, 2048, true},
};

}  // namespace

absl::StatusOr<std::vector<NvidiaGpu>> ParseNvidiaSmi(absl::string_view text) {
  std::vector<NvidiaGpu> gpus;
  int64_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    ALLOT_ASSIGN_OR_RETURN(NvidiaGpu gpu, ParseLine(line), "nvidia-smi: line ", number, ": ");
    if (!gpus.empty() && gpu.ordinal <= gpus.back().ordinal) {
      return InputError("nvidia-smi: line ", number, ": index ", gpu.ordinal, " comes after ",
                        gpus.back().ordinal);
    }
    gpus.push_back(std::move(gpu));
  }
  return gpus;
}

NvidiaRates EstimateRates(const NvidiaGpu& gpu) {
  const auto card = std::find_if(std::begin(kCards), std::end(kCards), [&](const Card& each) {
    return HoldsWords(gpu.model, each.words);
  });
  const auto architecture =
      std::find_if(std::begin(kArchitectures), std::end(kArchitectures),
                   [&](const Architecture& each) { return each.capability == gpu.capability; });
  NvidiaRates rates;
  rates.memory_bandwidth = card == std::end(kCards) ? kUnknownGpuMemoryBandwidth
                                                    : card->memory_gigabytes_per_second * kGiga;
  if (card == std::end(kCards) || architecture == std::end(kArchitectures) ||
      gpu.sm_clock_mhz == 0) {
    rates.flops = {{"float32", kUnknownGpuFlops}, {"default", kUnknownGpuFlops / 2}};
    return rates;
  }
  const auto rate = [&](int64_t per_cycle) {
    return card->sms * per_cycle * gpu.sm_clock_mhz * kMega;
  };
  rates.flops = {{"float32", rate(architecture->float32)},
                 {"float64", rate(architecture->float64)},
                 {"float16", rate(architecture->float16)},
                 {"default", rate(architecture->float32) / 2}};
  if (architecture->bfloat16) rates.flops["bfloat16"] = rate(architecture->float16);
  if (architecture->int8 > 0) rates.flops["int8"] = rate(architecture->int8);
  return rates;
}

int64_t PcieBandwidth(const NvidiaGpu& gpu) {
  // Megabytes per second and lane after the line code, from generation 1 on.
  constexpr std::array<int64_t, 6> kLane = {250, 500, 985, 1969, 3938, 7563};
  const bool known = gpu.pcie_generation > 0 && gpu.pcie_lanes > 0;
  const int64_t generation =
      std::min(known ? gpu.pcie_generation : 3, static_cast<int64_t>(kLane.size()));
  const int64_t lanes = known ? gpu.pcie_lanes : 16;
  return kLane[static_cast<size_t>(generation - 1)] * lanes * kMega / 10 * 8;
}

}  // namespace allot
