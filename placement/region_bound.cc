#include "placement/region_bound.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "placement/allowed_times.h"

namespace allot {
namespace {

constexpr Picos kNever = PathCosts::kNever;

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

}  // namespace

RegionBound::RegionBound(const PathCosts& costs, int32_t entry, int32_t exit,
                         std::vector<int32_t> items)
    : costs_(costs), exit_(exit), items_(std::move(items)) {
  const int32_t num_devices = costs.num_devices;
  const size_t n = items_.size();
  // Rows: the items, then the exit. Inputs from within, by row: (flow, row), -1 for the entry.
  std::vector<std::pair<int32_t, size_t>> row_of;
  for (size_t i = 0; i < n; ++i) row_of.emplace_back(items_[i], i);
  row_of.emplace_back(exit, n);
  std::sort(row_of.begin(), row_of.end());
  const auto row = [&row_of](int32_t item) -> int32_t {
    const auto it = std::lower_bound(row_of.begin(), row_of.end(), std::pair(item, size_t{0}));
    return it != row_of.end() && it->first == item ? static_cast<int32_t>(it->second) : -1;
  };
  struct Input {
    int32_t flow, from;
  };
  std::vector<std::vector<Input>> inputs(n + 1);
  for (size_t i = 0; i <= n; ++i) {
    const int32_t item = i < n ? items_[i] : exit;
    for (const FlowId flow : costs.graph.inputs[ItemId(item)]) {
      const int32_t producer = costs.producer[static_cast<size_t>(flow.index())];
      const int32_t from = producer == entry ? -1 : row(producer);
      if (producer != entry && from < 0) continue;
      inputs[i].push_back({flow.index(), from});
    }
  }
  const auto time = [&](size_t i, int32_t d) { return costs.Time(i < n ? items_[i] : exit, d); };
  for (int32_t k = 0; k < num_devices; ++k) {
    std::vector<Picos>& start = start_.emplace_back((n + 1) * static_cast<size_t>(num_devices), 0);
    for (size_t i = 0; i <= n; ++i) {
      for (int32_t d = 0; d < num_devices; ++d) {
        Picos& at = start[Cell(i, d)];
        if (time(i, d) == kNotAllowed) {
          at = kNever;
          continue;
        }
        for (const Input& input : inputs[i]) {
          Picos arrival = kNever;
          if (input.from < 0) {
            arrival = costs.Crossing(input.flow, k, d);
          } else {
            const size_t from = static_cast<size_t>(input.from);
            for (int32_t via = 0; via < num_devices; ++via) {
              if (start[Cell(from, via)] >= kNever) continue;
              const Picos end = start[Cell(from, via)] + time(from, via);
              if (end < arrival)
                arrival = std::min(arrival, end + costs.Crossing(input.flow, via, d));
            }
          }
          at = std::max(at, std::min(arrival, kNever));
        }
      }
    }
  }
  for (int32_t l = 0; l < num_devices; ++l) {
    std::vector<Picos>& tail = tail_.emplace_back((n + 1) * static_cast<size_t>(num_devices), 0);
    for (int32_t d = 0; d < num_devices; ++d) tail[Cell(n, d)] = d == l ? 0 : kNever;
    for (size_t i = n + 1; i-- > 0;) {
      for (const Input& input : inputs[i]) {
        if (input.from < 0) continue;
        for (int32_t via = 0; via < num_devices; ++via) {
          Picos least = kNever;
          for (int32_t d = 0; d < num_devices; ++d) {
            if (time(i, d) == kNotAllowed || tail[Cell(i, d)] >= kNever) continue;
            const Picos rest = time(i, d) + tail[Cell(i, d)];
            if (rest < least) least = std::min(least, rest + costs.Crossing(input.flow, via, d));
          }
          Picos& at = tail[Cell(static_cast<size_t>(input.from), via)];
          at = std::max(at, least);
        }
      }
    }
  }
}

Picos RegionBound::Path(int32_t k, int32_t l) const {
  const std::vector<Picos>& start = start_[static_cast<size_t>(k)];
  const std::vector<Picos>& tail = tail_[static_cast<size_t>(l)];
  const Picos last = start[Cell(items_.size(), l)];
  if (last >= kNever) return kNever;
  Picos path = last + costs_.Time(exit_, l);
  for (size_t i = 0; i < items_.size(); ++i) {
    Picos least = kNever;
    for (int32_t d = 0; d < costs_.num_devices; ++d) {
      if (start[Cell(i, d)] >= kNever || tail[Cell(i, d)] >= kNever) continue;
      least = std::min(least, start[Cell(i, d)] + costs_.Time(items_[i], d) + tail[Cell(i, d)]);
    }
    path = std::max(path, least);
  }
  return path;
}

Picos RegionBound::Between(int32_t k, int32_t l) const {
  const Picos path = Path(k, l);
  if (path >= kNever) return kNever;
  // Everything on its best device, one after the other, is certainly possible within this.
  Picos high = path;
  for (const int32_t item : items_) {
    Picos best = kNever;
    for (int32_t d = 0; d < costs_.num_devices; ++d) {
      const Picos time = costs_.Time(item, d);
      if (time != kNotAllowed) best = std::min(best, time);
    }
    high += best;
  }
  const std::vector<std::vector<int32_t>> sets = Sets(k, l);
  Picos low = path;  // nothing is faster
  while (low < high) {
    const Picos middle = low + (high - low) / 2;
    const bool impossible =
        std::any_of(sets.begin(), sets.end(), [&](const std::vector<int32_t>& set) {
          return Overloaded(set, start_[static_cast<size_t>(k)].data(),
                            tail_[static_cast<size_t>(l)].data(), middle);
        });
    if (impossible) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The items that start latest, that have most behind them, or that are farthest from being anywhere
// else than on their best device: more and more of each, the whole at the end.
std::vector<std::vector<int32_t>> RegionBound::Sets(int32_t k, int32_t l) const {
  const Picos* start = start_[static_cast<size_t>(k)].data();
  const Picos* tail = tail_[static_cast<size_t>(l)].data();
  const size_t n = items_.size();
  std::array<std::vector<Picos>, 3> keys;
  for (size_t i = 0; i < n; ++i) {
    Picos head = kNever, after = kNever, first = kNever, second = kNever;
    for (int32_t d = 0; d < costs_.num_devices; ++d) {
      const size_t cell = Cell(i, d);
      if (start[cell] >= kNever || tail[cell] >= kNever) continue;
      head = std::min(head, start[cell]);
      after = std::min(after, tail[cell]);
      const Picos both = start[cell] + tail[cell];
      if (both < first) {
        second = std::exchange(first, both);
      } else {
        second = std::min(second, both);
      }
    }
    keys[0].push_back(head);
    keys[1].push_back(after);
    keys[2].push_back(second);
  }
  std::vector<std::vector<int32_t>> sets;
  std::vector<int32_t> order(n);
  for (const std::vector<Picos>& key : keys) {
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&key](int32_t a, int32_t b) {
      return key[static_cast<size_t>(a)] > key[static_cast<size_t>(b)];
    });
    constexpr size_t kSets = 6;
    size_t last = 0;
    for (size_t s = 1; s <= kSets; ++s) {
      const size_t size = n * s / kSets;
      if (size == last || (s == kSets && &key != &keys[2])) continue;
      last = size;
      sets.emplace_back(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }
  return sets;
}

bool RegionBound::Overloaded(const std::vector<int32_t>& set, const Picos* start, const Picos* tail,
                             Picos within) const {
  const auto num_devices = static_cast<size_t>(costs_.num_devices);
  std::vector<Picos> first(num_devices, kNever), after(num_devices, kNever), window(num_devices, 0);
  std::vector<Picos> time(set.size() * num_devices, kNotAllowed);
  for (size_t i = 0; i < set.size(); ++i) {
    bool any = false;
    for (size_t d = 0; d < num_devices; ++d) {
      const size_t cell = static_cast<size_t>(set[i]) * num_devices + d;
      if (start[cell] >= kNever || tail[cell] >= kNever) continue;
      const Picos p = costs_.Time(items_[static_cast<size_t>(set[i])], static_cast<int32_t>(d));
      if (start[cell] + p + tail[cell] > within) continue;
      time[i * num_devices + d] = p;
      first[d] = std::min(first[d], start[cell]);
      after[d] = std::min(after[d], tail[cell]);
      any = true;
    }
    if (!any) return true;
  }
  for (size_t d = 0; d < num_devices; ++d) {
    if (first[d] < kNever) window[d] = std::max<Picos>(within - first[d] - after[d], 0);
  }
  // Weights move towards the devices that the cheapest assignment overloads. This is done with 20
  // bits of each time, so that sums fit into words; what looks like a proof is then worked out in
  // full. The inequality with weights < 2^26 and less than 2^14 items stays below 2^60.
  ALLOT_CHECK(set.size() < kMostItems);
  int shift = 0;
  while ((within >> shift) >= int64_t{1} << 20) ++shift;
  const int64_t widest = std::max<int64_t>(within >> shift, 1);
  std::vector<int64_t> rough(time.size());
  for (size_t i = 0; i < time.size(); ++i) {
    rough[i] = time[i] == kNotAllowed ? int64_t{-1} : time[i] >> shift;
  }
  std::vector<int64_t> weight(num_devices, int64_t{1} << 16), load(num_devices);
  constexpr int kRounds = 24;
  for (int round = 0; round < kRounds; ++round) {
    std::fill(load.begin(), load.end(), 0);
    int64_t demand = 0, supply = 0;
    for (size_t i = 0; i < set.size(); ++i) {
      const int64_t* row = &rough[i * num_devices];
      size_t best = 0;
      int64_t least = std::numeric_limits<int64_t>::max();
      for (size_t d = 0; d < num_devices; ++d) {
        if (row[d] < 0 || weight[d] * row[d] >= least) continue;
        best = d;
        least = weight[d] * row[d];
      }
      demand += least;
      load[best] += row[best];
    }
    for (size_t d = 0; d < num_devices; ++d) supply += weight[d] * (window[d] >> shift);
    if (demand > supply - supply / 1024 && Exceeds(time, weight, window)) return true;
    for (size_t d = 0; d < num_devices; ++d) {
      // By at most a half, less in later rounds.
      const int64_t over = std::clamp(load[d] - (window[d] >> shift), -widest, widest);
      const int64_t change = weight[d] * over / widest / (2 + round / 4);
      weight[d] = std::clamp<int64_t>(weight[d] + change, 1, (int64_t{1} << 26) - 1);
    }
  }
  return false;
}

bool RegionBound::Exceeds(const std::vector<Picos>& time, const std::vector<int64_t>& weight,
                          const std::vector<Picos>& window) const {
  Int128 spare = 0;
  for (size_t d = 0; d < weight.size(); ++d) spare += static_cast<Int128>(weight[d]) * window[d];
  for (size_t row = 0; row < time.size(); row += weight.size()) {
    Int128 least = -1;
    for (size_t d = 0; d < weight.size(); ++d) {
      if (time[row + d] == kNotAllowed) continue;
      const Int128 cost = static_cast<Int128>(weight[d]) * time[row + d];
      if (least < 0 || cost < least) least = cost;
    }
    spare -= least;
  }
  return spare < 0;
}

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

}  // namespace allot
