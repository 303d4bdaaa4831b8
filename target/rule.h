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

// "--pin REGEX=DEVICE", "--forbid REGEX=DEVICE": the device stands behind the last '='. With
// "before:" or "after:" in front, of nodes by where they stand.
absl::StatusOr<Rule> ParseRuleText(absl::string_view text, Rule::Effect effect,
                                   const Target& target);

// "--together REGEX": all that match run on one device.
absl::StatusOr<Rule> ParseTogetherText(absl::string_view text);

// How the texts of rules begin that Allot makes itself, for rows and slices that it made.
inline constexpr char kSparseRuleText[] = "--sparse: part ";
inline constexpr char kSliceRuleText[] = "the division ";

// Whether any of the target's rules is the user's.
bool HasRulesOfUser(const Target& target);
bool IsRuleOfUser(const Rule& rule);

// "pin 'conv.*' to gpu0", "forbid op Softmax on npu0", "keep 'decoder.*' together": what a rule
// says.
std::string Describe(const Rule& rule, const Target& target);

// Compiled rules.
class RuleMatcher {
 public:
  // Errors name the rule.
  static absl::StatusOr<RuleMatcher> Make(std::vector<Rule> rules);

  // Whether such a node meets the rule's conditions, apart from where it stands.
  bool Matches(size_t rule, absl::string_view node_name, absl::string_view domain,
               absl::string_view op_type) const;
  // Whether the rule is about what stands before, or after, a node of this name.
  bool MatchesBefore(size_t rule, absl::string_view node_name) const;
  bool MatchesAfter(size_t rule, absl::string_view node_name) const;
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  struct Patterns {
    std::optional<NamePattern> name, before, after;
  };
  std::vector<Rule> rules_;
  std::vector<Patterns> patterns_;
};

}  // namespace allot
