// A mixed-integer linear program as a value: what formulations make, and solvers and printers take.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace allot {

inline constexpr double kMilpInfinity = std::numeric_limits<double>::infinity();

// Minimises sum of objective * value over columns, subject to rows and bounds.
struct MilpModel {
  enum class Kind { kContinuous, kBinary };
  struct Column {
    std::string name;  // a letter, then letters, digits and '_'; at most 255
    Kind kind = Kind::kContinuous;
    double lower = 0, upper = kMilpInfinity;
    double objective = 0;
  };
  struct Term {
    int32_t column = 0;
    double coefficient = 0;
  };
  struct Row {
    std::string name;
    std::vector<Term> terms;  // each column at most once
    double lower = -kMilpInfinity, upper = kMilpInfinity;
  };

  std::string name;
  std::vector<Column> columns;
  std::vector<Row> rows;

  // Both return the index of what they add. AddRow adds up terms of one column and drops zeros.
  int32_t AddColumn(Column column);
  int32_t AddRow(Row row);
};

// Names, indices, bounds in order, finite coefficients. The first thing wrong.
absl::Status Check(const MilpModel& model);

// The largest amount by which `values` (one per column) violate a bound, a row or integrality.
double Violation(const MilpModel& model, const std::vector<double>& values);

}  // namespace allot
