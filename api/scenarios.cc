#include "api/scenarios.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"

#include "api/placement_setup.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr int64_t kMostInferences = 1'000'000;
constexpr size_t kMostScenarios = 16;

absl::StatusOr<Scenario> ParseScenario(const std::string& text,
                                       const std::vector<std::string>& dims, int64_t fallback) {
  const size_t colon = text.find(':');
  if (colon == 0 || colon == std::string::npos) {
    return InputError("expected NAME:SIZES, such as prefill:tokens=512,past=0");
  }
  Scenario scenario{text.substr(0, colon), {}, 1};
  std::string sizes = text.substr(colon + 1);
  if (const size_t star = sizes.rfind('*'); star != std::string::npos) {
    if (!absl::SimpleAtoi(sizes.substr(star + 1), &scenario.weight) || scenario.weight < 1 ||
        scenario.weight > kMostInferences) {
      return InputError("'", sizes.substr(star + 1), "' is no number of inferences between 1 and ",
                        kMostInferences);
    }
    sizes.resize(star);
  }
  std::vector<std::string> all = dims;
  if (!sizes.empty()) all.push_back(sizes);
  ALLOT_ASSIGN_OR_RETURN(scenario.dims, ParseDims(all, fallback));
  return scenario;
}

}  // namespace

absl::StatusOr<std::vector<Scenario>> ParseScenarios(const std::vector<std::string>& scenarios,
                                                     const std::vector<std::string>& dims,
                                                     int64_t fallback) {
  if (scenarios.size() > kMostScenarios) {
    return InputError("--scenario: there are ", scenarios.size(), ", more than ", kMostScenarios);
  }
  std::vector<Scenario> parsed;
  for (const std::string& text : scenarios) {
    ALLOT_ASSIGN_OR_RETURN(Scenario scenario, ParseScenario(text, dims, fallback),
                           "--scenario=", text, ": ");
    const bool known = std::any_of(parsed.begin(), parsed.end(), [&](const Scenario& other) {
      return other.name == scenario.name;
    });
    if (known) {
      return InputError("--scenario=", text, ": there is a scenario '", scenario.name,
                        "' already; give each a name of its own");
    }
    parsed.push_back(std::move(scenario));
  }
  return parsed;
}

}  // namespace allot
