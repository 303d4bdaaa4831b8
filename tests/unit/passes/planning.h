// Runs passes on small modules for tests, with a sample target and the roofline model.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "absl/status/statusor.h"

#include "passes/pipeline/pipeline.h"
#include "passes/pipeline/registry.h"
#include "placement/solver.h"
#include "target/builtin_targets.h"
#include "target/cost_model.h"
#include "target/target_json.h"

namespace allot::testing {

inline Target SampleTarget(const std::string& name = "cpu-2gpu") {
  const absl::StatusOr<std::string> text = BuiltinTargetText(name);
  EXPECT_TRUE(text.ok()) << text.status();
  absl::StatusOr<Target> target = ParseTarget(*text, name);
  EXPECT_TRUE(target.ok()) << target.status();
  return *std::move(target);
}

inline DeviceId DeviceNamed(const Target& target, const std::string& name) {
  const std::optional<DeviceId> device = target.FindDevice(name);
  EXPECT_TRUE(device.has_value()) << name;
  return device.value_or(DeviceId());
}

// A machine whose arithmetic is slow enough for small matrices to be worth moving: transfers take
// microseconds, operators tens of them.
inline Target SlowTarget(int num_devices) {
  Target target;
  target.name = "slow";
  for (int d = 0; d < num_devices; ++d) {
    Device device;
    device.name = "d" + std::to_string(d);
    device.kind = "cpu";
    device.memory = 1 << 30;
    device.flops["default"] = 10'000'000 * (d + 1);
    device.memory_bandwidth = 100'000'000;
    device.part_cost = 3 * kPicosPerMicro;
    device.op_cost = kPicosPerMicro;
    target.devices.Add(device);
  }
  target.channels.Add("bus");
  for (int from = 0; from < num_devices; ++from) {
    IdVector<DeviceId, std::optional<Route>> row;
    for (int to = 0; to < num_devices; ++to) {
      Route route;
      if (from != to) {
        route.segments.push_back({2 * kPicosPerMicro, 200'000'000});
        route.channels.push_back(ChannelId(0));
      }
      row.Add(route);
    }
    target.routes.Add(row);
  }
  return target;
}

// A module, what planning makes of it, and all that planning needs.
class Planning {
 public:
  explicit Planning(ir::Module planned, Target machine = SampleTarget())
      : module(std::move(planned)), target(std::move(machine)), solvers_(BuiltinSolvers()) {
    const Registry<CostModel> models = BuiltinCostModels();
    cost_model_ = *models.Find("roofline")->make("");
    context.target = &target;
    context.cost_model = cost_model_.get();
    context.solvers = &solvers_;
    context.diagnostics = &diagnostics;
    context.statistics = &statistics;
  }
  Planning(const Planning&) = delete;

  absl::Status Run(const std::string& text) {
    const absl::StatusOr<Pipeline> pipeline = ParsePipeline(text, BuiltinPasses());
    if (!pipeline.ok()) return pipeline.status();
    return RunPipeline(*pipeline, module, plan, context, {});
  }

  // A rule as the command line gives it.
  void AddRule(Rule::Effect effect, const std::string& regex, const std::string& op_type,
               const std::string& device) {
    Rule rule;
    rule.effect = effect;
    rule.name_regex = regex;
    rule.op_type = op_type;
    rule.device = DeviceNamed(target, device);
    rule.text = "rules[" + std::to_string(target.rules.size()) + "]";
    target.rules.push_back(rule);
  }

  ir::NodeId NodeOf(const std::string& value_name) const {
    for (const ir::NodeId id : module.graph.nodes()) {
      for (const ir::ValueId result : module.graph.node(id).results) {
        if (module.graph.value(result).name == value_name) return id;
      }
    }
    ADD_FAILURE() << "no value " << value_name;
    return ir::NodeId();
  }
  // The nodes of one operator type, ascending.
  std::vector<ir::NodeId> NodesOf(const std::string& op_type) const {
    std::vector<ir::NodeId> nodes;
    for (const ir::NodeId id : module.graph.nodes()) {
      if (module.graph.node(id).op_type == op_type) nodes.push_back(id);
    }
    return nodes;
  }

  ir::Module module;
  ir::Plan plan;
  Target target;
  PassContext context;
  Diagnostics diagnostics;
  PassStatistics statistics;

 private:
  Registry<PlacementSolver> solvers_;
  std::unique_ptr<CostModel> cost_model_;
};

}  // namespace allot::testing
