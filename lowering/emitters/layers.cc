// layers.json: which layers run where, in the words of engines that are given layers and not
// graphs: vLLM, llama.cpp and Hugging Face's accelerate.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "ir/node_name.h"
#include "ir/repeated_blocks.h"
#include "lowering/emitter.h"
#include "lowering/emitters/text_file.h"
#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

// A layer of which less than so many hundredths of its weights are on one device is cut.
constexpr int64_t kMostOfALayer = 90;

struct Options {
  std::string prefix = "model.layers";
};

// By layer the device that has the most of its weights.
struct LayerDevices {
  std::vector<DeviceId> devices;
  std::vector<int64_t> cut;  // layers of which the plan has much on other devices, too
};

// Layers that follow each other on a device.
struct Stage {
  DeviceId device;
  int64_t first = 0, count = 0;
};

class Layers final : public Emitter {
 public:
  explicit Layers(Options options) : options_(std::move(options)) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    if (input.plan.num_lanes() > 1) {
      return InputError(
          "placements take turns, and engines that are given layers run each on one device: plan ",
          "with --replicas=no");
    }
    ALLOT_ASSIGN_OR_RETURN(const LayerDevices layers, DevicesOfLayers(input));
    ALLOT_ASSIGN_OR_RETURN(const std::vector<Stage> stages, StagesOf(input, layers.devices));
    const Json json = Json::Object{{"schema", "allot.layers/1"},
                                   {"layers", static_cast<int64_t>(layers.devices.size())},
                                   {"cut", Json::Array(layers.cut.begin(), layers.cut.end())},
                                   {"stages", StagesJson(input, stages)},
                                   {"vllm", Vllm(stages)},
                                   {"llama_cpp", LlamaCpp(input, stages)},
                                   {"accelerate", Accelerate(input, stages)}};
    std::vector<OutputFile> files;
    files.push_back(TextFile("layers.json", PrintJson(json) + "\n"));
    return files;
  }

 private:
  // Layers are the blocks of what repeats most.
  static absl::StatusOr<LayerDevices> DevicesOfLayers(const EmitInput& input) {
    const ir::Graph& graph = input.module.graph;
    const std::vector<ir::RepeatedBlock> found = ir::FindRepeatedBlocks(graph);
    const auto most = std::max_element(found.begin(), found.end(),
                                       [](const ir::RepeatedBlock& a, const ir::RepeatedBlock& b) {
                                         return a.nodes * a.count < b.nodes * b.count;
                                       });
    const std::vector<ir::NodeId> order = graph.nodes();
    if (most == found.end() || 2 * most->nodes * most->count < order.size()) {
      return InputError(
          "no layers are found: nothing that repeats at least three times makes up half of the ",
          "model");
    }
    LayerDevices layers;
    for (size_t layer = 0; layer < most->count; ++layer) {
      std::map<DeviceId, int64_t> bytes;
      int64_t all = 0;
      for (size_t i = 0; i < most->nodes; ++i) {
        const ir::NodeId node = order[most->begin + layer * most->nodes + i];
        const ir::ClusterId cluster = input.plan.cluster_of[node];
        if (!cluster.valid()) continue;  // folded, or computed wherever it is needed
        const int64_t own = 1 + WeightBytes(input.module, graph.node(node));
        bytes[input.plan.device_of[cluster]] += own;
        all += own;
      }
      const auto largest =
          std::max_element(bytes.begin(), bytes.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; });
      if (largest == bytes.end()) {
        return InputError("layer ", layer, " computes nothing");
      }
      if (100 * largest->second < kMostOfALayer * all)
        layers.cut.push_back(static_cast<int64_t>(layer));
      layers.devices.push_back(largest->first);
    }
    return layers;
  }

  static int64_t WeightBytes(const ir::Module& module, const ir::Node& node) {
    int64_t bytes = 0;
    for (const ir::ValueId operand : node.operands) {
      if (!operand.valid()) continue;
      const ir::ConstantId constant = module.graph.value(operand).constant;
      if (constant.valid()) bytes += module.constants[constant].bytes();
    }
    return bytes;
  }

  // Each device has layers that follow each other.
  static absl::StatusOr<std::vector<Stage>> StagesOf(const EmitInput& input,
                                                     const std::vector<DeviceId>& layers) {
    std::vector<Stage> stages;
    std::set<DeviceId> used;
    for (size_t i = 0; i < layers.size(); ++i) {
      if (stages.empty() || stages.back().device != layers[i]) {
        if (!used.insert(layers[i]).second) {
          return InputError("device '", input.target.devices[layers[i]].name, "' has layer ", i,
                            " and others before it, with some elsewhere between ",
                            "them, and engines that are given layers take ranges: plan with ",
                            "--contiguous");
        }
        stages.push_back({layers[i], static_cast<int64_t>(i), 0});
      }
      ++stages.back().count;
    }
    return stages;
  }

  static Json StagesJson(const EmitInput& input, const std::vector<Stage>& stages) {
    Json::Array array;
    for (const Stage& stage : stages) {
      array.push_back(Json::Object{{"device", input.target.devices[stage.device].name},
                                   {"first", stage.first},
                                   {"layers", stage.count}});
    }
    return array;
  }

  static std::string Counts(const std::vector<Stage>& stages) {
    return absl::StrJoin(stages, ",", [](std::string* out, const Stage& stage) {
      absl::StrAppend(out, stage.count);
    });
  }

  static Json Vllm(const std::vector<Stage>& stages) {
    return Json::Object{{"pipeline_parallel_size", static_cast<int64_t>(stages.size())},
                        {"environment", Json::Object{{"VLLM_PP_LAYER_PARTITION", Counts(stages)}}}};
  }

  static bool IsCpu(const EmitInput& input, DeviceId device) {
    const Device& of = input.target.devices[device];
    return of.runtime.provider.empty() ? of.kind == "cpu" : of.runtime.provider == "cpu";
  }

  // How many of its layers each GPU takes, in the order of the GPUs, and which stay on the CPU.
  static Json LlamaCpp(const EmitInput& input, const std::vector<Stage>& stages) {
    std::map<std::pair<std::string, int64_t>, int64_t> of_gpu;
    std::vector<std::string> on_cpu;
    for (const Stage& stage : stages) {
      const Device& device = input.target.devices[stage.device];
      if (!IsCpu(input, stage.device)) {
        of_gpu[{device.host, device.runtime.ordinal}] += stage.count;
        continue;
      }
      for (int64_t i = 0; i < stage.count; ++i) on_cpu.push_back(absl::StrCat(stage.first + i));
    }
    std::vector<int64_t> split;
    for (const auto& [gpu, count] : of_gpu) split.push_back(count);
    Json::Array arguments = {"-ngl", "999"};
    if (split.size() > 1) {
      arguments.insert(arguments.end(), {"-sm", "layer", "-ts", absl::StrJoin(split, ",")});
    }
    if (!on_cpu.empty()) {
      arguments.push_back("-ot");
      arguments.push_back(absl::StrCat("blk\\.(", absl::StrJoin(on_cpu, "|"), ")\\.=CPU"));
    }
    return Json::Object{{"arguments", std::move(arguments)}};
  }

  // What is before the layers is where the first is, what is behind where the last is. One host
  // only.
  Json Accelerate(const EmitInput& input, const std::vector<Stage>& stages) const {
    std::set<std::string> hosts;
    for (const Stage& stage : stages) hosts.insert(input.target.devices[stage.device].host);
    if (hosts.size() > 1) return nullptr;
    const auto place = [&](DeviceId device) {
      return IsCpu(input, device) ? Json("cpu")
                                  : Json(input.target.devices[device].runtime.ordinal);
    };
    const size_t dot = options_.prefix.rfind('.');
    const std::string body = dot == std::string::npos ? "" : options_.prefix.substr(0, dot + 1);
    Json::Object map = {{body + "embed_tokens", place(stages.front().device)},
                        {body + "rotary_emb", place(stages.front().device)}};
    for (const Stage& stage : stages) {
      for (int64_t i = 0; i < stage.count; ++i) {
        map.push_back({absl::StrCat(options_.prefix, ".", stage.first + i), place(stage.device)});
      }
    }
    map.push_back({body + "norm", place(stages.back().device)});
    map.push_back({"lm_head", place(stages.back().device)});
    return Json::Object{{"device_map", std::move(map)}};
  }

  const Options options_;
};

}  // namespace

Entry<Emitter> LayersEntry() {
  return MakeEntry<Emitter, Layers>(
      "layers", "layers.json: which layers run where, for vLLM, llama.cpp and accelerate",
      OptionSchema<Options>().Add("prefix", &Options::prefix,
                                  "what accelerate calls the layers, before their numbers"));
}

}  // namespace allot
