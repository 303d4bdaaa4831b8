#include "placement/kinds/layer_flow/bounds/pattern_bound.h"

#include <algorithm>
#include <map>

#include "placement/kinds/layer_flow/bounds/rate_bound.h"

namespace allot {
namespace {

__extension__ typedef __int128 Int128;

// A price of one layer is so many parts: few where prices are looked for, many in the last attempt
// to prove something with them.
constexpr int64_t kParts = 4'000, kFineParts = 60'000;
constexpr int kMaxRounds = 300;
constexpr double kNearlyOne = 1 - 1e-9;
// More classes are rarely worth their time: links, not tables, make servers differ then.
constexpr size_t kMostClasses = 64;

// The linear program: as many layers as the servers can cover, one column per pattern. Its inverse
// basis is kept dense; there are as many rows as classes.
class Master {
 public:
  // A pattern of one class each, of which a layer takes `parts` servers.
  Master(const std::vector<int64_t>& servers, const std::vector<double>& parts)
      : rows_(parts.size()), inverse_(rows_ * rows_, 0.0) {
    for (size_t t = 0; t < rows_; ++t) {
      inverse_[t * rows_ + t] = 1 / parts[t];
      value_.push_back(static_cast<double>(servers[t]) / parts[t]);
    }
  }
  double layers() const {
    double sum = 0;
    for (const double value : value_) sum += value;
    return sum;
  }
  std::vector<double> Prices() const {
    std::vector<double> prices(rows_, 0.0);
    for (size_t r = 0; r < rows_; ++r) {
      for (size_t t = 0; t < rows_; ++t) prices[t] += inverse_[r * rows_ + t];
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
      if (direction[r] < 1e-11) continue;
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
    return true;
  }

 private:
  const size_t rows_;
  std::vector<double> inverse_, value_;
};

}  // namespace

PatternBound::PatternBound(const LayerFlowProblem& problem) : layers_(problem.layers) {
  std::map<std::vector<int64_t>, int64_t> classes;
  for (std::vector<int64_t>& rates : HighestRates(problem)) ++classes[std::move(rates)];
  for (const auto& [rates, servers] : classes) {
    // Who passes nothing covers nothing.
    if (*std::max_element(rates.begin(), rates.end()) > 0) classes_.push_back({servers, rates});
  }
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

// Any number of servers of a class: more patterns than there are, so no proof fails to hold.
PatternBound::Pattern PatternBound::Cheapest(const std::vector<Piece>& pieces, int64_t rate,
                                             int64_t parts) {
  Pattern pattern;
  pattern.columns.assign(classes_.size(), 0.0);
  const auto take = [&](const Piece& piece, double copies) {
    pattern.columns[piece.of_class] += copies / static_cast<double>(piece.layers);
  };
  for (const Piece& piece : pieces) {
    if (piece.weight > 0) continue;
    take(piece, static_cast<double>((rate - 1) / piece.rate + 1));
    return pattern;
  }
  highest_.assign(static_cast<size_t>(parts) + 1, 0);
  last_.assign(static_cast<size_t>(parts) + 1, -1);
  for (int64_t weight = 1; weight <= parts; ++weight) {
    int64_t best = highest_[static_cast<size_t>(weight) - 1];
    int32_t last = -1;
    for (size_t p = 0; p < pieces.size(); ++p) {
      if (pieces[p].weight > weight) continue;
      const int64_t with =
          highest_[static_cast<size_t>(weight - pieces[p].weight)] + pieces[p].rate;
      if (with <= best) continue;
      best = with;
      last = static_cast<int32_t>(p);
    }
    highest_[static_cast<size_t>(weight)] = best;
    last_[static_cast<size_t>(weight)] = last;
    if (best < rate) continue;
    work_ += weight * static_cast<int64_t>(pieces.size()) / 16;
    pattern.weight = weight;
    while (weight > 0) {
      const int32_t piece = last_[static_cast<size_t>(weight)];
      if (piece < 0) {
        --weight;
        continue;
      }
      take(pieces[static_cast<size_t>(piece)], 1);
      weight -= pieces[static_cast<size_t>(piece)].weight;
    }
    return pattern;
  }
  work_ += parts * static_cast<int64_t>(pieces.size()) / 16;
  pattern.weight = parts + 1;  // or more
  return pattern;
}

// Every server is worth the most that its layers cost, whatever their number: not enough for all
// layers at the least that a pattern costs.
bool PatternBound::Proves(const std::vector<Piece>& pieces, int64_t least) const {
  std::vector<int64_t> worth(classes_.size(), 0);
  for (const Piece& piece : pieces) {
    worth[piece.of_class] =
        std::max(worth[piece.of_class], static_cast<int64_t>(piece.layers) * piece.weight);
  }
  Int128 sum = 0;
  for (size_t t = 0; t < classes_.size(); ++t) {
    sum += static_cast<Int128>(classes_[t].servers) * worth[t];
  }
  return sum < static_cast<Int128>(layers_) * least;
}

bool PatternBound::Refutes(int64_t rate) {
  if (rate <= 0) return false;
  if (classes_.empty()) return true;
  if (classes_.size() > kMostClasses) return false;
  std::vector<int64_t> servers;
  std::vector<double> parts;
  for (const Class& each : classes_) {
    double fewest = 0;
    for (size_t k = 1; k <= each.rates.size(); ++k) {
      if (each.rates[k - 1] == 0) continue;
      const auto copies = static_cast<double>((rate - 1) / each.rates[k - 1] + 1);
      const double takes = copies / static_cast<double>(k);
      if (fewest == 0 || takes < fewest) fewest = takes;
    }
    servers.push_back(each.servers);
    parts.push_back(fewest);
  }
  Master master(servers, parts);
  for (int round = 0; round < kMaxRounds; ++round) {
    // Fractions of patterns cover all layers: no prices refute the rate.
    if (master.layers() >= static_cast<double>(layers_)) return false;
    const std::vector<double> prices = master.Prices();
    const std::vector<Piece> pieces = Pieces(prices, rate, kParts);
    const Pattern cheapest = Cheapest(pieces, rate, kParts);
    if (Proves(pieces, cheapest.weight)) return true;
    double cost = 0;
    for (size_t t = 0; t < classes_.size(); ++t) cost += prices[t] * cheapest.columns[t];
    const bool best = cheapest.weight > kParts || cost >= kNearlyOne;
    if (!best && master.Enter(cheapest.columns)) continue;
    const std::vector<Piece> fine = Pieces(prices, rate, kFineParts);
    return Proves(fine, Cheapest(fine, rate, kFineParts).weight);
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
