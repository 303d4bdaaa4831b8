// `allot make-model`: writes one of the published models, to try Allot on.
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "examples/models/published_models.h"
#include "support/nearest_name.h"
#include "support/status.h"
#include "tools/command_line.h"
#include "tools/program.h"

namespace allot::examples {
namespace {

constexpr char kUsage[] = "NAME FILE.onnx | --list";

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const PublishedModel& model : PublishedModels()) names.emplace_back(model.name);
  return names;
}

absl::Status Write(const std::string& name, const std::string& path) {
  const PublishedModel* const model = FindPublishedModel(name);
  if (model == nullptr) {
    return InputError("no model '", name, "'", DidYouMean(name, Names()), "; there are ",
                      absl::StrJoin(Names(), ", "));
  }
  OnnxBuilder net = model->make();
  if (!net.Save(path)) return InputError(path, " cannot be written");
  std::printf("%s: %d nodes\n", path.c_str(), net.graph().node_size());
  return absl::OkStatus();
}

absl::Status Run(int argc, char** argv, int& /*exit_status*/) {
  bool list = false;
  CommandLine line("allot make-model", kUsage,
                   "writes a model of a published architecture, built in code; its weights are\n"
                   "random, but the same bytes on every machine");
  line.Flag("list", &list, "print the models there are, then stop");
  line.Example("allot make-model googlenet googlenet.onnx", "writes GoogLeNet, 28 MB");
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (const std::optional<std::string> answer = line.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  const std::vector<std::string>& arguments = line.positional();
  if (list && arguments.empty()) {
    for (const PublishedModel& model : PublishedModels()) {
      std::printf("%-20s %s\n", model.name, model.summary);
    }
    return absl::OkStatus();
  }
  if (list || arguments.size() != 2) {
    return InputError(arguments.empty()                ? "no model named"
                      : arguments.size() == 1 && !list ? "no file named"
                                                       : "too many arguments",
                      "; usage: allot make-model ", kUsage);
  }
  return Write(arguments[0], arguments[1]);
}

}  // namespace
}  // namespace allot::examples

int main(int argc, char** argv) { return allot::RunProgram(argc, argv, allot::examples::Run); }
