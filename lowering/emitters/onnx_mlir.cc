// The configuration file by which onnx-mlir places operators on the CPU or on IBM's NNPA.
//
// One file for two formats: what newer compilers read is under "nnpa_ops_config", what older ones
// read under "device_placement"; each leaves the other alone. Both match the operator's type and
// the node's name with ECMAScript regular expressions over the whole text, and of several rules
// that match the first holds.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "ir/node_name.h"
#include "lowering/emitter.h"
#include "lowering/emitters/text_file.h"
#include "lowering/host_nodes.h"
#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {};

// "cpu" or "nnpa".
absl::StatusOr<std::string> CompilerDevice(const Device& device) {
  const std::string& provider = device.runtime.provider;
  if (provider == "nnpa" || (provider.empty() && (device.kind == "nnpa" || device.kind == "npu"))) {
    return std::string("nnpa");
  }
  if (provider == "cpu" || (provider.empty() && device.kind == "cpu")) return std::string("cpu");
  return InputError("device '", device.name, "' is of kind '", device.kind, "'",
                    provider.empty() ? "" : absl::StrCat(" and provider '", provider, "'"),
                    "; onnx-mlir places on cpu and nnpa only: give the accelerator the provider "
                    "\"nnpa\" in the target's \"runtime\"");
}

// A pattern that matches exactly `text`.
std::string Escaped(absl::string_view text) {
  std::string pattern;
  for (char c : text) {
    if (absl::string_view("^$\\.*+?()[]{}|").find(c) != absl::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

// What the compiler's reader makes of the node.
std::string NodeType(const ir::Node& node) {
  const bool known = node.domain.empty() || node.domain == "ai.onnx.ml";
  return absl::StrCat("onnx.", known ? node.op_type : "Custom");
}

// One rule. A node without a name goes by its type alone, after all that have one.
struct Rule {
  std::string type, name, device;
  std::string first;  // the node that asked for it, for messages
};

class Rules {
 public:
  // The node and what lies in its bodies, which run where it does.
  absl::Status Add(const ir::Node& node, const std::string& device) {
    if (!node.Is("Constant")) ALLOT_RETURN_IF_ERROR(AddOne(node, device));
    for (const ir::Graph& body : node.regions) {
      for (ir::NodeId id : body.nodes()) ALLOT_RETURN_IF_ERROR(Add(body.node(id), device));
    }
    return absl::OkStatus();
  }

  std::vector<Rule> Take() && {
    std::vector<Rule> rules = std::move(named_);
    for (Rule& rule : by_type_) rules.push_back(std::move(rule));
    return rules;
  }

 private:
  absl::Status AddOne(const ir::Node& node, const std::string& device) {
    const std::pair<std::string, std::string> key(NodeType(node), node.name);
    std::vector<Rule>& rules = node.name.empty() ? by_type_ : named_;
    const auto [known, inserted] = place_.insert({key, rules.size()});
    if (inserted) {
      rules.push_back({key.first, node.name, device, ir::NameOrPlace(node)});
      return absl::OkStatus();
    }
    const Rule& rule = rules[known->second];
    if (rule.device == device) return absl::OkStatus();
    return InputError(
        "nodes '", rule.first, "' and '", ir::NameOrPlace(node), "' are on ", rule.device, " and ",
        device, ", but onnx-mlir tells nodes apart by operator and name only, and ",
        node.name.empty() ? "these have no name: name them" : "these share it: name them apart");
  }

  std::vector<Rule> named_, by_type_;
  std::map<std::pair<std::string, std::string>, size_t> place_;
};

class OnnxMlir final : public Emitter {
 public:
  explicit OnnxMlir(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    Rules collected;
    const ir::Graph& graph = input.module.graph;
    const IdVector<ir::NodeId, ir::NodeId> hosts = HostNodes(graph, input.plan);
    for (ir::NodeId id : graph.nodes()) {
      const DeviceId device = input.plan.DeviceOf(hosts[id]);
      if (!device.valid()) continue;
      ALLOT_ASSIGN_OR_RETURN(const std::string name, CompilerDevice(input.target.devices[device]));
      ALLOT_RETURN_IF_ERROR(collected.Add(graph.node(id), name));
    }
    Json::Array config, placement;
    for (const Rule& rule : std::move(collected).Take()) {
      const std::string type = Escaped(rule.type);
      Json::Object match = {{"node_type", type}};
      // Newer compilers take the name for optional; older ones need a pattern.
      if (!rule.name.empty()) match.emplace_back("onnx_node_name", Escaped(rule.name));
      config.push_back(Json::Object{
          {"pattern", Json::Object{{"match", std::move(match)},
                                   {"rewrite", Json::Object{{"device", rule.device}}}}}});
      placement.push_back(
          Json::Object{{"device", rule.device},
                       {"node_type", type},
                       {"onnx_node_name", rule.name.empty() ? ".*" : Escaped(rule.name)}});
    }
    std::vector<OutputFile> files;
    files.push_back(
        TextFile("model.onnx-mlir.json",
                 PrintJson(Json(Json::Object{{"nnpa_ops_config", std::move(config)},
                                             {"device_placement", std::move(placement)}})) +
                     "\n"));
    return files;
  }
};

}  // namespace

Entry<Emitter> OnnxMlirEntry() {
  return MakeEntry<Emitter, OnnxMlir>(
      "onnx-mlir", "model.onnx-mlir.json: where onnx-mlir is to place each operator, cpu or nnpa",
      OptionSchema<Options>());
}

}  // namespace allot
