// A model repository for Triton Inference Server: one model per part for its ONNX Runtime backend,
// and an ensemble that joins them by the names of tensors.
//
// Lanes that cut the model alike, as copies do, are instances of the same models on several
// devices: the server gives a request to whoever is free.
//
// A server knows its own host only. Where devices name hosts, each has a repository of its own, of
// the parts that run there.
//
// What the server refuses (its validation of configurations, its ONNX Runtime backend) is refused
// here already, since it would only be found when the repository is served.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "lowering/emitter.h"
#include "lowering/emitters/external_data.h"
#include "lowering/emitters/part_model.h"
#include "lowering/emitters/text_file.h"
#include "lowering/output_names.h"
#include "support/status.h"

namespace allot {
namespace {

// The folder of devices that name no host, where others do.
constexpr absl::string_view kUnnamedHost = "localhost";

struct Options {
  std::string name;
  int64_t instances = 1;
};

// Element types that the ONNX Runtime backend exchanges with the server; empty: none.
absl::string_view DataType(ir::ElementType element) {
  switch (element) {
    case ir::ElementType::kBool:
      return "TYPE_BOOL";
    case ir::ElementType::kUint8:
      return "TYPE_UINT8";
    case ir::ElementType::kUint16:
      return "TYPE_UINT16";
    case ir::ElementType::kUint32:
      return "TYPE_UINT32";
    case ir::ElementType::kUint64:
      return "TYPE_UINT64";
    case ir::ElementType::kInt8:
      return "TYPE_INT8";
    case ir::ElementType::kInt16:
      return "TYPE_INT16";
    case ir::ElementType::kInt32:
      return "TYPE_INT32";
    case ir::ElementType::kInt64:
      return "TYPE_INT64";
    case ir::ElementType::kFloat16:
      return "TYPE_FP16";
    case ir::ElementType::kFloat:
      return "TYPE_FP32";
    case ir::ElementType::kDouble:
      return "TYPE_FP64";
    case ir::ElementType::kString:
      return "TYPE_STRING";
    default:
      return "";
  }
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

// Dimensions as the server knows them: -1 is any size. It has no tensors of rank 0 where there is
// no batch dimension; its backend takes a tensor of one element for a scalar.
absl::StatusOr<std::string> Dims(const ir::Value& value) {
  if (value.type.shape->empty()) return std::string("1");
  std::vector<int64_t> sizes;
  for (const ir::Dim& dim : *value.type.shape) {
    if (dim.size == 0) {
      return InputError("tensor '", value.name,
                        "' has a dimension of size 0, which Triton cannot exchange");
    }
    sizes.push_back(dim.known() ? dim.size : -1);
  }
  return absl::StrJoin(sizes, ", ");
}

// "input {...}" or "output {...}".
absl::StatusOr<std::string> Tensor(absl::string_view field, const ir::Value& value) {
  if (!value.type.is_tensor()) {
    return InputError("'", value.name, "' is no tensor; Triton exchanges nothing else");
  }
  const absl::string_view data_type = DataType(value.type.element);
  if (data_type.empty()) {
    return InputError("tensor '", value.name, "' is ", ir::DtypeName(value.type.element),
                      ", which Triton's ONNX Runtime backend cannot exchange");
  }
  if (!value.type.shape.has_value()) {
    return InputError("tensor '", value.name,
                      "' has no known rank, which Triton demands: state its shape in the model");
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string dims, Dims(value));
  return absl::StrCat(field, " {\n  name: ", Quoted(value.name), "\n  data_type: ", data_type,
                      "\n  dims: [ ", dims, " ]\n}\n");
}

// What a client feeds, or what it gets. A value that is an output twice is one tensor.
absl::StatusOr<std::string> Tensors(absl::string_view field, const ir::Graph& graph,
                                    const std::vector<ir::ValueId>& values) {
  std::string text;
  std::set<ir::ValueId> seen;
  for (ir::ValueId id : values) {
    if (!seen.insert(id).second) continue;
    ALLOT_ASSIGN_OR_RETURN(const std::string tensor, Tensor(field, graph.value(id)));
    text += tensor;
  }
  return text;
}

// Inputs without the initializers that a caller may override.
std::vector<ir::ValueId> FedInputs(const ir::Graph& graph) {
  std::vector<ir::ValueId> inputs;
  for (ir::ValueId id : graph.inputs()) {
    if (!graph.value(id).constant.valid()) inputs.push_back(id);
  }
  return inputs;
}

// How the server makes instances of a model for the device.
struct Placement {
  bool gpu = false;
  std::string accelerator;  // of the backend, beside its own provider; may be empty
};

absl::StatusOr<Placement> PlacementOf(const Device& device) {
  const std::string& provider = device.runtime.provider;
  if (provider == "cpu" || (provider.empty() && device.kind == "cpu")) return Placement{};
  if (provider == "cuda" || (provider.empty() && device.kind == "gpu")) {
    return Placement{.gpu = true};
  }
  if (provider == "tensorrt") return Placement{.gpu = true, .accelerator = "tensorrt"};
  if (provider == "openvino") return Placement{.accelerator = "openvino"};
  return InputError("device '", device.name, "' runs by ",
                    provider.empty() ? absl::StrCat("kind '", device.kind, "'")
                                     : absl::StrCat("provider '", provider, "'"),
                    "; Triton's ONNX Runtime backend has cpu, cuda, tensorrt and openvino: name "
                    "one of them in the target's \"runtime\"");
}

std::string Group(const Device& device, const Placement& placement, int64_t count) {
  std::string text =
      absl::StrCat("instance_group {\n  kind: ", placement.gpu ? "KIND_GPU" : "KIND_CPU",
                   "\n  count: ", count, "\n");
  if (placement.gpu) absl::StrAppend(&text, "  gpus: [ ", device.runtime.ordinal, " ]\n");
  return text + "}\n";
}

// What a model says of itself whatever the instance.
std::string Backend(const Device& device, const Placement& placement) {
  std::string text;
  if (!placement.accelerator.empty()) {
    absl::StrAppend(&text, "optimization {\n  execution_accelerators {\n    ",
                    placement.gpu ? "gpu" : "cpu", "_execution_accelerator {\n      name: \"",
                    placement.accelerator, "\"\n    }\n  }\n}\n");
  }
  if (device.runtime.threads > 0) {
    absl::StrAppend(&text,
                    "parameters {\n  key: \"intra_op_thread_count\"\n  value { string_value: \"",
                    device.runtime.threads, "\" }\n}\n");
  }
  return text;
}

// The instances of a part on each device where a lane runs it.
absl::StatusOr<std::string> Instances(const Target& target, const std::vector<DeviceId>& devices,
                                      int64_t count) {
  std::string groups, backend;
  for (const DeviceId id : devices) {
    const Device& device = target.devices[id];
    ALLOT_ASSIGN_OR_RETURN(const Placement placement, PlacementOf(device));
    groups += Group(device, placement, count);
    const std::string here = Backend(device, placement);
    if (id != devices.front() && here != backend) {
      return InputError("devices '", target.devices[devices.front()].name, "' and '", device.name,
                        "' take turns at it with other accelerators or threads, which Triton ",
                        "knows of a model as a whole only");
    }
    backend = here;
  }
  return groups + backend;
}

std::string Header(const EmitInput& input, absl::string_view name) {
  return absl::StrCat("# Written by allot for target '", absl::CEscape(input.target.name), "'.\n",
                      "name: ", Quoted(name), "\n");
}

// input_map or output_map: tensors are called alike within a part and in the ensemble.
std::string Map(absl::string_view field, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    absl::StrAppend(&text, "    ", field, " { key: ", Quoted(name), " value: ", Quoted(name),
                    " }\n");
  }
  return text;
}

class Triton final : public Emitter {
 public:
  explicit Triton(Options options) : options_(std::move(options)) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    const std::string name =
        SafeName(options_.name.empty() ? FileStem(input.module) : options_.name);
    if (options_.instances < 1) {
      return InputError("instances=", options_.instances, ": expected a positive number");
    }
    ALLOT_RETURN_IF_ERROR(CheckFlow(input));
    ALLOT_RETURN_IF_ERROR(CheckLanes(input.bundle));
    std::vector<OutputFile> files;
    std::set<std::string> folders;
    const std::vector<std::string> hosts = Hosts(input);
    for (const std::string& host : hosts) {
      const std::string folder =
          hosts == std::vector<std::string>{""}
              ? "triton/"
              : absl::StrCat("triton/", host.empty() ? std::string(kUnnamedHost) : SafeName(host),
                             "/");
      if (!folders.insert(folder).second) {
        return InputError("two hosts would share the folder '", folder, "': rename one of them");
      }
      ALLOT_RETURN_IF_ERROR(AddRepository(input, name, host, folder, files));
    }
    return files;
  }

 private:
  // Those that run parts, in the target's order; one without a name where no device names a host.
  static std::vector<std::string> Hosts(const EmitInput& input) {
    std::set<DeviceId> used;
    for (size_t p = 0; p < input.bundle.pieces.size(); ++p) {
      for (const DeviceId id : DevicesOf(input.bundle, p)) used.insert(id);
    }
    std::vector<std::string> hosts;
    for (const DeviceId id : used) {
      const std::string& host = input.target.devices[id].host;
      if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
    }
    return hosts;
  }

  // What the server of one host serves: the parts that run there, and the ensemble if all do.
  absl::Status AddRepository(const EmitInput& input, const std::string& name,
                             const std::string& host, const std::string& folder,
                             std::vector<OutputFile>& files) const {
    size_t parts = 0;
    const auto here = [&](size_t p) { return DevicesOn(input, p, host); };
    for (size_t p = 0; p < input.bundle.pieces.size(); ++p) parts += here(p).empty() ? 0 : 1;
    if (parts == input.bundle.pieces.size()) {
      ALLOT_ASSIGN_OR_RETURN(std::string ensemble, Ensemble(input, name));
      files.push_back(TextFile(absl::StrCat(folder, name, "/config.pbtxt"), std::move(ensemble)));
      // The server serves versions, which are folders; that of an ensemble holds nothing it reads.
      files.push_back(
          TextFile(absl::StrCat(folder, name, "/1/README"),
                   "An ensemble has no files of its own; Triton asks for this folder.\n"));
    }
    for (size_t p = 0; p < input.bundle.pieces.size(); ++p) {
      const std::vector<DeviceId> devices = here(p);
      if (devices.empty()) continue;
      const Piece& piece = input.bundle.pieces[p];
      const std::string part = PartName(name, piece);
      ALLOT_ASSIGN_OR_RETURN(std::string config, PartConfig(input, piece, devices, part), "part ",
                             piece.id, ": ");
      files.push_back(TextFile(absl::StrCat(folder, part, "/config.pbtxt"), std::move(config)));
      const std::string version = absl::StrCat(folder, part, "/1/");
      ALLOT_ASSIGN_OR_RETURN(std::vector<OutputFile> model,
                             PartFiles(input, piece, version + "model.onnx"));
      for (OutputFile& file : model) files.push_back(std::move(file));
      ALLOT_ASSIGN_OR_RETURN(std::vector<OutputFile> data,
                             CopiedExternalData(input, {&piece.graph}, version));
      for (OutputFile& file : data) files.push_back(std::move(file));
    }
    return absl::OkStatus();
  }

  static std::string PartName(absl::string_view name, const Piece& piece) {
    return absl::StrCat(name, "_", piece.id);
  }

  // Requests are shared out among instances of a model, never among ensembles.
  static absl::Status CheckLanes(const Bundle& bundle) {
    const auto same = [](const Piece& a, const Piece& b) { return a.file == b.file; };
    for (size_t i = 0; i < bundle.lanes.size(); ++i) {
      if (std::equal(bundle.pieces.begin(), bundle.pieces.end(), bundle.lanes[i].pieces.begin(),
                     bundle.lanes[i].pieces.end(), same)) {
        continue;
      }
      return InputError("lane ", i + 1, " consists of other parts than lane 0, and Triton shares ",
                        "out requests among copies of a part only: plan without lanes, or with ",
                        "the pass place-copies");
    }
    return absl::OkStatus();
  }

  // Where the lanes run the part, each device once.
  static std::vector<DeviceId> DevicesOf(const Bundle& bundle, size_t piece) {
    std::vector<DeviceId> devices = {bundle.pieces[piece].device};
    for (const Bundle& lane : bundle.lanes) {
      const DeviceId device = lane.pieces[piece].device;
      if (std::find(devices.begin(), devices.end(), device) == devices.end()) {
        devices.push_back(device);
      }
    }
    return devices;
  }

  static std::vector<DeviceId> DevicesOn(const EmitInput& input, size_t piece,
                                         const std::string& host) {
    std::vector<DeviceId> devices = DevicesOf(input.bundle, piece);
    std::erase_if(devices, [&](DeviceId id) { return input.target.devices[id].host != host; });
    return devices;
  }

  // What the server demands of the flow through an ensemble.
  static absl::Status CheckFlow(const EmitInput& input) {
    if (input.bundle.pieces.empty()) {
      return InputError("the model computes nothing: a Triton ensemble has at least one step");
    }
    for (const Piece& piece : input.bundle.pieces) {
      if (piece.inputs.empty()) {
        return InputError("part ", piece.id, " takes no tensors; each step of a Triton ensemble ",
                          "takes at least one: fold constants first, or pin the part's nodes to ",
                          "the device that uses them");
      }
    }
    for (const std::string& output : input.bundle.outputs) {
      if (std::find(input.bundle.inputs.begin(), input.bundle.inputs.end(), output) !=
          input.bundle.inputs.end()) {
        return InputError("the model's input '", output,
                          "' is its output too, which no step of a Triton ensemble writes");
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Ensemble(const EmitInput& input, const std::string& name) const {
    std::set<std::string> taken;
    for (const Piece& piece : input.bundle.pieces) {
      taken.insert(piece.inputs.begin(), piece.inputs.end());
    }
    const ir::Graph& graph = input.module.graph;
    // The server refuses inputs that no step takes.
    std::vector<ir::ValueId> inputs = FedInputs(graph);
    std::erase_if(inputs, [&](ir::ValueId id) { return taken.count(graph.value(id).name) == 0; });
    ALLOT_ASSIGN_OR_RETURN(const std::string fed, Tensors("input", graph, inputs));
    ALLOT_ASSIGN_OR_RETURN(const std::string given, Tensors("output", graph, graph.outputs()));
    std::string text = absl::StrCat(Header(input, name), "platform: \"ensemble\"\n",
                                    "max_batch_size: 0\n", fed, given, "ensemble_scheduling {\n");
    for (const Piece& piece : input.bundle.pieces) {
      absl::StrAppend(&text, "  step {\n    model_name: ", Quoted(PartName(name, piece)),
                      "\n    model_version: -1\n", Map("input_map", piece.inputs),
                      Map("output_map", piece.outputs), "  }\n");
    }
    return text + "}\n";
  }

  absl::StatusOr<std::string> PartConfig(const EmitInput& input, const Piece& piece,
                                         const std::vector<DeviceId>& devices,
                                         const std::string& name) const {
    ALLOT_ASSIGN_OR_RETURN(const std::string instances,
                           Instances(input.target, devices, options_.instances));
    ALLOT_ASSIGN_OR_RETURN(const std::string inputs,
                           Tensors("input", piece.graph, FedInputs(piece.graph)));
    ALLOT_ASSIGN_OR_RETURN(const std::string outputs,
                           Tensors("output", piece.graph, piece.graph.outputs()));
    return absl::StrCat(Header(input, name), "backend: \"onnxruntime\"\n",
                        "platform: \"onnxruntime_onnx\"\n", "max_batch_size: 0\n", inputs, outputs,
                        instances);
  }

  Options options_;
};

}  // namespace

Entry<Emitter> TritonEntry() {
  return MakeEntry<Emitter, Triton>(
      "triton", "triton/: a model repository for Triton Inference Server, an ensemble of the parts",
      OptionSchema<Options>()
          .Add("name", &Options::name, "of the ensemble (default: the model's)")
          .Add("instances", &Options::instances, "of each part, per device"));
}

}  // namespace allot
