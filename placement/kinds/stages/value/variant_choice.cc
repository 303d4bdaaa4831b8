#include "placement/kinds/stages/value/variant_choice.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "support/units.h"

namespace allot {
namespace {

constexpr int64_t kMostMissing = int64_t{1} << 62;

// A layer that has a choice: its undominated options by rising cost and falling memory.
struct Item {
  size_t layer = 0;
  std::vector<int32_t> options;
  std::vector<int64_t> cost, saved;  // over the cheapest option
  // The best saving for each unit of cost that any option has: saved_at / cost_at.
  int64_t cost_at = 0, saved_at = 0;
};

struct Pair {
  int64_t cost = 0, saved = 0;
  int32_t parent = -1, option = 0;  // of the item that the pair ends with
};

class Chooser {
 public:
  Chooser(const std::vector<std::vector<VariantOption>>& options, int64_t memory,
          int64_t most_pairs)
      : options_(options), most_pairs_(most_pairs) {
    choice_.option.resize(options.size());
    Int128 needed = 0;
    for (size_t layer = 0; layer < options.size(); ++layer) AddLayer(layer, needed);
    const Int128 missing = needed > memory ? needed - memory : 0;
    hopeless_ = missing > kMostMissing;
    missing_ = hopeless_ ? kMostMissing : static_cast<int64_t>(missing);
  }

  VariantChoice Run() {
    if (missing_ == 0) {
      choice_.possible = true;
      choice_.cost = choice_.lower = base_;
      return std::move(choice_);
    }
    int64_t saved = 0;
    for (const Item& item : items_) saved = SaturatingAdd(saved, item.saved.back());
    if (saved < missing_ || hopeless_) return std::move(choice_);
    choice_.possible = true;
    std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
      const Int128 left = static_cast<Int128>(a.cost_at) * b.saved_at;
      const Int128 right = static_cast<Int128>(b.cost_at) * a.saved_at;
      return left != right ? left < right : a.layer < b.layer;
    });
    SumUp();
    Greedy();
    choice_.lower = base_ + Relaxed(0, missing_);
    if (choice_.lower < choice_.cost && most_pairs_ > 0) Exact();
    return std::move(choice_);
  }

 private:
  void AddLayer(size_t layer, Int128& needed) {
    const std::vector<VariantOption>& options = options_[layer];
    std::vector<int32_t> order(options.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      const VariantOption &x = options[static_cast<size_t>(a)],
                          &y = options[static_cast<size_t>(b)];
      if (x.cost != y.cost) return x.cost < y.cost;
      return x.memory != y.memory ? x.memory < y.memory : a < b;
    });
    Item item;
    item.layer = layer;
    const VariantOption& first = options[static_cast<size_t>(order[0])];
    for (const int32_t number : order) {
      const VariantOption& option = options[static_cast<size_t>(number)];
      const int64_t saved = first.memory - option.memory;
      if (!item.saved.empty() && saved <= item.saved.back()) continue;
      item.options.push_back(number);
      item.cost.push_back(option.cost - first.cost);
      item.saved.push_back(saved);
    }
    choice_.option[layer] = order[0];
    base_ += first.cost;
    needed += first.memory;
    for (size_t i = 1; i < item.options.size(); ++i) {
      const bool better =
          item.saved_at == 0 || static_cast<Int128>(item.cost[i]) * item.saved_at <
                                    static_cast<Int128>(item.cost_at) * item.saved[i];
      if (better) item.cost_at = item.cost[i], item.saved_at = item.saved[i];
    }
    if (item.options.size() > 1) items_.push_back(std::move(item));
  }

  // As if each item could be had in pieces, at its best ratio, up to all that it can save.
  void SumUp() {
    whole_cost_ = {0};
    whole_saved_ = {0};
    most_saved_.assign(items_.size() + 1, 0);
    for (const Item& item : items_) {
      // Rounded down: a bound.
      const Int128 cost = static_cast<Int128>(item.cost_at) * item.saved.back() / item.saved_at;
      whole_cost_.push_back(whole_cost_.back() + static_cast<int64_t>(cost));
      whole_saved_.push_back(SaturatingAdd(whole_saved_.back(), item.saved.back()));
    }
    for (size_t i = items_.size(); i-- > 0;) {
      most_saved_[i] = SaturatingAdd(most_saved_[i + 1], items_[i].saved.back());
    }
  }

  // No less must be paid to save `missing` with the items from `first` on.
  int64_t Relaxed(size_t first, int64_t missing) const {
    if (missing <= 0) return 0;
    const int64_t until = SaturatingAdd(whole_saved_[first], missing);
    const auto at = std::lower_bound(whole_saved_.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                                     whole_saved_.end(), until);
    // The last item that is wanted is had in part.
    const auto last = static_cast<size_t>(at - whole_saved_.begin()) - 1;
    if (last >= items_.size()) return whole_cost_.back() - whole_cost_[first];
    const Int128 rest = static_cast<Int128>(until) - whole_saved_[last];
    const Int128 part = items_[last].cost_at * rest / items_[last].saved_at;
    return whole_cost_[last] - whole_cost_[first] + static_cast<int64_t>(part);
  }

  // By the best ratio until it fits, then back wherever that is possible, the dearest first.
  void Greedy() {
    std::vector<size_t> taken(items_.size(), 0);
    int64_t missing = missing_;
    for (size_t i = 0; i < items_.size() && missing > 0; ++i) {
      const Item& item = items_[i];
      // The cheapest option that is enough, or what saves most.
      taken[i] = item.saved.size() - 1;
      for (size_t o = 1; o < item.saved.size(); ++o) {
        if (item.saved[o] >= missing) {
          taken[i] = o;
          break;
        }
      }
      missing -= item.saved[taken[i]];
    }
    std::vector<size_t> order(items_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return items_[a].cost[taken[a]] > items_[b].cost[taken[b]];
    });
    for (const size_t i : order) {
      const Item& item = items_[i];
      for (size_t o = 0; o < taken[i]; ++o) {
        if (missing + item.saved[taken[i]] - item.saved[o] > 0) continue;
        missing += item.saved[taken[i]] - item.saved[o];
        taken[i] = o;
        break;
      }
    }
    choice_.cost = base_;
    for (size_t i = 0; i < items_.size(); ++i) {
      choice_.cost += items_[i].cost[taken[i]];
      choice_.option[items_[i].layer] = items_[i].options[taken[i]];
    }
  }

  void Exact() {
    std::vector<Pair> pairs = {Pair{}};
    std::vector<int32_t> now = {0}, next;
    for (size_t i = 0; i < items_.size(); ++i) {
      std::vector<Pair> grown;
      for (const int32_t parent : now) {
        const Pair pair = pairs[static_cast<size_t>(parent)];
        for (size_t o = 0; o < items_[i].options.size(); ++o) {
          Pair longer{pair.cost + items_[i].cost[o], pair.saved, parent, static_cast<int32_t>(o)};
          longer.saved = std::min(missing_, SaturatingAdd(pair.saved, items_[i].saved[o]));
          const int64_t missing = missing_ - longer.saved;
          if (missing > most_saved_[i + 1]) continue;
          if (base_ + longer.cost + Relaxed(i + 1, missing) >= choice_.cost) continue;
          grown.push_back(longer);
        }
      }
      std::stable_sort(grown.begin(), grown.end(), [](const Pair& a, const Pair& b) {
        return a.cost != b.cost ? a.cost < b.cost : a.saved > b.saved;
      });
      next.clear();
      int64_t saved = -1;
      for (const Pair& pair : grown) {
        if (pair.saved <= saved) continue;
        saved = pair.saved;
        next.push_back(static_cast<int32_t>(pairs.size()));
        pairs.push_back(pair);
      }
      now.swap(next);
      choice_.pairs = static_cast<int64_t>(pairs.size());
      if (choice_.pairs > most_pairs_) return;
    }
    for (const int32_t end : now) {
      if (pairs[static_cast<size_t>(end)].saved >= missing_) {
        Take(pairs, end);
        break;  // the cheapest
      }
    }
    choice_.lower = choice_.cost;
  }

  void Take(const std::vector<Pair>& pairs, int32_t end) {
    choice_.cost = base_ + pairs[static_cast<size_t>(end)].cost;
    int32_t at = end;
    for (size_t i = items_.size(); i-- > 0;) {
      const Pair& pair = pairs[static_cast<size_t>(at)];
      choice_.option[items_[i].layer] = items_[i].options[static_cast<size_t>(pair.option)];
      at = pair.parent;
    }
  }

  const std::vector<std::vector<VariantOption>>& options_;
  const int64_t most_pairs_;
  VariantChoice choice_;
  std::vector<Item> items_;
  int64_t base_ = 0, missing_ = 0;
  bool hopeless_ = false;
  // Of the first items, in the order of their ratios; and of the others.
  std::vector<int64_t> whole_cost_, whole_saved_, most_saved_;
};

}  // namespace

VariantChoice ChooseVariants(const std::vector<std::vector<VariantOption>>& options, int64_t memory,
                             int64_t most_pairs) {
  return Chooser(options, memory, most_pairs).Run();
}

}  // namespace allot
