#include "placement/proofs/region_choice.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "placement/problem/allowed_times.h"
#include "placement/proofs/region_bound.h"

namespace allot {
namespace {

// The nearest item that every path from an item to the end of `order` (or its beginning, with
// next = predecessors) leads through, by item; -1: none. `order` lists each item before what it
// leads to. Cooper, Harvey and Kennedy's walk (A simple, fast dominance algorithm, 2001).
template <typename Next>
std::vector<int32_t> NearestCommon(const std::vector<int32_t>& order, Next next) {
  const auto n = static_cast<int32_t>(order.size());
  std::vector<int32_t> place(order.size());
  for (int32_t i = 0; i < n; ++i) place[static_cast<size_t>(order[static_cast<size_t>(i)])] = i;
  std::vector<int32_t> common(order.size(), n);  // by place; n: behind everything
  for (int32_t i = n - 1; i >= 0; --i) {
    int32_t meet = -1;
    next(order[static_cast<size_t>(i)], [&](int32_t item) {
      int32_t other = place[static_cast<size_t>(item)];
      if (meet < 0) meet = other;
      while (meet != other) {
        int32_t& behind = meet < other ? meet : other;
        behind = behind == n ? n : common[static_cast<size_t>(behind)];
      }
    });
    common[static_cast<size_t>(i)] = meet < 0 ? n : meet;
  }
  std::vector<int32_t> result(order.size(), -1);
  for (int32_t i = 0; i < n; ++i) {
    const int32_t to = common[static_cast<size_t>(i)];
    if (to < n)
      result[static_cast<size_t>(order[static_cast<size_t>(i)])] = order[static_cast<size_t>(to)];
  }
  return result;
}

class Chooser {
 public:
  explicit Chooser(const PathCosts& costs)
      : costs_(costs), n_(static_cast<size_t>(costs.num_items)), chosen_at_(n_) {
    position_.resize(n_);
    for (const ItemId item : costs.graph.topological) {
      position_[Index(item)] = static_cast<int32_t>(items_.size());
      items_.push_back(item);
    }
  }

  std::vector<Region> Run(int64_t work) {
    Choose(ForkJoins(costs_), /*overlaps=*/false, work);
    Choose(Overlapping(), /*overlaps=*/true, work);
    return std::move(regions_);
  }

 private:
  static size_t Index(ItemId item) { return static_cast<size_t>(item.index()); }

  std::vector<ForkJoin> Overlapping() const {
    constexpr size_t kSpan = 96;
    std::vector<ForkJoin> pairs;
    for (size_t from = 0; from < n_; ++from) {
      if (costs_.graph.successors[items_[from]].size() < 2) continue;
      for (size_t to = from + 1; to < n_ && to <= from + kSpan; ++to) {
        if (costs_.graph.predecessors[items_[to]].size() < 2) continue;
        pairs.push_back({items_[from].index(), items_[to].index()});
      }
    }
    return pairs;
  }

  // As far as the work reaches.
  void Choose(const std::vector<ForkJoin>& pairs, bool overlaps, int64_t work) {
    // A few sets and weights at a few tentative values, for the pairs of devices that may matter.
    constexpr int64_t kEffort = 2;
    const auto devices = static_cast<int64_t>(costs_.num_devices);
    std::vector<Region> found;
    std::vector<int32_t> forward(n_, -1), backward(n_, -1);
    int32_t stamp = 0;
    int64_t steps = 0;
    for (const ForkJoin& pair : pairs) {
      Region region{position_[static_cast<size_t>(pair.entry)],
                    position_[static_cast<size_t>(pair.exit)],
                    {},
                    overlaps};
      const std::vector<size_t>& known = chosen_at_[static_cast<size_t>(region.entry)];
      if (std::any_of(known.begin(), known.end(),
                      [&](size_t other) { return regions_[other].exit == region.exit; })) {
        continue;
      }
      // Large regions cost their square when they nest.
      const int64_t span = region.exit - region.entry;
      steps += span;
      if (span < 3 || steps > work) continue;
      ++stamp;
      forward[static_cast<size_t>(region.entry)] = stamp;
      backward[static_cast<size_t>(region.exit)] = stamp;
      for (int32_t at = region.exit - 1; at > region.entry; --at) {
        for (const ItemId to : costs_.graph.successors[items_[static_cast<size_t>(at)]]) {
          if (backward[static_cast<size_t>(position_[Index(to)])] == stamp) {
            backward[static_cast<size_t>(at)] = stamp;
          }
        }
      }
      for (int32_t at = region.entry + 1; at < region.exit; ++at) {
        for (const ItemId from : costs_.graph.predecessors[items_[static_cast<size_t>(at)]]) {
          if (forward[static_cast<size_t>(position_[Index(from)])] == stamp) {
            forward[static_cast<size_t>(at)] = stamp;
          }
        }
        if (forward[static_cast<size_t>(at)] == stamp &&
            backward[static_cast<size_t>(at)] == stamp) {
          region.items.push_back(items_[static_cast<size_t>(at)].index());
        }
      }
      if (region.items.size() >= 3 && region.items.size() < RegionBound::kMostItems)
        found.push_back(std::move(region));
    }
    // Those first that have most in parallel for their size: only that takes longer than paths.
    std::vector<Picos> parallel;
    for (const Region& region : found) parallel.push_back(Parallel(region));
    std::vector<size_t> order(found.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return static_cast<Int128>(parallel[a]) * static_cast<int64_t>(found[b].items.size()) >
             static_cast<Int128>(parallel[b]) * static_cast<int64_t>(found[a].items.size());
    });
    int64_t left = work;
    for (const size_t i : order) {
      const int64_t cost =
          kEffort * devices * devices * devices * static_cast<int64_t>(found[i].items.size());
      if (parallel[i] == 0 || cost > left) continue;
      left -= cost;
      chosen_at_[static_cast<size_t>(found[i].entry)].push_back(regions_.size());
      regions_.push_back(std::move(found[i]));
    }
  }

  // By how much the best times of a region's items exceed those of its longest path.
  Picos Parallel(const Region& region) {
    path_.resize(n_);
    path_stamp_.resize(n_, 0);
    Picos all = 0, longest = 0;
    for (const int32_t item : region.items) {
      Picos best = kNever;
      for (int32_t d = 0; d < costs_.num_devices; ++d) {
        if (costs_.Time(item, d) != kNotAllowed) best = std::min(best, costs_.Time(item, d));
      }
      path_[static_cast<size_t>(item)] = 0;
      for (const ItemId from : costs_.graph.predecessors[ItemId(item)]) {
        if (path_stamp_[Index(from)] != path_now_) continue;
        path_[static_cast<size_t>(item)] =
            std::max(path_[static_cast<size_t>(item)], path_[Index(from)]);
      }
      path_[static_cast<size_t>(item)] += best;
      path_stamp_[static_cast<size_t>(item)] = path_now_;
      longest = std::max(longest, path_[static_cast<size_t>(item)]);
      all += best;
    }
    ++path_now_;
    return all - longest;
  }

  const PathCosts& costs_;
  const size_t n_;
  std::vector<ItemId> items_;      // by position
  std::vector<int32_t> position_;  // by item
  std::vector<Picos> path_;        // scratch of Parallel(): longest paths, if the stamp is of now
  std::vector<int32_t> path_stamp_;
  int32_t path_now_ = 1;
  std::vector<Region> regions_;
  std::vector<std::vector<size_t>> chosen_at_;  // by position of the entry
};

}  // namespace

std::vector<ForkJoin> ForkJoins(const PathCosts& costs) {
  std::vector<int32_t> order;
  for (const ItemId item : costs.graph.topological) order.push_back(item.index());
  const std::vector<int32_t> join = NearestCommon(order, [&costs](int32_t item, auto visit) {
    for (const ItemId to : costs.graph.successors[ItemId(item)]) visit(to.index());
  });
  std::reverse(order.begin(), order.end());
  const std::vector<int32_t> fork = NearestCommon(order, [&costs](int32_t item, auto visit) {
    for (const ItemId from : costs.graph.predecessors[ItemId(item)]) visit(from.index());
  });
  std::vector<ForkJoin> pairs;
  for (int32_t item = 0; item < costs.num_items; ++item) {
    const int32_t exit = join[static_cast<size_t>(item)];
    if (exit >= 0 && costs.graph.successors[ItemId(item)].size() > 1) pairs.push_back({item, exit});
  }
  for (int32_t item = 0; item < costs.num_items; ++item) {
    const int32_t entry = fork[static_cast<size_t>(item)];
    if (entry < 0 || costs.graph.predecessors[ItemId(item)].size() < 2) continue;
    if (costs.graph.successors[ItemId(entry)].size() > 1 &&
        join[static_cast<size_t>(entry)] == item) {
      continue;  // there already
    }
    pairs.push_back({entry, item});
  }
  return pairs;
}

std::vector<Region> ChooseRegions(const PathCosts& costs, int64_t work) {
  if (costs.num_devices < 2) return {};
  return Chooser(costs).Run(work);
}

}  // namespace allot
