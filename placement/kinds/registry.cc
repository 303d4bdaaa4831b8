#include "absl/strings/str_cat.h"

#include "placement/kinds/kind.h"
#include "support/status.h"

namespace allot {

#define ALLOT_KIND(name) std::shared_ptr<const ProblemKind> name##Kind();
#include "placement/kinds/registry.def"
#undef ALLOT_KIND

Kinds BuiltinKinds() {
  Kinds kinds;
#define ALLOT_KIND(name) kinds.push_back(name##Kind());
#include "placement/kinds/registry.def"
#undef ALLOT_KIND
  return kinds;
}

const ProblemKind* FindKind(const Kinds& kinds, absl::string_view name) {
  for (const std::shared_ptr<const ProblemKind>& kind : kinds) {
    if (kind->name() == name) return kind.get();
  }
  return nullptr;
}

absl::StatusOr<std::unique_ptr<ProblemInstance>> ReadProblemOfAnyKind(
    const Kinds& kinds, absl::string_view text, const std::string& file,
    const ProblemOptions& question) {
  ALLOT_ASSIGN_OR_RETURN(const Json document, ParseJson(text), file, ": ");
  if (document.If<Json::Object>() == nullptr) {
    return InputError(file, ": a problem is a JSON object, not ", document.KindName());
  }
  const ProblemKind* found = kinds[0].get();
  const bool by_content = question.format.empty() || question.format == "auto";
  for (const std::shared_ptr<const ProblemKind>& kind : kinds) {
    if (!by_content || !kind->Recognizes(document)) continue;
    found = kind.get();
    break;
  }
  const bool asked = question.objective.has_value() || question.communication.has_value() ||
                     question.contiguous || question.calls_per_device.has_value();
  if (asked && !found->takes_question()) {
    return InputError(file, ": is a problem of the kind ", found->name(),
                      ", which has no objective, communication, contiguity or calls to ask for");
  }
  return found->Read(document, file, question);
}

}  // namespace allot
