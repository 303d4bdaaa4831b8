#include "placement/kinds/stages/value/stage_pricer.h"

#include <algorithm>

#include "support/units.h"

namespace allot {
namespace {

constexpr int64_t kPairsPerStep = 2, kStepsPerChoice = 6;
constexpr int64_t kMostPairs = 20'000;   // of a knapsack
constexpr size_t kMostKept = 2'000'000;  // prices

uint64_t StageNumber(size_t from, size_t to) { return static_cast<uint64_t>(from) << 32 | to; }

bool IsFaster(const CompiledVariant& variant, int64_t time, const CompiledVariant& than,
              int64_t its_time) {
  return time != its_time ? time < its_time : variant.Memory(1) < than.Memory(1);
}

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
    sends_ = sends_ || !stages.links[v].empty();
    for (const std::vector<CompiledVariant>& width : stages.variants[v]) {
      chooses_ = chooses_ || width.size() > 1;
      for (const CompiledVariant& variant : width) gathers_ = gathers_ || !variant.syncs.empty();
    }
  }
  scratch_.resize(stages.widths.size());
}

void StagePricer::SetFamily(const Downsets& sets) {
  sets_ = &sets;
  sums_.clear();
  choices_.clear();
  totals_.clear();
  SumTotals();
  cuts_.assign(gathers_ || !sends_ ? 0 : sets.size(), {});
}

void StagePricer::SumTotals() {
  for (size_t w = 0; w < stages_.widths.size(); ++w) {
    std::vector<Total> least(blocks_.size());
    for (size_t block = 0; block < blocks_.size(); ++block) {
      for (const int32_t layer : blocks_.layers[block]) {
        Add(stages_.variants[static_cast<size_t>(layer)][w], least[block]);
      }
    }
    totals_.push_back(sets_->SumUp(Total(), [&](Total& total, int32_t block, int64_t sign) {
      const Total& more = least[static_cast<size_t>(block)];
      total.lacking += sign * more.lacking;
      total.time += sign * more.time;
      total.update += sign * more.update;
      total.per_in_flight += sign * more.per_in_flight;
      total.resident += sign * more.resident;
      total.fast_per_in_flight += sign * more.fast_per_in_flight;
      total.fast_resident += sign * more.fast_resident;
    }));
  }
}

void StagePricer::Add(const std::vector<CompiledVariant>& variants, Total& total) {
  if (variants.empty()) {
    ++total.lacking;
    return;
  }
  Total least{0, kNoLoad, kNoLoad, kNoLoad, kNoLoad};
  const CompiledVariant* fastest = &variants[0];
  for (const CompiledVariant& variant : variants) {
    least.time = std::min(least.time, variant.time);
    least.update = std::min(least.update, variant.update);
    least.per_in_flight = std::min(least.per_in_flight, variant.per_in_flight);
    least.resident = std::min(least.resident, variant.resident);
    if (IsFaster(variant, variant.time, *fastest, fastest->time)) fastest = &variant;
  }
  total.fast_per_in_flight += fastest->per_in_flight;
  total.fast_resident += fastest->resident;
  total.time += least.time;
  total.update += least.update;
  total.per_in_flight += least.per_in_flight;
  total.resident += least.resident;
}

bool StagePricer::MayKeep(size_t from, size_t to, int64_t period, int64_t devices,
                          int64_t behind) const {
  for (size_t w = 0; w < totals_.size(); ++w) {
    const Total &low = totals_[w][from], &high = totals_[w][to];
    if (low.lacking != high.lacking) continue;
    const int64_t most = devices / stages_.widths[w];
    // The load is no less than time / replicas.
    if (most < 1 || SaturatingMultiply(period, most) < high.time - low.time) continue;
    if (!problem_.has_memory) return true;
    const int64_t in_flight = 1 + (behind + most - 1) / most;
    const Millibytes memory =
        SaturatingAdd(SaturatingMultiply(high.per_in_flight - low.per_in_flight, in_flight),
                      high.resident - low.resident);
    if (memory <= problem_.memory) return true;
  }
  return false;
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
        Millibytes per_in_flight = kNoLoad, resident = kNoLoad;
        for (const CompiledVariant& variant : stages_.variants[v][w]) {
          const int64_t mine = TimeOf(from, to, variant);
          update = std::min(update, variant.update);
          per_in_flight = std::min(per_in_flight, variant.per_in_flight);
          resident = std::min(resident, variant.resident);
          const bool better = fastest == nullptr || mine < time ||
                              (mine == time && variant.Memory(1) < fastest->Memory(1));
          if (better) fastest = &variant, time = mine;
        }
        sum.time += time;
        sum.update += update;
        sum.per_in_flight = SaturatingAdd(sum.per_in_flight, fastest->per_in_flight);
        sum.resident = SaturatingAdd(sum.resident, fastest->resident);
        sum.least_per_in_flight = SaturatingAdd(sum.least_per_in_flight, per_in_flight);
        sum.least_resident = SaturatingAdd(sum.least_resident, resident);
      }
    }
  });
  for (StageSums& each : sums) each.time += boundary;
}

const StagePricer::Cut& StagePricer::CutOf(size_t set) {
  Cut& cut = cuts_[set];
  if (cut.known) return cut;
  cut.known = true;
  for (size_t block = 0; block < blocks_.size(); ++block) {
    if (!sets_->Has(set, static_cast<int32_t>(block))) continue;
    for (const int32_t layer : blocks_.layers[block]) {
      for (const auto& [other, ticks] : stages_.links[static_cast<size_t>(layer)]) {
        const int32_t to = blocks_.block_of[static_cast<size_t>(other)];
        if (sets_->Has(set, to)) continue;
        cut.ticks += ticks;
        cut.edges.emplace_back(to, ticks);
      }
    }
  }
  return cut;
}

// What leads out of the first set into the stage, and out of the stage: all that leads out of both
// sets but what passes the stage by, which is in both.
int64_t StagePricer::Boundary(size_t from, size_t to) {
  if (!sends_) return 0;
  int64_t ticks = CutOf(to).ticks;
  for (const auto& [block, each] : CutOf(from).edges) {
    ticks += sets_->Has(to, block) ? each : -each;
  }
  return ticks;
}

const std::vector<StageSums>& StagePricer::Sums(size_t from, size_t to) {
  if (!gathers_) {
    const int64_t boundary = Boundary(from, to);
    for (size_t w = 0; w < scratch_.size(); ++w) {
      const Total &low = totals_[w][from], &high = totals_[w][to];
      scratch_[w] = {low.lacking == high.lacking,
                     high.time - low.time + boundary,
                     high.update - low.update,
                     high.fast_per_in_flight - low.fast_per_in_flight,
                     high.fast_resident - low.fast_resident,
                     high.per_in_flight - low.per_in_flight,
                     high.resident - low.resident};
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
                            int64_t in_flight, const StageSums& sums, int64_t period) {
  const ReplicaWeights weights = WeightsOf(problem_.rule, replicas);
  const auto fits = [&](Millibytes per_in_flight, Millibytes resident) {
    return !problem_.has_memory ||
           SaturatingAdd(SaturatingMultiply(per_in_flight, in_flight), resident) <= problem_.memory;
  };
  if (stages_.one_update && fits(sums.per_in_flight, sums.resident)) {
    const int64_t load = LoadOf(weights, sums.time, sums.update);
    return {load, load};
  }
  if (!chooses_ || !fits(sums.least_per_in_flight, sums.least_resident)) return {kNoLoad, kNoLoad};
  // What is chosen depends on the replicas only if that decides what synchronising costs.
  const Asked asked{StageNumber(from, to), static_cast<int64_t>(width),
                    stages_.one_update ? 0 : replicas, problem_.has_memory ? in_flight : 0};
  auto found = choices_.find(asked);
  if (found == choices_.end()) {
    if (choices_.size() >= kMostKept) choices_.clear();
    const LoadRange bounded = Choose(from, to, width, weights, in_flight, sums.time, 0);
    found = choices_.emplace(asked, Known{bounded, bounded.lower == bounded.upper}).first;
  }
  Known& known = found->second;
  const auto load = [&](int64_t cost) {
    if (cost == kNoLoad) return kNoLoad;
    if (stages_.one_update) return LoadOf(weights, cost, sums.update);
    return (cost + weights.divisor - 1) / weights.divisor;
  };
  if (!known.searched && load(known.cost.lower) <= period && load(known.cost.upper) > period) {
    known = {Choose(from, to, width, weights, in_flight, sums.time, kMostPairs), true};
  }
  return {load(known.cost.lower), load(known.cost.upper)};
}

std::vector<VariantOption> StagePricer::Options(size_t from, size_t to, int32_t layer, size_t width,
                                                const ReplicaWeights& weights, int64_t in_flight,
                                                std::vector<int32_t>* numbers) const {
  std::vector<VariantOption> options;
  for (const CompiledVariant& variant : stages_.variants[static_cast<size_t>(layer)][width]) {
    const Millibytes memory = problem_.has_memory ? variant.Memory(in_flight) : 0;
    if (problem_.has_memory && memory > problem_.memory) continue;
    const int64_t time = TimeOf(from, to, variant);
    options.push_back({weights.time * time + weights.update * variant.update, memory});
    if (numbers != nullptr) numbers->push_back(variant.number);
  }
  return options;
}

LoadRange StagePricer::Choose(size_t from, size_t to, size_t width, const ReplicaWeights& weights,
                              int64_t in_flight, int64_t fastest, int64_t most_pairs) {
  // With one update for all variants of a layer it is no part of the choice.
  const ReplicaWeights used = stages_.one_update ? ReplicaWeights{1, 0, 1} : weights;
  int64_t without_boundary = 0;
  std::vector<std::vector<VariantOption>> options;
  for (const int32_t layer : LayersOf(from, to)) {
    options.push_back(Options(from, to, layer, width, used, in_flight, nullptr));
    work_ += kStepsPerChoice;
    if (options.back().empty()) return {kNoLoad, kNoLoad};
    int64_t least = kNoLoad;
    for (const CompiledVariant& variant : stages_.variants[static_cast<size_t>(layer)][width]) {
      least = std::min(least, TimeOf(from, to, variant));
    }
    without_boundary += least;
  }
  const VariantChoice choice = ChooseVariants(options, problem_.memory, most_pairs);
  work_ += choice.pairs / kPairsPerStep;
  if (!choice.possible) return {kNoLoad, kNoLoad};
  const int64_t boundary = used.time * (fastest - without_boundary);
  return {choice.lower + boundary, choice.cost + boundary};
}

PipelineStage StagePricer::Stage(size_t from, size_t to, size_t width, int64_t replicas,
                                 int64_t in_flight) {
  PipelineStage stage{LayersOf(from, to), {}, stages_.widths[width], replicas};
  const ReplicaWeights weights = WeightsOf(problem_.rule, replicas);
  std::vector<std::vector<VariantOption>> options;
  std::vector<std::vector<int32_t>> numbers(stage.layers.size());
  for (size_t i = 0; i < stage.layers.size(); ++i) {
    options.push_back(Options(from, to, stage.layers[i], width, weights, in_flight, &numbers[i]));
  }
  const VariantChoice choice = ChooseVariants(options, problem_.memory, kMostPairs);
  for (size_t i = 0; i < stage.layers.size(); ++i) {
    stage.variants.push_back(numbers[i][static_cast<size_t>(choice.option[i])]);
  }
  return stage;
}

}  // namespace allot
