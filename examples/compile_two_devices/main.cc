// The whole flow as a library: a model and a target in, a plan as a struct and files out.
// usage: compile_two_devices MODEL.onnx TARGET OUTPUT_FOLDER

#include <cstdio>
#include <string>

#include "api/compile.h"
#include "tools/report.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: compile_two_devices MODEL.onnx TARGET OUTPUT_FOLDER\n");
    return 1;
  }
  allot::CompileOptions options;
  options.target = argv[2];
  options.objective = allot::ir::Objective::kThroughput;

  allot::Diagnostics diagnostics;
  const absl::StatusOr<allot::Compilation> compilation =
      allot::Compile(argv[1], options, diagnostics);
  if (!compilation.ok()) {
    std::fprintf(stderr, "%s\n", std::string(compilation.status().message()).c_str());
    return 1;
  }
  const allot::ir::Plan& plan = compilation->plan;
  for (const allot::ir::PartId part : plan.parts.ids()) {
    const allot::Device& device = compilation->target.devices[plan.parts[part].device];
    std::printf("part %d on %s from %.1f us to %.1f us\n", part.index(), device.name.c_str(),
                allot::ToMicros(plan.parts[part].time.start),
                allot::ToMicros(plan.parts[part].time.end));
  }
  std::printf("one inference every %.1f us\n", allot::ToMicros(plan.summary->value));

  const auto files = compilation->Write(argv[3], {.emit = {"parts", "manifest"}});
  if (!files.ok()) {
    std::fprintf(stderr, "%s\n", std::string(files.status().message()).c_str());
    return 1;
  }
  for (const std::string& file : *files) std::printf("wrote %s\n", file.c_str());
  return 0;
}
