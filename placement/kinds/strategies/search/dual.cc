#include "placement/kinds/strategies/search/dual.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "placement/kinds/strategies/search/room.h"
#include "support/units.h"

namespace allot::strategies {
namespace {

constexpr int64_t kNothing = std::numeric_limits<int64_t>::max();

// Whole numbers are the same however many are computed at once: the two loops in which all time is
// spent are compiled for newer processors, too, and the best is taken at run time.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define ALLOT_ALSO_FOR_NEWER \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ALLOT_ALSO_FOR_NEWER
#endif

// out[t] = min over s of in[s] + matrix[s][t]
ALLOT_ALSO_FOR_NEWER
void MinOverRows(const int64_t* __restrict matrix, const int64_t* __restrict in, size_t rows,
                 size_t columns, int64_t* __restrict out) {
  std::fill(out, out + columns, kNothing);
  for (size_t s = 0; s < rows; ++s) {
    const int64_t* const row = matrix + s * columns;
    const int64_t base = in[s];
    for (size_t t = 0; t < columns; ++t) {
      const int64_t sum = base + row[t];
      out[t] = sum < out[t] ? sum : out[t];
    }
  }
}

// out[s] = min over t of in[t] + matrix[s][t]
ALLOT_ALSO_FOR_NEWER
void MinOverColumns(const int64_t* __restrict matrix, const int64_t* __restrict in, size_t rows,
                    size_t columns, int64_t* __restrict out) {
  for (size_t s = 0; s < rows; ++s) {
    const int64_t* const row = matrix + s * columns;
    int64_t least = kNothing;
    for (size_t t = 0; t < columns; ++t) {
      const int64_t sum = in[t] + row[t];
      least = sum < least ? sum : least;
    }
    out[s] = least;
  }
}

}  // namespace

std::vector<int64_t> UsedBy(const Core& core, const Choice& choice) {
  std::vector<int64_t> used(core.capacity.size() + 1);
  for (size_t v = 0; v < core.size(); ++v) {
    for (const Core::Usage& usage : core.usages[v]) {
      const int64_t amount = core.used[usage.first + static_cast<size_t>(choice[v])];
      used[static_cast<size_t>(usage.begin)] += amount;
      used[static_cast<size_t>(usage.end)] -= amount;
    }
  }
  for (size_t m = 1; m < used.size(); ++m) used[m] += used[m - 1];
  used.pop_back();
  return used;
}

int64_t CostOf(const Core& core, const Choice& choice) {
  int64_t total = 0;
  const int64_t most = core.forbidden;
  const auto add = [&](int64_t cost) { total = std::min(total + std::min(cost, most), most); };
  for (size_t v = 0; v < core.size(); ++v) {
    add(core.cost[core.first[v] + static_cast<size_t>(choice[v])]);
  }
  for (const Core::Edge& edge : core.edges) {
    const auto columns = static_cast<size_t>(core.strategies(static_cast<size_t>(edge.b)));
    add(core.edge_cost[edge.first +
                       static_cast<size_t>(choice[static_cast<size_t>(edge.a)]) * columns +
                       static_cast<size_t>(choice[static_cast<size_t>(edge.b)])]);
  }
  return total;
}

Dual::Dual(const Core& core)
    : core_(core), message_(core.ends), price_(core.capacity.size()), weight_(core.cost.size()) {}

void Dual::Gather(size_t node, std::vector<int64_t>& sum) const {
  const size_t first = core_.first[node], count = core_.first[node + 1] - first;
  sum.resize(count);
  for (size_t s = 0; s < count; ++s) sum[s] = core_.cost[first + s] + weight_[first + s];
  for (const int32_t e : core_.edges_of[node]) {
    const Core::Edge& edge = core_.edges[static_cast<size_t>(e)];
    const int64_t* const in =
        message_.data() + (edge.a == static_cast<int32_t>(node) ? edge.to_a : edge.to_b);
    for (size_t s = 0; s < count; ++s) sum[s] += in[s];
  }
}

void Dual::Send(size_t node, bool forward) {
  Gather(node, sum_);
  const size_t count = sum_.size();
  int64_t before = 0, after = 0;
  for (const int32_t e : core_.edges_of[node]) {
    const int32_t other = core_.other(core_.edges[static_cast<size_t>(e)], node);
    ++(other < static_cast<int32_t>(node) ? before : after);
  }
  if ((forward ? after : before) == 0) return;
  const int64_t shares = std::max(before, after);
  share_.resize(count), part_.resize(count);
  // What is taken off all of a message is left with the edge: numbers stay small.
  for (size_t s = 0; s < count; ++s) share_[s] = sum_[s] / shares;
  const int64_t low = *std::min_element(share_.begin(), share_.end());
  for (int64_t& share : share_) share -= low;
  for (const int32_t e : core_.edges_of[node]) {
    const Core::Edge& edge = core_.edges[static_cast<size_t>(e)];
    const bool is_a = edge.a == static_cast<int32_t>(node);
    const int32_t other = is_a ? edge.b : edge.a;
    if ((other > static_cast<int32_t>(node)) != forward) continue;
    int64_t* const in = message_.data() + (is_a ? edge.to_a : edge.to_b);
    for (size_t s = 0; s < count; ++s) {
      in[s] -= share_[s];
      part_[s] = -in[s];
    }
    const auto others = static_cast<size_t>(core_.strategies(static_cast<size_t>(other)));
    int64_t* const out = message_.data() + (is_a ? edge.to_b : edge.to_a);
    const int64_t* const matrix = core_.edge_cost.data() + edge.first;
    if (is_a) {
      MinOverRows(matrix, part_.data(), count, others, out);
    } else {
      MinOverColumns(matrix, part_.data(), others, count, out);
    }
    const int64_t least = *std::min_element(out, out + others);
    for (size_t t = 0; t < others; ++t) out[t] -= least;
  }
}

int64_t Dual::Sweep() {
  for (size_t v = 0; v < core_.size(); ++v) Send(v, true);
  for (size_t v = core_.size(); v-- > 0;) Send(v, false);
  return static_cast<int64_t>(2 * (core_.edge_cost.size() + core_.ends) + core_.cost.size());
}

int64_t Dual::LeastOfNode(size_t node) const {
  std::vector<int64_t> sum;
  Gather(node, sum);
  return *std::min_element(sum.begin(), sum.end());
}

int64_t Dual::LeastOfEdge(const Core::Edge& edge) const {
  std::vector<int64_t> least;
  LeastWith(edge, static_cast<size_t>(edge.a), least);
  return *std::min_element(least.begin(), least.end());
}

void Dual::LeastWith(const Core::Edge& edge, size_t node, std::vector<int64_t>& least) const {
  const auto rows = static_cast<size_t>(core_.strategies(static_cast<size_t>(edge.a)));
  const auto columns = static_cast<size_t>(core_.strategies(static_cast<size_t>(edge.b)));
  const int64_t* const matrix = core_.edge_cost.data() + edge.first;
  const int64_t* const to_a = message_.data() + edge.to_a;
  const int64_t* const to_b = message_.data() + edge.to_b;
  std::vector<int64_t> other(std::max(rows, columns));
  if (edge.a == static_cast<int32_t>(node)) {
    least.resize(rows);
    for (size_t t = 0; t < columns; ++t) other[t] = -to_b[t];
    MinOverColumns(matrix, other.data(), rows, columns, least.data());
    for (size_t s = 0; s < rows; ++s) least[s] -= to_a[s];
  } else {
    least.resize(columns);
    for (size_t s = 0; s < rows; ++s) other[s] = -to_a[s];
    MinOverRows(matrix, other.data(), rows, columns, least.data());
    for (size_t t = 0; t < columns; ++t) least[t] -= to_b[t];
  }
}

int64_t Dual::Bound() const {
  Int128 bound = -paid_back_;
  for (size_t v = 0; v < core_.size(); ++v) bound += LeastOfNode(v);
  for (const Core::Edge& edge : core_.edges) bound += LeastOfEdge(edge);
  return static_cast<int64_t>(std::max<Int128>(bound, -(kNothing / 4)));
}

int64_t Dual::BoundOfTotal() const {
  const int64_t bound = Bound();
  const int64_t whole = bound / core_.scale + (bound > 0 && bound % core_.scale != 0 ? 1 : 0);
  return std::max<int64_t>(whole + core_.constant, 0);
}

// Of the bound, what a message from the node can change.
Int128 Dual::LeastAround(size_t node) const {
  Int128 around = LeastOfNode(node);
  for (const int32_t e : core_.edges_of[node]) {
    const Core::Edge& edge = core_.edges[static_cast<size_t>(e)];
    around += LeastOfEdge(edge);
    around += LeastOfNode(static_cast<size_t>(core_.other(edge, node)));
  }
  return around;
}

std::vector<int64_t> Dual::BoundsOfStrategies() {
  std::vector<int64_t> bounds(core_.cost.size(), std::numeric_limits<int64_t>::min());
  std::vector<int64_t> sum, least;
  Int128 bound = Bound();
  // Where a pass has come to, the bound has been gathered: there it is best known what a strategy
  // adds to it.
  const auto visit = [&](size_t v, bool forward) {
    Gather(v, sum);
    Int128 low = *std::min_element(sum.begin(), sum.end());
    for (const int32_t e : core_.edges_of[v]) {
      LeastWith(core_.edges[static_cast<size_t>(e)], v, least);
      low += *std::min_element(least.begin(), least.end());
      for (size_t s = 0; s < sum.size(); ++s) sum[s] += least[s];
    }
    for (size_t s = 0; s < sum.size(); ++s) {
      int64_t& known = bounds[core_.first[v] + s];
      const Int128 with = std::min<Int128>(bound + sum[s] - low, kNothing / 2);
      known = static_cast<int64_t>(std::max<Int128>(known, with));
    }
    bound -= LeastAround(v);
    Send(v, forward);
    bound += LeastAround(v);
  };
  for (size_t v = 0; v < core_.size(); ++v) visit(v, true);
  for (size_t v = core_.size(); v-- > 0;) visit(v, false);
  return bounds;
}

Choice Dual::Round(bool within_capacity) const {
  Choice choice(core_.size(), -1);
  std::vector<int64_t> sum;
  Room room(core_.capacity);
  for (size_t v = 0; v < core_.size(); ++v) {
    const size_t first = core_.first[v], count = core_.first[v + 1] - first;
    sum.resize(count);
    for (size_t s = 0; s < count; ++s) sum[s] = core_.cost[first + s] + weight_[first + s];
    for (const int32_t e : core_.edges_of[v]) {
      const Core::Edge& edge = core_.edges[static_cast<size_t>(e)];
      const bool is_a = edge.a == static_cast<int32_t>(v);
      const auto other = static_cast<size_t>(is_a ? edge.b : edge.a);
      if (choice[other] < 0) {
        for (size_t s = 0; s < count; ++s) sum[s] += message_[(is_a ? edge.to_a : edge.to_b) + s];
        continue;
      }
      const auto t = static_cast<size_t>(choice[other]);
      const auto others = static_cast<size_t>(core_.strategies(other));
      for (size_t s = 0; s < count; ++s) {
        sum[s] += core_.edge_cost[edge.first + (is_a ? s * others + t : t * count + s)];
      }
    }
    int32_t best = -1, any = 0;
    for (int32_t s = 0; s < static_cast<int32_t>(count); ++s) {
      if (sum[static_cast<size_t>(s)] < sum[static_cast<size_t>(any)]) any = s;
      if (best >= 0 && sum[static_cast<size_t>(s)] >= sum[static_cast<size_t>(best)]) continue;
      bool fits = true;
      for (const Core::Usage& usage : core_.usages[v]) {
        if (!within_capacity) break;
        const int64_t amount = core_.used[usage.first + static_cast<size_t>(s)];
        if (amount == 0) continue;
        if (amount > room.Least(usage.begin, usage.end)) {
          fits = false;
          break;
        }
      }
      if (fits) best = s;
    }
    choice[v] = best >= 0 ? best : any;
    if (!within_capacity) continue;
    for (const Core::Usage& usage : core_.usages[v]) {
      const int64_t amount = core_.used[usage.first + static_cast<size_t>(choice[v])];
      if (amount > 0) room.Add(usage.begin, usage.end, -amount);
    }
  }
  return choice;
}

void Dual::SetPrices(std::vector<int64_t> prices) {
  price_ = std::move(prices);
  std::vector<Int128> until(price_.size() + 1);
  Int128 back = 0;
  for (size_t m = 0; m < price_.size(); ++m) {
    until[m + 1] = until[m] + price_[m];
    back += static_cast<Int128>(price_[m]) * core_.capacity[m];
  }
  const Int128 one = static_cast<Int128>(1) << kPriceBits;
  paid_back_ = static_cast<int64_t>(std::min<Int128>((back + one - 1) / one, kNothing / 8));
  for (size_t v = 0; v < core_.size(); ++v) {
    const size_t first = core_.first[v], count = core_.first[v + 1] - first;
    for (size_t s = 0; s < count; ++s) {
      Int128 weight = 0;
      for (const Core::Usage& usage : core_.usages[v]) {
        weight +=
            (until[static_cast<size_t>(usage.end)] - until[static_cast<size_t>(usage.begin)]) *
            core_.used[usage.first + s];
      }
      // What costs more than what forbids is out anyway, and the bound may be as low.
      weight_[first + s] =
          static_cast<int64_t>(std::min<Int128>(weight >> kPriceBits, core_.forbidden));
    }
  }
}

}  // namespace allot::strategies
