#include "passes/sparsity/row_report.h"

#include <utility>

#include "placement/kinds/rows/format.h"
#include "placement/kinds/rows/model/evaluate.h"

namespace allot {

Json RowReport(const rows::Problem& problem, const rows::Division& division, bool divided,
               bool exchanges, int64_t gathered_words, const std::string& reason) {
  const rows::Traffic traffic = rows::TrafficOf(problem, division);
  int64_t training = 2 * traffic.words;
  for (size_t t = 0; t < problem.tensors.size(); ++t) {
    const rows::Tensor& tensor = problem.tensors[t];
    if (tensor.is_input() && !tensor.is_at_home()) training -= traffic.words_of[t];
  }
  Json::Array links;
  const auto parts = static_cast<size_t>(problem.parts);
  for (size_t i = 0; i < traffic.links.size(); ++i) {
    if (traffic.links[i] == 0) continue;
    links.push_back(Json::Object{{"from", static_cast<int64_t>(i / parts)},
                                 {"to", static_cast<int64_t>(i % parts)},
                                 {"words", traffic.links[i]}});
  }
  Json::Object report = {{"divided", divided}, {"exchange", exchanges ? "parts" : "whole"}};
  if (!reason.empty()) report.push_back({"reason", reason});
  report.push_back({"gathered_words", gathered_words});
  report.push_back({"training_words", training});
  report.push_back({"links", std::move(links)});
  const Json division_json = rows::DivisionJson(problem, division);
  const auto& members = *division_json.If<Json::Object>();
  report.insert(report.begin(), members.begin(), members.end());
  return report;
}

}  // namespace allot
