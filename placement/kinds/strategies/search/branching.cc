#include "placement/kinds/strategies/search/branching.h"

#include <algorithm>
#include <utility>

namespace allot::strategies {
namespace {

// What the strategy pays for its usages, or what it uses, where prices are nothing.
double Weight(const PriceSearch& search, size_t v, size_t s) {
  const Core& core = search.core();
  double weight = static_cast<double>(search.Price(core.first[v] + s));
  if (weight > 0) return weight;
  for (const Core::Usage& usage : core.usages[v]) {
    weight += static_cast<double>(core.used[usage.first + s]) * 1e-9;
  }
  return weight;
}

// Of all that is open together, in costs: 512 MiB.
constexpr int64_t kMostKept = int64_t{1} << 26;

int64_t Size(const Reduction& reduction) {
  int64_t size = static_cast<int64_t>(reduction.capacity().size()) * 4;
  for (const Reduction::Edge& edge : reduction.edges()) {
    size += static_cast<int64_t>(edge.cost.size()) + 8;
  }
  for (const Reduction::Node& node : reduction.nodes()) {
    size += static_cast<int64_t>((node.usages.size() + 2) * (node.cost.size() + 8));
  }
  return size;
}

}  // namespace

Split ChooseSplit(const PriceSearch& search) {
  const Core& core = search.core();
  // Undecided counts for more where what is paid differs more between the two that compete.
  size_t node = 0, one = 0, two = 1;
  double most = -1;
  for (size_t v = 0; v < core.size(); ++v) {
    const std::vector<double>& share = search.shares()[v];
    if (share.size() < 2) continue;
    size_t first = 0, second = 1;
    if (share[1] > share[0]) std::swap(first, second);
    for (size_t s = 2; s < share.size(); ++s) {
      if (share[s] > share[first]) {
        second = first, first = s;
      } else if (share[s] > share[second]) {
        second = s;
      }
    }
    const double score = share[second] + 1e-6 * static_cast<double>(share.size());
    if (score > most) most = score, node = v, one = first, two = second;
  }
  const size_t count = search.shares()[node].size();
  Split split{core.in_reduction[node], std::vector<char>(count)};
  const double of_one = Weight(search, node, one), of_two = Weight(search, node, two);
  for (size_t s = 0; s < count; ++s) {
    const double weight = Weight(search, node, s);
    const double middle = (of_one + of_two) / 2;
    split.first[s] = of_one == of_two ? s == one : (weight > middle) == (of_one > middle);
  }
  split.first[one] = 1, split.first[two] = 0;
  return split;
}

Branching::Branching(PriceSearch root, int64_t iterations)
    : below_(root.below()), best_(root.best()), iterations_(iterations) {
  current_bound_ = root.bound();
  if (!root.closed()) current_ = std::move(root);
}

void Branching::Lower(int64_t below) {
  below_ = std::min(below_, below);
  open_.erase(open_.lower_bound(below_), open_.end());
  if (current_.has_value()) current_->Lower(below_);
}

int64_t Branching::bound() const {
  int64_t bound = std::min(below_, given_up_);
  if (current_.has_value()) bound = std::min(bound, current_bound_);
  if (!open_.empty()) bound = std::min(bound, open_.begin()->first);
  return bound;
}

void Branching::Take(const PriceSearch& search) {
  if (search.below() >= below_) return;
  if (search.best().has_value()) best_ = search.best();
  below_ = search.below();
  open_.erase(open_.lower_bound(below_), open_.end());
}

void Branching::Branch(Budget& budget) {
  const Split split = ChooseSplit(*current_);
  std::vector<char> rest(split.first);
  for (char& keep : rest) keep = !keep;
  Reduction first = current_->reduction(), second = current_->reduction();
  const std::vector<double> prices = current_->prices();
  const int64_t bound = std::max(current_bound_, current_->bound());
  current_.reset();
  first.Keep(split.node, split.first);
  second.Keep(split.node, rest);
  for (Reduction* const half : {&second, &first}) {
    PriceSearch search(std::move(*half), below_, prices);
    search.SetStep(0.05);
    search.Run(iterations_, budget);
    Take(search);
    const int64_t of_half = std::max(bound, search.bound());
    if (search.closed() || of_half >= below_) continue;
    if (half == &first) {
      current_bound_ = of_half;
      current_ = std::move(search);
      current_->Lower(below_);
    } else if (static_cast<int64_t>(open_.size() + 1) * Size(search.reduction()) > kMostKept) {
      given_up_ = std::min(given_up_, of_half);
    } else {
      open_.emplace(of_half, Open{search.reduction(), search.prices()});
    }
  }
}

void Branching::Run(Budget& budget) {
  while (!exhausted() && !budget.Over()) {
    const int64_t bound_before = bound(), below_before = below_;
    if (!current_.has_value()) {
      auto least = open_.begin();
      current_bound_ = least->first;
      PriceSearch search(std::move(least->second.reduction), below_,
                         std::move(least->second.prices));
      open_.erase(least);
      search.SetStep(0.02);
      search.Run(iterations_ / 2, budget);
      current_ = std::move(search);
      Take(*current_);
      if (current_->closed() || std::max(current_bound_, current_->bound()) >= below_) {
        current_.reset();
        continue;
      }
    }
    Branch(budget);
    if (on_progress && (bound() > bound_before || below_ < below_before)) on_progress();
  }
}

}  // namespace allot::strategies
