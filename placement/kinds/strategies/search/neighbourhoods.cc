#include "placement/kinds/strategies/search/neighbourhoods.h"

#include <algorithm>
#include <utility>

namespace allot::strategies {
namespace {

constexpr int64_t kIterations = 60, kBranchIterations = 20;
constexpr int64_t kEntriesPerStep = 30'000'000;
// What it takes to make a part, however small.
constexpr int64_t kEntriesOfPart = 20'000;
constexpr double kSmallest = 8;
// Moments among which one is chosen where nodes compete.
constexpr size_t kMostMoments = 512;

}  // namespace

Neighbourhoods::Neighbourhoods(const Reduction& base, std::vector<double> prices, uint64_t seed,
                               Choice answer, int64_t value)
    : base_(base),
      prices_(std::move(prices)),
      random_(seed),
      choice_(std::move(answer)),
      value_(value) {
  const size_t moments = base_.capacity().size();
  const size_t step = moments / kMostMoments + 1;
  users_.resize((moments + step - 1) / step);
  for (size_t n = 0; n < base_.nodes().size(); ++n) {
    const Reduction::Node& node = base_.nodes()[n];
    for (const auto& [interval, used] : node.usages) {
      const size_t first = (static_cast<size_t>(interval.first) + step - 1) / step;
      for (size_t m = first; m * step < static_cast<size_t>(interval.second); ++m) {
        if (users_[m].empty() || users_[m].back() != static_cast<int32_t>(n)) {
          users_[m].push_back(static_cast<int32_t>(n));
        }
      }
    }
  }
}

// Breadth first, neighbours in random order.
void Neighbourhoods::FreeAround(int32_t node, size_t count, std::vector<char>& free) {
  std::vector<int32_t> queue = {node};
  std::vector<char> seen(base_.nodes().size());
  seen[static_cast<size_t>(node)] = 1;
  for (size_t next = 0; next < queue.size() && next < count; ++next) {
    const auto n = static_cast<size_t>(queue[next]);
    free[n] = 1;
    const size_t start = queue.size();
    for (const auto& [other, e] : base_.nodes()[n].edges) {
      if (seen[static_cast<size_t>(other)]) continue;
      seen[static_cast<size_t>(other)] = 1;
      queue.push_back(other);
    }
    for (size_t i = start + 1; i < queue.size(); ++i) {
      const auto j =
          start + static_cast<size_t>(random_.Below(static_cast<int64_t>(i - start + 1)));
      std::swap(queue[i], queue[j]);
    }
  }
}

// Some that use something at the same moment, each with a few around it.
void Neighbourhoods::FreeAtMoment(size_t count, std::vector<char>& free) {
  const std::vector<int32_t>& users =
      users_[static_cast<size_t>(random_.Below(static_cast<int64_t>(users_.size())))];
  if (users.empty()) return;
  const size_t around = static_cast<size_t>(random_.Between(2, 12));
  for (size_t freed = 0; freed < count; freed += around) {
    FreeAround(users[static_cast<size_t>(random_.Below(static_cast<int64_t>(users.size())))],
               around, free);
  }
}

std::vector<int32_t> Neighbourhoods::ChooseFree() {
  std::vector<char> free(base_.nodes().size());
  const auto count = static_cast<size_t>(size_);
  if (random_.Below(2) == 0 && !users_.empty()) {
    FreeAtMoment(count, free);
  } else {
    FreeAround(static_cast<int32_t>(random_.Below(static_cast<int64_t>(free.size()))), count, free);
  }
  std::vector<int32_t> nodes;
  for (size_t n = 0; n < free.size(); ++n) {
    if (free[n]) nodes.push_back(static_cast<int32_t>(n));
  }
  return nodes;
}

bool Neighbourhoods::Step(Budget& budget) {
  if (base_.nodes().empty()) return false;
  Reduction::Part part = base_.PartOf(ChooseFree(), choice_);
  Budget own{std::min(budget.limit, budget.spent + kEntriesPerStep), budget.spent, budget.stop};
  own.spent +=
      kEntriesOfPart + static_cast<int64_t>(base_.capacity().size() + base_.nodes().size());
  std::vector<double> prices;
  for (const int32_t moment : part.moments) prices.push_back(prices_[static_cast<size_t>(moment)]);
  PriceSearch search(std::move(part.reduction), value_, std::move(prices));
  search.SetStep(0.05);
  search.Run(kIterations, own);
  bool closed = search.closed();
  std::optional<Choice> best = search.best();
  int64_t value = search.below();
  if (!closed && !own.Over()) {
    Branching branching(std::move(search), kBranchIterations);
    branching.Run(own);
    closed = branching.closed();
    best = branching.best();
    value = branching.below();
  }
  budget.spent = own.spent;
  // What is solved to its end may be larger.
  const auto largest = static_cast<double>(base_.nodes().size());
  size_ = std::clamp(size_ * (closed ? 1.05 : 0.93), std::min(kSmallest, largest), largest);
  if (!best.has_value()) return false;
  for (size_t i = 0; i < part.nodes.size(); ++i) {
    choice_[static_cast<size_t>(part.nodes[i])] = (*best)[i];
  }
  value_ = value;
  return true;
}

}  // namespace allot::strategies
