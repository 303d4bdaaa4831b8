#include "passes/sparsity/row_report.h"

#include <utility>

#include "placement/kinds/rows/format.h"
#include "placement/kinds/rows/model/training.h"

namespace allot {

Json RowReport(const rows::Problem& problem, const rows::Division& division, bool divided,
               bool exchanges, int64_t gathered_words, const std::string& reason,
               const std::vector<std::string>& devices) {
  Json::Object report = {{"divided", divided}, {"exchange", exchanges ? "parts" : "whole"}};
  if (!reason.empty()) report.push_back({"reason", reason});
  if (!devices.empty()) {
    report.push_back({"devices", Json::Array(devices.begin(), devices.end())});
  }
  report.push_back({"gathered_words", gathered_words});
  report.push_back({"training_words", rows::TrainingOf(problem, division).words});
  const Json division_json = rows::DivisionJson(problem, division);
  const auto& members = *division_json.If<Json::Object>();
  report.insert(report.begin(), members.begin(), members.end());
  return report;
}

}  // namespace allot
