#include "placement/kinds/training/bounds/bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "placement/kinds/training/model/costs.h"

namespace allot {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr int64_t kWidestReduce = 4;
// Sums of rounded times may be this much below their exact ones, and floating-point sums err less.
constexpr double kSlack = 1e-9;

}  // namespace

TrainingBound::TrainingBound(const TrainingTables& tables, std::vector<TrainingSort> sorts)
    : tables_(tables), sorts_(std::move(sorts)), speeds_(tables.problem(), sorts_) {
  for (int64_t layer = 0; layer < tables.layers(); ++layer) {
    const auto alike = [&](const std::vector<int64_t>& group) {
      const int64_t other = group[0];
      if (tables.Parameters(layer, layer) != tables.Parameters(other, other)) return false;
      for (const TrainingSort& sort : sorts_) {
        for (const int64_t width : tables.widths(sort.pools[0])) {
          for (const int64_t size : {1, 2}) {  // tells parameters and activations apart
            if (tables.Memory(size, width, layer, layer, 1) !=
                tables.Memory(size, width, other, other, 1)) {
              return false;
            }
          }
          for (const int64_t size : tables.micro_batches()) {
            if (tables.Compute(sort.pools[0], size, width, layer, layer) !=
                tables.Compute(sort.pools[0], size, width, other, other)) {
              return false;
            }
          }
        }
      }
      return true;
    };
    const auto found = std::find_if(alike_.begin(), alike_.end(), alike);
    (found == alike_.end() ? alike_.emplace_back() : *found).push_back(layer);
  }
}

int64_t TrainingBound::MostStages(int64_t replicas) const {
  int64_t most = 0;
  for (const TrainingSort& sort : sorts_) {
    const std::vector<int64_t>& widths = tables_.widths(sort.pools[0]);
    if (!widths.empty()) most += sort.count / widths[0];
  }
  return std::min(tables_.layers(), most / replicas);
}

// Of one stage, over the best link at any width: stages speak at least once, the cheapest output.
double TrainingBound::LeastTransfer(int64_t micro_batch) const {
  const TrainingProblem& problem = tables_.problem();
  Picos least = kNeverPicos;
  for (const TrainingProblem::Link& link : problem.links) {
    for (const TrainingProblem::Layer& layer : problem.layers) {
      least = std::min(least, TransferTime(link, static_cast<double>(layer.output * micro_batch)));
    }
  }
  return least >= kNeverPicos ? kInfinite : static_cast<double>(least);
}

Picos TrainingBound::LeastUpdate(int64_t micro_batch) const {
  Picos least = kNeverPicos;
  for (const TrainingSort& sort : sorts_) {
    for (const int64_t width : tables_.widths(sort.pools[0])) {
      for (int64_t layer = 0; layer < tables_.layers(); ++layer) {
        least = std::min(least, tables_.Update(sort.pools[0], micro_batch, width, layer));
      }
    }
  }
  return least >= kNeverPicos ? 0 : least;
}

TrainingBound::Terms TrainingBound::TermsOf(int64_t micro_batch, int64_t micro_batches,
                                            int64_t replicas, int64_t stages) {
  Terms terms;
  const auto d = static_cast<double>(replicas), turns = static_cast<double>(micro_batches - 1);
  const std::vector<double>& per_byte = speeds_.PicosPerByte(replicas);
  for (const std::vector<int64_t>& group : alike_) {
    std::vector<Term> choices;
    const int64_t layer = group[0];
    for (size_t c = 0; c < sorts_.size(); ++c) {
      const int64_t pool = sorts_[c].pools[0];
      for (const int64_t width : tables_.widths(pool)) {
        if (!tables_.Profiled(pool, micro_batch, width) ||
            !tables_.Fits(pool, micro_batch, width, layer, layer, 1)) {
          continue;
        }
        const auto time =
            static_cast<double>(tables_.Compute(pool, micro_batch, width, layer, layer));
        double reduce = 0;
        if (const auto bytes = static_cast<double>(tables_.Parameters(layer, layer)); bytes > 0) {
          reduce =
              per_byte[c] * bytes / static_cast<double>(stages * std::min(width, kWidestReduce));
        }
        choices.push_back(
            {c,
             turns * d * static_cast<double>(width) / static_cast<double>(sorts_[c].count) * time,
             time + reduce});
      }
    }
    terms.emplace_back(static_cast<double>(group.size()), std::move(choices));
  }
  return terms;
}

// The largest value that was found over all shares, which are then set to what gives it.
double TrainingBound::Best(const Terms& terms, std::vector<double>& shares) const {
  const size_t sorts = sorts_.size();
  std::vector<double> slope(sorts);
  const auto value = [&](const std::vector<double>& at) {
    double sum = 0;
    std::fill(slope.begin(), slope.end(), 0.0);
    for (const auto& [count, choices] : terms) {
      double least = kInfinite;
      const Term* best = nullptr;
      for (const Term& term : choices) {
        const double each = at[term.sort] * term.busy + term.once;
        if (each < least) least = each, best = &term;
      }
      if (best == nullptr) return kInfinite;
      sum += count * least;
      slope[best->sort] += count * best->busy;
    }
    return sum;
  };
  shares.assign(sorts, 1 / static_cast<double>(sorts));
  if (sorts == 1) return value(shares);
  if (sorts == 2) {
    double low = 0, high = 1;
    for (int step = 0; step < 50; ++step) {
      const double middle = (low + high) / 2;
      shares = {middle, 1 - middle};
      if (value(shares) == kInfinite) return kInfinite;
      (slope[0] > slope[1] ? low : high) = middle;
    }
    const double at_low = value({low, 1 - low}), at_high = value({high, 1 - high});
    shares =
        at_low > at_high ? std::vector<double>{low, 1 - low} : std::vector<double>{high, 1 - high};
    return std::max(at_low, at_high);
  }
  // Prices rise where GPUs are asked for more than others, by factors that shrink.
  std::vector<double> at = shares;
  double best = -kInfinite;
  for (int step = 1; step <= 200; ++step) {
    const double here = value(at);
    if (here == kInfinite) return kInfinite;
    if (here > best) best = here, shares = at;
    double largest = 0, sum = 0;
    for (const double each : slope) largest = std::max(largest, each);
    if (!(largest > 0)) break;
    for (size_t c = 0; c < sorts; ++c) {
      at[c] = std::max(at[c], 1e-9) * std::exp(slope[c] / largest / std::sqrt(step));
      sum += at[c];
    }
    for (double& each : at) each /= sum;
  }
  return best;
}

Picos TrainingBound::Of(int64_t micro_batch, int64_t micro_batches, int64_t stages,
                        std::vector<double>* shares) {
  const TrainingProblem& problem = tables_.problem();
  const int64_t at_once = micro_batch * micro_batches;
  const int64_t replicas = (problem.global_batch + at_once - 1) / at_once;
  if (stages > MostStages(replicas)) return kNeverPicos;
  std::vector<double> prices;
  double value = Best(TermsOf(micro_batch, micro_batches, replicas, stages), prices);
  if (stages > 1) {
    value += static_cast<double>(micro_batches + stages - 1) * LeastTransfer(micro_batch);
  }
  value += static_cast<double>(LeastUpdate(micro_batch));
  if (shares != nullptr) *shares = std::move(prices);
  if (!(value < static_cast<double>(kNeverPicos))) return kNeverPicos;
  return std::max<Picos>(0, static_cast<Picos>(std::floor(value * (1 - kSlack))) - stages - 2);
}

}  // namespace allot
