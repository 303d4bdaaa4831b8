// Targets with random damage: either clear errors, or a target whose text is a fixed point.
#pragma once

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "support/random.h"
#include "target/target_json.h"
#include "tests/models/damaged_json.h"

namespace allot::testing {

// Damages the texts in turn, `rounds` times in all, and returns how many were still accepted.
// `name` as for DamagedJson().
inline int AcceptedWhenDamaged(const std::vector<std::string>& texts, const std::string& name,
                               int rounds, Random random) {
  int accepted = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string text =
        DamagedJson(texts[static_cast<size_t>(round) % texts.size()], name, random);
    const absl::StatusOr<Target> target = ParseTarget(text, "t.json");
    if (!target.ok()) {
      EXPECT_EQ(target.status().message().substr(0, 6), "t.json");
      continue;
    }
    ++accepted;
    const std::string printed = PrintTarget(*target);
    const absl::StatusOr<Target> again = ParseTarget(printed, "again.json");
    EXPECT_TRUE(again.ok()) << again.status() << printed;
    if (!again.ok()) continue;
    EXPECT_EQ(PrintTarget(*again), printed);
    EXPECT_EQ(again->routes, target->routes);
  }
  return accepted;
}

}  // namespace allot::testing
