// What allot-solve says of batches: each size, and the one to take.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "placement/batching.h"
#include "support/json.h"

namespace allot {

struct BatchReport {
  const std::vector<BatchCase>& cases;
  const std::vector<std::string>& files;  // by case
  const BatchChoice& choice;
  std::optional<Picos> latency_limit;
  double wall_s = 0;
};

// "chosen", "too slow" and the like, of the case `i`.
std::string BatchVerdict(const BatchReport& report, size_t i);

// SolveJson() of the chosen case, then "batching" with every case; without a choice only "status",
// "wall_s" and "batching". Times in ms.
Json BatchJson(const BatchReport& report);
// A table of the sizes, and SolveTable() of the chosen case.
std::string BatchTable(const BatchReport& report);

}  // namespace allot
