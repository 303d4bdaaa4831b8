// The fewest rules that contradict each other or the machine.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "target/target.h"

namespace allot {

struct RuleClash {
  std::vector<size_t> rules;  // ascending; never empty
  bool smallest = false;      // no set of fewer rules clashes; else none of these can be left out
};

// Given that `possible` is false of all `rules`: a set of which it is false, by itself. nullopt if
// it is false even of no rules: then they are not to blame. Sets of up to three rules are tried in
// order of size while that takes no more than `budget` calls; beyond, rules are left out one by one
// while it stays false. Deterministic.
std::optional<RuleClash> FindRuleClash(
    const std::vector<size_t>& rules,
    const std::function<bool(const std::vector<size_t>& kept)>& possible, int budget);

// "these rules clash, and no fewer do: A, B", "this rule cannot be kept: A", "these rules clash: A,
// B, C, D".
std::string Describe(const RuleClash& clash, const std::vector<Rule>& rules);

// What to do about it: "drop it", "drop one of them".
std::string Remedy(const RuleClash& clash);

}  // namespace allot
