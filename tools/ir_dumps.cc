#include "tools/ir_dumps.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "support/nearest_name.h"
#include "support/options.h"
#include "support/status.h"
#include "tools/pass_label.h"
#include "tools/text_file.h"

namespace allot {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The folder of the op that the passes run on, as mlir-opt names it.
std::string FolderOf(const ir::Module& module) {
  std::string symbol = module.graph.name.empty() ? "no-symbol-name" : module.graph.name;
  for (char& c : symbol) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') c = '_';
  }
  return absl::StrCat("builtin_module_no-symbol-name/onnx_graph_", symbol);
}

}  // namespace

absl::Status CheckDumpedPasses(const IrDumpOptions& options, const PassRegistry& registry) {
  std::vector<std::string> known = registry.graph_passes.names();
  for (std::string& name : registry.plan_passes.names()) known.push_back(std::move(name));
  const std::pair<const char*, const std::vector<std::string>*> lists[] = {
      {"--print-ir-before", &options.before}, {"--print-ir-after", &options.after}};
  for (const auto& [flag, names] : lists) {
    for (const std::string& name : *names) {
      if (Contains(known, name)) continue;
      return InputError(flag, ": there is no pass '", name, "'", DidYouMean(name, known));
    }
  }
  return absl::OkStatus();
}

IrDumps::IrDumps(IrDumpOptions options) : options_(std::move(options)) {}

bool IrDumps::DumpsBefore(const std::string& pass) const {
  return options_.before_all || Contains(options_.before, pass);
}

bool IrDumps::DumpsAfter(const std::string& pass) const {
  const bool none_chosen = !options_.after_all && options_.after.empty();
  if (none_chosen) return options_.after_change || options_.after_failure;
  return options_.after_all || Contains(options_.after, pass);
}

std::string IrDumps::Text(const ir::Module& module, const ir::Plan& plan) const {
  ir::PrintOptions print = options_.printing;
  print.plan = &plan;
  return ir::Print(module, print);
}

void IrDumps::Before(const std::string& pass, const ir::Module& module, const ir::Plan& plan) {
  const bool compares = options_.after_change && DumpsAfter(pass);
  if (!compares && !DumpsBefore(pass)) return;
  std::string text = Text(module, plan);
  if (DumpsBefore(pass)) {
    Dump(absl::StrCat("Before ", PassLabel(pass), " (", pass, ")"), pass, module, text);
  }
  if (compares) text_before_ = std::move(text);
}

void IrDumps::After(const std::string& pass, const ir::Module& module, const ir::Plan& plan,
                    bool failed) {
  if (!DumpsAfter(pass) || (options_.after_failure && !failed)) return;
  const std::string text = Text(module, plan);
  if (options_.after_change && !failed && text == text_before_) return;
  Dump(absl::StrCat("After ", PassLabel(pass), failed ? " Failed" : "", " (", pass, ")"), pass,
       module, text);
}

void IrDumps::Dump(const std::string& banner, const std::string& pass, const ir::Module& module,
                   const std::string& text) {
  const std::string dump = absl::StrCat("// -----// IR Dump ", banner, " //----- //\n", text);
  if (options_.folder.empty()) {
    std::fprintf(stderr, "%s\n\n", dump.c_str());
    return;
  }
  if (!status_.ok()) return;
  const std::string folder = absl::StrCat(options_.folder, "/", FolderOf(module));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    status_ = InputError("--print-ir-tree-dir: cannot make ", folder, ": ", error.message());
    return;
  }
  // The number of the pipeline on its op, and the number of the dump in it.
  status_ = WithContext(WriteText(absl::StrCat(folder, "/0_", files_++, "_", pass, ".mlir"), dump),
                        "--print-ir-tree-dir: ");
}

}  // namespace allot
