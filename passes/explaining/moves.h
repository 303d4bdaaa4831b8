// What a plan would be worth with some of it elsewhere, all else equal: the questions behind "why
// here?". Values are those of parts, as the plan's own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "placement/parts/part_evaluator.h"
#include "placement/parts/parts.h"

namespace allot {

struct MoveOutcome {
  bool feasible = false;
  bool routed = true;  // every tensor has a way; otherwise `value` means nothing
  Picos value = 0;     // also of what does not fit
  // Of what does not fit: the first device that is too small, and what it would have to hold.
  DeviceId full;
  Bytes needed = 0;
};

class Moves {
 public:
  // Keeps references to the problem and its graph. `parts` may be empty: they are formed then.
  // `effort` is the number of evaluations per question, each linear in items and flows.
  Moves(const PlacementProblem& problem, const ProblemGraph& graph, Solution solution,
        const Partition& parts, int64_t effort);

  // Of the plan as it is.
  Picos value() const { return value_; }

  // With `items`, each of which can run there, on `device`: the best of parts formed anew and of
  // the plan's parts with the items in one of their own or in a neighbour.
  MoveOutcome Move(const std::vector<ItemId>& items, DeviceId device);

  // With parts of one device joined into one; nullopt if it would have to wait for itself.
  std::optional<MoveOutcome> Join(const std::vector<ItemId>& parts);

 private:
  struct Candidate {
    std::vector<int32_t> part_of;
    int32_t num_parts = 0;
    SearchValue value;
  };
  // Numbers the parts that `label` names and evaluates them; nullopt if they form a cycle.
  std::optional<Candidate> Evaluate(const std::vector<int32_t>& device, std::vector<int32_t> label);
  MoveOutcome Judge(const Placement& device_of, const Candidate& candidate) const;

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const Solution solution_;
  const int64_t effort_;
  PartEvaluator evaluator_;
  std::vector<int32_t> part_of_;
  int32_t num_parts_ = 0;
  Picos value_ = 0;
};

// An amount of time as people compare it: "1.2500 ms"; what is too short for that, exactly: "37ns".
std::string AmountText(Picos time);

// "add 1.2500 ms", "save 37ns", "change nothing": what an objective of `change` more means.
std::string ChangeText(Picos change);

}  // namespace allot
