// The stop rule that PHAZE publishes, for comparison (Wang et al., 2024; msr-fiddle/phaze).
#pragma once

#include <optional>

#include "design/search/search.h"

namespace allot::design {

// For each microbatch, memory and recomputation by itself: configurations by descending area, in
// bins of 10,000 square micrometres; it ends when the best values of the last five bins do not
// rise. The value of a configuration is the mean rate of the models, of which all must fit. What is
// best over all runs is the outcome; nullopt if nothing fits.
std::optional<RuleOutcome> FollowPublishedRule(const HardwareSearch& search);

}  // namespace allot::design
