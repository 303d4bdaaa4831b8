// kserve/: a plan that is a chain of parts, for KServe: an InferenceService for each part and an
// InferenceGraph that calls one after the other, with the program that serves a part.
//
// The router of a graph hands on the answer of one step as it is, so a chain is what it can run:
// each part takes what the one before it gives, and nothing else. The program takes such an answer
// for a request, which the model servers that KServe brings along do not.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "lowering/emitter.h"
#include "lowering/emitters/kserve/part_server_text.h"
#include "lowering/emitters/text_file.h"
#include "lowering/output_names.h"
#include "support/json.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {
  std::string image;
  std::string storage;
};

// What Kubernetes takes for the name of a service: at most 40 of 63 characters, since it makes
// longer ones of it.
std::string ServiceName(absl::string_view text) {
  std::string name;
  for (const char c : text) {
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    name += absl::ascii_isalnum(static_cast<unsigned char>(lower)) ? lower : '-';
  }
  const size_t first = name.find_first_not_of("-0123456789");
  name = first == std::string::npos ? "model" : name.substr(first, 40);
  while (name.back() == '-') name.pop_back();
  return name;
}

// JSON is YAML.
std::string Quoted(absl::string_view text) { return PrintJsonCompact(Json(text)); }

// Whose provider and resource a part asks for.
struct Placement {
  std::string provider, resource;
};

absl::StatusOr<Placement> PlacementOf(const Device& device) {
  const std::string& provider = device.runtime.provider;
  if (provider == "cpu" || (provider.empty() && device.kind == "cpu")) {
    return Placement{"CPUExecutionProvider", ""};
  }
  if (provider == "cuda" || (provider.empty() && device.kind == "gpu")) {
    return Placement{"CUDAExecutionProvider", "nvidia.com/gpu"};
  }
  if (provider == "tensorrt") return Placement{"TensorrtExecutionProvider", "nvidia.com/gpu"};
  return InputError("device '", device.name, "' runs by ",
                    provider.empty() ? absl::StrCat("kind '", device.kind, "'")
                                     : absl::StrCat("provider '", provider, "'"),
                    "; pods are asked for with cpu, cuda and tensorrt: name one of them in the ",
                    "target's \"runtime\"");
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// One error that names the first place where the plan is no chain.
absl::Status CheckChain(const EmitInput& input) {
  constexpr absl::string_view kWhy =
      "an InferenceGraph hands on the answer of one step to the next, so the plan must be a chain";
  const Bundle& bundle = input.bundle;
  if (!bundle.lanes.empty()) {
    return InputError("placements take turns, and ", kWhy, ": plan without lanes");
  }
  if (bundle.pieces.empty()) return InputError("the model computes nothing");
  for (size_t p = 0; p < bundle.pieces.size(); ++p) {
    const Piece& piece = bundle.pieces[p];
    const std::vector<std::string>& before = p == 0 ? bundle.inputs : bundle.pieces[p - 1].outputs;
    for (const std::string& name : piece.inputs) {
      if (Contains(before, name)) continue;
      return InputError("part ", piece.id, " takes '", name, "', which ",
                        p == 0 ? "is no input of the model"
                               : absl::StrCat("part ", bundle.pieces[p - 1].id, " does not give"),
                        ", and ", kWhy);
    }
  }
  const Piece& last = bundle.pieces.back();
  for (const std::string& name : bundle.outputs) {
    if (Contains(last.outputs, name)) continue;
    return InputError("the model's output '", name, "' is not given by the last part, ", last.id,
                      ", and ", kWhy);
  }
  return absl::OkStatus();
}

class Kserve final : public Emitter {
 public:
  explicit Kserve(Options options) : options_(std::move(options)) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    if (options_.image.empty() || options_.storage.empty()) {
      return InputError(
          options_.image.empty() ? "image=" : "storage=",
          " is missing: write it like 'kserve{image=REGISTRY/onnxruntime:1 ",
          "storage=pvc://models/net}', an image with Python, NumPy and ONNX Runtime, ",
          "and where the output folder lies for the cluster");
    }
    ALLOT_RETURN_IF_ERROR(CheckChain(input));
    const std::string name = ServiceName(FileStem(input.module));
    std::string text =
        absl::StrCat("# Written by allot for target '", input.target.name, "': kubectl apply -f\n");
    for (const Piece& piece : input.bundle.pieces) {
      ALLOT_ASSIGN_OR_RETURN(const std::string service, Service(input, name, piece), "part ",
                             piece.id, ": ");
      text += service;
    }
    text += Graph(input, name);
    std::vector<OutputFile> files;
    files.push_back(TextFile("kserve/kserve.yaml", std::move(text)));
    files.push_back(TextFile("kserve/part_server.py", internal::kPartServerTexts[0].text));
    return files;
  }

 private:
  static std::string PartName(const std::string& name, const Piece& piece) {
    return absl::StrCat(name, "-", piece.id);
  }

  absl::StatusOr<std::string> Service(const EmitInput& input, const std::string& name,
                                      const Piece& piece) const {
    const Device& device = input.target.devices[piece.device];
    ALLOT_ASSIGN_OR_RETURN(const Placement placement, PlacementOf(device));
    std::string text = absl::StrCat(
        "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: ",
        PartName(name, piece), "\n  labels: {allot.device: ", Quoted(LabelOf(device.name)),
        "}\nspec:\n  predictor:\n");
    if (!device.host.empty()) {
      absl::StrAppend(&text, "    nodeSelector: {kubernetes.io/hostname: ", Quoted(device.host),
                      "}\n");
    }
    absl::StrAppend(&text, "    containers:\n    - name: kserve-container\n      image: ",
                    Quoted(options_.image), "\n      command:\n");
    for (const std::string& word :
         {std::string("python"), std::string("/mnt/models/kserve/part_server.py"),
          absl::StrCat("/mnt/models/", piece.file), std::string("--host=0.0.0.0"),
          std::string("--port=8080"), absl::StrCat("--provider=", placement.provider),
          absl::StrCat("--threads=", device.runtime.threads)}) {
      absl::StrAppend(&text, "      - ", Quoted(word), "\n");
    }
    absl::StrAppend(&text,
                    "      env:\n      - {name: STORAGE_URI, value: ", Quoted(options_.storage),
                    "}\n      ports:\n      - {containerPort: 8080, protocol: TCP}\n");
    if (!placement.resource.empty()) {
      absl::StrAppend(&text, "      resources: {limits: {", placement.resource, ": \"1\"}}\n");
    }
    return text + "---\n";
  }

  // Values of labels have no colons.
  static std::string LabelOf(std::string name) {
    std::replace(name.begin(), name.end(), ':', '_');
    while (!absl::ascii_isalnum(static_cast<unsigned char>(name.back()))) name.pop_back();
    return name;
  }

  static std::string Graph(const EmitInput& input, const std::string& name) {
    std::string text = absl::StrCat(
        "apiVersion: serving.kserve.io/v1alpha1\nkind: InferenceGraph\nmetadata:\n  name: ", name,
        "\nspec:\n  nodes:\n    root:\n      routerType: Sequence\n      steps:\n");
    for (size_t p = 0; p < input.bundle.pieces.size(); ++p) {
      const Piece& piece = input.bundle.pieces[p];
      absl::StrAppend(&text, "      - serviceName: ", PartName(name, piece),
                      "\n        name: ", piece.id,
                      "\n        data: ", p == 0 ? "$request" : "$response", "\n");
    }
    return text;
  }

  Options options_;
};

}  // namespace

Entry<Emitter> KserveEntry() {
  return MakeEntry<Emitter, Kserve>(
      "kserve", "kserve/: services and an InferenceGraph for KServe, if the parts are a chain",
      OptionSchema<Options>()
          .Add("image", &Options::image, "of containers, with Python, NumPy and ONNX Runtime")
          .Add("storage", &Options::storage, "where the cluster finds the output folder"));
}

}  // namespace allot
