#include "placement/blocks/choose_widths.h"

#include <algorithm>
#include <utility>

#include "placement/blocks/chain_search.h"

namespace allot {
namespace {

// Of memory: tensors need some besides what is resident. Where nothing fits otherwise, all of it.
constexpr int64_t kRooms[] = {970, 1000};

class WidthChoice {
 public:
  WidthChoice(const PlacementProblem& problem, const BlockChain& chain,
              const BlockPlanOptions& options)
      : problem_(problem), chain_(chain), options_(options), by_speed_(KindsBySpeed(chain)) {}

  std::optional<ChosenWidths> Run() {
    const size_t kinds = chain_.kinds().size();
    for (const size_t least : chain_.Widths()) {
      if (problem_.objective == PlacementObjective::kLatency) {
        TryFirstThrough(least);
        continue;
      }
      TryGroups(least, kinds);
      if (options_.latency_limit == 0) continue;
      // What is slow does without.
      for (size_t use = 1; use < kinds; ++use) TryGroups(least, use);
      TryFirstThrough(least);
    }
    return std::move(best_);
  }

 private:
  // Of the `use` fastest kinds, shared out among so many groups.
  ChainQuestion Question(size_t groups, size_t use, size_t least, int64_t room) const {
    ChainQuestion question;
    question.counts.assign(chain_.kinds().size(), 0);
    for (size_t i = 0; i < use; ++i) {
      question.counts[by_speed_[i]] = chain_.kinds()[by_speed_[i]].size() / groups;
    }
    question.whole_blocks = false;
    question.room_permille = room;
    question.least_width = least;
    return question;
  }

  Picos LatencyOf(const std::vector<ChainRange>& ranges) const {
    Picos sum = 0;
    for (const ChainRange& range : ranges) {
      // Where a range ends within a block, it is on one device.
      sum = SaturatingAdd(
          sum, chain_.Latency(range.kind, range.width, range.begin, range.end).value_or(kMaxPicos));
      if (range.begin > 0) sum = SaturatingAdd(sum, chain_.Crossing(range.begin));
    }
    return sum;
  }

  void TryFirstThrough(size_t least) {
    for (const int64_t room : kRooms) {
      const auto ranges =
          LeastLatencyChain(problem_, chain_, Question(1, by_speed_.size(), least, room));
      if (!ranges.has_value()) continue;
      const bool latency = problem_.objective == PlacementObjective::kLatency;
      Take(*ranges, latency ? LatencyOf(*ranges) : PeriodOf(*ranges));
      return;
    }
  }

  Picos PeriodOf(const std::vector<ChainRange>& ranges) const {
    Picos most = 0;
    for (const ChainRange& range : ranges) {
      const Picos load =
          chain_.Load(range.kind, range.width, range.begin, range.end).value_or(kMaxPicos);
      most = std::max({most, load, range.begin > 0 ? chain_.Crossing(range.begin) : 0});
    }
    return most;
  }

  void TryGroups(size_t least, size_t use) {
    size_t most = 1;
    for (size_t i = 0; i < use && options_.turns; ++i) {
      most = std::max(most, chain_.kinds()[by_speed_[i]].size());
    }
    most = std::min(most, static_cast<size_t>(kMaxLaneCycle));
    std::vector<size_t> before;
    for (size_t groups = most; groups >= 1; --groups) {
      const std::vector<size_t> counts = Question(groups, use, least, kRooms[0]).counts;
      if (counts == before) continue;  // more groups of the same
      before = counts;
      for (const int64_t room : kRooms) {
        const std::optional<PeriodChain> found = LeastPeriodChain(
            problem_, chain_, Question(groups, use, least, room), kCutSlackPermille);
        if (!found.has_value()) continue;
        const auto count = static_cast<Picos>(groups);
        Take(found->ranges, (found->period + count - 1) / count);
        break;
      }
    }
  }

  void Take(const std::vector<ChainRange>& ranges, Picos value) {
    if (options_.latency_limit > 0 && LatencyOf(ranges) > options_.latency_limit) return;
    if (best_.has_value() && best_->value <= value) return;
    best_ = ChosenWidths{std::vector<size_t>(chain_.num_blocks(), 1), value};
    for (const ChainRange& range : ranges) {
      if (range.width == 1) continue;
      const size_t end =
          range.end == chain_.size() ? chain_.num_blocks() : chain_.BlockAt(range.end);
      for (size_t block = chain_.BlockAt(range.begin); block < end; ++block) {
        best_->width[block] = range.width;
      }
    }
  }

  static constexpr int64_t kCutSlackPermille = 5;  // as PlanByBlocks() has it

  const PlacementProblem& problem_;
  const BlockChain& chain_;
  const BlockPlanOptions& options_;
  const std::vector<size_t> by_speed_;  // kinds
  std::optional<ChosenWidths> best_;
};

}  // namespace

bool ChosenWidths::divided() const {
  return std::any_of(width.begin(), width.end(), [](size_t each) { return each > 1; });
}

std::optional<ChosenWidths> ChooseWidths(const PlacementProblem& problem, const BlockChain& chain,
                                         const BlockPlanOptions& options) {
  if (chain.size() == 0) return std::nullopt;
  return WidthChoice(problem, chain, options).Run();
}

}  // namespace allot
