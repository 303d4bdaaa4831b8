// The bytes of a model, compiled for a small machine and written by every emitter. The text form of
// what was placed must read back as the same, and every part must be a model that Allot can read.

#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "api/compile.h"
#include "ir/module.h"
#include "ir/parse.h"
#include "ir/print.h"
#include "onnx_import/import.h"
#include "tests/fuzz/fuzz_input.h"

namespace allot::fuzz {
namespace {

// All graph passes, in an order of their own and twice, between which graphs are verified.
constexpr char kEveryGraphPass[] =
    "inline-functions,canonicalize,fold-conditions,drop-identity,cse,dead-nodes,infer-shapes,"
    "fold-shapes,inline-functions,estimate-cost,coarsen{max-items=12},split-modularity,"
    "place{work=300},refine{work=300},form-parts,schedule,explain";

// The graph passes that divide operators, by rules of their own and by weights.
constexpr char kDividingPasses[] =
    "inline-functions{needed=true},infer-shapes,find-state,split-operators{width=2},"
    "sparsity-analysis,divide-rows{parts=2,force=true},copy-cones,estimate-cost,"
    "coarsen{max-items=12},split-modularity,place{work=300},form-parts,schedule,explain";

CompileOptions Options(uint64_t choice) {
  CompileOptions options;
  options.target = "small";
  options.machine = SmallMachine();
  options.work = 500;
  options.replicas = (choice & 128) == 0;
  options.default_dim = 1 + static_cast<int64_t>(choice % 3);
  if (choice & 4) options.objective = ir::Objective::kThroughput;
  if (choice & 8) options.pipeline = kEveryGraphPass;
  if ((choice >> 16) % 4 == 1) options.pipeline = kDividingPasses;
  if (choice & 64) options.contiguous = true;
  return options;
}

OutputOptions Output(uint64_t choice) {
  OutputOptions options;
  if (choice & 16) options.external_data = "embed";
  if (choice & 32) options.emit_ir_version = 11;
  return options;
}

void CheckTextForm(const Compilation& compilation) {
  ir::PrintOptions print;
  print.locations = true;
  print.plan = &compilation.plan;
  print.target = &compilation.target;
  const std::string text = ir::Print(*compilation.module, print);
  const absl::StatusOr<ir::ParsedModule> again = ir::Parse(text, "again", &compilation.target);
  if (!again.ok()) {
    std::fprintf(stderr, "%s\n%s\n", std::string(again.status().message()).c_str(), text.c_str());
  }
  ALLOT_FUZZ_CHECK(again.ok());
  ALLOT_FUZZ_CHECK(ir::Equal(*compilation.module, again->module));
  ALLOT_FUZZ_CHECK(compilation.plan == again->plan);
}

void CheckParts(const std::vector<OutputFile>& files) {
  for (const OutputFile& file : files) {
    if (!absl::EndsWith(file.name, ".onnx") || !file.copied_from.empty()) continue;
    std::string bytes;
    for (const FileChunk& chunk : file.chunks) {
      if (!chunk.source.empty()) return;  // weights outside, which are not there
      bytes += chunk.bytes;
    }
    Diagnostics diagnostics;
    const absl::StatusOr<ir::Module> part =
        ImportOnnxBytes(bytes, file.name, ImportOptions(), diagnostics);
    if (!part.ok()) std::fprintf(stderr, "%s\n", std::string(part.status().message()).c_str());
    ALLOT_FUZZ_CHECK(part.ok());
  }
}

}  // namespace
}  // namespace allot::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace allot;
  const absl::string_view bytes = fuzz::Text(data, size);
  const CompileOptions options = fuzz::Options(fuzz::Choice(bytes));
  Diagnostics diagnostics;
  const absl::StatusOr<Compilation> compilation =
      CompileBytes(bytes, "model.onnx", options, diagnostics);
  fuzz::CheckBlame(compilation.status());
  if (!compilation.ok()) return 0;
  fuzz::CheckTextForm(*compilation);
  // The page of the report is large and mostly the same.
  const uint64_t choice = fuzz::Choice(bytes) >> 8;
  OutputOptions output = fuzz::Output(fuzz::Choice(bytes));
  if (choice % 8 != 0)
    output.emit = {"parts", "annotated", "manifest", "plan", "mlir", "trace", "dot"};
  const absl::StatusOr<std::vector<OutputFile>> usual = compilation->Outputs("out", output);
  fuzz::CheckBlame(usual.status());
  if (usual.ok()) fuzz::CheckParts(*usual);
  // Written on request only; each refuses what its program cannot do.
  constexpr const char* kOnRequest[] = {"triton", "openvino", "onnx-mlir", "iree"};
  output.emit = {kOnRequest[(choice >> 3) % std::size(kOnRequest)]};
  fuzz::CheckBlame(compilation->Outputs("out", output).status());
  return 0;
}
