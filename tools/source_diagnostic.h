// Diagnostics with their place in the text that was read, printed as MLIR prints them:
//
//   file.mlir:4:5: error: 'onnx.MatMul' op "product": dimensions 3 and 4 differ
//       %0 = "onnx.MatMul"(...)
//       ^
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "ir/parse.h"
#include "support/diagnostics.h"

namespace allot {

struct SourceDiagnostic {
  Severity severity = Severity::kError;
  std::string file;
  int64_t line = 0, column = 0;  // 0: no place
  std::string message;
  std::string excerpt;  // the source line and a caret, two lines; empty without a place
  std::string op;       // ir::Describe() of the op it is about; may be empty
};

// "file:4:5: error: message", and the excerpt. Ends in a newline.
std::string ToString(const SourceDiagnostic& diagnostic);

// An input and its ops, to find places by. Refers to `text`.
class SourceText {
 public:
  // For an input that is no text: nothing in it has a place.
  explicit SourceText(std::string name) : name_(std::move(name)) {}
  SourceText(std::string name, absl::string_view text) : name_(std::move(name)), text_(text) {}

  // Learns where the ops stand that diagnostics may name.
  void AddOps(const ir::ParsedModule& parsed);

  // Of an error that ends the work. Its place is the one that its message begins with, or that of
  // the first op it names, or that of the module.
  SourceDiagnostic Locate(const absl::Status& status) const;
  SourceDiagnostic Locate(const Diagnostic& diagnostic) const;

  const std::string& name() const { return name_; }
  absl::string_view text() const { return text_; }

 private:
  // Fills place and excerpt from the first op that `message` names; returns whether there is one.
  bool FindOp(absl::string_view message, SourceDiagnostic& result) const;
  void SetPlace(size_t offset, SourceDiagnostic& result) const;

  struct NamedOp {
    std::string description;  // each once
    size_t offset = 0;
    bool unique = true;
  };
  std::string name_;
  absl::string_view text_;
  std::vector<NamedOp> ops_;  // sorted by description
};

}  // namespace allot
