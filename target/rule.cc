#include "target/rule.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "support/options.h"
#include "support/status.h"

namespace allot {
namespace {

const char* Verb(Rule::Effect effect) { return effect == Rule::Effect::kPin ? "pin" : "forbid"; }

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
  rule.name_regex = std::string(text.substr(0, equal));
  const absl::string_view device = text.substr(equal + 1);
  const std::optional<DeviceId> id = target.FindDevice(device);
  if (!id.has_value()) {
    std::vector<std::string> names;
    for (const Device& known : target.devices) names.push_back(known.name);
    const std::string near = NearestName(device, names);
    return InputError("--", verb, " '", text, "': the target has no device '", device, "'",
                      near.empty() ? "" : absl::StrCat("; did you mean '", near, "'?"));
  }
  rule.device = *id;
  ALLOT_RETURN_IF_ERROR(NamePattern::Parse(rule.name_regex).status(), "--", verb, ": ");
  rule.text = absl::StrCat("--", verb, " '", text, "'");
  return rule;
}

std::string Describe(const Rule& rule, const Target& target) {
  std::string text = Verb(rule.effect);
  if (!rule.name_regex.empty()) absl::StrAppend(&text, " '", rule.name_regex, "'");
  if (!rule.op_type.empty()) absl::StrAppend(&text, " op ", rule.op_type);
  if (rule.domain.has_value()) {
    absl::StrAppend(&text, " domain ", rule.domain->empty() ? "ai.onnx" : *rule.domain);
  }
  if (rule.name_regex.empty() && rule.op_type.empty() && !rule.domain.has_value()) {
    absl::StrAppend(&text, " everything");
  }
  const std::string device =
      target.devices.Contains(rule.device) ? target.devices[rule.device].name : "no device";
  absl::StrAppend(&text, rule.effect == Rule::Effect::kPin ? " to " : " on ", device);
  return text;
}

absl::StatusOr<RuleMatcher> RuleMatcher::Make(std::vector<Rule> rules) {
  RuleMatcher matcher;
  for (const Rule& rule : rules) {
    std::optional<NamePattern> pattern;
    if (!rule.name_regex.empty()) {
      ALLOT_ASSIGN_OR_RETURN(pattern, NamePattern::Parse(rule.name_regex), rule.text, ": ");
    }
    matcher.patterns_.push_back(std::move(pattern));
  }
  matcher.rules_ = std::move(rules);
  return matcher;
}

bool RuleMatcher::Matches(size_t rule, absl::string_view node_name, absl::string_view domain,
                          absl::string_view op_type) const {
  const Rule& tried = rules_[rule];
  if (!tried.op_type.empty() && tried.op_type != op_type) return false;
  if (tried.domain.has_value() && *tried.domain != domain) return false;
  return !patterns_[rule].has_value() || patterns_[rule]->Matches(node_name);
}

std::optional<size_t> RuleMatcher::Pin(absl::string_view node_name, absl::string_view domain,
                                       absl::string_view op_type) const {
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].effect == Rule::Effect::kPin && Matches(i, node_name, domain, op_type)) return i;
  }
  return std::nullopt;
}

std::optional<size_t> RuleMatcher::Forbidden(absl::string_view node_name, absl::string_view domain,
                                             absl::string_view op_type, DeviceId device) const {
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].effect == Rule::Effect::kForbid && rules_[i].device == device &&
        Matches(i, node_name, domain, op_type)) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace allot
