#include "placement/kinds/layer_flow/bounds/pattern_bound.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "placement/kinds/layer_flow/bounds/rate_bound.h"

namespace allot {
namespace {

__extension__ typedef __int128 Int128;

// A price of one layer is so many parts: few at first, many to find and prove the rest.
constexpr int64_t kParts = 4'000, kFineParts = 60'000;
constexpr int kMaxRounds = 300;
constexpr double kNearlyOne = 1 - 1e-9, kNoMore = 1 + 1e-9, kTiny = 1e-9;
// More classes are rarely worth their time: links, not tables, make servers differ then.
constexpr size_t kMostClasses = 64;

// The linear program: as many layers as servers can cover, a column per pattern, a row per class
// and one for what is held alone. Its inverse basis is kept dense. At first nothing is covered.
class Master {
 public:
  explicit Master(std::vector<double> limits)
      : rows_(limits.size()),
        inverse_(rows_ * rows_, 0.0),
        value_(std::move(limits)),
        covers_(rows_, 0.0) {
    for (size_t r = 0; r < rows_; ++r) inverse_[r * rows_ + r] = 1;
  }
  double layers() const {
    double sum = 0;
    for (size_t r = 0; r < rows_; ++r) sum += covers_[r] * value_[r];
    return sum;
  }
  std::vector<double> Prices() const {
    std::vector<double> prices(rows_, 0.0);
    for (size_t r = 0; r < rows_; ++r) {
      for (size_t t = 0; t < rows_; ++t) prices[t] += covers_[r] * inverse_[r * rows_ + t];
    }
    return prices;
  }
  // False where the column takes nothing from anybody. `covers` is 0 for what is left over of a
  // row.
  bool Enter(const std::vector<double>& column, double covers = 1) {
    std::vector<double> direction(rows_, 0.0);
    for (size_t r = 0; r < rows_; ++r) {
      for (size_t t = 0; t < rows_; ++t) direction[r] += inverse_[r * rows_ + t] * column[t];
    }
    size_t leaves = rows_;
    double step = 0;
    for (size_t r = 0; r < rows_; ++r) {
      if (direction[r] < 1e-9) continue;
      const double ratio = std::max(0.0, value_[r]) / direction[r];
      if (leaves == rows_ || ratio < step) {
        leaves = r;
        step = ratio;
      }
    }
    if (leaves == rows_) return false;
    const double pivot = direction[leaves];
    for (size_t t = 0; t < rows_; ++t) inverse_[leaves * rows_ + t] /= pivot;
    for (size_t r = 0; r < rows_; ++r) {
      if (r == leaves) continue;
      value_[r] -= direction[r] * step;
      for (size_t t = 0; t < rows_; ++t) {
        inverse_[r * rows_ + t] -= direction[r] * inverse_[leaves * rows_ + t];
      }
    }
    value_[leaves] = step;
    covers_[leaves] = covers;
    return true;
  }

 private:
  const size_t rows_;
  std::vector<double> inverse_, value_, covers_;
};

// What a piece that passes `part` of the rate costs for that, no more.
template <typename Piece>
int64_t Share(const Piece& piece, int64_t part, int64_t rate) {
  return static_cast<int64_t>(static_cast<Int128>(piece.passage) * part / rate);
}

double Cost(const std::vector<double>& prices, const std::vector<double>& column) {
  double cost = 0;
  for (size_t t = 0; t < column.size(); ++t) cost += prices[t] * column[t];
  return cost;
}

}  // namespace

PatternBound::PatternBound(const LayerFlowProblem& problem)
    : problem_(problem), layers_(problem.layers), rates_(HighestRates(problem)) {
  std::map<std::vector<int64_t>, int64_t> classes;
  for (const std::vector<int64_t>& rates : rates_) ++classes[rates];
  for (const auto& [rates, servers] : classes) {
    // Who passes nothing covers nothing.
    if (*std::max_element(rates.begin(), rates.end()) > 0) classes_.push_back({servers, rates});
  }
}

// How many layers several servers must share at least. With x of them there are x + 1 runs of
// layers held alone at most, each within servers that links of the whole rate join, and together
// they need layers_ - x layers.
int64_t PatternBound::LeastShared(int64_t rate) const {
  std::vector<int32_t> leader(rates_.size());
  std::iota(leader.begin(), leader.end(), 0);
  const auto find = [&](int32_t i) {
    while (leader[static_cast<size_t>(i)] != i) {
      i = leader[static_cast<size_t>(i)] =
          leader[static_cast<size_t>(leader[static_cast<size_t>(i)])];
    }
    return i;
  };
  for (const FlowLink& link : problem_.links) {
    if (link.from == kFlowSource || link.to == kFlowSink || link.capacity < rate) continue;
    leader[static_cast<size_t>(find(link.from))] = find(link.to);
  }
  std::vector<int64_t> alone(rates_.size(), 0);  // by leader
  for (size_t i = 0; i < rates_.size(); ++i) {
    size_t k = rates_[i].size();
    while (k > 0 && rates_[i][k - 1] < rate) --k;
    alone[static_cast<size_t>(find(static_cast<int32_t>(i)))] += static_cast<int64_t>(k);
  }
  std::sort(alone.begin(), alone.end(), std::greater<>());
  int64_t sum = 0;
  for (size_t shared = 0; shared < alone.size(); ++shared) {
    sum += alone[shared];
    if (sum + static_cast<int64_t>(shared) >= layers_) return static_cast<int64_t>(shared);
  }
  return std::max<int64_t>(0, layers_ - sum);
}

// Of one passage, in whole parts; none where a token may pass any number of servers.
int64_t PatternBound::PassagePrice(const std::vector<double>& prices, int64_t parts) const {
  if (problem_.max_round_trip == 0) return 0;
  return static_cast<int64_t>(std::clamp(prices.back(), 0.0, 1e6) * static_cast<double>(parts));
}

std::vector<PatternBound::Piece> PatternBound::Pieces(const std::vector<double>& prices,
                                                      int64_t rate, int64_t parts) const {
  std::vector<Piece> pieces;
  for (size_t t = 0; t < classes_.size(); ++t) {
    const std::vector<int64_t>& rates = classes_[t].rates;
    int64_t higher = 0;  // of more layers, which cost less
    const int64_t passage = PassagePrice(prices, parts);
    for (size_t k = rates.size(); k > 0; --k) {
      if (rates[k - 1] <= higher) continue;
      higher = rates[k - 1];
      const double weight =
          std::clamp(prices[t], 0.0, 1e6) * static_cast<double>(parts) / static_cast<double>(k);
      pieces.push_back({t, static_cast<int32_t>(k), std::min(higher, rate),
                        static_cast<int64_t>(weight), passage / static_cast<int64_t>(k)});
    }
  }
  return pieces;
}

PatternBound::Pattern PatternBound::CheapestAlone(const std::vector<Piece>& pieces, int64_t rate,
                                                  int64_t cap) const {
  Pattern pattern{cap, std::vector<double>(classes_.size() + 2, 0.0)};
  for (const Piece& piece : pieces) {
    if (piece.rate < rate || piece.weight + piece.passage >= pattern.weight) continue;
    pattern.weight = piece.weight + piece.passage;
    pattern.column.assign(classes_.size() + 2, 0.0);
    pattern.column[piece.of_class] = 1 / static_cast<double>(piece.layers);
    pattern.column[classes_.size()] = 1;
    pattern.column[classes_.size() + 1] = 1 / static_cast<double>(piece.layers);
  }
  return pattern;
}

// highest_[w]: the most that pieces of weight w pass together, each all that it can; up to the
// rate. Pieces of no weight are no part of it.
void PatternBound::FillKnapsack(const std::vector<Piece>& pieces, int64_t rate, int64_t cap) {
  std::vector<int64_t> weights;
  for (const Piece& piece : pieces)
    weights.push_back(piece.weight + Share(piece, piece.rate, rate));
  highest_.assign(1, 0);
  last_.assign(1, -1);
  while (highest_.back() < rate && static_cast<int64_t>(highest_.size()) <= cap) {
    const auto weight = static_cast<int64_t>(highest_.size());
    int64_t best = highest_.back();
    int32_t last = -1;
    for (size_t p = 0; p < pieces.size(); ++p) {
      if (weights[p] > weight || weights[p] == 0) continue;
      const int64_t with = highest_[static_cast<size_t>(weight - weights[p])] + pieces[p].rate;
      if (with <= best) continue;
      best = with;
      last = static_cast<int32_t>(p);
    }
    highest_.push_back(best);
    last_.push_back(last);
  }
  work_ += static_cast<int64_t>(highest_.size() * pieces.size()) / 16;
}

// Any number of servers of a class: more patterns than there are, so what all of them cost holds.
// What servers pass of the rate costs by the part, so all but one of them pass what they can.
PatternBound::Pattern PatternBound::CheapestShared(const std::vector<Piece>& pieces, int64_t rate,
                                                   int64_t cap) {
  Pattern pattern{cap, std::vector<double>(classes_.size() + 2, 0.0)};
  const auto take = [&](const Piece& piece, double copies, double part) {
    pattern.column[piece.of_class] += copies / static_cast<double>(piece.layers);
    pattern.column.back() += part / static_cast<double>(piece.layers);
  };
  for (const Piece& piece : pieces) {
    if (piece.weight + Share(piece, piece.rate, rate) > 0) continue;
    pattern.weight = 0;
    take(piece, static_cast<double>(std::max<int64_t>(2, (rate - 1) / piece.rate + 1)), 1);
    return pattern;
  }
  FillKnapsack(pieces, rate, cap);
  // One piece that passes what others, at least one, have left.
  const Piece* partial = nullptr;
  size_t rest = 0;
  for (const Piece& piece : pieces) {
    const int64_t need = std::max<int64_t>(1, rate - piece.rate);
    auto enough = std::lower_bound(highest_.begin(), highest_.end(), need);
    for (; enough != highest_.end(); ++enough) {
      const int64_t others = enough - highest_.begin();
      if (others + piece.weight >= pattern.weight) break;
      const int64_t weight =
          others + piece.weight + Share(piece, rate - std::min(rate, *enough), rate);
      if (weight < pattern.weight) {
        pattern.weight = weight;
        partial = &piece;
        rest = static_cast<size_t>(others);
      }
      if (piece.passage == 0) break;  // more of the others saves nothing
    }
  }
  if (partial == nullptr) return pattern;
  const auto part = [&](int64_t passed) {
    return static_cast<double>(passed) / static_cast<double>(rate);
  };
  take(*partial, 1, part(rate - std::min(rate, highest_[rest])));
  for (auto left = static_cast<int64_t>(rest); left > 0;) {
    const int32_t last = last_[static_cast<size_t>(left)];
    if (last < 0) {
      --left;
      continue;
    }
    const Piece& piece = pieces[static_cast<size_t>(last)];
    take(piece, 1, part(piece.rate));
    left -= piece.weight + Share(piece, piece.rate, rate);
  }
  return pattern;
}

// What weighs more than two layers counts as that.
PatternBound::Patterns PatternBound::Cheapest(const std::vector<Piece>& pieces, int64_t rate,
                                              int64_t parts) {
  return {CheapestAlone(pieces, rate, 2 * parts), CheapestShared(pieces, rate, 2 * parts)};
}

// Every server is worth the most that its layers cost, whatever their number: not enough for all
// layers at the least that patterns cost, `shared` of them or more of the shared sort, with all
// passages that a token may take.
bool PatternBound::Proves(const std::vector<Piece>& pieces, const Patterns& cheapest,
                          int64_t shared, int64_t passage_price) const {
  std::vector<int64_t> worth(classes_.size(), 0);
  for (const Piece& piece : pieces) {
    worth[piece.of_class] =
        std::max(worth[piece.of_class], static_cast<int64_t>(piece.layers) * piece.weight);
  }
  Int128 sum = static_cast<Int128>(passage_price) * problem_.max_round_trip;
  for (size_t t = 0; t < classes_.size(); ++t) {
    sum += static_cast<Int128>(classes_[t].servers) * worth[t];
  }
  const Int128 least = static_cast<Int128>(layers_ - shared) *
                           std::min(cheapest.alone.weight, cheapest.shared.weight) +
                       static_cast<Int128>(shared) * cheapest.shared.weight;
  return sum < least;
}

// As many servers of one class as it takes, with the number of layers that takes least of them.
std::vector<double> PatternBound::Homogeneous(size_t of_class, int64_t rate) const {
  const std::vector<int64_t>& rates = classes_[of_class].rates;
  std::vector<double> column(classes_.size() + 2, 0.0);
  double fewest = 0;
  for (size_t k = 1; k <= rates.size(); ++k) {
    if (rates[k - 1] == 0) continue;
    const int64_t copies = (rate - 1) / rates[k - 1] + 1;
    const double takes = static_cast<double>(copies) / static_cast<double>(k);
    if (fewest > 0 && takes >= fewest) continue;
    fewest = takes;
    column[classes_.size()] = copies == 1 ? 1 : 0;
    column.back() = 1 / static_cast<double>(k);
  }
  column[of_class] = fewest;
  return column;
}

bool PatternBound::Refutes(int64_t rate) {
  if (rate <= 0) return false;
  if (classes_.empty()) return true;
  if (classes_.size() > kMostClasses) return false;
  const int64_t shared = LeastShared(rate);
  std::vector<double> limits;
  for (const Class& each : classes_) limits.push_back(static_cast<double>(each.servers));
  limits.push_back(static_cast<double>(layers_ - shared));
  // A token may always pass as many servers as there are layers.
  limits.push_back(
      static_cast<double>(problem_.max_round_trip > 0 ? problem_.max_round_trip : layers_));
  Master master(std::move(limits));
  for (size_t t = 0; t < classes_.size(); ++t) master.Enter(Homogeneous(t, rate));
  int64_t parts = kParts;
  for (int round = 0; round < kMaxRounds; ++round) {
    // Fractions of patterns cover all layers: no prices refute the rate.
    if (master.layers() >= static_cast<double>(layers_) * kNoMore) return false;
    const std::vector<double> prices = master.Prices();
    // A row that would rather not be used up.
    const auto least = std::min_element(prices.begin(), prices.end());
    if (*least < -kTiny) {
      std::vector<double> left(prices.size(), 0.0);
      left[static_cast<size_t>(least - prices.begin())] = 1;
      if (master.Enter(left, 0)) continue;
    }
    const std::vector<Piece> pieces = Pieces(prices, rate, parts);
    const Patterns cheapest = Cheapest(pieces, rate, parts);
    if (Proves(pieces, cheapest, shared, PassagePrice(prices, parts))) return true;
    const auto cost = [&](const Pattern& pattern) {
      return pattern.weight == 2 * parts ? 2 : Cost(prices, pattern.column);
    };
    const double alone = cost(cheapest.alone), together = cost(cheapest.shared);
    const std::vector<double>& enters =
        alone < together ? cheapest.alone.column : cheapest.shared.column;
    if (std::min(alone, together) < kNearlyOne && master.Enter(enters)) continue;
    // Either the prices are the best or too coarse to find better ones.
    if (parts == kFineParts) return false;
    parts = kFineParts;
  }
  return false;
}

int64_t PatternBound::Bound(int64_t most) {
  int64_t low = 0, high = most + 1;  // high is out of reach
  while (high - low > std::max<int64_t>(1, high / 1'000'000)) {
    const int64_t middle = low + (high - low) / 2;
    (Refutes(middle) ? high : low) = middle;
  }
  return high - 1;
}

}  // namespace allot
