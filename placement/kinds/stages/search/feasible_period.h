// Whether a pipeline keeps to a period, with the cuts between its stages from a family of downsets.
// Dynamic programming from the last stage to the first, as Piper does it (Tarnawski et al., NeurIPS
// 2021), turned round: not the best period for each number of devices and replicas, but the
// undominated pairs of devices and replicas for one period. So it need not know all devices apart,
// and what cannot lead to an answer with the devices that are left is never looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "placement/kinds/stages/problem/problem.h"
#include "placement/kinds/stages/value/block_graph.h"
#include "placement/kinds/stages/value/compiled.h"
#include "placement/kinds/stages/value/downsets.h"
#include "placement/kinds/stages/value/stage_pricer.h"

namespace allot {

// What may still be spent.
struct StageWork {
  int64_t spent = 0, limit = 0;
  std::function<bool()> stop;

  bool Exhausted() const { return spent >= limit || stopped; }
  bool stopped = false;
};

// A stage of an answer, by numbers of downsets, and of the width.
struct StageCut {
  size_t from = 0, to = 0, width = 0;
  int64_t replicas = 1, in_flight = 1;
};

enum class PeriodAnswer {
  kFits,
  kFitsNot,  // proved, for this family
  kMayFit,   // none found, none refuted: a knapsack grew too large
  kOutOfWork,
};

class PeriodTest {
 public:
  // `sets` has the empty set and the full one.
  PeriodTest(const StagesProblem& problem, const CompiledStages& stages, const BlockGraph& blocks,
             const Downsets& sets, StagePricer& pricer);

  // `cuts`, from first to last, if it fits. `relaxed`: by the lower ends of loads, so that kFitsNot
  // is a proof where kMayFit was none, and kFits means nothing.
  PeriodAnswer Run(int64_t period, bool relaxed, StageWork& work, std::vector<StageCut>& cuts);

 private:
  // A way to run all behind a downset.
  struct Tail {
    int64_t devices = 0, replicas = 0;
    int32_t next = -1;  // its own tail, behind its first stage
    StageCut first;
  };

  bool Prepare(int64_t period);
  bool Extend(size_t at, int64_t period, StageWork& work);
  void Stages(size_t from, size_t to, const std::vector<int32_t>& tails, int64_t period,
              int64_t before, StageWork& work);
  void Add(size_t set, const Tail& tail);
  // Devices that so many device ticks need, rounded up.
  static int64_t Needed(int64_t ticks, int64_t period) {
    return period == 0 ? (ticks > 0 ? kNoLoad : 0) : (ticks + period - 1) / period;
  }

  const StagesProblem& problem_;
  const CompiledStages& stages_;
  const BlockGraph& blocks_;
  const Downsets& sets_;
  StagePricer& pricer_;
  const bool counts_replicas_;
  std::vector<int64_t> size_of_;             // blocks of a set
  std::vector<int64_t> ticks_;               // that a set needs at least, by set
  std::vector<size_t> order_;                // of the sets: rising ticks, then sizes
  std::vector<int64_t> sorted_ticks_;        // in that order
  std::vector<std::vector<int32_t>> tails_;  // of a set, by rising devices and falling replicas
  std::vector<Tail> all_tails_;
  bool vague_ = false, relaxed_ = false;
};

}  // namespace allot
