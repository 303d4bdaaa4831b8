#include "placement/contiguous/contiguous_optimum.h"

#include <algorithm>
#include <utility>

#include "placement/contiguous/linear_chain.h"
#include "placement/contiguous/remaining_loads.h"
#include "placement/contiguous/stage_search.h"
#include "placement/contiguous/stages/merge_stages.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr uint64_t kSeed = 1;
constexpr int kPatience = 8;  // random orders without progress
constexpr int kProbes = 8;

class Optimizer {
 public:
  Optimizer(const StageProblem& stages, int64_t work, Picos upper, const ProgressHook& progress)
      : stages_(&stages), limit_(work), progress_(progress), upper_(upper) {}

  void Run() {
    if (stages_->num_blocks() > kMaxStageBlocks) {
      Improve(*stages_, kPatience);
      const StageIndex index(*stages_);
      const RemainingLoads loads(index);
      lower_ = loads.LowerBound(loads.All());
      return;
    }
    // Two orders give a first upper value, which lets more blocks be merged.
    Improve(*stages_, 0);
    StageProblem merged = MergeInseparable(*stages_, upper_, work_);
    Improve(merged, kPatience);
    const StageIndex index(merged);
    Descend(index);
    if (lower_ < upper_) Probe(index);
    if (best_of_merged_) {
      merged_ = std::move(merged);
      stages_ = &merged_;
    }
  }

  ContiguousResult Result(const ProblemGraph& graph) const {
    ContiguousResult result;
    result.lower = std::min(lower_, upper_);
    result.complete = lower_ >= upper_;
    result.work = work_;
    result.downsets = downsets_;
    if (best_.has_value()) {
      result.value = best_->value;
      result.solution = ToSolution(*stages_, *best_, graph);
    }
    return result;
  }

 private:
  void Improve(const StageProblem& problem, int patience) {
    Take(SearchChains(StageIndex(problem), upper_, kSeed, patience, limit_ / 4, work_),
         &problem != stages_);
  }

  void Take(std::optional<StageChain> chain, bool of_merged) {
    if (!chain.has_value()) return;
    upper_ = chain->value;
    best_ = std::move(chain);
    best_of_merged_ = of_merged;
    Report();
  }

  void Report() const {
    if (progress_) progress_(best_.has_value() ? best_->value : -1, lower_, work_);
  }

  // Asks for less and less, as long as there is something.
  void Descend(const StageIndex& index) {
    StageSearch search(index);
    lower_ = search.remaining().LowerBound(search.remaining().All());
    Report();
    while (lower_ < upper_) {
      StageSearch::Answer answer = search.Find(upper_, limit_ - limit_ / 4 - work_);
      if (!answer.complete) break;
      if (!answer.chain.has_value()) lower_ = upper_;
      Take(std::move(answer.chain), true);
    }
    Count(search);
  }

  // Asks for values in between: small ones are refuted sooner, which gives a bound.
  void Probe(const StageIndex& index) {
    const int64_t share = std::max<int64_t>(limit_ - work_, 0) / kProbes;
    Picos above = upper_;  // as much is not refuted with the share
    for (int i = 0; i < kProbes && lower_ + 1 < above; ++i) {
      const Picos middle = lower_ + (above - lower_) / 2;
      StageSearch search(index);
      StageSearch::Answer answer = search.Find(middle, share);
      Count(search);
      if (answer.complete && !answer.chain.has_value()) {
        lower_ = middle;
        Report();
      } else {
        Take(std::move(answer.chain), true);
        above = std::min(middle, upper_);
      }
    }
  }

  void Count(const StageSearch& search) {
    work_ += search.work();
    downsets_ += search.num_downsets();
  }

  const StageProblem* stages_;  // of the best chain
  StageProblem merged_;
  const int64_t limit_;
  const ProgressHook& progress_;
  Picos lower_ = 0, upper_;
  int64_t work_ = 0, downsets_ = 0;
  std::optional<StageChain> best_;
  bool best_of_merged_ = false;
};

}  // namespace

absl::StatusOr<ContiguousResult> ContiguousOptimum(const ProblemFacts& facts, int64_t work,
                                                   Picos upper, const ProgressHook& progress) {
  ALLOT_ASSIGN_OR_RETURN(const StageProblem stages,
                         BuildStageProblem(facts.problem(), facts.device_classes()));
  Optimizer optimizer(stages, work, upper, progress);
  optimizer.Run();
  return optimizer.Result(facts.graph());
}

}  // namespace allot
