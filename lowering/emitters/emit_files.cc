#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

#include "lowering/emitter.h"
#include "lowering/file_digest.h"
#include "support/nearest_name.h"
#include "support/one_line.h"
#include "support/options.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr char kManifest[] = "manifest", kParts[] = "parts";

struct Choice {
  const Entry<Emitter>* entry = nullptr;
  std::string options;
};

absl::StatusOr<Choice> FindChoice(const Registry<Emitter>& emitters, absl::string_view text) {
  ALLOT_ASSIGN_OR_RETURN(const NameAndOptions split, SplitNameAndOptions(text), "emitter ");
  const Entry<Emitter>* entry = emitters.Find(split.name);
  if (entry != nullptr) return Choice{entry, std::string(split.options)};
  return InputError("there is no emitter '", split.name, "'",
                    DidYouMean(split.name, emitters.names(), ", "), " (there are ",
                    absl::StrJoin(emitters.names(), ", "), ")");
}

// What is written to run inferences.
constexpr absl::string_view kForInferences[] = {"parts",  "annotated", "manifest",
                                                "triton", "openvino",  "onnx-mlir",
                                                "iree",   "ray-serve", "kserve"};

bool IsForInferences(absl::string_view emitter) {
  return std::find(std::begin(kForInferences), std::end(kForInferences), emitter) !=
         std::end(kForInferences);
}

// What is written if nothing is asked for by name.
std::vector<std::string> DefaultChoices(const Registry<Emitter>& emitters, const ir::Plan& plan) {
  std::vector<std::string> names;
  for (const Entry<Emitter>& entry : emitters.entries()) {
    if (plan.training.has_value() && IsForInferences(entry.name)) continue;
    if (!entry.on_request) names.push_back(entry.name);
  }
  return names;
}

// Notes what the manifest says of a file that another emitter made.
absl::Status Describe(OutputFile& file, EmitInput& input) {
  if (!file.copied_from.empty()) {
    input.external_data.push_back(file.name);
    ALLOT_ASSIGN_OR_RETURN(input.integrity[file.name], SizeOnly(file.copied_from));
    return absl::OkStatus();
  }
  if (file.is_external_data) {
    input.external_data.push_back(file.name);
    FileDigest& about = input.integrity[file.name];
    for (const FileChunk& chunk : file.chunks) about.bytes += chunk.size();
    return absl::OkStatus();
  }
  input.files.push_back(file.name);
  if (absl::EndsWith(file.name, ".onnx")) {
    ALLOT_ASSIGN_OR_RETURN(file.digest, DigestOf(file.name, file.chunks));
    input.integrity[file.name] = file.digest;
  }
  return absl::OkStatus();
}

}  // namespace

EmitInput InputOfLane(const EmitInput& input, size_t lane, const ir::Plan& plan) {
  return {input.module,
          input.target,
          plan,
          lane == 0 ? input.bundle : input.bundle.lanes[lane - 1],
          input.model_path,
          input.pipeline,
          input.made_from,
          input.dims,
          input.default_dim,
          input.emit_ir_version,
          input.embed_external_data,
          input.output_is_model_folder,
          input.files,
          input.external_data,
          input.integrity};
}

absl::Status CheckChoices(const Registry<Emitter>& emitters,
                          const std::vector<std::string>& choices) {
  std::set<std::string> seen;
  for (const std::string& text : choices) {
    ALLOT_ASSIGN_OR_RETURN(const Choice choice, FindChoice(emitters, text));
    if (!seen.insert(choice.entry->name).second) {
      return InputError("emitter '", choice.entry->name, "' is asked for twice");
    }
    ALLOT_RETURN_IF_ERROR(choice.entry->make(choice.options).status(), "emitter '",
                          choice.entry->name, "': ");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<OutputFile>> EmitFiles(const Registry<Emitter>& emitters,
                                                  const std::vector<std::string>& choices,
                                                  EmitInput input) {
  std::vector<Choice> chosen;
  for (const std::string& text : choices.empty() ? DefaultChoices(emitters, input.plan) : choices) {
    ALLOT_ASSIGN_OR_RETURN(Choice choice, FindChoice(emitters, text));
    if (input.plan.training.has_value() && IsForInferences(choice.entry->name)) {
      return InputError("emitter '", choice.entry->name, "': is for running inferences, and this ",
                        "plan trains; ask for ",
                        absl::StrJoin(DefaultChoices(emitters, input.plan), ", "),
                        " or split-spec");
    }
    chosen.push_back(std::move(choice));
  }
  const auto manifest =
      std::stable_partition(chosen.begin(), chosen.end(),
                            [](const Choice& choice) { return choice.entry->name != kManifest; });
  const bool describe = manifest != chosen.end();

  std::vector<OutputFile> files;
  std::map<std::string, size_t> copied;  // name to index in `files`
  for (const Choice& choice : chosen) {
    const std::string place = absl::StrCat("emitter '", choice.entry->name, "': ");
    ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<Emitter> emitter,
                           choice.entry->make(choice.options), place);
    absl::StatusOr<std::vector<OutputFile>> emitted = emitter->Emit(input);
    if (!emitted.ok()) emitted = OneLine(emitted.status());
    // Parts may be small enough for one file each where the whole model is not.
    const bool asked_for = !choices.empty() || choice.entry->name == kParts;
    if (!asked_for && absl::IsOutOfRange(emitted.status())) continue;
    if (absl::IsOutOfRange(emitted.status()) && choice.entry->name != kParts) {
      return InputError(place, emitted.status().message(), ", or leave out '", choice.entry->name,
                        "': --emit=parts,manifest");
    }
    ALLOT_ASSIGN_OR_RETURN(std::vector<OutputFile> more, std::move(emitted), place);
    for (OutputFile& file : more) {
      if (!file.copied_from.empty()) {
        const auto [old, inserted] = copied.insert({file.name, files.size()});
        if (!inserted && files[old->second].copied_from == file.copied_from) {
          files[old->second].emitters.push_back(choice.entry->name);
          continue;
        }
      }
      file.emitters = {choice.entry->name};
      if (describe) ALLOT_RETURN_IF_ERROR(Describe(file, input));
      files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace allot
