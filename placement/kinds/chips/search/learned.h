// Finders that learn where nodes belong.
#pragma once

#include <memory>

#include "placement/kinds/chips/learning/policy.h"
#include "placement/kinds/chips/search/proposer.h"

namespace allot::chips {

// What positions are used for.
enum class LearnedUse {
  kChips,  // chips by position, repaired (fix)
  kOrder,  // an order, cut into the best slices
};

// `weights`: nullptr: learns from nothing. Named "policy" and "order".
std::unique_ptr<Proposer> MakeLearnedProposer(Workshop& workshop, LearnedUse use,
                                              const ProposerWeights* weights);

// The same as a value, for who trains: one batch of draws, tried and learned from.
class LearnedBatches {
 public:
  LearnedBatches(Workshop& workshop, LearnedUse use, const ProposerWeights* weights);

  // The next draw, tried; nullopt if its order cannot be cut to fit.
  std::optional<Assignment> Next();
  // What it was worth. Ends the batch, and learns, after some.
  void Learn(const Assignment& chips, Picos value);
  // Something that others have found, to learn from too.
  void Show(const Cutting& found);

  PositionPolicy& policy() { return policy_; }
  // Between two batches.
  bool at_start() const { return batch_.empty(); }
  // Of the steps in which it learns.
  void set_rate(double rate) { rate_ = rate; }

 private:
  void EndBatch();

  struct Trial {
    PositionPolicy::Draw draw;
    Assignment chips;
    Picos value = kDoesNotFit;
  };

  Workshop& workshop_;
  const LearnedUse use_;
  PositionPolicy policy_;
  double rate_ = PositionPolicy::kUsualRate;
  std::vector<Trial> batch_;  // the first is the mean
  std::optional<Cutting> best_;
};

}  // namespace allot::chips
