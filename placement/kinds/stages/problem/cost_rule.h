// What a stage costs by a published rule, without knowing what is in it. Both rules count, for the
// time of a stage on r replicas, (a * time + b * update) / c with whole a, b, c that depend on r
// only; `time` is one sample's on one replica and `update` what synchronising the parameters takes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

#include "support/units.h"

namespace allot {

enum class CostRule { kPipeDream, kPiper };

absl::string_view CostRuleName(CostRule rule);
std::optional<CostRule> ParseCostRule(absl::string_view name);

// The three numbers above.
struct ReplicaWeights {
  int64_t time = 1, update = 0, divisor = 1;
};

// What a rule counts and allows.
struct CostRuleFacts {
  bool transfers = false;         // tensors over the boundary take the stage's time, both ways
  bool replicas_divide = false;   // replicas divide the samples of a batch, and so does no sum
                                  // of them exceed it
  int64_t update_passes = 4;      // bytes moved for each byte of parameters
  bool update_per_batch = false;  // the update is shared by the samples of a batch
};

CostRuleFacts FactsOf(CostRule rule);
ReplicaWeights WeightsOf(CostRule rule, int64_t replicas);

// The rules, each in a file of its own.
ReplicaWeights PipeDreamWeights(int64_t replicas);
ReplicaWeights PiperWeights(int64_t replicas);

// Ticks of a stage, rounded up.
inline int64_t LoadOf(const ReplicaWeights& weights, int64_t time, int64_t update) {
  const Int128 scaled =
      static_cast<Int128>(weights.time) * time + static_cast<Int128>(weights.update) * update;
  const Int128 raised = scaled + weights.divisor - 1;
  if (raised < (Int128{1} << 63)) {
    return static_cast<int64_t>(raised) / weights.divisor;
  }
  return static_cast<int64_t>(raised / weights.divisor);
}

}  // namespace allot
