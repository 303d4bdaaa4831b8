// A model as a tree of MLIR, placed: what its ops are to say of the plan. For programs that hold
// operations of their own and want attributes for them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "api/compilation.h"
#include "api/compile_options.h"
#include "ir/text/syntax.h"
#include "mlir_import/own_form.h"
#include "passes/pipeline/pipeline.h"
#include "support/diagnostics.h"

namespace allot {

// Whose words the attributes are: those that the users of the model's form read (onnx-mlir's
// `device`, IREE's `stream.affinity`) and ours, place.device and the like; or one of them only. Our
// own form has ours in any case.
enum class PlanWords { kBoth, kOwn, kUsers };

struct TreeOptions {
  CompileOptions compile;
  PlanWords words = PlanWords::kBoth;
  std::string shown = "model";  // what messages call the model
  std::string source_folder;    // where external data lies
};

// `offset` is that of an op in the tree.
struct PlacedOp {
  size_t offset = 0;
  ir::text::Dictionary attributes;
};
struct TreeDiagnostic {
  Severity severity = Severity::kError;
  size_t offset = 0;  // what it is about: an op, or that which holds the model
  std::string message;
};

struct PlacedTree {
  MlirForm form = MlirForm::kOwn;
  size_t graph_offset = 0;
  std::optional<Compilation> compilation;   // unless there are errors
  std::vector<PlacedOp> ops;                // in order of offset; that of the graph among them
  std::vector<TreeDiagnostic> diagnostics;  // the last one is the error, if there is one
};

// What the ops of a tree become nodes of; passes that rewrite the graph keep it. For whoever reads
// the tree himself and runs passes of his own.
void MarkOrigins(ir::text::Document& document);
struct TreeOrigin {
  MlirForm form = MlirForm::kOwn;
  size_t graph_offset = 0;
  size_t num_nodes = 0;  // of the model as it was read
};
// What the ops of a tree with marked origins are to say of `plan`, in order of offset. What cannot
// be said is a warning.
std::vector<PlacedOp> PlanOfOps(const ir::Module& module, const ir::Plan& plan,
                                const Target& target, const TreeOrigin& origin, PlanWords words,
                                std::vector<TreeDiagnostic>& diagnostics);

// Reads the tree, drops what it says of a plan already, and places it. What is wrong is a
// diagnostic, also when nothing can be placed. An op of which several nodes are made, since what
// calls its function was inlined, is left without attributes if they are on different devices.
PlacedTree PlaceTree(ir::text::Document document, const TreeOptions& options,
                     const RunOptions& run = {});

}  // namespace allot
