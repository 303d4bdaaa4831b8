// Diagnostics as the C interface gives them out: texts that stay where they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/diagnostics.h"

namespace allot::capi {

class DiagnosticTexts {
 public:
  DiagnosticTexts() = default;
  explicit DiagnosticTexts(const Diagnostics& diagnostics) {
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      rows_.push_back({diagnostic.severity, ToString(diagnostic)});
    }
  }
  int64_t size() const { return static_cast<int64_t>(rows_.size()); }
  // nullptr if there is none.
  const char* Text(int64_t index) const { return Has(index) ? Row(index).text.c_str() : nullptr; }
  // ALLOT_NOTE and so on; -1 if there is none.
  int32_t Severity(int64_t index) const {
    return Has(index) ? static_cast<int32_t>(Row(index).severity) : -1;
  }

 private:
  struct TextRow {
    allot::Severity severity;
    std::string text;
  };
  bool Has(int64_t index) const { return index >= 0 && index < size(); }
  const TextRow& Row(int64_t index) const { return rows_[static_cast<size_t>(index)]; }

  std::vector<TextRow> rows_;
};

}  // namespace allot::capi
