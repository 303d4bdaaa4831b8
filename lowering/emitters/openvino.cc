// Affinities for OpenVINO's HETERO device: which of its devices runs each operation, by the names
// that its ONNX reader gives them.
//
// The format is that of OpenVINO's samples: one object, {operation: device}. An operation that is
// not named runs on the fallback, the one device of the list that the object does not name; that is
// how operations without a counterpart in the ONNX file (constants, pieces of a decomposed
// operator) get a device, too. For a convolution with a bias that is the wrong one: the convolution
// itself is such a piece, and what it feeds, the addition, has the node's name. So a second object
// names every operation, also those on the fallback, by which a caller can tell pieces from nodes
// and have each piece run where the operation that it feeds does.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "lowering/emitter.h"
#include "lowering/emitters/text_file.h"
#include "lowering/host_nodes.h"
#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {};

constexpr char kCpu[] = "CPU";

// "CPU", "GPU.0", "NPU".
absl::StatusOr<std::string> OpenVinoDevice(const Device& device) {
  const std::string& provider = device.runtime.provider;
  const auto is = [&](std::initializer_list<absl::string_view> providers) {
    return std::find(providers.begin(), providers.end(), provider) != providers.end();
  };
  // What runs by OpenVINO already says by its kind what it is.
  const bool by_kind = provider.empty() || provider == "openvino";
  if (is({"cpu"}) || (by_kind && device.kind == "cpu")) return std::string(kCpu);
  if (is({"cuda", "tensorrt", "nv_tensorrt_rtx", "rocm", "migraphx", "dml", "webgpu"}) ||
      (by_kind && device.kind == "gpu")) {
    return absl::StrCat("GPU.", device.runtime.ordinal);
  }
  if (is({"qnn", "vitisai"}) || (by_kind && device.kind == "npu")) return std::string("NPU");
  return InputError("device '", device.name, "' is of kind '", device.kind, "'",
                    provider.empty() ? "" : absl::StrCat(" and provider '", provider, "'"),
                    ", which has no counterpart in OpenVINO: CPU, GPU and NPU have");
}

// The names of the operations that the ONNX reader makes of a node. One that has no name is called
// by its result; of several results, which may come from several operations, each is a name.
std::vector<std::string> OperationNames(const ir::Graph& graph, const ir::Node& node) {
  std::vector<std::string> results;
  for (ir::ValueId id : node.results) {
    if (!graph.value(id).name.empty()) results.push_back(graph.value(id).name);
  }
  if (node.name.empty()) return results;
  std::vector<std::string> names = {node.name};
  if (results.size() > 1) {
    for (const std::string& result : results) names.push_back(node.name + "_" + result);
  }
  return names;
}

class OpenVino final : public Emitter {
 public:
  explicit OpenVino(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    IdVector<DeviceId, std::string> names(input.target.devices.size());
    IdVector<DeviceId, size_t> num_nodes(input.target.devices.size(), 0);
    const ir::Graph& graph = input.module.graph;
    const IdVector<ir::NodeId, ir::NodeId> hosts = HostNodes(graph, input.plan);
    for (ir::NodeId id : graph.nodes()) {
      const DeviceId device = input.plan.DeviceOf(hosts[id]);
      if (!device.valid()) continue;
      ++num_nodes[device];
      if (!names[device].empty()) continue;
      ALLOT_ASSIGN_OR_RETURN(names[device], OpenVinoDevice(input.target.devices[device]));
    }
    const std::string fallback = Fallback(names, num_nodes);

    std::map<std::string, std::string> device_of;  // by operation
    for (ir::NodeId id : graph.nodes()) {
      const DeviceId device = input.plan.DeviceOf(hosts[id]);
      if (!device.valid()) continue;
      for (const std::string& name : OperationNames(graph, graph.node(id))) {
        const auto [entry, inserted] = device_of.insert({name, names[device]});
        if (entry->second == names[device]) continue;
        return InputError("two nodes are called '", name, "' and are on ", entry->second, " and ",
                          names[device], ", which OpenVINO cannot tell apart: name them apart");
      }
    }
    Json::Object affinities, operations;
    for (auto& [name, device] : device_of) {
      if (device != fallback) affinities.emplace_back(name, device);
      operations.emplace_back(name, std::move(device));
    }
    std::vector<std::string> devices;
    for (DeviceId id : names.ids()) {
      const std::string& name = names[id];
      if (name.empty() || name == fallback) continue;
      if (std::find(devices.begin(), devices.end(), name) == devices.end()) devices.push_back(name);
    }
    devices.push_back(fallback);

    std::vector<OutputFile> files;
    files.push_back(
        TextFile("openvino/affinities.json", PrintJson(Json(std::move(affinities))) + "\n"));
    files.push_back(
        TextFile("openvino/device", absl::StrCat("HETERO:", absl::StrJoin(devices, ","), "\n")));
    files.push_back(
        TextFile("openvino/operations.json", PrintJson(Json(std::move(operations))) + "\n"));
    return files;
  }

 private:
  // The CPU, which runs everything; if no device of the plan is one, that with the most nodes.
  static std::string Fallback(const IdVector<DeviceId, std::string>& names,
                              const IdVector<DeviceId, size_t>& num_nodes) {
    std::set<std::string> distinct(names.begin(), names.end());
    distinct.erase("");  // devices that run nothing
    DeviceId most;
    for (DeviceId id : names.ids()) {
      if (names[id] == kCpu) return kCpu;
      if (!names[id].empty() && (!most.valid() || num_nodes[id] > num_nodes[most])) most = id;
    }
    // One device alone leaves the rest to the CPU.
    return distinct.size() > 1 && most.valid() ? names[most] : kCpu;
  }
};

}  // namespace

Entry<Emitter> OpenvinoEntry() {
  return MakeEntry<Emitter, OpenVino>(
      "openvino", "openvino/: each operation's device, for OpenVINO's HETERO device",
      OptionSchema<Options>());
}

}  // namespace allot
