// One input of allot-opt: read, run through the pipeline, print. All that is said about it goes to
// standard error, or to a verifier of diagnostics.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "api/compile_options.h"
#include "api/placed_tree.h"
#include "ir/parse.h"
#include "passes/pipeline/pipeline.h"
#include "tools/instrumentation.h"
#include "tools/reproducer.h"
#include "tools/source_diagnostic.h"

namespace allot {

struct OptOptions {
  CompileOptions compile;  // of it: target, dims, rules, costs, seed; `registries` is set
  std::string pipeline;    // as text; empty: no passes
  bool dump_pipeline = false;
  bool verify_each = true;
  bool disable_threading = false;  // only written down: passes run on `compile.threads`
  bool verify_diagnostics = false;
  bool verify_roundtrip = false;
  bool print_op_on_diagnostic = true;
  bool allow_missing_data = false;
  bool run_reproducer = false;
  std::string crash_reproducer, generate_reproducer;  // files; empty: none
  bool local_reproducer = false;       // of the failing pass alone, with the IR before it
  ir::PrintOptions printing;           // of the result, but for plan and target
  bool annotate = false;               // the text as it was, with the plan's attributes
  PlanWords words = PlanWords::kBoth;  // of these
  bool print_problem = false;          // instead of the IR: the clusters as a placement problem
};

struct OptOutput {
  bool ok = false;   // with --verify-diagnostics: all was as expected
  std::string text;  // the IR, or the problem; empty if there is none to show
};

// An input as text, or as an ONNX file.
struct OptInput {
  std::string name;        // what messages call it
  absl::string_view text;  // of IR
  std::string onnx_path;   // "-": `text` is ONNX and comes from standard input; empty: text
  std::string folder;      // where external data of IR lies
};

// Errors of the call itself (the pipeline, the target, a reproducer that cannot be written) are the
// status; what is wrong with the input is reported and makes `ok` false.
absl::StatusOr<OptOutput> ProcessInput(const OptInput& input, const OptOptions& options,
                                       Instrumentation& instrumentation);

}  // namespace allot
