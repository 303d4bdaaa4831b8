#include "placement/kinds/stages/value/stage_pricer.h"

#include <algorithm>

#include "placement/kinds/stages/value/variant_choice.h"
#include "support/units.h"

namespace allot {
namespace {

constexpr int64_t kMostPairs = 50'000;   // of a knapsack
constexpr size_t kMostKept = 2'000'000;  // prices

uint64_t StageNumber(size_t from, size_t to) { return static_cast<uint64_t>(from) << 32 | to; }

}  // namespace

size_t StagePricer::HashAsked::operator()(const Asked& asked) const {
  uint64_t hash = asked.stage * 0x9e3779b97f4a7c15u;
  for (const int64_t part : {asked.width, asked.replicas, asked.in_flight}) {
    hash = (hash ^ (hash >> 29) ^ static_cast<uint64_t>(part)) * 0xbf58476d1ce4e5b9u;
  }
  return static_cast<size_t>(hash ^ (hash >> 32));
}

StagePricer::StagePricer(const StagesProblem& problem, const CompiledStages& stages,
                         const BlockGraph& blocks)
    : problem_(problem), stages_(stages), blocks_(blocks) {
  for (size_t v = 0; v < stages.variants.size(); ++v) {
    additive_ = additive_ && stages.links[v].empty();
    for (const std::vector<CompiledVariant>& width : stages.variants[v]) {
      additive_ = additive_ && width.size() <= 1 && (width.empty() || width[0].syncs.empty());
    }
  }
  scratch_.resize(stages.widths.size());
}

void StagePricer::SetFamily(const Downsets& sets) {
  sets_ = &sets;
  sums_.clear();
  choices_.clear();
  totals_.clear();
  if (additive_) SumTotals();
}

void StagePricer::SumTotals() {
  for (size_t w = 0; w < stages_.widths.size(); ++w) {
    totals_.push_back(sets_->SumUp(Total(), [&](Total& total, int32_t block, int64_t sign) {
      for (const int32_t layer : blocks_.layers[static_cast<size_t>(block)]) {
        const auto& variants = stages_.variants[static_cast<size_t>(layer)][w];
        if (variants.empty()) {
          total.lacking += sign;
          continue;
        }
        total.time += sign * variants[0].time;
        total.update += sign * variants[0].update;
        total.per_in_flight += sign * variants[0].per_in_flight;
        total.resident += sign * variants[0].resident;
      }
    }));
  }
}

bool StagePricer::IsOutside(size_t from, size_t to, int32_t layer) const {
  const int32_t block = blocks_.block_of[static_cast<size_t>(layer)];
  return sets_->Has(from, block) || !sets_->Has(to, block);
}

int64_t StagePricer::TimeOf(size_t from, size_t to, const CompiledVariant& variant) const {
  int64_t time = variant.time;
  for (const auto& [other, ticks] : variant.syncs) {
    if (IsOutside(from, to, other)) time += ticks;
  }
  return time;
}

std::vector<int32_t> StagePricer::LayersOf(size_t from, size_t to) const {
  std::vector<int32_t> layers;
  sets_->ForEachBetween(from, to, [&](int32_t block) {
    const std::vector<int32_t>& more = blocks_.layers[static_cast<size_t>(block)];
    layers.insert(layers.end(), more.begin(), more.end());
  });
  std::sort(layers.begin(), layers.end());
  return layers;
}

void StagePricer::AddUp(size_t from, size_t to, std::vector<StageSums>& sums) {
  for (StageSums& each : sums) each = {.possible = true};
  int64_t boundary = 0;
  sets_->ForEachBetween(from, to, [&](int32_t block) {
    for (const int32_t layer : blocks_.layers[static_cast<size_t>(block)]) {
      const auto v = static_cast<size_t>(layer);
      ++work_;
      for (const auto& [other, ticks] : stages_.links[v]) {
        if (IsOutside(from, to, other)) boundary += ticks;
      }
      for (size_t w = 0; w < sums.size(); ++w) {
        StageSums& sum = sums[w];
        if (stages_.variants[v][w].empty()) sum.possible = false;
        if (!sum.possible) continue;
        const CompiledVariant* fastest = nullptr;
        int64_t time = 0, update = kNoLoad;
        for (const CompiledVariant& variant : stages_.variants[v][w]) {
          const int64_t mine = TimeOf(from, to, variant);
          update = std::min(update, variant.update);
          const bool better = fastest == nullptr || mine < time ||
                              (mine == time && variant.Memory(1) < fastest->Memory(1));
          if (better) fastest = &variant, time = mine;
        }
        sum.time += time;
        sum.update += update;
        sum.per_in_flight = SaturatingAdd(sum.per_in_flight, fastest->per_in_flight);
        sum.resident = SaturatingAdd(sum.resident, fastest->resident);
      }
    }
  });
  for (StageSums& each : sums) each.time += boundary;
}

const std::vector<StageSums>& StagePricer::Sums(size_t from, size_t to) {
  if (additive_) {
    const size_t widths = scratch_.size();
    for (size_t w = 0; w < widths; ++w) {
      const Total &low = totals_[w][from], &high = totals_[w][to];
      scratch_[w] = {low.lacking == high.lacking, high.time - low.time, high.update - low.update,
                     high.per_in_flight - low.per_in_flight, high.resident - low.resident};
    }
    return scratch_;
  }
  if (sums_.size() >= kMostKept) {
    AddUp(from, to, scratch_);
    return scratch_;
  }
  const auto [at, added] = sums_.try_emplace(StageNumber(from, to));
  if (added) {
    at->second.resize(stages_.widths.size());
    AddUp(from, to, at->second);
  }
  return at->second;
}

LoadRange StagePricer::Load(size_t from, size_t to, size_t width, int64_t replicas,
                            int64_t in_flight, const StageSums& sums) {
  const ReplicaWeights weights = WeightsOf(problem_.rule, replicas);
  const Millibytes fast_memory =
      SaturatingAdd(SaturatingMultiply(sums.per_in_flight, in_flight), sums.resident);
  if (stages_.one_update && (!problem_.has_memory || fast_memory <= problem_.memory)) {
    const int64_t load = LoadOf(weights, sums.time, sums.update);
    return {load, load};
  }
  if (additive_) return {kNoLoad, kNoLoad};
  // What is chosen depends on the replicas only if that decides what synchronising costs.
  const Asked asked{StageNumber(from, to), static_cast<int64_t>(width),
                    stages_.one_update ? 0 : replicas, problem_.has_memory ? in_flight : 0};
  const auto found = choices_.find(asked);
  LoadRange times;  // weighed, if not one_update
  if (found != choices_.end()) {
    times = found->second;
  } else {
    const std::vector<int32_t> layers = LayersOf(from, to);
    std::vector<std::vector<VariantOption>> options(layers.size());
    int64_t fastest = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      int64_t least = kNoLoad;
      for (const CompiledVariant& variant :
           stages_.variants[static_cast<size_t>(layers[i])][width]) {
        const int64_t time = TimeOf(from, to, variant);
        least = std::min(least, time);
        const Millibytes memory = problem_.has_memory ? variant.Memory(in_flight) : 0;
        if (problem_.has_memory && memory > problem_.memory) continue;
        options[i].push_back(
            {stages_.one_update ? time : weights.time * time + weights.update * variant.update,
             memory});
      }
      fastest += least;
      work_ += 4;
    }
    const bool none =
        std::any_of(options.begin(), options.end(), [](const auto& each) { return each.empty(); });
    times = {kNoLoad, kNoLoad};
    if (!none) {
      const VariantChoice choice = ChooseVariants(options, problem_.memory, kMostPairs);
      const int64_t boundary = (stages_.one_update ? 1 : weights.time) * (sums.time - fastest);
      if (choice.possible) times = {choice.lower + boundary, choice.cost + boundary};
    }
    if (choices_.size() >= kMostKept) choices_.clear();
    choices_.emplace(asked, times);
  }
  if (times.lower == kNoLoad) return times;
  const auto load = [&](int64_t time) {
    if (stages_.one_update) return LoadOf(weights, time, sums.update);
    return (time + weights.divisor - 1) / weights.divisor;
  };
  return {load(times.lower), load(times.upper)};
}

PipelineStage StagePricer::Stage(size_t from, size_t to, size_t width, int64_t replicas,
                                 int64_t in_flight) {
  PipelineStage stage{LayersOf(from, to), {}, stages_.widths[width], replicas};
  const ReplicaWeights weights = WeightsOf(problem_.rule, replicas);
  std::vector<std::vector<VariantOption>> options;
  std::vector<std::vector<int32_t>> numbers;
  for (const int32_t layer : stage.layers) {
    options.emplace_back();
    numbers.emplace_back();
    for (const CompiledVariant& variant : stages_.variants[static_cast<size_t>(layer)][width]) {
      const Millibytes memory = problem_.has_memory ? variant.Memory(in_flight) : 0;
      if (problem_.has_memory && memory > problem_.memory) continue;
      options.back().push_back(
          {weights.time * TimeOf(from, to, variant) + weights.update * variant.update, memory});
      numbers.back().push_back(variant.number);
    }
  }
  const VariantChoice choice = ChooseVariants(options, problem_.memory, kMostPairs);
  for (size_t i = 0; i < stage.layers.size(); ++i) {
    stage.variants.push_back(numbers[i][static_cast<size_t>(choice.option[i])]);
  }
  return stage;
}

}  // namespace allot
