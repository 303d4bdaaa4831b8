// Weights of a proposer, learned from many models before it meets the one at hand.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "placement/kinds/chips/learning/proposer_weights.h"
#include "placement/kinds/chips/training/families.h"

namespace allot::chips {

struct PretrainOptions {
  int64_t rounds = 2'000;  // of a batch of proposals on one model each
  uint64_t seed = 1;
  std::function<bool()> stop = nullptr;
  // Told of the mean of bound / value of the first proposals for the models held out.
  std::function<void(int64_t round, double score)> progress = nullptr;
};

struct Pretrained {
  ProposerWeights weights;
  double score = 0;  // of the models held out, by what the weights propose first
  // The same by model, those held out first.
  std::vector<std::pair<std::string, double>> scores;
};

// The model of each round is drawn; a batch of draws is repaired (or cut, every second time), and
// the policy learns from it and from the best slices known. The weights that did best on
// `held_out` are kept. Deterministic, if nothing stops it.
Pretrained Pretrain(const std::vector<MadeModel>& models, const std::vector<MadeModel>& held_out,
                    const PretrainOptions& options);

// Made-up models of all families: so many of each.
std::vector<MadeModel> MadeCorpus(uint64_t first_seed, int64_t of_each);

}  // namespace allot::chips
