#include "placement/kinds/training/bounds/stage_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "placement/kinds/training/model/costs.h"

namespace allot {
namespace {

constexpr int64_t kWidestReduce = 4;
constexpr double kSlack = 1e-9;
constexpr double kMostRent = 1e18;  // beyond that sums lose the times that they are for
constexpr int kSteps = 100;         // of a search over prices

}  // namespace

StageBound::StageBound(const TrainingTables& tables, const std::vector<TrainingSort>& sorts)
    : tables_(tables), sorts_(sorts), speeds_(tables.problem(), sorts) {}

std::vector<StageBound::Choice> StageBound::Choices(int64_t micro_batch) const {
  std::vector<Choice> choices;
  for (size_t c = 0; c < sorts_.size(); ++c) {
    const int64_t pool = sorts_[c].pools[0];
    for (const int64_t width : tables_.widths(pool)) {
      if (tables_.Profiled(pool, micro_batch, width)) choices.push_back({c, width});
    }
  }
  return choices;
}

// By first and last layer: the least all-reduce of a stage in which some replica is as `choice`.
const std::vector<double>& StageBound::Reduces(const Choice& choice, int64_t replicas,
                                               int64_t micro_batch, int64_t micro_batches) {
  const int64_t width = std::min(choice.width, kWidestReduce);
  const auto [found, is_new] =
      reduces_.insert({{choice.sort, width, micro_batch, micro_batches}, {}});
  if (!is_new) return found->second;
  int64_t most = 0;  // replicas that leave as many micro-batches
  for (const TrainingSort& sort : sorts_) most += sort.count;
  if (micro_batches > 1) {
    const int64_t at_once = micro_batch * (micro_batches - 1);
    most = (tables_.problem().global_batch + at_once - 1) / at_once - 1;
  }
  const int64_t layers = tables_.layers();
  found->second.assign(static_cast<size_t>(layers * layers), 0.0);
  for (int64_t first = 0; first < layers; ++first) {
    for (int64_t last = first; last < layers; ++last) {
      const double bytes =
          static_cast<double>(tables_.Parameters(first, last)) / static_cast<double>(width);
      found->second[static_cast<size_t>(first * layers + last)] =
          speeds_.Least(choice.sort, bytes, replicas, std::max(most, replicas));
    }
  }
  return found->second;
}

Picos StageBound::Cheapest(const Choice& choice, Bytes bytes) {
  const auto [found, is_new] =
      cheapest_.insert({{{choice.sort, choice.width}, bytes}, kNeverPicos});
  if (!is_new) return found->second;
  const bool own = tables_.problem().cost == TrainingCost::kOwn;
  for (const int64_t from : sorts_[choice.sort].pools) {
    for (const TrainingSort& other : sorts_) {
      for (const int64_t to : other.pools) {
        for (const int64_t width : tables_.widths(to)) {
          Picos time = tables_.Transfer(from, choice.width, to, width, bytes);
          if (own) time = AddPicos(time, tables_.Transfer(to, width, from, choice.width, bytes));
          found->second = std::min(found->second, time);
        }
      }
    }
  }
  return found->second;
}

Picos StageBound::BoundaryCost(const Choice& choice, Bytes bytes) {
  const Picos time = Cheapest(choice, bytes);
  return tables_.problem().cost == TrainingCost::kOwn ? OwnTransfer(time, 2 * bytes) : time;
}

Picos StageBound::At(int64_t micro_batch, int64_t micro_batches, int64_t stages, Picos value,
                     const TrainingPrices& prices, TrainingPrices* slopes,
                     const StageLimits& limits) {
  const TrainingProblem& problem = tables_.problem();
  const bool own = problem.cost == TrainingCost::kOwn;
  const int64_t layers = tables_.layers(), at_once = micro_batch * micro_batches;
  const int64_t replicas = (problem.global_batch + at_once - 1) / at_once;
  const auto d = static_cast<double>(replicas), turns = static_cast<double>(micro_batches - 1);
  const std::vector<Choice> choices = Choices(micro_batch);
  const auto output = [&](int64_t layer) {
    return problem.layers[static_cast<size_t>(layer)].output * micro_batch;
  };
  // What a stage that keeps its GPUs busy for a picosecond costs, and for each byte of parameters.
  std::vector<double> busy, rent;
  std::vector<const std::vector<double>*> reduce;
  const double even = turns / static_cast<double>(stages);
  std::vector<TrainingRow> rows;
  double given_back = 0;
  for (const double each : prices.rents) given_back += each;
  // What rounds down to less than `value`.
  const double limit = (static_cast<double>(value) + given_back) * (1 + 2 * kSlack) +
                       static_cast<double>(stages) + 4;
  for (const Choice& choice : choices) {
    rows.push_back(tables_.Row(sorts_[choice.sort].pools[0], micro_batch, choice.width));
    const double part =
        d * static_cast<double>(choice.width) / static_cast<double>(sorts_[choice.sort].count);
    busy.push_back(turns * part);
    rent.push_back(part * prices.rents[choice.sort]);
    reduce.push_back(&Reduces(choice, replicas, micro_batch, micro_batches));
  }
  std::vector<std::vector<Cell>> cells(static_cast<size_t>(stages) + 1,
                                       std::vector<Cell>(static_cast<size_t>(layers) + 1));
  cells[0][0].reached = true;
  for (int64_t i = 0; i < stages; ++i) {
    const bool starts = i == 0, ends = i + 1 == stages;
    for (int64_t first = i; first < layers; ++first) {
      const Cell& before = cells[static_cast<size_t>(i)][static_cast<size_t>(first)];
      if (!before.reached) continue;
      for (size_t k = 0; k < choices.size(); ++k) {
        const Choice& choice = choices[k];
        const double factor = prices.shares[choice.sort] * busy[k] + prices.even * even + 1;
        Picos up = 0;
        if (!starts) up = BoundaryCost(choice, own ? output(first - 1) : output(first));
        if (ends && !own) up = TimesPicos(2, up);
        const int64_t most = layers - (stages - i - 1);
        for (int64_t last = ends ? layers - 1 : first; last < most; ++last) {
          ++work_;
          if (!rows[k].Fits(first, last, stages - i)) break;
          const Picos compute = rows[k].Compute(first, last);
          if (compute + up > limits.slowest) break;
          if (before.value + rent[k] + factor * static_cast<double>(compute) > limit) break;
          Picos down = ends ? 0 : BoundaryCost(choice, output(last));
          if (starts && stages > 3 && !own) down = TimesPicos(2, down);
          const Picos time = AddPicos(compute, AddPicos(up, down));
          if (time >= kNeverPicos || time > limits.slowest) continue;
          const double all_reduce = (*reduce[k])[static_cast<size_t>(first * layers + last)];
          if (all_reduce * (1 - kSlack) > static_cast<double>(limits.reduce) + 1) continue;
          const double cost = before.value + rent[k] + factor * static_cast<double>(time) +
                              (limits.free_reduce ? 0 : all_reduce / static_cast<double>(stages));
          Cell& cell = cells[static_cast<size_t>(i) + 1][static_cast<size_t>(last) + 1];
          if (!(cost <= limit)) continue;
          if (!cell.reached || cost < cell.value) cell = {cost, first, k, true};
        }
      }
    }
  }
  const Cell* cell = &cells.back().back();
  if (!cell->reached || cell->value >= static_cast<double>(kNeverPicos)) return kNeverPicos;
  // Far out, where rents are large, it is below 0 and says nothing.
  const double exact =
      cell->value - given_back - cell->value * kSlack - static_cast<double>(stages + 2);
  const Picos bound = exact > 0 ? static_cast<Picos>(std::floor(exact)) : 0;
  if (slopes != nullptr) {
    slopes->shares.assign(sorts_.size(), 0.0);
    slopes->rents.assign(sorts_.size(), -1.0);
    slopes->even = 0;
    int64_t end = layers;
    for (int64_t i = stages; i > 0; --i) {
      cell = &cells[static_cast<size_t>(i)][static_cast<size_t>(end)];
      const size_t k = cell->choice, sort = choices[k].sort;
      const auto time = static_cast<double>(rows[k].Compute(cell->first, end - 1));
      slopes->shares[sort] += busy[k] * time;
      slopes->even += even * time;
      slopes->rents[sort] +=
          d * static_cast<double>(choices[k].width) / static_cast<double>(sorts_[sort].count);
      end = cell->first;
    }
  }
  return bound;
}

// Subgradients with steps by Polyak's rule, towards `value`: what is asked for more than it is
// there becomes dearer.
Picos StageBound::Best(int64_t micro_batch, int64_t micro_batches, int64_t stages, Picos value,
                       TrainingPrices& prices) {
  TrainingPrices slopes, at = prices;
  Picos best = 0;
  double pace = 1;
  int stuck = 0;
  for (int step = 0; step < kSteps; ++step) {
    const Picos here = At(micro_batch, micro_batches, stages, value, at, &slopes);
    if (here >= kNeverPicos) return here;
    if (here > best) {
      best = here, prices = at, stuck = 0;
    } else if (++stuck == 3) {
      pace /= 2, stuck = 0, at = prices;
      continue;
    }
    // Shares are counted in picoseconds, too: of what there is to gain.
    const auto scale = static_cast<double>(value >= kNeverPicos ? 2 * best : value);
    double mean = slopes.even, square = 0, sum = 0;
    for (const double slope : slopes.shares) mean += slope;
    mean /= static_cast<double>(at.shares.size() + 1);
    const auto per_scale = [&](double slope) { return (slope - mean) / scale; };
    square += per_scale(slopes.even) * per_scale(slopes.even);
    for (size_t c = 0; c < at.shares.size(); ++c) {
      const bool held = at.rents[c] <= 0 && slopes.rents[c] < 0;
      square += per_scale(slopes.shares[c]) * per_scale(slopes.shares[c]) +
                (held ? 0 : slopes.rents[c] * slopes.rents[c]);
    }
    if (!(square > 0)) break;
    const double size = pace * (scale - static_cast<double>(here)) / square;
    sum = at.even = std::max(0.0, at.even + size * per_scale(slopes.even) / scale);
    for (size_t c = 0; c < at.shares.size(); ++c) {
      at.shares[c] = std::max(0.0, at.shares[c] + size * per_scale(slopes.shares[c]) / scale);
      at.rents[c] = std::clamp(at.rents[c] + size * slopes.rents[c], 0.0, kMostRent);
      sum += at.shares[c];
    }
    if (!(sum > 0)) break;
    for (double& each : at.shares) each /= sum;
    at.even /= sum;
  }
  return best;
}

Picos StageBound::SumAtBestRents(int64_t micro_batch, int64_t micro_batches, int64_t stages,
                                 Picos value, const StageLimits& limits) {
  constexpr int kRentSteps = 40;
  TrainingPrices at, slopes;
  at.shares.assign(sorts_.size(), 0.0);
  at.rents.assign(sorts_.size(), 0.0);
  Picos best = 0;
  double pace = 1;
  int stuck = 0;
  for (int step = 0; step < kRentSteps; ++step) {
    const Picos here = At(micro_batch, micro_batches, stages, value, at, &slopes, limits);
    if (here >= value) return kNeverPicos;
    stuck = here > best ? 0 : stuck + 1;
    best = std::max(best, here);
    if (stuck == 4) pace /= 2, stuck = 0;
    double square = 0;
    for (size_t c = 0; c < at.rents.size(); ++c) {
      const bool held = at.rents[c] <= 0 && slopes.rents[c] < 0;
      square += held ? 0 : slopes.rents[c] * slopes.rents[c];
    }
    if (!(square > 1e-12)) break;
    const double size = pace * static_cast<double>(value - here) * 1.1 / square;
    for (size_t c = 0; c < at.rents.size(); ++c) {
      at.rents[c] = std::clamp(at.rents[c] + size * slopes.rents[c], 0.0, kMostRent);
    }
  }
  return best;
}

// Calls of(from, to) for pieces that cover [0, most], and returns the least of what it returns of
// those that are not kNeverPicos. `of` must be kNeverPicos for all pieces below one that is, as no
// plan is that short; pieces from there on grow, and end where `least` of what is left is too much.
template <typename Of, typename Least>
Picos OfPieces(Picos most, double step, const Of& of, const Least& least) {
  constexpr Picos kShort = 1000;
  Picos low = 0, high = most;
  while (static_cast<double>(high) > static_cast<double>(std::max(low, kShort)) * step) {
    const Picos middle = low + (high - low) / 2;
    (of(low, middle) >= kNeverPicos ? low : high) = middle;
  }
  Picos bound = kNeverPicos, from = low;
  for (double piece = step; least(from) < bound; piece = 1 + (piece - 1) * 1.5) {
    const Picos to =
        std::min(most, static_cast<Picos>(static_cast<double>(std::max(from, kShort)) * piece));
    bound = std::min(bound, of(from, to));
    if (to >= most) break;
    from = to;
  }
  return bound;
}

Picos StageBound::SumByReduces(int64_t micro_batch, int64_t micro_batches, int64_t stages,
                               Picos value, Picos slowest) {
  const auto of = [&](Picos from, Picos to) {
    if (from >= value) return kNeverPicos;
    const Picos rest =
        SumAtBestRents(micro_batch, micro_batches, stages, value - from, {slowest, to, true});
    return AddPicos(from, std::min(rest, kNeverPicos));
  };
  return OfPieces(value, 1.05, of, [](Picos from) { return from; });
}

Picos StageBound::ByThresholds(int64_t micro_batch, int64_t micro_batches, int64_t stages,
                               Picos value, bool reduces) {
  const int64_t turns = micro_batches - 1;
  const auto of = [&](Picos from, Picos to) {  // of plans whose slowest stage is between
    const Picos before = TimesPicos(turns, from);
    if (before >= value) return kNeverPicos;
    const Picos rest =
        reduces ? SumByReduces(micro_batch, micro_batches, stages, value - before, to)
                : SumAtBestRents(micro_batch, micro_batches, stages, value - before, {to});
    return AddPicos(before, rest);
  };
  if (turns == 0) return of(0, value);
  return OfPieces(std::min(value, value / turns + 1), 1.01, of,
                  [&](Picos from) { return TimesPicos(turns, from); });
}

}  // namespace allot
