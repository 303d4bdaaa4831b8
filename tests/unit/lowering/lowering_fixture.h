// What the tests of lowering share: models written as protobuf text, plans, and folders.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "onnx/onnx_pb.h"

#include "lowering/bundle.h"
#include "lowering/emitter.h"
#include "onnx_import/import.h"
#include "tests/unit/scratch_folder.h"

namespace allot {

inline void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string ReadText(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.good()) << path;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// The bytes that the chunks stand for.
inline std::string Contents(const std::vector<FileChunk>& chunks) {
  std::string bytes;
  for (const FileChunk& chunk : chunks) {
    bytes += chunk.bytes;
    const std::string file = chunk.source.empty() ? "" : ReadText(chunk.source);
    for (int64_t i = 0; i < (chunk.source.empty() ? 0 : chunk.count); ++i) {
      const int64_t begin = chunk.offset + i * chunk.stride;
      const std::vector<ir::BytePick> all = {{0, chunk.length}};
      for (const ir::BytePick& pick : chunk.picks == nullptr ? all : *chunk.picks) {
        bytes +=
            file.substr(static_cast<size_t>(begin + pick.offset), static_cast<size_t>(pick.length));
      }
    }
  }
  return bytes;
}

inline onnx::ModelProto ParseModel(const std::string& text) {
  onnx::ModelProto model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &model));
  return model;
}

// Imports bytes from a file "model.onnx" in the folder.
inline ir::Module ImportBytes(const std::string& bytes, const ScratchFolder& folder,
                              int64_t reference_at_least = int64_t{1} << 40) {
  WriteText(folder / "model.onnx", bytes);
  Diagnostics diagnostics;
  ImportOptions options;
  options.reference_at_least = reference_at_least;
  absl::StatusOr<ir::Module> module = ImportOnnx(folder / "model.onnx", options, diagnostics);
  EXPECT_TRUE(module.ok()) << module.status();
  return module.ok() ? *std::move(module) : ir::Module();
}

// A complete model around the text of a graph.
inline std::string ModelText(const std::string& graph, const std::string& more = "") {
  return "ir_version: 8 opset_import { version: 16 } " + more + " graph { name: 'g' " + graph + "}";
}

inline ir::Module ImportText(const std::string& model_text, const ScratchFolder& folder) {
  return ImportBytes(ParseModel(model_text).SerializeAsString(), folder);
}

// A float tensor's ValueInfoProto without its braces.
inline std::string Info(const std::string& name, const std::string& dims = "dim { dim_value: 2 }") {
  return "name: '" + name + "' type { tensor_type { elem_type: 1 shape { " + dims + " } } } ";
}
inline std::string Input(const std::string& name) { return "input { " + Info(name) + "} "; }
inline std::string Output(const std::string& name) { return "output { " + Info(name) + "} "; }
inline std::string Typed(const std::string& name) { return "value_info { " + Info(name) + "} "; }
inline std::string Weight(const std::string& name, float a = 1, float b = 2) {
  return "initializer { name: '" + name + "' dims: 2 data_type: 1 float_data: [" +
         std::to_string(a) + "," + std::to_string(b) + "] } ";
}
inline std::string Op(const std::string& type, const std::string& name,
                      const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::string& more = "") {
  std::string text = "node { op_type: '" + type + "' name: '" + name + "' ";
  for (const std::string& input : inputs) text += "input: '" + input + "' ";
  for (const std::string& output : outputs) text += "output: '" + output + "' ";
  return text + more + "} ";
}
inline std::string ConstantOp(const std::string& name, float a) {
  return Op("Constant", name + "_node", {}, {name},
            "attribute { name: 'value' type: TENSOR t { dims: 2 data_type: 1 float_data: [" +
                std::to_string(a) + ", 0] } } ");
}

// Devices "cpu0" and "gpu0", joined by one channel.
inline Target TwoDevices() {
  Target target;
  target.name = "two";
  Device cpu;
  cpu.name = "cpu0";
  cpu.kind = "cpu";
  cpu.runtime.provider = "cpu";
  cpu.runtime.threads = 2;
  cpu.runtime.cores = "0-1";
  Device gpu;
  gpu.name = "gpu0";
  gpu.kind = "gpu";
  gpu.runtime.provider = "cuda";
  const DeviceId c = target.devices.Add(cpu), g = target.devices.Add(gpu);
  const ChannelId channel = target.channels.Add("bus");
  Route route;
  route.segments = {{1'000'000, 1'000'000'000}};
  route.channels = {channel};
  target.routes.resize(2, IdVector<DeviceId, std::optional<Route>>(2, route));
  target.routes[c][c] = Route();
  target.routes[g][g] = Route();
  return target;
}

// A plan with one cluster per node: `part` gives each placed node's part, or a negative number for
// those that travel as Constant nodes do; part i is on device i%2.
inline ir::Plan MakePlan(const ir::Module& module,
                         const std::function<int(const ir::Node&)>& part) {
  ir::Plan plan;
  const ir::Graph& graph = module.graph;
  plan.cluster_of.resize(graph.node_id_bound());
  plan.node_time.resize(graph.node_id_bound());
  int num_parts = 0;
  for (ir::NodeId id : graph.nodes()) {
    if (graph.node(id).Is("Constant")) continue;
    const int p = part(graph.node(id));
    if (p < 0) continue;
    num_parts = std::max(num_parts, p + 1);
    const ir::ClusterId cluster(plan.part_of.size());
    plan.cluster_of[id] = cluster;
    plan.order.push_back(cluster);
    plan.part_of.Add(ir::PartId(p));
    plan.device_of.Add(DeviceId(p % 2));
    plan.module_of.Add(ir::ModuleId(0));
    plan.reasons.Add("because");
    plan.node_time[id] = {Picos{p} * kPicosPerMicro, Picos{p} * kPicosPerMicro + 123456};
  }
  for (int p = 0; p < num_parts; ++p) {
    plan.parts.Add({DeviceId(p % 2), {Picos{p} * kPicosPerMicro, Picos{p} * kPicosPerMicro + 500}});
  }
  return plan;
}

// By node name: {"a", 0}, {"b", 1}, ...
inline ir::Plan MakePlan(const ir::Module& module, const std::map<std::string, int>& parts) {
  return MakePlan(module, [&](const ir::Node& node) { return parts.at(node.name); });
}

}  // namespace allot
