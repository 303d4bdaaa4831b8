#include "target/builtin_targets.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

#include "support/nearest_name.h"
#include "support/status.h"
#include "target/embedded_samples.h"

namespace allot {
namespace {

absl::string_view NameOf(const internal::EmbeddedText& sample) {
  return absl::StripSuffix(sample.name, ".json");
}

}  // namespace

std::vector<std::string> BuiltinTargetNames() {
  std::vector<std::string> names;
  for (size_t i = 0; i < internal::kNumEmbeddedSamples; ++i) {
    names.emplace_back(NameOf(internal::kEmbeddedSamples[i]));
  }
  return names;
}

absl::StatusOr<std::string> BuiltinTargetText(absl::string_view name) {
  for (size_t i = 0; i < internal::kNumEmbeddedSamples; ++i) {
    if (name == NameOf(internal::kEmbeddedSamples[i])) {
      return std::string(internal::kEmbeddedSamples[i].text);
    }
  }
  const std::vector<std::string> names = BuiltinTargetNames();
  return InputError("no built-in target '", name, "'", DidYouMean(name, names), " (there are ",
                    absl::StrJoin(names, ", "), ")");
}

}  // namespace allot
