#include "ir/text/splice_attributes.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "ir/text/plan_attributes.h"

namespace allot::ir::text {
namespace {

struct Edit {
  size_t begin = 0, end = 0;
  std::string text;
};

class Splicer {
 public:
  Splicer(absl::string_view text, const std::map<size_t, Dictionary>& attributes)
      : text_(text), attributes_(attributes) {}

  void Visit(const std::vector<Op>& ops) {
    for (const Op& op : ops) {
      VisitOp(op);
      for (const Region& region : op.regions) Visit(region.ops);
    }
  }

  std::string Apply() && {
    std::sort(edits_.begin(), edits_.end(),
              [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    std::string out;
    size_t at = 0;
    for (const Edit& edit : edits_) {
      absl::StrAppend(&out, text_.substr(at, edit.begin - at), edit.text);
      at = edit.end;
    }
    absl::StrAppend(&out, text_.substr(at));
    return out;
  }

 private:
  void VisitOp(const Op& op) {
    if (op.attributes_begin == 0) return;  // a form without attributes
    static const Dictionary kNone;
    const auto found = attributes_.find(op.offset);
    const Dictionary& added = found == attributes_.end() ? kNone : found->second;
    std::vector<const NamedAttr*> own;
    for (const NamedAttr& entry : op.attributes) {
      if (!IsPlanAttribute(entry.name) && Find(added, entry.name) == nullptr) own.push_back(&entry);
    }
    if (added.empty() && own.size() == op.attributes.size()) return;
    // In the order in which they stand.
    std::sort(own.begin(), own.end(),
              [](const NamedAttr* a, const NamedAttr* b) { return a->begin < b->begin; });
    std::vector<std::string> entries;
    for (const NamedAttr* entry : own) {
      entries.push_back(std::string(text_.substr(entry->begin, entry->end - entry->begin)));
    }
    std::string printed;
    if (!added.empty()) {
      PrintAttr(Attr{added}, printed);
      entries.push_back(printed.substr(1, printed.size() - 2));
    }
    const bool had = op.attributes_end > op.attributes_begin;
    edits_.push_back(
        {op.attributes_begin, op.attributes_end,
         entries.empty() ? "" : absl::StrCat(had ? "{" : " {", absl::StrJoin(entries, ", "), "}")});
  }

  absl::string_view text_;
  const std::map<size_t, Dictionary>& attributes_;
  std::vector<Edit> edits_;
};

}  // namespace

std::string SpliceAttributes(absl::string_view text, const Document& document,
                             const std::map<size_t, Dictionary>& attributes) {
  Splicer splicer(text, attributes);
  splicer.Visit(document.ops);
  return std::move(splicer).Apply();
}

}  // namespace allot::ir::text
