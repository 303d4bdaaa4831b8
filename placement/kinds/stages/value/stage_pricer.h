// What the stage between two downsets costs, for any width, replicas and samples in flight. Knows
// no formula: it adds up what the rule weighs. Prices are kept.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "placement/kinds/stages/problem/problem.h"
#include "placement/kinds/stages/value/block_graph.h"
#include "placement/kinds/stages/value/compiled.h"
#include "placement/kinds/stages/value/downsets.h"
#include "placement/kinds/stages/value/variant_choice.h"

namespace allot {

// Of one width, with the fastest variants.
struct StageSums {
  bool possible = false;                       // all its layers have the width
  int64_t time = 0;                            // with what goes over its boundary
  int64_t update = 0;                          // of the variants with the least
  Millibytes per_in_flight = 0, resident = 0;  // of the fastest variants
  // Of the variants that need least, each by itself.
  Millibytes least_per_in_flight = 0, least_resident = 0;
};

// The two ends between which the least load lies; the same unless a knapsack grew too large.
struct LoadRange {
  int64_t lower = 0, upper = 0;
};
inline constexpr int64_t kNoLoad = int64_t{1} << 62;  // does not fit

class StagePricer {
 public:
  StagePricer(const StagesProblem& problem, const CompiledStages& stages, const BlockGraph& blocks);

  // Forgets the prices of other families.
  void SetFamily(const Downsets& sets);

  // Whether any width may keep to the period with so many devices, and as many replicas in all
  // later stages: false is certain, and found without looking at the layers.
  bool MayKeep(size_t from, size_t to, int64_t period, int64_t devices, int64_t behind) const;
  // By number of the width. The reference lives until the next call.
  const std::vector<StageSums>& Sums(size_t from, size_t to);
  // The least load in ticks, as closely as tells whether it is within the period, if possible.
  LoadRange Load(size_t from, size_t to, size_t width, int64_t replicas, int64_t in_flight,
                 const StageSums& sums, int64_t period);
  // The stage itself, with variants that are no worse than those of Load().upper.
  PipelineStage Stage(size_t from, size_t to, size_t width, int64_t replicas, int64_t in_flight);

  int64_t work() const { return work_; }

 private:
  struct Asked {
    uint64_t stage = 0;
    int64_t width = 0, replicas = 0, in_flight = 0;
    friend bool operator==(const Asked&, const Asked&) = default;
  };
  struct Known {
    LoadRange cost;         // weighed
    bool searched = false;  // else only bounded
  };
  struct HashAsked {
    size_t operator()(const Asked& asked) const;
  };

  // Sums of all layers of a downset, of each the least that any variant has; without what goes over
  // a boundary.
  struct Total {
    int64_t lacking = 0, time = 0, update = 0;
    Millibytes per_in_flight = 0, resident = 0;
    // Of the variants that take the least time by themselves.
    Millibytes fast_per_in_flight = 0, fast_resident = 0;
  };

  // What leads out of a downset.
  struct Cut {
    bool known = false;
    int64_t ticks = 0;
    std::vector<std::pair<int32_t, int64_t>> edges;  // block, ticks
  };

  bool IsOutside(size_t from, size_t to, int32_t layer) const;
  int64_t TimeOf(size_t from, size_t to, const CompiledVariant& variant) const;
  const Cut& CutOf(size_t set);
  // What goes over the boundary of a stage, where variants make no difference.
  int64_t Boundary(size_t from, size_t to);
  void AddUp(size_t from, size_t to, std::vector<StageSums>& sums);
  // The variants of a layer that fit by themselves, weighed; `numbers` of them, if wanted.
  std::vector<VariantOption> Options(size_t from, size_t to, int32_t layer, size_t width,
                                     const ReplicaWeights& weights, int64_t in_flight,
                                     std::vector<int32_t>* numbers) const;
  // The least that a choice of variants costs, weighed, with the boundary; `fastest` is the time
  // with the fastest ones.
  LoadRange Choose(size_t from, size_t to, size_t width, const ReplicaWeights& weights,
                   int64_t in_flight, int64_t fastest, int64_t most_pairs);
  std::vector<int32_t> LayersOf(size_t from, size_t to) const;
  void SumTotals();
  // The least of what the variants have.
  static void Add(const std::vector<CompiledVariant>& variants, Total& total);

  const StagesProblem& problem_;
  const CompiledStages& stages_;
  const BlockGraph& blocks_;
  const Downsets* sets_ = nullptr;
  bool chooses_ = false;  // some layer has several variants of a width
  bool gathers_ = false;  // what some variant costs depends on where its neighbours are
  bool sends_ = false;    // some tensor takes time
  std::vector<std::vector<Total>> totals_;  // [width][set]
  std::vector<Cut> cuts_;                   // by set
  std::vector<StageSums> scratch_;
  std::unordered_map<uint64_t, std::vector<StageSums>> sums_;
  std::unordered_map<Asked, Known, HashAsked> choices_;
  int64_t work_ = 0;
};

}  // namespace allot
