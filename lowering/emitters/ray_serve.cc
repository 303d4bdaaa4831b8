// ray_serve.py and ray_serve.yaml: the parts as an application of Ray Serve, a deployment for each
// part of each lane on the node that has its device, and one in front that leads requests through
// them. The program is the text in the folder ray_serve/ behind the plan as a literal.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "lowering/emitter.h"
#include "lowering/emitters/ray_serve/application_text.h"
#include "lowering/emitters/text_file.h"
#include "lowering/output_names.h"
#include "support/json.h"
#include "support/status.h"
#include "target/cpu_list.h"

namespace allot {
namespace {

constexpr char kProgram[] = "ray_serve.py", kConfig[] = "ray_serve.yaml";

struct Options {
  int64_t port = 8000;
};

Json Names(const std::vector<std::string>& names) {
  return Json(Json::Array(names.begin(), names.end()));
}

// What NumPy calls the type; empty if it has none that ONNX Runtime exchanges.
absl::string_view NumpyType(ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kBool:
    case ir::ElementType::kUint8:
    case ir::ElementType::kUint16:
    case ir::ElementType::kUint32:
    case ir::ElementType::kUint64:
    case ir::ElementType::kInt8:
    case ir::ElementType::kInt16:
    case ir::ElementType::kInt32:
    case ir::ElementType::kInt64:
    case ir::ElementType::kFloat16:
    case ir::ElementType::kFloat:
    case ir::ElementType::kDouble:
    case ir::ElementType::kString:
      return ir::DtypeName(element);
    default:
      return "";
  }
}

// Sizes, names, and "?" where neither is known.
absl::StatusOr<Json> Signature(const ir::Value& value) {
  if (!value.type.is_tensor()) {
    return InputError("'", value.name, "' is no tensor; the application passes on nothing else");
  }
  const absl::string_view dtype = NumpyType(value.type.element);
  if (dtype.empty()) {
    return InputError("tensor '", value.name, "' is ", ir::DtypeName(value.type.element),
                      ", which NumPy has no type for: let the model convert it");
  }
  Json::Object signature = {{"dtype", dtype}};
  if (value.type.shape.has_value()) {
    Json::Array shape;
    for (const ir::Dim& dim : *value.type.shape) {
      if (dim.known()) {
        shape.push_back(dim.size);
      } else {
        shape.push_back(dim.symbol.empty() ? std::string("?") : dim.symbol);
      }
    }
    signature.emplace_back("shape", std::move(shape));
  }
  return Json(std::move(signature));
}

// Of what is fed, and of what crosses between parts: those only need to be named.
absl::StatusOr<Json> Signatures(const EmitInput& input) {
  std::map<std::string, Json> by_name;
  const ir::Graph& graph = input.module.graph;
  const auto add = [&](const ir::Graph& of, ir::ValueId id) -> absl::Status {
    ALLOT_ASSIGN_OR_RETURN(by_name[of.value(id).name], Signature(of.value(id)));
    return absl::OkStatus();
  };
  for (const Piece* piece : PiecesWithFiles(input.bundle)) {
    for (const ir::ValueId id : piece->graph.outputs()) {
      ALLOT_RETURN_IF_ERROR(add(piece->graph, id));
    }
  }
  for (const ir::ValueId id : graph.inputs()) {
    if (!graph.value(id).constant.valid()) ALLOT_RETURN_IF_ERROR(add(graph, id));
  }
  Json::Object signatures;
  for (auto& [name, signature] : by_name) signatures.emplace_back(name, std::move(signature));
  return Json(std::move(signatures));
}

// Ray has resources of its own under these names.
absl::Status CheckResource(const std::string& name) {
  const std::set<std::string> own = {"CPU", "GPU", "memory", "object_store_memory"};
  if (own.count(name) == 0 && !absl::StartsWith(name, "node:") &&
      !absl::StartsWith(name, "accelerator_type:")) {
    return absl::OkStatus();
  }
  return InputError("device '", name, "' is called like a resource of Ray's own; rename it");
}

// The devices that a lane uses, in the target's order.
std::vector<DeviceId> UsedDevices(const EmitInput& input) {
  std::set<DeviceId> used;
  for (const Piece& piece : input.bundle.pieces) used.insert(piece.device);
  for (const Bundle& lane : input.bundle.lanes) {
    for (const Piece& piece : lane.pieces) used.insert(piece.device);
  }
  return {used.begin(), used.end()};
}

absl::StatusOr<Json> Devices(const EmitInput& input) {
  const std::map<std::string, std::string> of_kind = {{"cpu", "cpu"}, {"gpu", "cuda"}};
  const std::set<std::string> known = {"cpu", "cuda",     "tensorrt", "rocm",   "migraphx",
                                       "qnn", "openvino", "dml",      "coreml", "webgpu"};
  Json::Array devices;
  for (const DeviceId id : UsedDevices(input)) {
    const Device& device = input.target.devices[id];
    ALLOT_RETURN_IF_ERROR(CheckResource(device.name));
    std::string provider = device.runtime.provider;
    if (provider.empty() && of_kind.count(device.kind) > 0) provider = of_kind.at(device.kind);
    if (known.count(provider) == 0) {
      return InputError("device '", device.name, "' runs by ",
                        provider.empty() ? absl::StrCat("kind '", device.kind, "'")
                                         : absl::StrCat("provider '", provider, "'"),
                        ", and parts run by ONNX Runtime's ", absl::StrJoin(known, ", "),
                        ": name one of them in the target's \"runtime\"");
    }
    Json::Array cores;
    ALLOT_ASSIGN_OR_RETURN(const std::vector<int> cpus, device.runtime.cores.empty()
                                                            ? std::vector<int>()
                                                            : ParseCpuList(device.runtime.cores));
    for (const int cpu : cpus) cores.push_back(cpu);
    devices.push_back(Json::Object{{"name", device.name},
                                   {"kind", device.kind},
                                   {"provider", provider},
                                   {"ordinal", device.runtime.ordinal},
                                   {"threads", device.runtime.threads},
                                   {"cores", std::move(cores)}});
  }
  return Json(std::move(devices));
}

Json Lane(const EmitInput& input, const Bundle& bundle, int64_t share) {
  Json::Array parts;
  for (const Piece& piece : bundle.pieces) {
    parts.push_back(Json::Object{{"id", piece.id},
                                 {"device", input.target.devices[piece.device].name},
                                 {"file", piece.file},
                                 {"inputs", Names(piece.inputs)},
                                 {"outputs", Names(piece.outputs)}});
  }
  return Json(Json::Object{{"share", share}, {"parts", std::move(parts)}});
}

// How Ray is started where, a command for each host.
std::string StartCommands(const EmitInput& input) {
  std::vector<std::pair<std::string, std::string>> hosts;  // name, resources
  for (const DeviceId id : UsedDevices(input)) {
    const Device& device = input.target.devices[id];
    auto found = hosts.begin();
    while (found != hosts.end() && found->first != device.host) ++found;
    if (found == hosts.end()) found = hosts.insert(hosts.end(), {device.host, ""});
    absl::StrAppend(&found->second, found->second.empty() ? "" : ", ", "\"", device.name, "\": 1");
  }
  std::string text;
  for (size_t i = 0; i < hosts.size(); ++i) {
    const auto& [host, resources] = hosts[i];
    const std::string head = hosts[0].first.empty() ? "HEAD" : hosts[0].first;
    absl::StrAppend(&text, host.empty() ? "" : absl::StrCat("    # on ", host, "\n"),
                    "    ray start ", i == 0 ? "--head" : absl::StrCat("--address=", head, ":6379"),
                    " --disable-usage-stats --resources='{", resources, "}'\n");
  }
  return text;
}

class RayServe final : public Emitter {
 public:
  explicit RayServe(Options options) : options_(options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    if (options_.port < 1 || options_.port > 65535) {
      return InputError("port=", options_.port, ": expected a number from 1 to 65535");
    }
    Json::Array lanes;
    lanes.push_back(Lane(input, input.bundle, input.plan.lanes.empty() ? 1 : input.plan.share));
    for (size_t i = 0; i < input.bundle.lanes.size(); ++i) {
      lanes.push_back(Lane(input, input.bundle.lanes[i], input.plan.ShareOf(i + 1)));
    }
    ALLOT_ASSIGN_OR_RETURN(Json devices, Devices(input));
    ALLOT_ASSIGN_OR_RETURN(Json signatures, Signatures(input));
    const Json plan = Json::Object{{"devices", std::move(devices)},
                                   {"inputs", Names(input.bundle.inputs)},
                                   {"outputs", Names(input.bundle.outputs)},
                                   {"signature", std::move(signatures)},
                                   {"lanes", std::move(lanes)}};
    // Names cannot end the text: they have neither quotes nor line ends. What JSON writes for
    // texts, numbers, lists and objects means the same in Python.
    std::string program = absl::StrCat(
        "\"\"\"The parts of a model as an application of Ray Serve. Written by allot for target '",
        input.target.name, "'.\n\n", StartCommands(input),
        "    serve run ray_serve:app        # in this folder\n\n"
        "A request is an .npz archive of the inputs, by POST; the answer is one of the outputs.\n"
        "\"\"\"\n\nPLAN = ",
        PrintJson(plan), "\n\n", internal::kApplicationTexts[0].text);
    const std::string config = absl::StrCat(
        "# Written by allot: serve run ray_serve.yaml, in this folder.\n"
        "proxy_location: HeadOnly\nhttp_options:\n  host: 127.0.0.1\n  port: ",
        options_.port,
        "\napplications:\n- name: ", PrintJson(Json(SafeName(FileStem(input.module)))),
        "\n  route_prefix: /\n  import_path: ray_serve:app\n  args: {}\n");
    std::vector<OutputFile> files;
    files.push_back(TextFile(kProgram, std::move(program)));
    files.push_back(TextFile(kConfig, config));
    return files;
  }

 private:
  Options options_;
};

}  // namespace

Entry<Emitter> RayServeEntry() {
  return MakeEntry<Emitter, RayServe>(
      "ray-serve", "ray_serve.py, ray_serve.yaml: an application of Ray Serve that runs the parts",
      OptionSchema<Options>().Add("port", &Options::port, "of ray_serve.yaml, on loopback"));
}

}  // namespace allot
