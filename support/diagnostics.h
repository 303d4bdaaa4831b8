// Collects what is wrong with an input when there may be more than one thing. Never prints and
// never exits: tools do.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace allot {

enum class Severity { kNote, kWarning, kError };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string where;    // "t.target.json:3:7", "node 'conv1'"; may be empty
  std::string message;  // lower case, names and numbers, no period

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

// "where: error: message"
std::string ToString(const Diagnostic& diagnostic);

class Diagnostics {
 public:
  void Report(Diagnostic diagnostic);
  void Error(std::string where, std::string message);
  void Warning(std::string where, std::string message);
  void Note(std::string where, std::string message);

  const std::vector<Diagnostic>& all() const { return all_; }
  int num_errors() const { return num_errors_; }
  // OK without errors; else the first error and how many follow.
  absl::Status ToStatus() const;
  // OK without errors; else one error whose message has a line for each, up to a dozen: those that
  // know what was meant first, since others may follow from them. For files that people write.
  absl::Status ToStatusOfAll() const;

 private:
  std::vector<Diagnostic> all_;
  int num_errors_ = 0;
};

}  // namespace allot
