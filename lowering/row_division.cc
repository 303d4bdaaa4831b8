#include "lowering/row_division.h"

#include <utility>

#include "ir/rows_metadata.h"

namespace allot {

Json RowDivision(const ir::Module& module) {
  for (const auto& [key, value] : module.metadata) {
    if (key != ir::kRowsMetadata) continue;
    absl::StatusOr<Json> division = ParseJson(value);
    if (division.ok()) return *std::move(division);
  }
  return Json();
}

Json RowTraffic(const ir::Module& module) {
  const Json division = RowDivision(module);
  Json::Object traffic;
  for (const char* const name :
       {"parts", "divided", "exchange", "devices", "words", "gathered_words", "links"}) {
    if (const Json* const member = division.Find(name)) traffic.push_back({name, *member});
  }
  return traffic.empty() ? Json() : Json(std::move(traffic));
}

}  // namespace allot
