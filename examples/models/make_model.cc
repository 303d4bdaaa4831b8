// `allot make-model`: writes one of the published models, to try Allot on.
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "examples/models/published_models.h"
#include "examples/models/sparse_network.h"
#include "examples/models/sparse_resnet.h"
#include "placement/kinds/rows/format.h"
#include "support/nearest_name.h"
#include "support/status.h"
#include "tools/command_line.h"
#include "tools/program.h"

namespace allot::examples {
namespace {

constexpr char kUsage[] = "NAME FILE.onnx | SPARSE:OPTIONS FILE.onnx|FILE.json | --list";

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const PublishedModel& model : PublishedModels()) names.emplace_back(model.name);
  return names;
}

absl::Status Save(OnnxBuilder net, const std::string& path) {
  if (!net.Save(path)) return InputError(path, " cannot be written");
  std::printf("%s: %d nodes\n", path.c_str(), net.graph().node_size());
  return absl::OkStatus();
}

// The rows of the network as a problem of the kind rows, for two parts unless asked otherwise.
absl::Status WriteRows(const SparseNetworkOptions& options, const std::string& path) {
  rows::Problem problem;
  problem.parts = 2;
  const auto neurons = static_cast<int32_t>(options.neurons);
  problem.tensors.push_back({.name = "x", .neurons = neurons});
  for (const SparseLayer& layer : SparseLayers(options)) {
    rows::Tensor tensor;
    tensor.name = absl::StrCat("layer", problem.tensors.size() - 1);
    tensor.neurons = neurons;
    const auto input = static_cast<int32_t>(problem.tensors.size()) - 1;
    tensor.sources.push_back(rows::SourceOfRows(input, layer.begin, layer.columns));
    problem.tensors.push_back(std::move(tensor));
  }
  const std::string text = rows::PrintProblem(problem);
  std::FILE* const file = std::fopen(path.c_str(), "w");
  const bool written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file == nullptr || std::fclose(file) != 0 || !written) {
    return InputError(path, " cannot be written");
  }
  std::printf("%s: %lld layers\n", path.c_str(), static_cast<long long>(options.layers));
  return absl::OkStatus();
}

absl::Status WriteSparse(const std::string& name, const std::string& path) {
  ALLOT_ASSIGN_OR_RETURN(const SparseNetworkOptions options, ParseSparseNetwork(name));
  if (absl::EndsWith(path, ".json")) return WriteRows(options, path);
  ALLOT_ASSIGN_OR_RETURN(OnnxBuilder net, SparseNetwork(options), name, ": ");
  return Save(std::move(net), path);
}

absl::Status Write(const std::string& name, const std::string& path) {
  if (NamesSparseNetwork(name)) return WriteSparse(name, path);
  if (NamesSparseResNet(name)) {
    ALLOT_ASSIGN_OR_RETURN(const SparseResNetOptions options, ParseSparseResNet(name));
    return Save(SparseResNet(options), path);
  }
  const PublishedModel* const model = FindPublishedModel(name);
  if (model == nullptr) {
    return InputError("no model '", name, "'", DidYouMean(name, Names()), "; there are ",
                      absl::StrJoin(Names(), ", "));
  }
  return Save(model->make(), path);
}

absl::Status Run(int argc, char** argv, int& /*exit_status*/) {
  bool list = false;
  CommandLine line("allot make-model", kUsage,
                   "writes a model of a published architecture, built in code; its weights are\n"
                   "random, but the same bytes on every machine");
  line.Flag("list", &list, "print the models there are, then stop");
  line.Example("allot make-model googlenet googlenet.onnx", "writes GoogLeNet, 28 MB");
  line.Example("allot make-model radixnet:N=1024,layers=30,format=sparse radixnet.onnx",
               "writes a network with sparse weights; also random-rows: and block-sparse:");
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
    std::printf("%-20s %s\n", "radixnet:OPTIONS",
                "sparse weights: "
                "N=1024,layers=12,seed=1,weights=equal|dyadic|random,format=dense|sparse|sparse-2d|"
                "qdq,radices=32x32,bias=-0.3");
    std::printf("%-20s %s\n", "random-rows:OPTIONS",
                "the same with degree=32 nonzeros in each row, drawn");
    std::printf("%-20s %s\n", "block-sparse:OPTIONS",
                "the same with dense blocks, block=16, drawn");
    std::printf("%-20s %s\n", "sparse-resnet:OPTIONS",
                "residual network pruned by channels: "
                "channels=32,blocks=4,image=16,groups=4,cross=5,batch=1|open,seed=1");
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
