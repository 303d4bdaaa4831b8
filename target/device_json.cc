#include "target/device_json.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/nearest_name.h"
#include "target/cpu_list.h"
#include "target/json_fields.h"

namespace allot::target_json {
namespace {

constexpr int64_t kMostParts = 1'000'000;
constexpr absl::string_view kDtypes[] = {
    "default",    "float32",      "float16",        "bfloat16",   "float64",        "int8",
    "uint8",      "int16",        "uint16",         "int32",      "uint32",         "int64",
    "uint64",     "int4",         "uint4",          "bool",       "string",         "complex64",
    "complex128", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "float4e2m1",
    "float8e8m0", "int2",         "uint2"};

void ReadMaxParts(JsonReader& reader, int64_t& max_parts) {
  int64_t read = 0;
  if (!reader.Read("max_parts", read)) return;
  if (read < 1 || read > kMostParts) {
    return reader.Error("max_parts", absl::StrCat("must lie between 1 and ", kMostParts,
                                                  "; leave it out to allow any number"));
  }
  max_parts = read;
}

// Kept in its shortest form, so that lists that mean the same print alike.
void ReadCores(JsonReader& reader, std::string& cores) {
  std::string text;
  if (!reader.Read("cores", text)) return;
  const absl::StatusOr<std::vector<int>> cpus = ParseCpuList(text);
  if (!cpus.ok()) return reader.Error("cores", std::string(cpus.status().message()));
  if (cpus->empty()) return reader.Error("cores", "names no core; leave it out to allow any");
  cores = PrintCpuList(*cpus);
}

void CheckDtype(JsonReader& reader, absl::string_view key, const std::string& dtype) {
  if (std::find(std::begin(kDtypes), std::end(kDtypes), dtype) != std::end(kDtypes)) return;
  const std::vector<std::string> known(std::begin(kDtypes), std::end(kDtypes));
  reader.Error(key, absl::StrCat("unknown type '", dtype, "'", DidYouMean(dtype, known)));
}

void ReadFlops(JsonReader& reader, const Diagnostics& diagnostics, Device& device) {
  const int errors_before = diagnostics.num_errors();
  if (!reader.Has("flops")) {
    return reader.Error(absl::string_view(),
                        "'flops' is missing; write it like {\"float32\": \"19.5T\"}");
  }
  JsonReader flops = reader.Object("flops");
  ReadNote(flops);
  for (const std::string& dtype : flops.Keys()) {
    if (dtype == "note") continue;
    const Json* json = flops.Find(dtype);
    CheckDtype(flops, dtype, dtype);
    int64_t rate = 0;
    CheckQuantity(flops, dtype, *json, Unit::kFlopsPerSecond, kMaxRate, rate);
    if (rate > 0) device.flops[dtype] = rate;
  }
  flops.Finish();
  if (diagnostics.num_errors() > errors_before) return;
  if (device.flops.count("default") == 0 && device.flops.count("float32") == 0) {
    reader.Error("flops", "needs 'default' or 'float32': the rate of types that are not listed");
  }
}

void SortUnique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

// Patterns of operators; "ai.onnx:Conv" is "Conv".
std::vector<std::string> ReadOps(JsonReader& reader, absl::string_view key) {
  std::vector<std::string> ops;
  if (!reader.Read(key, ops)) return {};
  for (std::string& op : ops) {
    if (op.rfind("ai.onnx:", 0) == 0) op = op.substr(8);
    const size_t colon = op.rfind(':');
    const std::string type = colon == std::string::npos ? op : op.substr(colon + 1);
    const bool star_elsewhere = type != "*" && op.find('*') != std::string::npos;
    if (type.empty() || colon == 0 || star_elsewhere) {
      reader.Error(key, absl::StrCat("'", op, "' is no operator; write it like 'Conv', ",
                                     "'com.microsoft:FusedConv' or 'com.microsoft:*'"));
    }
  }
  SortUnique(ops);
  return ops;
}

}  // namespace

Device ReadDevice(JsonReader& reader, const Diagnostics& diagnostics) {
  Device device;
  reader.Require("name", device.name);
  if (reader.Require("kind", device.kind)) CheckName(reader, "kind", device.kind);
  RequireQuantity(reader, "memory", Unit::kBytes, kMaxMemory, device.memory);
  ReadFlops(reader, diagnostics, device);
  RequireQuantity(reader, "memory_bandwidth", Unit::kBytesPerSecond, kMaxRate,
                  device.memory_bandwidth);
  ReadMicros(reader, "part_cost_us", device.part_cost);
  ReadMicros(reader, "op_cost_us", device.op_cost);
  ReadMaxParts(reader, device.max_parts);
  reader.Read("copies", device.copies);
  if (reader.Has("supports")) {
    JsonReader supports = reader.Object("supports");
    device.supported_ops = ReadOps(supports, "ops");
    device.unsupported_ops = ReadOps(supports, "except");
    if (supports.Read("dtypes", device.supported_dtypes)) {
      for (const std::string& dtype : device.supported_dtypes) {
        CheckDtype(supports, "dtypes", dtype);
        if (dtype == "default") supports.Error("dtypes", "'default' is no type");
      }
      SortUnique(device.supported_dtypes);
    }
    supports.Read("dynamic_shapes", device.dynamic_shapes);
    ReadNote(supports);
    supports.Finish();
  }
  if (reader.Has("runtime")) {
    JsonReader runtime = reader.Object("runtime");
    if (runtime.Read("provider", device.runtime.provider)) {
      CheckName(runtime, "provider", device.runtime.provider);
    }
    ReadInteger(runtime, "ordinal", 1'000'000, device.runtime.ordinal);
    ReadInteger(runtime, "threads", 1'000'000, device.runtime.threads);
    ReadCores(runtime, device.runtime.cores);
    ReadNote(runtime);
    runtime.Finish();
  }
  ReadNote(reader);
  return device;
}

}  // namespace allot::target_json
