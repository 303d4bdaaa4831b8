// A policy over the positions of nodes, and how it learns from what they were worth.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/chips/learning/graph_net.h"
#include "placement/kinds/chips/learning/proposer_weights.h"
#include "placement/kinds/chips/model/compiled.h"
#include "support/random.h"

namespace allot::chips {

// Positions are numbers; those from c / chips to (c + 1) / chips belong to chip c. The policy is
// Gaussian around what the network says, with noise that is the same function of the features of
// all nodes, and some of each node's own:
//
//   z = mean + spread (features . e) + (own / chips) e_v,   e, e_v normal
//
// and levelled: so far as the policy says, a position is moved to the share of the work that comes
// before its node in the order of positions that edges allow. How far is drawn and learned like the
// positions; fresh weights do not level at all.
//
// It learns by a policy gradient: of a batch of draws, better ones pull the mean towards them, in
// the metric in which the distribution changes (the natural gradient), which makes the step a
// regression on draws weighted by their rank (Peters and Schaal, "Reinforcement learning by
// reward-weighted regression", ICML 2007).
class PositionPolicy {
 public:
  static constexpr double kUsualRate = 0.004;  // of a step

  // Fresh weights.
  PositionPolicy(const Compiled& problem, std::vector<double> features, Random& random);
  // Weights that have been learned.
  PositionPolicy(const Compiled& problem, std::vector<double> features,
                 const ProposerWeights& weights);

  struct Draw {
    std::vector<double> positions;
    double levelling = 0;  // from 0, as the network says, to 1, the share of work
  };
  Draw Mean();
  Draw Explore(Random& random);

  // What to learn from: the chips that a draw was repaired to pull each position into theirs.
  struct Lesson {
    std::vector<double> positions;
    Assignment chips;
    double levelling = 0;
    double weight = 0;
  };
  // Some steps downhill on the weighted squared distances from the lessons.
  void Learn(const std::vector<Lesson>& lessons, int steps, double rate = kUsualRate);
  // A batch ended, whose best draw was better than the mean, or not.
  void AdaptSpread(bool better);

  // Exchanges what has been learned, for one that learns from several problems.
  struct Learned {
    GraphNet net;
    Adam adam;
    double spread = 0, levelling = 0;
  };
  void Exchange(Learned& other);

 private:
  const std::vector<double>& MeanPositions();
  // Nearest to a position within its chip, away from the borders.
  double Target(double position, int32_t chip) const;

  const Compiled& problem_;
  const std::vector<double> features_;
  Learned learned_;
  std::vector<double> mean_;  // before levelling; empty: not known
};

}  // namespace allot::chips
