#include "placement/kinds/strategies/search/price_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace allot::strategies {
namespace {

constexpr int kFirstSweeps = 30, kPatience = 20, kPruneEvery = 40;
// What is spent however small the problem is.
constexpr int64_t kEntriesOfStart = 5'000, kEntriesOfIteration = 500;
constexpr double kMemory = 0.8, kShrink = 0.8, kShareMemory = 0.95;

int64_t RoundedUp(int64_t scaled, const Core& core) {
  const int64_t whole = scaled / core.scale + (scaled > 0 && scaled % core.scale != 0 ? 1 : 0);
  return std::max<int64_t>(whole + core.constant, 0);
}

}  // namespace

PriceSearch::PriceSearch(Reduction reduction, int64_t below, std::vector<double> prices)
    : reduction_(std::move(reduction)), below_(below), prices_(std::move(prices)) {
  prices_.resize(static_cast<size_t>(reduction_.num_moments()));
  direction_.resize(prices_.size());
}

// Reduces, and starts messages anew. False if nothing is left to be searched.
bool PriceSearch::Rebuild(Budget& budget) {
  dual_.reset();
  core_.reset();
  reduction_.Reduce(budget.stop);
  if (reduction_.infeasible()) {
    bound_ = below_;
    return false;
  }
  core_ = std::make_unique<Core>(
      MakeCore(reduction_, below_ >= kForbidden / 4 ? kForbidden : 2 * below_));
  budget.spent += static_cast<int64_t>(core_->edge_cost.size()) * 4 + kEntriesOfStart;
  shares_.assign(core_->size(), {});
  for (size_t v = 0; v < core_->size(); ++v) {
    shares_[v].resize(static_cast<size_t>(core_->strategies(v)));
  }
  if (core_->size() == 0) {
    Offer({});
    bound_ = std::max(bound_, std::min(below_, reduction_.constant()));
    return false;
  }
  dual_ = std::make_unique<Dual>(*core_);
  std::vector<int64_t> prices;
  for (const int32_t moment : reduction_.moments()) {
    prices.push_back(static_cast<int64_t>(
        std::min(prices_[static_cast<size_t>(moment)] * static_cast<double>(core_->scale) *
                     (1 << Dual::kPriceBits),
                 0x1p50)));
  }
  dual_->SetPrices(std::move(prices));
  for (int i = 0; i < kFirstSweeps; ++i) budget.spent += dual_->Sweep();
  best_of_core_ = dual_->Bound();
  since_better_ = 0;
  return true;
}

// Takes a choice of the core for an answer, if it is one and better.
void PriceSearch::Offer(const Choice& choice) {
  const std::vector<int64_t> used = UsedBy(*core_, choice);
  for (size_t m = 0; m < used.size(); ++m) {
    if (used[m] > core_->capacity[m]) return;
  }
  const int64_t cost = CostOf(*core_, choice);
  if (core_->size() > 0 && cost >= core_->forbidden) return;
  const int64_t total = AddCosts(cost / core_->scale, core_->constant);
  if (total >= below_) return;
  below_ = total;
  best_ = reduction_.Expand(InReduction(reduction_, *core_, choice));
}

void PriceSearch::Iterate(Budget& budget) {
  budget.spent += dual_->Sweep();
  const Choice choice = dual_->Round(false);
  const std::vector<int64_t> used = UsedBy(*core_, choice);
  double length = 0;
  bool fits = true;
  const std::vector<int32_t>& moments = reduction_.moments();
  for (size_t m = 0; m < used.size(); ++m) {
    const auto excess = static_cast<double>(used[m] - core_->capacity[m]);
    fits &= excess <= 0;
    double& direction = direction_[static_cast<size_t>(moments[m])];
    direction = kMemory * direction + (1 - kMemory) * excess;
    if (dual_->prices()[m] > 0 || direction > 0) length += direction * direction;
  }
  Offer(fits ? choice : dual_->Round(true));
  budget.spent +=
      static_cast<int64_t>(core_->used.size()) * 8 + 2 * static_cast<int64_t>(used.size());
  const int64_t bound = dual_->Bound();
  budget.spent += static_cast<int64_t>(core_->edge_cost.size()) + kEntriesOfIteration;
  bound_ = std::max(bound_, std::min(RoundedUp(bound, *core_), below_));
  if (bound > best_of_core_) {
    best_of_core_ = bound;
    since_better_ = 0;
  } else if (++since_better_ >= kPatience) {
    step_ *= kShrink;
    since_better_ = 0;
  }
  for (size_t v = 0; v < core_->size(); ++v) {
    for (double& share : shares_[v]) share *= kShareMemory;
    shares_[v][static_cast<size_t>(choice[v])] += 1 - kShareMemory;
  }
  relaxed_ = choice;
  if (length <= 0) return;  // no price, and nothing too much: messages alone move on
  // The bound that one hopes for: the best answer known, or somewhat more than there is.
  const auto scale = static_cast<double>(core_->scale);
  const double now = static_cast<double>(bound);
  const double hoped = below_ < kForbidden / 4
                           ? static_cast<double>(below_ - core_->constant) * scale
                           : now + 0.5 * std::abs(now) + scale;
  const double factor = step_ * std::max(hoped - now, scale) / length;
  std::vector<int64_t> prices(moments.size());
  for (size_t m = 0; m < moments.size(); ++m) {
    double& price = prices_[static_cast<size_t>(moments[m])];
    price = std::max(0.0, price + factor * direction_[static_cast<size_t>(moments[m])] / scale);
    prices[m] = static_cast<int64_t>(std::min(price * scale * (1 << Dual::kPriceBits), 0x1p50));
  }
  dual_->SetPrices(std::move(prices));
}

// Takes out what makes every answer too expensive. Whether it was much.
bool PriceSearch::Prune(Budget& budget) {
  if (below_ >= kForbidden / 4) return false;
  const std::vector<int64_t> bounds = dual_->BoundsOfStrategies();
  budget.spent += 10 * static_cast<int64_t>(core_->edge_cost.size());
  const Int128 most = static_cast<Int128>(below_ - 1 - core_->constant) * core_->scale;
  size_t dropped = 0;
  for (size_t v = 0; v < core_->size(); ++v) {
    const size_t first = core_->first[v];
    std::vector<char> keep(core_->first[v + 1] - first);
    size_t kept = 0;
    for (size_t s = 0; s < keep.size(); ++s) kept += keep[s] = bounds[first + s] <= most;
    dropped += keep.size() - kept;
    if (kept < keep.size()) reduction_.Keep(core_->in_reduction[v], keep);
  }
  return dropped > 0;
}

void PriceSearch::Run(int64_t iterations, Budget& budget) {
  if (dual_ == nullptr && !Rebuild(budget)) return;
  for (int64_t i = 1; i <= iterations && !closed() && step_ > kSmallestStep; ++i) {
    if (budget.Over()) return;
    Iterate(budget);
    if (closed() || i % kPruneEvery != 0) continue;
    if (Prune(budget) && !Rebuild(budget)) return;
  }
}

}  // namespace allot::strategies
