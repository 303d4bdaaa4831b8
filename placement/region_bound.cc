#include "placement/region_bound.h"

#include <algorithm>
#include <map>
#include <utility>

#include "placement/allowed_times.h"
#include "placement/call_search.h"
#include "placement/device_windows.h"

namespace allot {
namespace {

constexpr Picos kNever = PathCosts::kNever;

}  // namespace

RegionBound::RegionBound(const PathCosts& costs, int32_t entry, int32_t exit,
                         std::vector<int32_t> items)
    : costs_(costs), entry_(entry), exit_(exit), items_(std::move(items)) {
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
  for (size_t i = 0; i < n; ++i) {
    for (int32_t d = 0; d < num_devices; ++d) time_.push_back(time(i, d));
  }
  away_.assign(static_cast<size_t>(num_devices), kNever);
  send_ = away_;
  for (size_t i = 0; i <= n; ++i) {
    for (const Input& input : inputs[i]) {
      for (int32_t k = 0; k < num_devices; ++k) {
        for (int32_t d = 0; d < num_devices; ++d) {
          if (d == k || time(i, d) == kNotAllowed) continue;
          const Picos crossing = costs.Crossing(input.flow, k, d);
          if (crossing >= kNever) continue;
          Picos& send = send_[static_cast<size_t>(k)];
          send = std::min(send, crossing - costs.arrival[static_cast<size_t>(d)]);
          Picos& away = away_[static_cast<size_t>(k)];
          if (i < n) away = std::min(away, crossing);
        }
      }
    }
  }
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

// What launches take of the devices, by cases. Parts of u (the entry, on k) and of v (the exit, on
// l) are P_u and P_v; `send` is the least transfer that leaves k.
//
// k = l: If all is on k, it is done there one after the other. If not, P_v is launched after what
// comes back; and k launches a third part in between or waits meanwhile, for a transfer and a
// launch elsewhere at least. k != l: P_v starts after all that is not in it, and nothing elsewhere
// starts before P_u has sent. If l has no part between, its items follow those of k; if k has none,
// those of l follow its own: one after the other either way. Else k launches once more, and l
// twice.
std::vector<RegionBound::Case> RegionBound::Cases(int32_t k, int32_t l) const {
  const size_t from = static_cast<size_t>(k), to = static_cast<size_t>(l);
  Case all{time_, start_[from], tail_[to], std::vector<Picos>(costs_.first.size(), 0)};
  const Picos last = costs_.Time(exit_, l);
  const bool launches = std::any_of(costs_.first.begin(), costs_.first.end(),
                                    [](Picos launch) { return launch > 0; });
  if (!launches) return {std::move(all)};
  if (k == l) {
    all.taken[from] = last + costs_.first[from] + std::min(costs_.first[from], away_[from]);
    return {std::move(all)};
  }
  Case joined = all;
  joined.taken[from] = send_[from] + costs_.first[to] + last;
  for (size_t i = 0; i < items_.size(); ++i) {
    const size_t one = Cell(i, k), other = Cell(i, l);
    if (joined.time[other] == kNotAllowed) continue;
    if (joined.time[one] == kNotAllowed) joined.time[one] = kNever;
    joined.time[one] = std::min(joined.time[one], joined.time[other]);
    joined.start[one] = std::min(joined.start[one], joined.start[other]);
    joined.tail[one] = std::min(joined.tail[one], joined.tail[other]);
    joined.time[other] = kNotAllowed;
  }
  all.taken[from] = costs_.first[from] + send_[from] + costs_.first[to] + last;
  all.taken[to] = send_[from] + 2 * costs_.first[to] + last;
  return {std::move(joined), std::move(all)};
}

Picos RegionBound::Between(int32_t k, int32_t l, Picos cutoff) const {
  const Picos path = Path(k, l);
  if (path >= cutoff) return path;
  // Everything on its best device, one after the other, is an end to the search.
  Picos high = path, alone = costs_.Time(exit_, k);
  for (size_t i = 0; i < items_.size(); ++i) {
    Picos best = kNever;
    for (int32_t d = 0; d < costs_.num_devices; ++d) {
      const Picos time = time_[Cell(i, d)];
      if (time != kNotAllowed) best = std::min(best, time);
    }
    high += best;
    const Picos time = time_[Cell(i, k)];
    alone = time == kNotAllowed || alone >= kNever ? kNever : alone + time;
  }
  if (k == l && alone < kNever) high = alone;
  high = std::min(high, cutoff);
  // The least of the cases; of each, what the worst of the sets needs. A set that can be done
  // within what another needs is not looked at closer, and the whole, which needs most, comes
  // first.
  Picos least = high;
  for (const Case& c : Cases(k, l)) {
    const WindowRows rows{costs_.num_devices, c.time.data(), c.start.data(), c.tail.data(),
                          c.taken.data()};
    const std::vector<std::vector<int32_t>> sets = WindowSets(rows, items_.size());
    Picos bound = path;
    for (auto set = sets.rbegin(); set != sets.rend() && bound < least; ++set) {
      if (Overloaded(rows, *set, bound)) bound = Needed(rows, *set, bound + 1, least);
    }
    least = std::min(least, bound);
  }
  return least;
}

// What a set needs at least, if that is from `low` to `high`; to a part in 4096.
Picos RegionBound::Needed(const WindowRows& rows, const std::vector<int32_t>& set, Picos low,
                          Picos high) {
  if (low >= high || Overloaded(rows, set, high - 1)) return high;
  constexpr Picos kFine = 4096;
  while (high - low > low / kFine) {
    const Picos middle = low + (high - low) / 2;
    if (Overloaded(rows, set, middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// A schedule of everything, with all else left out: the part of the entry begins with it, and what
// it launched before is not counted; all other parts launch for themselves.
Picos RegionBound::Search(int32_t k, int32_t l, Picos known, Picos cutoff, int64_t& work) const {
  if (items_.size() > kMostSearched) return known;
  const auto num_devices = static_cast<size_t>(costs_.num_devices);
  std::vector<int32_t> all = {entry_};
  all.insert(all.end(), items_.begin(), items_.end());
  all.push_back(exit_);
  CallInstance instance;
  instance.size = CallSize::kAny;
  instance.num_items = static_cast<int32_t>(all.size());
  instance.num_devices = costs_.num_devices;
  instance.call_cost = costs_.first;
  std::map<int32_t, CallInstance::Flow> flows;
  for (size_t i = 0; i < all.size(); ++i) {
    for (int32_t d = 0; d < costs_.num_devices; ++d) {
      const bool allowed = i == 0 ? d == k : i + 1 < all.size() || d == l;
      instance.time.push_back(!allowed ? kNotAllowed : i == 0 ? 0 : costs_.Time(all[i], d));
    }
    instance.item_of.push_back(ItemId(all[i]));
    for (const FlowId id : costs_.graph.inputs[ItemId(all[i])]) {
      const int32_t producer = costs_.producer[static_cast<size_t>(id.index())];
      const auto from = std::find(all.begin(), all.end(), producer);
      if (from == all.end()) continue;
      CallInstance::Flow& flow = flows[id.index()];
      flow.from = static_cast<int32_t>(from - all.begin());
      flow.to |= uint64_t{1} << i;
      flow.id = id.index();
    }
  }
  for (auto& [id, flow] : flows) {
    for (size_t from = 0; from < num_devices; ++from) {
      for (size_t to = 0; to < num_devices; ++to) {
        const Picos crossing =
            costs_.Crossing(id, static_cast<int32_t>(from), static_cast<int32_t>(to));
        const Picos launch = from == to ? 0 : costs_.arrival[to];
        flow.crossing.push_back(crossing >= kNever ? kNever : crossing - launch);
      }
    }
    instance.flows.push_back(std::move(flow));
  }
  const Picos launched = costs_.first[static_cast<size_t>(k)];
  CallSearchLimits limits;
  limits.upper = std::min(kNever, cutoff + launched);
  limits.goal = known + launched;
  limits.work = work;
  const CallSearchResult result = SearchCalls(instance, limits);
  work -= result.work;
  if (!result.complete) return known;
  if (result.found) return std::max(known, result.value - launched);
  return limits.upper >= kNever ? kNever : std::max(known, cutoff);
}

}  // namespace allot
