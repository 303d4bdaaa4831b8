// Divides the operators of a model and writes the whole of it, for bench/split.sh: no machine, no
// plan. Prints what the pass counted, a line each: "words moved 1234".
// usage: split-model MODEL OUT.onnx PASSES [NAME=SIZE ...]
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api/placement_setup.h"
#include "api/read_model.h"
#include "api/registries.h"
#include "lowering/file_copy.h"
#include "lowering/to_onnx.h"
#include "passes/pipeline/pipeline.h"
#include "support/status.h"

namespace allot {
namespace {

class PrintCounts : public PassHooks {
 public:
  void After(const PipelineStep& /*step*/, int /*index*/, const ir::Module& /*module*/,
             const ir::Plan& /*plan*/, const absl::Status& /*outcome*/, bool /*changed*/,
             const PassStatistics& statistics) override {
    for (const auto& [name, count] : statistics.counts()) {
      std::printf("%s %lld\n", name.c_str(), static_cast<long long>(count));
    }
  }
};

absl::Status Run(int argc, char** argv) {
  if (argc < 4) return InputError("usage: split-model MODEL OUT.onnx PASSES [NAME=SIZE ...]");
  const std::string path = argv[1], out = argv[2];
  Diagnostics diagnostics;
  ALLOT_ASSIGN_OR_RETURN(ir::Module module, ReadModel(path, ImportOptions(), diagnostics));
  const Registries registries = BuiltinRegistries();
  ALLOT_ASSIGN_OR_RETURN(const Pipeline pipeline, ParsePipeline(argv[3], registries.passes));
  const std::unique_ptr<ir::OperatorSchemas> schemas = MakeOnnxSchemas();
  PassStatistics statistics;
  PassContext context;
  context.schemas = schemas.get();
  context.diagnostics = &diagnostics;
  context.statistics = &statistics;
  ALLOT_ASSIGN_OR_RETURN(context.dims,
                         ParseDims(std::vector<std::string>(argv + 4, argv + argc), 1));
  PrintCounts counts;
  RunOptions run;
  run.hooks = &counts;
  ir::Plan plan;
  const absl::Status passes = RunGraphPasses(pipeline, module, plan, context, run);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    std::printf("# %s\n", ToString(diagnostic).c_str());
  }
  ALLOT_RETURN_IF_ERROR(passes);
  OwnData data;
  data.location = std::filesystem::path(out).filename().string() + ".data";
  OnnxWriteOptions options;
  options.own_data = &data;
  ALLOT_ASSIGN_OR_RETURN(const std::vector<FileChunk> model, ToOnnx(module, module.graph, options));
  ALLOT_RETURN_IF_ERROR(WriteChunks(out, out, model));
  if (data.bytes.size() == 0) return absl::OkStatus();
  return WriteChunks(out + ".data", out + ".data", std::move(data.bytes).TakeChunks());
}

}  // namespace
}  // namespace allot

int main(int argc, char** argv) {
  const absl::Status status = allot::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}
