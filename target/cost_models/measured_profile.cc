#include "target/cost_models/measured_profile.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

// What a provider of ONNX Runtime runs on.
struct ProviderKind {
  absl::string_view provider, kind;
};
constexpr ProviderKind kProviderKinds[] = {
    {"CPU", "cpu"},      {"Dnnl", "cpu"},          {"XNNPACK", "cpu"},  {"ACL", "cpu"},
    {"CUDA", "gpu"},     {"NvTensorRTRTX", "gpu"}, {"Tensorrt", "gpu"}, {"ROCM", "gpu"},
    {"MIGraphX", "gpu"}, {"DML", "gpu"},           {"WebGpu", "gpu"},   {"JS", "gpu"},
    {"QNN", "npu"},      {"VitisAI", "npu"},       {"NNAPI", "npu"},    {"Nnapi", "npu"},
    {"CoreML", "npu"},   {"RKNPU", "npu"},         {"Rknpu", "npu"},    {"CANN", "npu"},
    {"SNPE", "npu"},     {"WebNN", "npu"}};

std::string DeviceOfProvider(absl::string_view provider) {
  absl::ConsumeSuffix(&provider, "ExecutionProvider");
  for (const ProviderKind& known : kProviderKinds) {
    if (provider == known.provider) return std::string(known.kind);
  }
  return absl::AsciiStrToLower(provider);
}

std::optional<Picos> Microseconds(const Json* json) {
  if (json == nullptr) return std::nullopt;
  if (const int64_t* integer = json->If<int64_t>()) {
    if (*integer < 0 || *integer > kMaxPicos / kPicosPerMicro) return std::nullopt;
    return *integer * kPicosPerMicro;
  }
  const double* number = json->If<double>();
  if (number == nullptr || !(*number >= 0) || *number > ToMicros(kMaxPicos)) return std::nullopt;
  return static_cast<Picos>(std::floor(*number * static_cast<double>(kPicosPerMicro) + 0.5));
}

const std::string* StringMember(const Json& json, absl::string_view name) {
  const Json* member = json.Find(name);
  return member == nullptr ? nullptr : member->If<std::string>();
}

// `name` as the inside of a JSON string.
void AppendEscaped(absl::string_view name, std::string& text) {
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (byte < 0x20) {
      absl::StrAppend(&text, "\\u", absl::Hex(byte, absl::kZeroPad4));
    } else {
      text += c;
    }
  }
}

// ONNX Runtime up to 1.30 writes names of nodes as they are: a quote or a backslash in one breaks
// the JSON. It puts each event on a line of its own, whose arguments hold no text like that behind
// the name.
std::string WithEscapedNames(absl::string_view text) {
  constexpr absl::string_view kEvent = "\n{\"cat\" : \"", kBefore = "\"name\" :\"",
                              kBehind = "\",\"args\" : {";
  std::string mended;
  while (!text.empty()) {
    const size_t end = std::min(text.find(kEvent, 1), text.size());
    const absl::string_view event = text.substr(0, end);
    const size_t from = event.find(kBefore), to = event.rfind(kBehind);
    if (from == event.npos || to == event.npos || to < from + kBefore.size()) {
      absl::StrAppend(&mended, event);
    } else {
      const size_t name = from + kBefore.size();
      absl::StrAppend(&mended, event.substr(0, name));
      AppendEscaped(event.substr(name, to - name), mended);
      absl::StrAppend(&mended, event.substr(to));
    }
    text.remove_prefix(end);
  }
  return mended;
}

}  // namespace

absl::StatusOr<MeasuredCosts> ReadProfile(absl::string_view text, std::string file) {
  absl::StatusOr<Json> parsed = ParseJson(text);
  if (!parsed.ok()) {
    if (absl::StatusOr<Json> mended = ParseJson(WithEscapedNames(text)); mended.ok()) {
      parsed = std::move(mended);
    }
  }
  ALLOT_ASSIGN_OR_RETURN(const Json json, std::move(parsed), file, ": ");
  const Json* list = json.If<Json::Array>() != nullptr ? &json : json.Find("traceEvents");
  const Json::Array* events = list == nullptr ? nullptr : list->If<Json::Array>();
  if (events == nullptr) {
    return InputError(file,
                      ": a profile is a JSON array of trace events, or an object with "
                      "'traceEvents'");
  }
  struct Samples {
    std::string node, device;
    std::vector<Picos> times;
  };
  std::vector<Samples> all;  // in order of first appearance
  std::map<std::pair<std::string, std::string>, size_t> index;
  for (size_t i = 0; i < events->size(); ++i) {
    const Json& event = (*events)[i];
    const std::string* category = StringMember(event, "cat");
    const std::string* name = StringMember(event, "name");
    const Json* args = event.Find("args");
    if (category == nullptr || *category != "Node" || name == nullptr || args == nullptr) continue;
    absl::string_view node = *name;
    const std::string* provider = StringMember(*args, "provider");
    // Nodes without a name cannot be told apart.
    if (!absl::ConsumeSuffix(&node, "_kernel_time") || node.empty() || provider == nullptr)
      continue;
    const std::optional<Picos> time = Microseconds(event.Find("dur"));
    if (!time.has_value()) {
      return InputError(file, ": event ", i, " ('", *name,
                        "'): 'dur' is no duration in microseconds");
    }
    const std::string device = DeviceOfProvider(*provider);
    const auto [found, is_new] = index.emplace(std::pair(std::string(node), device), all.size());
    if (is_new) all.push_back({std::string(node), device, {}});
    all[found->second].times.push_back(*time);
  }
  if (all.empty()) {
    return InputError(file,
                      ": no event of category 'Node' named '<node>_kernel_time'; was the "
                      "session run with profiling enabled?");
  }
  MeasuredCosts costs;
  costs.file = std::move(file);
  for (Samples& samples : all) {
    const auto middle =
        samples.times.begin() + static_cast<std::ptrdiff_t>((samples.times.size() - 1) / 2);
    std::nth_element(samples.times.begin(), middle, samples.times.end());
    MeasuredCosts::Row row;
    row.node = std::move(samples.node);
    row.device = std::move(samples.device);
    row.time = *middle;
    row.samples = static_cast<int64_t>(samples.times.size());
    costs.rows.push_back(std::move(row));
  }
  return costs;
}

}  // namespace allot
