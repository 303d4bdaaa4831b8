#include "passes/problem/rule_clash.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace allot {
namespace {

// The next ascending choice of indices below `bound`; false after the last.
bool NextChoice(std::vector<size_t>& choice, size_t bound) {
  for (size_t i = choice.size(); i-- > 0;) {
    if (choice[i] + (choice.size() - i) >= bound) continue;
    ++choice[i];
    for (size_t j = i + 1; j < choice.size(); ++j) choice[j] = choice[j - 1] + 1;
    return true;
  }
  return false;
}

}  // namespace

std::optional<RuleClash> FindRuleClash(
    const std::vector<size_t>& rules,
    const std::function<bool(const std::vector<size_t>& kept)>& possible, int budget) {
  if (!possible({})) return std::nullopt;
  constexpr size_t kLargestTried = 3;
  for (size_t size = 1; size <= std::min(kLargestTried, rules.size()); ++size) {
    std::vector<size_t> choice(size);
    for (size_t i = 0; i < size; ++i) choice[i] = i;
    bool all_tried = false;
    for (; !all_tried && budget > 0; --budget) {
      std::vector<size_t> kept;
      for (const size_t index : choice) kept.push_back(rules[index]);
      if (!possible(kept)) return RuleClash{std::move(kept), true};
      all_tried = !NextChoice(choice, rules.size());
    }
    if (!all_tried) break;
  }
  // A rule may hide another, so one round of leaving out is not always the end.
  std::vector<size_t> kept = rules;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (size_t i = 0; i < kept.size();) {
      std::vector<size_t> fewer = kept;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (possible(fewer)) {
        ++i;
      } else {
        kept = std::move(fewer);
        smaller = true;
      }
    }
  }
  return RuleClash{std::move(kept), false};
}

std::string Describe(const RuleClash& clash, const std::vector<Rule>& rules) {
  std::string text = "this rule cannot be kept: ";
  if (clash.rules.size() > 1) {
    text = clash.smallest ? "these rules clash, and no fewer do: " : "these rules clash: ";
  }
  for (size_t i = 0; i < clash.rules.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", rules[clash.rules[i]].text);
  }
  return text;
}

std::string Remedy(const RuleClash& clash) {
  return clash.rules.size() == 1 ? "drop it" : "drop one of them";
}

}  // namespace allot
