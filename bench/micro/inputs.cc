#include "bench/micro/inputs.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "examples/models/onnx_builder.h"
#include "tests/models/random_graph.h"
#include "tests/models/random_modular.h"

namespace allot::bench {
namespace {

constexpr uint64_t kSeed = 1;

PlacementProblem ModularProblem(int64_t items, PlacementObjective objective) {
  testing::RandomModularOptions options;
  options.nodes = 24;
  options.stages = (items + options.nodes) / (options.nodes + 1);
  options.communication = Communication::kLink;
  PlacementProblem problem = testing::RandomModularProblem(kSeed, options);
  problem.objective = objective;
  for (PlacementProblem::MachineDevice& device : problem.devices) {
    device.part_cost = 100 * kPicosPerMicro;
  }
  return problem;
}

}  // namespace

ProblemInput::ProblemInput(int64_t items, PlacementObjective objective)
    : problem(ModularProblem(items, objective)), graph(BuildGraph(problem)) {
  constexpr size_t kRun = 8;
  spread.device_of.resize(problem.items.size(), DeviceId(0));
  spread.order = graph.topological;
  for (size_t at = 0; at < spread.order.size(); ++at) {
    const auto device = static_cast<int32_t>(at / kRun % problem.devices.size());
    spread.device_of[spread.order[at]] = DeviceId(device);
  }
  parts = FormParts(problem, graph, spread, /*effort=*/1);
}

ir::Module ModuleInput(int64_t nodes) {
  testing::RandomGraphOptions options;
  options.seed = kSeed;
  options.nodes = static_cast<int>(nodes);
  return testing::RandomModule(options);
}

std::string ModelInput(int64_t nodes) {
  constexpr int64_t kWidth = 16, kBlock = 4;
  examples::OnnxBuilder net("blocks", /*opset=*/17);
  std::string x = net.Input("x", {1, kWidth});
  for (int64_t block = 0; block < nodes / kBlock; ++block) {
    const std::string name = absl::StrCat("block_", block);
    const std::string weight = net.Weight(name + "/weight", {kWidth, kWidth}, 0.25);
    const std::string bias = net.Weight(name + "/bias", {kWidth}, 0.1);
    const std::string product = net.Op("MatMul", {x, weight}, name + "/product");
    const std::string sum = net.Op("Add", {product, bias}, name + "/sum");
    const std::string relu = net.Op("Relu", {sum}, name + "/relu");
    x = net.Op("Add", {relu, x}, name + "/residual");
  }
  net.Output(x, {1, kWidth});
  return net.model().SerializeAsString();
}

}  // namespace allot::bench
