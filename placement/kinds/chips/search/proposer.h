// What finds assignments, one after another: all finders are behind this door.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

#include "placement/kinds/chips/model/compiled.h"
#include "placement/kinds/chips/rules/repair.h"
#include "placement/kinds/chips/search/slices.h"
#include "support/random.h"

namespace allot::chips {

// The value of an assignment that does not fit the memory.
inline constexpr Picos kDoesNotFit = std::numeric_limits<Picos>::max();

// What proposers of one search share. Not safe on several threads.
struct Workshop {
  explicit Workshop(const Compiled& of)
      : problem(of), rules(of), repair(rules), slicer(of), random(1) {}

  const Compiled& problem;
  const RuleGraph rules;
  Repair repair;
  Slicer slicer;
  Random random;
  Picos bound = 0;  // nothing is better

  // What has been spent, about a nanosecond or a few each.
  int64_t steps() const { return 20 * repair.steps() + slicer.steps(); }
};

class Proposer {
 public:
  virtual ~Proposer() = default;
  virtual absl::string_view name() const = 0;
  // An assignment that keeps the order, prefix and triangle rules; nullopt if this turn has found
  // none that can be better than what it has seen. `best`: the best of all, or nullptr.
  virtual std::optional<Assignment> Propose(const Cutting* best) = 0;
  // What that was worth.
  virtual void Learn(const Assignment& proposed, Picos value) {
    static_cast<void>(proposed), static_cast<void>(value);
  }
};

// Chips drawn evenly, decided by the constraint solver (sample).
std::unique_ptr<Proposer> MakeRandomProposer(Workshop& workshop);

enum class AnnealingStart { kRandom, kBalanced };
// Moves of some nodes, repaired (fix), accepted as by annealing that cools down over so many
// proposals and then starts again at the best.
std::unique_ptr<Proposer> MakeAnnealingProposer(Workshop& workshop, AnnealingStart start,
                                                int64_t proposals);

// The best slices of an order: late sources, branch by branch, as numbered; then orders with
// detours, and the best assignment with some noise as an order.
std::unique_ptr<Proposer> MakeSlicesProposer(Workshop& workshop);

// What the first of those orders gives: printed beside every result. nullopt: it does not fit.
std::optional<Cutting> PlainSlices(Workshop& workshop);

}  // namespace allot::chips
