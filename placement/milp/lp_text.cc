#include "placement/milp/lp_text.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace allot {
namespace {

std::string Number(double value) {
  char buffer[40];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}

// Sums wrap at 100 columns; continuation lines are indented.
class Lines {
 public:
  explicit Lines(std::string& text) : text_(text) {}
  void Begin(const std::string& name) {
    line_ = absl::StrCat(" ", name, ":");
    empty_ = true;
  }
  void Add(double coefficient, const std::string& name) {
    std::string term = coefficient < 0 ? " -" : empty_ ? "" : " +";
    const double size = coefficient < 0 ? -coefficient : coefficient;
    if (size != 1) absl::StrAppend(&term, " ", Number(size));
    absl::StrAppend(&term, " ", name);
    Put(term);
    empty_ = false;
  }
  void End(const std::string& rest) {
    Put(rest);
    absl::StrAppend(&text_, line_, "\n");
  }
  bool empty() const { return empty_; }

 private:
  void Put(const std::string& piece) {
    if (line_.size() + piece.size() > 100) {
      absl::StrAppend(&text_, line_, "\n");
      line_ = "   ";
    }
    line_ += piece;
  }

  std::string& text_;
  std::string line_;
  bool empty_ = true;
};

void PrintRow(const MilpModel& model, const MilpModel::Row& row, const std::string& name,
              const std::string& side, std::string& text) {
  Lines lines(text);
  lines.Begin(name);
  for (const MilpModel::Term& term : row.terms) {
    lines.Add(term.coefficient, model.columns[static_cast<size_t>(term.column)].name);
  }
  // The format knows no empty sums.
  if (lines.empty()) lines.Add(0, model.columns.empty() ? "none" : model.columns[0].name);
  lines.End(side);
}

}  // namespace

std::string PrintLp(const MilpModel& model) {
  std::string text = absl::StrCat("\\ ", model.name, "\nMinimize\n");
  Lines objective(text);
  objective.Begin("objective");
  for (const MilpModel::Column& column : model.columns) {
    if (column.objective != 0) objective.Add(column.objective, column.name);
  }
  if (objective.empty() && !model.columns.empty()) objective.Add(0, model.columns[0].name);
  objective.End("");
  text += "Subject To\n";
  for (const MilpModel::Row& row : model.rows) {
    const bool lower = row.lower != -kMilpInfinity, upper = row.upper != kMilpInfinity;
    if (lower && upper && row.lower == row.upper) {
      PrintRow(model, row, row.name, absl::StrCat(" = ", Number(row.lower)), text);
    } else if (lower && upper) {
      PrintRow(model, row, row.name + "_lo", absl::StrCat(" >= ", Number(row.lower)), text);
      PrintRow(model, row, row.name + "_up", absl::StrCat(" <= ", Number(row.upper)), text);
    } else if (lower) {
      PrintRow(model, row, row.name, absl::StrCat(" >= ", Number(row.lower)), text);
    } else if (upper) {
      PrintRow(model, row, row.name, absl::StrCat(" <= ", Number(row.upper)), text);
    }
  }
  text += "Bounds\n";
  for (const MilpModel::Column& column : model.columns) {
    const bool lower = column.lower != -kMilpInfinity, upper = column.upper != kMilpInfinity;
    if (!lower && !upper) {
      absl::StrAppend(&text, " ", column.name, " free\n");
    } else if (lower && upper) {
      if (column.kind == MilpModel::Kind::kBinary && column.lower == 0 && column.upper == 1) {
        continue;
      }
      absl::StrAppend(&text, " ", Number(column.lower), " <= ", column.name,
                      " <= ", Number(column.upper), "\n");
    } else if (upper) {
      absl::StrAppend(&text, " -inf <= ", column.name, " <= ", Number(column.upper), "\n");
    } else if (column.lower != 0) {
      absl::StrAppend(&text, " ", column.name, " >= ", Number(column.lower), "\n");
    }
  }
  // "Binaries" would reset the bounds of fixed ones.
  for (const bool free : {false, true}) {
    bool any = false;
    for (const MilpModel::Column& column : model.columns) {
      if (column.kind != MilpModel::Kind::kBinary) continue;
      if ((column.lower == 0 && column.upper == 1) != free) continue;
      if (!any) text += free ? "Binaries\n" : "Generals\n";
      any = true;
      absl::StrAppend(&text, " ", column.name, "\n");
    }
  }
  return text + "End\n";
}

}  // namespace allot
