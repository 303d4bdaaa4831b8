#include "tools/source_diagnostic.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "ir/text/syntax.h"
#include "ir/verify.h"

namespace allot {
namespace {

const char* Label(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

// Takes "12:" from the front.
bool ConsumeNumber(absl::string_view& text, int64_t& number) {
  const size_t colon = text.find(':');
  if (colon == text.npos || !absl::SimpleAtoi(text.substr(0, colon), &number)) return false;
  text.remove_prefix(colon + 1);
  return true;
}

}  // namespace

std::string ToString(const SourceDiagnostic& diagnostic) {
  std::string text = diagnostic.file;
  if (diagnostic.line > 0) absl::StrAppend(&text, ":", diagnostic.line, ":", diagnostic.column);
  absl::StrAppend(&text, text.empty() ? "" : ": ", Label(diagnostic.severity), ": ",
                  diagnostic.message, "\n");
  if (!diagnostic.excerpt.empty()) absl::StrAppend(&text, diagnostic.excerpt, "\n");
  return text;
}

void SourceText::AddOps(const ir::ParsedModule& parsed) {
  const ir::Graph& graph = parsed.module.graph;
  for (const ir::NodeId id : graph.nodes()) {
    const auto index = static_cast<size_t>(id.index());
    if (index >= parsed.node_offsets.size()) continue;
    ops_.push_back({ir::Describe(graph.node(id)), parsed.node_offsets[index]});
  }
  std::stable_sort(ops_.begin(), ops_.end(), [](const NamedOp& a, const NamedOp& b) {
    return a.description < b.description;
  });
  std::vector<NamedOp> unique;
  for (NamedOp& op : ops_) {
    if (!unique.empty() && unique.back().description == op.description) {
      unique.back().unique = false;
    } else {
      unique.push_back(std::move(op));
    }
  }
  ops_ = std::move(unique);
}

void SourceText::SetPlace(size_t offset, SourceDiagnostic& result) const {
  const absl::Status placed = ir::text::ErrorAt(text_, name_, offset, "");
  const SourceDiagnostic at = Locate(placed);
  result.line = at.line;
  result.column = at.column;
  result.excerpt = at.excerpt;
}

bool SourceText::FindOp(absl::string_view message, SourceDiagnostic& result) const {
  // Descriptions begin with a quote and the op's name: 'onnx.Relu' op ...
  for (size_t at = message.find('\''); at != message.npos; at = message.find('\'', at + 1)) {
    const absl::string_view rest = message.substr(at);
    // The longest description that stands here: among those not after `rest`, one is a prefix.
    auto next = std::upper_bound(
        ops_.begin(), ops_.end(), rest,
        [](absl::string_view text, const NamedOp& op) { return text < op.description; });
    while (next != ops_.begin()) {
      --next;
      if (absl::StartsWith(rest, next->description)) {
        result.op = next->description;
        if (next->unique && !text_.empty()) SetPlace(next->offset, result);
        return true;
      }
      // Beyond what shares the op's name nothing can match.
      const size_t name = rest.find('\'', 1);
      if (!absl::StartsWith(next->description, rest.substr(0, name))) break;
    }
  }
  return false;
}

SourceDiagnostic SourceText::Locate(const absl::Status& status) const {
  SourceDiagnostic result;
  result.file = name_;
  absl::string_view message = status.message();
  if (absl::ConsumePrefix(&message, absl::StrCat(name_, ":"))) {
    absl::string_view rest = message;
    if (ConsumeNumber(rest, result.line) && ConsumeNumber(rest, result.column)) {
      message = rest;
      const size_t newline = message.find('\n');
      if (newline != message.npos) result.excerpt = std::string(message.substr(newline + 1));
      result.message = std::string(absl::StripPrefix(message.substr(0, newline), " "));
      return result;
    }
    result.line = result.column = 0;
    message = absl::StripPrefix(message, " ");
  }
  result.message = std::string(message);
  if (!FindOp(message, result) && !text_.empty()) {
    // Like MLIR, put what concerns the whole module at its first op.
    size_t start = 0;
    while (start < text_.size() && text_[start] != '"' && text_[start] != 'm') {
      const size_t newline = text_.find('\n', start);
      start = newline == text_.npos ? text_.size() : newline + 1;
    }
    if (start < text_.size()) SetPlace(start, result);
  }
  return result;
}

SourceDiagnostic SourceText::Locate(const Diagnostic& diagnostic) const {
  SourceDiagnostic result;
  result.severity = diagnostic.severity;
  result.file = name_;
  // The file's name is said once.
  const bool said = diagnostic.where.empty() || diagnostic.where == name_;
  result.message = absl::StrCat(said ? "" : diagnostic.where, said ? "" : ": ", diagnostic.message);
  FindOp(result.message, result);
  return result;
}

}  // namespace allot
