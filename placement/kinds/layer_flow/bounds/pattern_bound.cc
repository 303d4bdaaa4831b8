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

// A price of one layer is so many parts: few where prices are looked for, many in the last attempt
// to prove something with them.
constexpr int64_t kParts = 4'000, kFineParts = 60'000;
constexpr int kMaxRounds = 300;
constexpr double kNearlyOne = 1 - 1e-9, kNoMore = 1 + 1e-9;
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
  // False where the column takes nothing from anybody.
  bool Enter(const std::vector<double>& column) {
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
    covers_[leaves] = 1;
    return true;
  }

 private:
  const size_t rows_;
  std::vector<double> inverse_, value_, covers_;
};

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

std::vector<PatternBound::Piece> PatternBound::Pieces(const std::vector<double>& prices,
                                                      int64_t rate, int64_t parts) const {
  std::vector<Piece> pieces;
  for (size_t t = 0; t < classes_.size(); ++t) {
    const std::vector<int64_t>& rates = classes_[t].rates;
    int64_t higher = 0;  // of more layers, which cost less
    for (size_t k = rates.size(); k > 0; --k) {
      if (rates[k - 1] <= higher) continue;
      higher = rates[k - 1];
      const double weight =
          std::clamp(prices[t], 0.0, 1e6) * static_cast<double>(parts) / static_cast<double>(k);
      pieces.push_back(
          {t, static_cast<int32_t>(k), std::min(higher, rate), static_cast<int64_t>(weight)});
    }
  }
  return pieces;
}

// Any number of servers of a class: more patterns than there are, so what all of them cost holds.
PatternBound::Patterns PatternBound::Cheapest(const std::vector<Piece>& pieces, int64_t rate,
                                              int64_t parts) {
  const int64_t cap = 2 * parts;  // what weighs more counts as this
  Patterns patterns;
  patterns.alone.weight = patterns.shared.weight = cap;
  patterns.alone.column.assign(classes_.size() + 1, 0.0);
  patterns.shared.column = patterns.alone.column;
  const auto take = [&](Pattern& pattern, const Piece& piece, double copies) {
    pattern.column[piece.of_class] += copies / static_cast<double>(piece.layers);
  };
  const Piece *alone = nullptr, *lightest = nullptr;
  for (const Piece& piece : pieces) {
    const bool lighter = lightest == nullptr || piece.weight < lightest->weight;
    if (lighter) lightest = &piece;
    if (piece.rate >= rate && (alone == nullptr || piece.weight < alone->weight)) alone = &piece;
  }
  if (alone != nullptr && alone->weight < cap) {
    patterns.alone.weight = alone->weight;
    take(patterns.alone, *alone, 1);
    patterns.alone.column.back() = 1;
  }
  if (lightest->weight == 0) {
    patterns.shared.weight = 0;
    take(patterns.shared, *lightest,
         static_cast<double>(std::max<int64_t>(2, (rate - 1) / lightest->rate + 1)));
    return patterns;
  }
  // highest_[w]: the most that pieces of weight w pass together.
  highest_.assign(1, 0);
  last_.assign(1, -1);
  while (highest_.back() < rate && static_cast<int64_t>(highest_.size()) <= cap) {
    const auto weight = static_cast<int64_t>(highest_.size());
    int64_t best = highest_.back();
    int32_t last = -1;
    for (size_t p = 0; p < pieces.size(); ++p) {
      if (pieces[p].weight > weight) continue;
      const int64_t with =
          highest_[static_cast<size_t>(weight - pieces[p].weight)] + pieces[p].rate;
      if (with <= best) continue;
      best = with;
      last = static_cast<int32_t>(p);
    }
    highest_.push_back(best);
    last_.push_back(last);
  }
  work_ += static_cast<int64_t>(highest_.size() * pieces.size()) / 16;
  // Two at least: one piece, and the lightest others that pass what is left.
  const Piece* first = nullptr;
  for (const Piece& piece : pieces) {
    const int64_t need = std::max<int64_t>(1, rate - piece.rate);
    const auto enough = std::lower_bound(highest_.begin(), highest_.end(), need);
    const int64_t weight = piece.weight + (enough - highest_.begin());
    if (weight >= patterns.shared.weight) continue;
    patterns.shared.weight = weight;
    first = &piece;
  }
  if (first == nullptr) return patterns;
  take(patterns.shared, *first, 1);
  for (int64_t left = patterns.shared.weight - first->weight; left > 0;) {
    const int32_t piece = last_[static_cast<size_t>(left)];
    if (piece >= 0) take(patterns.shared, pieces[static_cast<size_t>(piece)], 1);
    left -= piece >= 0 ? pieces[static_cast<size_t>(piece)].weight : 1;
  }
  return patterns;
}

// Every server is worth the most that its layers cost, whatever their number: not enough for all
// layers at the least that patterns cost, `shared` of them or more of the shared sort.
bool PatternBound::Proves(const std::vector<Piece>& pieces, const Patterns& cheapest,
                          int64_t shared) const {
  std::vector<int64_t> worth(classes_.size(), 0);
  for (const Piece& piece : pieces) {
    worth[piece.of_class] =
        std::max(worth[piece.of_class], static_cast<int64_t>(piece.layers) * piece.weight);
  }
  Int128 sum = 0;
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
  std::vector<double> column(classes_.size() + 1, 0.0);
  double fewest = 0;
  for (size_t k = 1; k <= rates.size(); ++k) {
    if (rates[k - 1] == 0) continue;
    const int64_t copies = (rate - 1) / rates[k - 1] + 1;
    const double takes = static_cast<double>(copies) / static_cast<double>(k);
    if (fewest > 0 && takes >= fewest) continue;
    fewest = takes;
    column.back() = copies == 1 ? 1 : 0;
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
  Master master(std::move(limits));
  for (size_t t = 0; t < classes_.size(); ++t) master.Enter(Homogeneous(t, rate));
  for (int round = 0; round < kMaxRounds; ++round) {
    // Fractions of patterns cover all layers: no prices refute the rate.
    if (master.layers() >= static_cast<double>(layers_) * kNoMore) return false;
    const std::vector<double> prices = master.Prices();
    const std::vector<Piece> pieces = Pieces(prices, rate, kParts);
    const Patterns cheapest = Cheapest(pieces, rate, kParts);
    if (Proves(pieces, cheapest, shared)) return true;
    const double alone =
        cheapest.alone.column.back() == 0 ? 2 : Cost(prices, cheapest.alone.column);
    const double together =
        cheapest.shared.weight == 2 * kParts ? 2 : Cost(prices, cheapest.shared.column);
    const std::vector<double>& enters =
        alone < together ? cheapest.alone.column : cheapest.shared.column;
    if (std::min(alone, together) < kNearlyOne && master.Enter(enters)) continue;
    const std::vector<Piece> fine = Pieces(prices, rate, kFineParts);
    return Proves(fine, Cheapest(fine, rate, kFineParts), shared);
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
