#include "ir/parse.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/text/decode.h"
#include "ir/text/keys.h"
#include "ir/text/syntax.h"
#include "ir/verify.h"
#include "support/status.h"

namespace allot::ir {
namespace {

// Gives ops that need one the file and line of their text as location. One walk over the text,
// because ops come in its order.
class OpPlacer {
 public:
  OpPlacer(absl::string_view text, absl::string_view file_name)
      : text_(text), file_name_(file_name) {}

  void Place(std::vector<text::Op>& ops) {
    for (text::Op& op : ops) {
      const absl::string_view skipped = text_.substr(counted_, op.offset - counted_);
      line_ += std::count(skipped.begin(), skipped.end(), '\n');
      counted_ = op.offset;
      const bool nowhere =
          !op.location.has_value() || (op.location->name.empty() && op.location->file.empty());
      if (nowhere && op.FindAttr(text::kNodeName) == nullptr) {
        if (!op.location.has_value()) op.location.emplace();
        op.location->file = std::string(file_name_);
        op.location->index = line_;
      }
      for (text::Region& region : op.regions) Place(region.ops);
    }
  }

 private:
  absl::string_view text_, file_name_;
  size_t counted_ = 0;
  int64_t line_ = 1;
};

}  // namespace

absl::StatusOr<ParsedModule> Parse(absl::string_view text, absl::string_view file_name,
                                   const Target* target, UnnamedOps unnamed) {
  ALLOT_ASSIGN_OR_RETURN(text::Document document, text::ParseDocument(text, file_name));
  return ParseTree(std::move(document), text, file_name, target, unnamed);
}

absl::StatusOr<ParsedModule> ParseTree(text::Document document, absl::string_view text,
                                       absl::string_view file_name, const Target* target,
                                       UnnamedOps unnamed) {
  if (unnamed == UnnamedOps::kLieInTheText) OpPlacer(text, file_name).Place(document.ops);
  bool placed = false;
  const text::ErrorSite error([&](size_t offset, absl::string_view message) {
    placed = true;
    return text::ErrorAt(text, file_name, offset, message);
  });
  absl::StatusOr<ParsedModule> parsed = ParseTree(document, error, target);
  if (parsed.ok() || placed ||
      absl::StartsWith(parsed.status().message(), absl::StrCat(file_name, ":"))) {
    return parsed;
  }
  return WithContext(parsed.status(), absl::StrCat(file_name, ": "));
}

absl::StatusOr<ParsedModule> ParseTree(const text::Document& document, const text::ErrorSite& error,
                                       const Target* target) {
  ALLOT_ASSIGN_OR_RETURN(ParsedModule parsed, text::Decode(document, target, error));
  parsed.external_resources = document.external_resources;
  Diagnostics violations;
  const absl::Status sound = Verify(parsed.module, violations);
  if (sound.ok()) return parsed;
  // The first violation stands in front of the message; its op, if that is one op only, has a
  // place.
  std::optional<NodeId> at;
  for (const NodeId id : parsed.module.graph.nodes()) {
    const std::string op = Describe(parsed.module.graph.node(id));
    if (!absl::StartsWith(sound.message(), absl::StrCat(op, ": "))) continue;
    if (at.has_value()) return sound;
    at = id;
  }
  if (!at.has_value()) return sound;
  return error(parsed.node_offsets[static_cast<size_t>(at->index())], sound.message());
}

}  // namespace allot::ir
