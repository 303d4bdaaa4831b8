#include "tools/train_corpus.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "api/chip_problem.h"
#include "api/placement_setup.h"
#include "placement/kinds/chips/bounds/bounds.h"
#include "placement/kinds/chips/formats/chips_json.h"
#include "placement/kinds/chips/formats/published_graph.h"
#include "placement/kinds/chips/formats/read_chips.h"
#include "support/status.h"
#include "tools/text_file.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

// Nodes of a published graph for each chip of the module that it is learned on.
constexpr int64_t kNodesOfChip = 16;

bool IsModel(const fs::path& path) {
  return path.extension() == ".onnx" || path.extension() == ".mlir";
}

// Files that may be learned from, sorted.
absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& place) {
  std::error_code error;
  const fs::file_status status = fs::status(place, error);
  if (!fs::exists(status)) {
    return InputError("--models=", place, ": there is no such folder or file");
  }
  if (!fs::is_directory(status)) return std::vector<std::string>{place};
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator at(place, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unknown;
    const bool wanted = IsModel(at->path()) || at->path().extension() == ".json";
    if (wanted && !fs::is_directory(at->path(), unknown)) files.push_back(at->path().string());
  }
  if (error) return InputError("--models=", place, ": cannot be listed: ", error.message());
  std::sort(files.begin(), files.end());
  return files;
}

class Corpus {
 public:
  explicit Corpus(const CorpusOptions& options) : options_(options) {}

  absl::Status Add(const std::string& place) {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesOf(place));
    const size_t before = models_.size(), left_out = left_out_;
    for (const std::string& file : files) {
      if (IsModel(file)) {
        AddModel(file);
      } else {
        AddJson(file);
      }
    }
    if (models_.size() > before) return absl::OkStatus();
    if (left_out_ > left_out) {
      return InputError("--models=", place, ": nothing of it can be learned from; ",
                        left_out_ - left_out, " left out, for the reasons above");
    }
    return InputError("--models=", place,
                      ": has no model (*.onnx, *.mlir), no problem of chips (*.json, schema ",
                      chips::kSchema, ") and no graph of dnn-partitioning for inference");
  }

  std::vector<chips::MadeModel> Take() { return std::move(models_); }

 private:
  void LeaveOut(absl::string_view what, absl::string_view why) {
    std::fprintf(stderr, "left out: %s: %s\n", std::string(what).c_str(), std::string(why).c_str());
    ++left_out_;
  }

  void AddModel(const std::string& file) {
    for (const std::string& target : options_.targets) {
      CompileOptions compile = options_.compile;
      compile.target = target;
      compile.objective = ir::Objective::kThroughput;
      Diagnostics unsaid;  // whoever plans the model is told
      absl::StatusOr<chips::Problem> problem = ChipProblemOf(file, compile, unsaid);
      const std::string name =
          absl::StrCat(fs::path(file).stem().string(), " on ", fs::path(target).stem().string());
      if (!problem.ok()) {
        LeaveOut(name, problem.status().message());
        continue;
      }
      AddProblem(file, name, *std::move(problem));
    }
  }

  void AddJson(const std::string& file) {
    const absl::StatusOr<std::string> text = ReadText(file);
    if (!text.ok()) return LeaveOut(file, text.status().message());
    const absl::StatusOr<Json> document = ParseJson(*text);
    if (!document.ok() || document->If<Json::Object>() == nullptr) return;
    const bool published = chips::IsPublishedGraph(*document);
    if (!published && !chips::HasChipsSchema(*document)) return;
    absl::StatusOr<chips::Problem> problem = chips::ReadChips(*document, file, {});
    if (problem.ok() && published) {
      const int64_t chips =
          std::clamp<int64_t>(static_cast<int64_t>(problem->nodes.size()) / kNodesOfChip, 4, 36);
      problem = chips::ReadChips(*document, file, {{chips::kChipsFlag, absl::StrCat(chips)}});
    }
    if (!problem.ok()) return LeaveOut(file, problem.status().message());
    AddProblem(file, fs::path(file).stem().string(), *std::move(problem));
  }

  void AddProblem(const std::string& file, const std::string& name, chips::Problem problem) {
    if (const absl::Status status = chips::Check(problem); !status.ok()) {
      return LeaveOut(file, status.message());
    }
    if (chips::WeightsExceed(chips::Compiled(problem))) {
      return LeaveOut(name, "its weights fit no chips of that memory");
    }
    models_.push_back({name, std::move(problem)});
  }

  const CorpusOptions& options_;
  std::vector<chips::MadeModel> models_;
  size_t left_out_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<chips::MadeModel>> ReadCorpus(const CorpusOptions& options) {
  for (const std::string& name : options.targets) {
    ALLOT_ASSIGN_OR_RETURN(const Target target, LoadTarget(name));
    if (IsChipModule(target)) continue;
    return InputError("--target=", name, ": is no module of chips, such as mcm-36");
  }
  // Sizes that cannot be read would be said of each model.
  ALLOT_RETURN_IF_ERROR(ParseDims(options.compile.dims, options.compile.default_dim).status());
  Corpus corpus(options);
  for (const std::string& place : options.places) ALLOT_RETURN_IF_ERROR(corpus.Add(place));
  return corpus.Take();
}

}  // namespace allot
