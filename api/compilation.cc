#include "api/compilation.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/algorithm/container.h"

#include "api/placement_setup.h"
#include "lowering/bundle.h"
#include "lowering/output_folder.h"
#include "lowering/to_onnx.h"
#include "support/status.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

// The path from the folder to the file by the names that were given: a link stays the link that it
// is, because what lies beside it need not lie beside the file that it leads to.
std::string RelativeTo(const std::string& path, const std::string& folder) {
  std::error_code error;
  const fs::path from = fs::weakly_canonical(fs::absolute(folder, error), error);
  fs::path to = fs::absolute(path, error);
  // Behind a link, ".." leads elsewhere than the names say.
  if (std::find(to.begin(), to.end(), fs::path("..")) != to.end()) {
    to = fs::weakly_canonical(to.parent_path(), error) / to.filename();
  }
  return to.lexically_normal().lexically_relative(from).generic_string();
}

// Whether the model lies in the folder itself.
bool IsFolderOf(const std::string& folder, const std::string& model_path) {
  std::error_code error;
  const fs::path parent = fs::absolute(model_path, error).parent_path();
  return fs::weakly_canonical(parent, error) ==
         fs::weakly_canonical(fs::absolute(folder, error) / ".", error);
}

}  // namespace

absl::StatusOr<std::vector<OutputFile>> Compilation::Outputs(const std::string& folder,
                                                             const OutputOptions& options) const {
  ALLOT_ASSIGN_OR_RETURN(const Bundle bundle, Extract(*module, target, plan));
  EmitInput input{.module = *module, .target = target, .plan = plan, .bundle = bundle};
  input.model_path = IsStream(model_path) ? "" : RelativeTo(model_path, folder);
  input.pipeline = pipeline;
  input.made_from = made_from;
  const auto seen_from_folder = [&](Provenance::File& file) {
    if (!file.path.empty()) file.path = RelativeTo(file.path, folder);
  };
  absl::c_for_each(input.made_from.costs, seen_from_folder);
  if (input.made_from.start.has_value()) seen_from_folder(*input.made_from.start);
  std::error_code error;
  if (std::string& path = input.made_from.target.path; fs::exists(path, error)) {
    path = RelativeTo(path, folder);  // not so the names of built-in targets
  }
  input.dims = dims.symbols;
  input.default_dim = dims.fallback;
  input.emit_ir_version = options.emit_ir_version;
  input.embed_external_data = options.external_data == "embed";
  input.output_is_model_folder = model_path != "-" && IsFolderOf(folder, model_path);
  return EmitFiles(emitters, options.emit, input);
}

absl::StatusOr<std::vector<std::string>> Compilation::Write(const std::string& folder,
                                                            const OutputOptions& options) const {
  ALLOT_ASSIGN_OR_RETURN(const std::vector<OutputFile> files, Outputs(folder, options));
  std::vector<std::string> sources = SourceFiles(*module);
  if (model_path != "-") sources.push_back(model_path);
  // Not the plan of --start: a better one may take its place.
  std::error_code error;
  if (fs::exists(made_from.target.path, error)) sources.push_back(made_from.target.path);
  for (const Provenance::File& costs : made_from.costs) {
    if (!costs.path.empty()) sources.push_back(costs.path);
  }
  ALLOT_RETURN_IF_ERROR(WriteOutputFolder(folder, files, sources, options.force));
  std::vector<std::string> names;
  for (const OutputFile& file : files) names.push_back(file.name);
  return names;
}

}  // namespace allot
