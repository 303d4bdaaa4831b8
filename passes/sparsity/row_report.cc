#include "passes/sparsity/row_report.h"

#include <utility>

#include "placement/kinds/rows/format.h"
#include "placement/kinds/rows/model/training.h"

namespace allot {

Json RowReport(const rows::Problem& problem, const rows::Division& division, bool divided,
               bool exchanges, int64_t gathered_words, const std::string& reason) {
  Json::Object report = {{"divided", divided}, {"exchange", exchanges ? "parts" : "whole"}};
  if (!reason.empty()) report.push_back({"reason", reason});
  report.push_back({"gathered_words", gathered_words});
  report.push_back({"training_words", rows::TrainingOf(problem, division).words});
  const Json division_json = rows::DivisionJson(problem, division);
  const auto& members = *division_json.If<Json::Object>();
  report.insert(report.begin(), members.begin(), members.end());
  return report;
}

}  // namespace allot
