#include "target/rule.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "support/nearest_name.h"
#include "support/status.h"

namespace allot {
namespace {

const char* Verb(Rule::Effect effect) {
  switch (effect) {
    case Rule::Effect::kPin:
      return "pin";
    case Rule::Effect::kForbid:
      return "forbid";
    case Rule::Effect::kTogether:
      break;
  }
  return "keep";
}

absl::StatusOr<std::optional<NamePattern>> ParsePattern(const std::string& text,
                                                        const std::string& rule) {
  if (text.empty()) return std::optional<NamePattern>();
  ALLOT_ASSIGN_OR_RETURN(NamePattern pattern, NamePattern::Parse(text), rule, ": ");
  return std::optional<NamePattern>(std::move(pattern));
}

}  // namespace

absl::StatusOr<Rule> ParseRuleText(absl::string_view text, Rule::Effect effect,
                                   const Target& target) {
  const char* verb = Verb(effect);
  const size_t equal = text.rfind('=');
  if (equal == text.npos || equal == 0 || equal + 1 == text.size()) {
    return InputError("cannot read --", verb, " '", text, "'; write it like --", verb,
                      " 'conv.*=", target.devices.empty() ? "gpu0" : target.devices.begin()->name,
                      "'");
  }
  Rule rule;
  rule.effect = effect;
  absl::string_view regex = text.substr(0, equal);
  std::string& pattern = absl::ConsumePrefix(&regex, "before:")  ? rule.before_regex
                         : absl::ConsumePrefix(&regex, "after:") ? rule.after_regex
                                                                 : rule.name_regex;
  pattern = std::string(regex);
  if (regex.empty()) return InputError("--", verb, " '", text, "': names no nodes");
  const absl::string_view device = text.substr(equal + 1);
  const std::optional<DeviceId> id = target.FindDevice(device);
  if (!id.has_value()) {
    std::vector<std::string> names;
    for (const Device& known : target.devices) names.push_back(known.name);
    return InputError("--", verb, " '", text, "': the target has no device '", device, "'",
                      DidYouMean(device, names));
  }
  rule.device = *id;
  ALLOT_RETURN_IF_ERROR(NamePattern::Parse(pattern).status(), "--", verb, ": ");
  rule.text = absl::StrCat("--", verb, " '", text, "'");
  return rule;
}

absl::StatusOr<Rule> ParseTogetherText(absl::string_view text) {
  if (text.empty()) return InputError("--together '': names no nodes");
  Rule rule;
  rule.effect = Rule::Effect::kTogether;
  rule.name_regex = std::string(text);
  ALLOT_RETURN_IF_ERROR(NamePattern::Parse(text).status(), "--together: ");
  rule.text = absl::StrCat("--together '", text, "'");
  return rule;
}

bool IsRuleOfUser(const Rule& rule) {
  return !absl::StartsWith(rule.text, kSparseRuleText) &&
         !absl::StartsWith(rule.text, kSliceRuleText);
}

bool HasRulesOfUser(const Target& target) {
  return std::any_of(target.rules.begin(), target.rules.end(), IsRuleOfUser);
}

std::string Describe(const Rule& rule, const Target& target) {
  const bool together = rule.effect == Rule::Effect::kTogether;
  std::string what;
  if (!rule.name_regex.empty()) absl::StrAppend(&what, " '", rule.name_regex, "'");
  if (!rule.op_type.empty()) absl::StrAppend(&what, " op ", rule.op_type);
  if (rule.domain.has_value()) {
    absl::StrAppend(&what, " domain ", rule.domain->empty() ? "ai.onnx" : *rule.domain);
  }
  if (what.empty()) what = " everything";
  if (!rule.before_regex.empty()) absl::StrAppend(&what, " before '", rule.before_regex, "'");
  if (!rule.after_regex.empty()) absl::StrAppend(&what, " after '", rule.after_regex, "'");
  if (together) return absl::StrCat("keep", what, " together");
  const std::string device =
      target.devices.Contains(rule.device) ? target.devices[rule.device].name : "no device";
  return absl::StrCat(Verb(rule.effect), what, rule.effect == Rule::Effect::kPin ? " to " : " on ",
                      device);
}

absl::StatusOr<RuleMatcher> RuleMatcher::Make(std::vector<Rule> rules) {
  RuleMatcher matcher;
  for (const Rule& rule : rules) {
    Patterns patterns;
    ALLOT_ASSIGN_OR_RETURN(patterns.name, ParsePattern(rule.name_regex, rule.text));
    ALLOT_ASSIGN_OR_RETURN(patterns.before, ParsePattern(rule.before_regex, rule.text));
    ALLOT_ASSIGN_OR_RETURN(patterns.after, ParsePattern(rule.after_regex, rule.text));
    matcher.patterns_.push_back(std::move(patterns));
  }
  matcher.rules_ = std::move(rules);
  return matcher;
}

bool RuleMatcher::Matches(size_t rule, absl::string_view node_name, absl::string_view domain,
                          absl::string_view op_type) const {
  const Rule& tried = rules_[rule];
  if (!tried.op_type.empty() && tried.op_type != op_type) return false;
  if (tried.domain.has_value() && *tried.domain != domain) return false;
  const std::optional<NamePattern>& name = patterns_[rule].name;
  return !name.has_value() || name->Matches(node_name);
}

bool RuleMatcher::MatchesBefore(size_t rule, absl::string_view node_name) const {
  const std::optional<NamePattern>& before = patterns_[rule].before;
  return before.has_value() && before->Matches(node_name);
}

bool RuleMatcher::MatchesAfter(size_t rule, absl::string_view node_name) const {
  const std::optional<NamePattern>& after = patterns_[rule].after;
  return after.has_value() && after->Matches(node_name);
}

}  // namespace allot
