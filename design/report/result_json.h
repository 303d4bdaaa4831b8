// The result of a hardware search as JSON, as a table, and the machine that it chose.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "design/report/why.h"
#include "design/search/published_rule.h"
#include "design/search/search.h"
#include "support/json.h"

namespace allot::design {

// What a result is shown with.
struct Report {
  const HardwareSearch& search;
  const SearchResult& result;
  const std::optional<RuleOutcome>& rule;  // of --stop-rule=published
};

// The keys of --json.
Json ResultJson(const Report& report);

// For a terminal: the ranking, the published rule's choice, and why the first is the best.
std::string ResultText(const Report& report);

// What Allot reads as a target: `devices` of the best accelerator on one link, in the numbers that
// a roofline needs.
std::string TargetText(const Report& report);

// The stages of a model on the best accelerator, each as one device that has what its accelerators
// have together: for files of stages, whose weights are stored in `word_bytes` bytes.
std::string StagesTargetText(const Report& report, size_t model, double word_bytes);

// The stages of each model on the best accelerator. `folders`: by model, where the files of its
// stages are; empty: there are none.
Json StagesJson(const Report& report, const std::vector<std::string>& folders = {});

// The unit of a value: "samples/s".
std::string UnitOf(const Question& question);

}  // namespace allot::design
