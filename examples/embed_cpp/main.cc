// Places a model from C++ and prints where each node goes. Built out of tree: CMakeLists.txt here.
// usage: place MODEL.onnx TARGET

#include <cstdio>
#include <string>

#include "allot/api/compile.h"
#include "allot/ir/node_name.h"
#ifdef WITH_MILP
#include "allot/placement/glpk/add_milp_solver.h"
#endif

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: place MODEL.onnx TARGET\n");
    return 1;
  }
  allot::Registries registries = allot::BuiltinRegistries();
  allot::CompileOptions options;
  options.target = argv[2];
  options.registries = &registries;
#ifdef WITH_MILP
  allot::AddMilpSolver(registries.solvers);
  options.solver = "milp";
#endif

  allot::Diagnostics diagnostics;
  const absl::StatusOr<allot::Compilation> compilation =
      allot::Compile(argv[1], options, diagnostics);
  for (const allot::Diagnostic& diagnostic : diagnostics.all()) {
    std::fprintf(stderr, "%s\n", allot::ToString(diagnostic).c_str());
  }
  if (!compilation.ok()) {
    std::fprintf(stderr, "error: %s\n", std::string(compilation.status().message()).c_str());
    return 1;
  }
  const allot::ir::Graph& graph = compilation->module->graph;
  for (const allot::ir::NodeId node : graph.nodes()) {
    const allot::DeviceId device = compilation->plan.DeviceOf(node);
    std::printf(
        "%s: %s\n", allot::ir::NameOrPlace(graph.node(node)).c_str(),
        device.valid() ? compilation->target.devices[device].name.c_str() : "wherever it is used");
  }
  const allot::ir::Summary& summary = *compilation->plan.summary;
  std::printf("%.3f us, and no plan is faster than %.3f us\n", allot::ToMicros(summary.value),
              allot::ToMicros(summary.lower_bound));
  return 0;
}
