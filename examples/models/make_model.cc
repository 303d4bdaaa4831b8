// Writes one of the published models. usage: make-model NAME FILE.onnx, make-model --list

#include <cstdio>
#include <string>
#include <vector>

#include "examples/models/published_models.h"

namespace {

using allot::examples::PublishedModel;
using allot::examples::PublishedModels;

int List() {
  for (const PublishedModel& model : PublishedModels()) {
    std::printf("%-20s %s\n", model.name, model.summary);
  }
  return 0;
}

int UnknownModel(const std::string& name) {
  std::string all;
  for (const PublishedModel& model : PublishedModels()) {
    all += (all.empty() ? "" : ", ") + std::string(model.name);
  }
  std::fprintf(stderr, "error: no model '%s'; there are %s\n", name.c_str(), all.c_str());
  return 1;
}

int Write(const PublishedModel& model, const std::string& path) {
  allot::examples::OnnxBuilder net = model.make();
  if (!net.Save(path)) {
    std::fprintf(stderr, "error: %s cannot be written\n", path.c_str());
    return 1;
  }
  std::printf("%s: %d nodes\n", path.c_str(), net.graph().node_size());
  return 0;
}

int Run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1 && arguments[0] == "--list") return List();
  for (const std::string& argument : arguments) {
    if (argument.rfind("--", 0) == 0) {
      std::fprintf(stderr, "error: unknown flag '%s'; usage: make-model NAME FILE.onnx | --list\n",
                   argument.c_str());
      return 1;
    }
  }
  if (arguments.size() != 2) {
    std::fprintf(stderr, "error: %s; usage: make-model NAME FILE.onnx | --list\n",
                 arguments.empty()       ? "no model named"
                 : arguments.size() == 1 ? "no file named"
                                         : "too many arguments");
    return 1;
  }
  const PublishedModel* model = allot::examples::FindPublishedModel(arguments[0]);
  return model == nullptr ? UnknownModel(arguments[0]) : Write(*model, arguments[1]);
}

}  // namespace

int main(int argc, char** argv) {
  const int status = Run({argv + 1, argv + argc});
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fprintf(stderr, "error: cannot write to standard output\n");
  return 1;
}
