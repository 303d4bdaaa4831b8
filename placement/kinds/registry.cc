#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

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

namespace {

// What is not JSON may be in a text format of some kind.
absl::StatusOr<Json> ReadDocument(const Kinds& kinds, absl::string_view text,
                                  const std::string& file) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != text.npos && text[first] != '{' && text[first] != '[') {
    for (const std::shared_ptr<const ProblemKind>& kind : kinds) {
      ALLOT_ASSIGN_OR_RETURN(std::optional<Json> document, kind->FromText(text, file));
      if (document.has_value()) return *std::move(document);
    }
  }
  ALLOT_ASSIGN_OR_RETURN(Json document, ParseJson(text), file, ": ");
  return document;
}

bool Takes(const ProblemKind& kind, absl::string_view flag) {
  const std::vector<KindFlag> flags = kind.flags();
  return std::any_of(flags.begin(), flags.end(),
                     [&](const KindFlag& each) { return each.name == flag; });
}

// The kind that a document is read as, whatever it looks like, where the kind takes this flag.
constexpr char kAsFlag[] = "as";

std::string TakersOf(const Kinds& kinds, absl::string_view flag) {
  std::vector<absl::string_view> takers;
  for (const std::shared_ptr<const ProblemKind>& kind : kinds) {
    if (Takes(*kind, flag)) takers.push_back(kind->name());
  }
  return absl::StrJoin(takers, " or ");
}

absl::Status CheckFlag(const Kinds& kinds, const ProblemKind& kind, absl::string_view flag) {
  if (Takes(kind, flag)) return absl::OkStatus();
  return InputError("is a problem of the kind ", kind.name(), ", and --", flag,
                    " is for problems of the kind ", TakersOf(kinds, flag));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProblemInstance>> ReadProblemOfAnyKind(
    const Kinds& kinds, absl::string_view text, const std::string& file,
    const ProblemOptions& question) {
  ALLOT_ASSIGN_OR_RETURN(const Json document, ReadDocument(kinds, text, file));
  if (document.If<Json::Object>() == nullptr) {
    return InputError(file, ": a problem is a JSON object, not ", document.KindName());
  }
  const ProblemKind* found = kinds[0].get();
  const bool by_content = question.format.empty() || question.format == "auto";
  const auto as = question.flags.find(kAsFlag);
  for (const std::shared_ptr<const ProblemKind>& kind : kinds) {
    if (as != question.flags.end() || !by_content || !kind->Takes(document, question)) continue;
    found = kind.get();
    break;
  }
  if (as != question.flags.end()) {
    found = FindKind(kinds, as->second);
    if (found == nullptr || !Takes(*found, kAsFlag)) {
      return InputError("--as=", as->second,
                        ": expected a kind that reads files of others: ", TakersOf(kinds, kAsFlag));
    }
  }
  const bool asked = question.objective.has_value() || question.communication.has_value() ||
                     question.contiguous || question.calls_per_device.has_value();
  if (asked && !found->takes_question()) {
    return InputError(file, ": is a problem of the kind ", found->name(),
                      ", which has no objective, communication, contiguity or calls to ask for");
  }
  for (const auto& [flag, value] : question.flags) {
    ALLOT_RETURN_IF_ERROR(CheckFlag(kinds, *found, flag), file, ": ");
  }
  return found->Read(document, file, question);
}

}  // namespace allot
