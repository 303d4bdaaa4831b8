// Rules as text, and matching them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "target/name_pattern.h"
#include "target/target.h"

namespace allot {

// "--pin REGEX=DEVICE", "--forbid REGEX=DEVICE": the device stands behind the last '='.
absl::StatusOr<Rule> ParseRuleText(absl::string_view text, Rule::Effect effect,
                                   const Target& target);

// "pin 'conv.*' to gpu0", "forbid op Softmax on npu0": what a rule says.
std::string Describe(const Rule& rule, const Target& target);

// Compiled rules.
class RuleMatcher {
 public:
  // Errors name the rule.
  static absl::StatusOr<RuleMatcher> Make(std::vector<Rule> rules);

  bool Matches(size_t rule, absl::string_view node_name, absl::string_view domain,
               absl::string_view op_type) const;
  // The first rule that pins such a node: it decides.
  std::optional<size_t> Pin(absl::string_view node_name, absl::string_view domain,
                            absl::string_view op_type) const;
  // The first rule that forbids such a node on `device`.
  std::optional<size_t> Forbidden(absl::string_view node_name, absl::string_view domain,
                                  absl::string_view op_type, DeviceId device) const;
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  std::vector<Rule> rules_;
  std::vector<std::optional<NamePattern>> patterns_;
};

}  // namespace allot
