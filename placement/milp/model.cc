#include "placement/milp/model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"

#include "support/status.h"

namespace allot {
namespace {

bool IsName(const std::string& name) {
  if (name.empty() || name.size() > 255 || !absl::ascii_isalpha(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

absl::Status CheckBounds(const std::string& name, double lower, double upper) {
  if (std::isnan(lower) || std::isnan(upper) || lower > upper || lower == kMilpInfinity ||
      upper == -kMilpInfinity) {
    return InputError("'", name, "': its bounds are not a range");
  }
  return absl::OkStatus();
}

}  // namespace

int32_t MilpModel::AddColumn(Column column) {
  columns.push_back(std::move(column));
  return static_cast<int32_t>(columns.size()) - 1;
}

int32_t MilpModel::AddRow(Row row) {
  std::stable_sort(row.terms.begin(), row.terms.end(),
                   [](const Term& a, const Term& b) { return a.column < b.column; });
  std::vector<Term> merged;
  for (const Term& term : row.terms) {
    if (!merged.empty() && merged.back().column == term.column) {
      merged.back().coefficient += term.coefficient;
    } else {
      merged.push_back(term);
    }
  }
  merged.erase(std::remove_if(merged.begin(), merged.end(),
                              [](const Term& term) { return term.coefficient == 0; }),
               merged.end());
  row.terms = std::move(merged);
  rows.push_back(std::move(row));
  return static_cast<int32_t>(rows.size()) - 1;
}

absl::Status Check(const MilpModel& model) {
  for (const MilpModel::Column& column : model.columns) {
    if (!IsName(column.name)) return InputError("'", column.name, "' is no name for a column");
    ALLOT_RETURN_IF_ERROR(CheckBounds(column.name, column.lower, column.upper), "column ");
    if (!std::isfinite(column.objective)) {
      return InputError("column '", column.name, "': its objective is not finite");
    }
    if (column.kind == MilpModel::Kind::kBinary && (column.lower < 0 || column.upper > 1)) {
      return InputError("column '", column.name, "': a binary leaves 0 .. 1");
    }
  }
  for (const MilpModel::Row& row : model.rows) {
    if (!IsName(row.name)) return InputError("'", row.name, "' is no name for a row");
    ALLOT_RETURN_IF_ERROR(CheckBounds(row.name, row.lower, row.upper), "row ");
    int32_t last = -1;
    for (const MilpModel::Term& term : row.terms) {
      if (term.column <= last || static_cast<size_t>(term.column) >= model.columns.size()) {
        return InputError("row '", row.name, "': its columns do not ascend within the model");
      }
      if (!std::isfinite(term.coefficient)) {
        return InputError("row '", row.name, "': a coefficient is not finite");
      }
      last = term.column;
    }
  }
  return absl::OkStatus();
}

double Violation(const MilpModel& model, const std::vector<double>& values) {
  double worst = 0;
  for (size_t c = 0; c < model.columns.size(); ++c) {
    const MilpModel::Column& column = model.columns[c];
    worst = std::max({worst, column.lower - values[c], values[c] - column.upper});
    if (column.kind == MilpModel::Kind::kBinary) {
      worst = std::max(worst, std::abs(values[c] - std::round(values[c])));
    }
  }
  for (const MilpModel::Row& row : model.rows) {
    double sum = 0;
    for (const MilpModel::Term& term : row.terms) {
      sum += term.coefficient * values[static_cast<size_t>(term.column)];
    }
    worst = std::max({worst, row.lower - sum, sum - row.upper});
  }
  return worst;
}

}  // namespace allot
