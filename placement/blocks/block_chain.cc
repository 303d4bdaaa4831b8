#include "placement/blocks/block_chain.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "placement/blocks/near_devices.h"
#include "placement/parts/device_kinds.h"

namespace allot {
namespace {

// The times a transfer of so many bytes can take, one for each kind of route; nullopt where two
// devices have none.
std::optional<std::vector<const Route*>> RoutesThatDiffer(const PlacementProblem& problem) {
  std::vector<const Route*> differ;
  if (problem.routes.empty()) return std::nullopt;
  for (const DeviceId from : problem.devices.ids()) {
    for (const DeviceId to : problem.devices.ids()) {
      if (from == to) continue;
      const std::optional<Route>& route = problem.routes[from][to];
      if (!route.has_value()) return std::nullopt;
      const bool known = std::any_of(differ.rbegin(), differ.rend(), [&](const Route* other) {
        return other->segments == route->segments;
      });
      if (!known) differ.push_back(&*route);
    }
  }
  return differ;
}

// Devices that may run something.
IdVector<DeviceId, bool> InUse(const PlacementProblem& problem) {
  IdVector<DeviceId, bool> use(problem.devices.size(), false);
  for (const PlacementProblem::Item& item : problem.items) {
    for (const DeviceId d : problem.devices.ids()) {
      if (item.time[d].has_value()) use[d] = true;
    }
  }
  return use;
}

}  // namespace

BlockChain::BlockChain(const PlacementProblem& problem, const IdVector<ItemId, int32_t>& block_of,
                       int32_t num_blocks)
    : problem_(problem), kinds_(DeviceKinds(problem, InUse(problem))), wide_(kinds_.size()) {
  SortItems(block_of, num_blocks);
  SumTimes();
  SumMemory();
  SumCrossings();
}

std::optional<Picos> BlockChain::Time(size_t kind, size_t begin, size_t end) const {
  if (cannot_(kind, end) != cannot_(kind, begin)) return std::nullopt;
  return time_(kind, end) - time_(kind, begin) + problem_.devices[kinds_[kind][0]].part_cost;
}

void BlockChain::SortItems(const IdVector<ItemId, int32_t>& block_of, int32_t num_blocks) {
  for (const ItemId item : problem_.items.ids()) order_.push_back(item);
  std::stable_sort(order_.begin(), order_.end(),
                   [&](ItemId a, ItemId b) { return block_of[a] < block_of[b]; });
  is_start_.assign(order_.size() + 1, 0);
  is_start_[order_.size()] = 1;
  block_at_.assign(order_.size() + 1, 0);
  size_t position = 0;
  for (int32_t block = 0; block <= num_blocks; ++block) {
    while (position < order_.size() && block_of[order_[position]] < block) ++position;
    if (!starts_.empty() && starts_.back() == position) {  // the one before has no items
      number_.back() = block;
      continue;
    }
    block_at_[position] = starts_.size();
    starts_.push_back(position);
    number_.push_back(block);
    is_start_[position] = 1;
  }
}

void BlockChain::SumTimes() {
  const size_t n = order_.size();
  time_.Assign(kinds_.size(), n + 1, 0);
  cannot_.Assign(kinds_.size(), n + 1, 0);
  // Of each distinct block the sums within it, by what its items take and hold; its alikes take
  // them from there.
  std::map<std::vector<int64_t>, size_t> first;
  for (size_t block = 0; block + 1 < starts_.size(); ++block) {
    const size_t begin = starts_[block], end = starts_[block + 1];
    std::vector<int64_t> key;
    for (size_t i = begin; i < end; ++i) {
      const PlacementProblem::Item& item = problem_.items[order_[i]];
      key.push_back(item.memory);
      key.push_back(item.workspace);
      for (const std::vector<DeviceId>& kind : kinds_) {
        key.push_back(item.time[kind[0]].value_or(-1));
      }
    }
    const auto [it, is_new] = first.emplace(std::move(key), begin);
    if (is_new) ++num_distinct_;
    const size_t like = it->second;
    for (size_t kind = 0; kind < kinds_.size(); ++kind) {
      for (size_t i = 0; i < end - begin; ++i) {
        Picos time = time_(kind, like + i + 1) - time_(kind, like + i);
        int32_t cannot = cannot_(kind, like + i + 1) - cannot_(kind, like + i);
        if (is_new) {
          const std::optional<Picos>& own = problem_.items[order_[begin + i]].time[kinds_[kind][0]];
          time = own.value_or(0);
          cannot = own.has_value() ? 0 : 1;
        }
        time_(kind, begin + i + 1) = time_(kind, begin + i) + time;
        cannot_(kind, begin + i + 1) = cannot_(kind, begin + i) + cannot;
      }
    }
  }
}

void BlockChain::SumMemory() {
  const size_t n = order_.size();
  IdVector<ItemId, size_t> position(n);
  for (size_t i = 0; i < n; ++i) position[order_[i]] = i;
  std::vector<Bytes> own(n, 0);
  for (size_t i = 0; i < n; ++i) own[i] = problem_.items[order_[i]].memory;
  for (const PlacementProblem::SharedMemory& shared : problem_.shared) {
    size_t first = n, last = 0;
    for (const ItemId item : shared.items) {
      first = std::min(first, position[item]);
      last = std::max(last, position[item]);
    }
    if (first == n) continue;
    const auto block = std::upper_bound(starts_.begin(), starts_.end(), first);
    if (block != starts_.end() && last < *block) {
      own[first] = SaturatingAdd(own[first], shared.bytes);
    } else {
      shared_ = SaturatingAdd(shared_, shared.bytes);
    }
  }
  memory_.assign(n + 1, 0);
  for (size_t i = 0; i < n; ++i) memory_[i + 1] = SaturatingAdd(memory_[i], own[i]);
}

void BlockChain::SumCrossings() {
  const size_t n = order_.size();
  IdVector<ItemId, size_t> position(n);
  for (size_t i = 0; i < n; ++i) position[order_[i]] = i;
  // Changes of sums from position to position, and of how much forbids a cut.
  std::vector<Picos> crossing(n + 2, 0), copying(n + 2, 0);
  std::vector<int32_t> forbidden(n + 2, 0);
  const std::optional<std::vector<const Route*>> routes = RoutesThatDiffer(problem_);
  const bool blocking = problem_.communication == Communication::kBlocking;
  for (const PlacementProblem::Flow& flow : problem_.flows) {
    const size_t first = position[flow.from];
    size_t last = first;
    for (const ItemId to : flow.to) last = std::max(last, position[to]);
    if (last == first) continue;
    Picos time = 0, end = 0;
    bool can = true;
    if (!flow.staging.empty()) {
      for (const Picos staging : flow.staging) end = std::max(end, staging);
      time = 2 * end;
    } else if (!flow.time.empty()) {
      for (const auto& row : flow.time) {
        for (const Picos measured : row) time = std::max(time, measured);
      }
    } else if (routes.has_value()) {
      for (const Route* route : *routes) time = std::max(time, route->Time(flow.bytes));
    } else {
      can = problem_.devices.size() < 2;
    }
    if (flow.staging.empty()) end = time;
    crossing[first + 1] += time;
    crossing[last + 1] -= time;
    copying[first + 1] += blocking ? end : 0;
    copying[last + 1] -= blocking ? end : 0;
    forbidden[first + 1] += can ? 0 : 1;
    forbidden[last + 1] -= can ? 0 : 1;
  }
  for (const std::vector<ItemId>& group : JoinedGroups(problem_)) {
    size_t first = n, last = 0;
    for (const ItemId item : group) {
      first = std::min(first, position[item]);
      last = std::max(last, position[item]);
    }
    ++forbidden[first + 1];
    --forbidden[last + 1];
  }
  std::partial_sum(crossing.begin(), crossing.end(), crossing.begin());
  std::partial_sum(copying.begin(), copying.end(), copying.begin());
  std::partial_sum(forbidden.begin(), forbidden.end(), forbidden.begin());
  for (size_t i = 0; i <= n; ++i) {
    crossing_.push_back(forbidden[i] > 0 ? -1 : std::min(crossing[i], kMaxPicos));
    copying_.push_back(std::min(copying[i], kMaxPicos));
  }
}

std::vector<ItemId> BlockChain::ItemsOf(size_t block) const {
  const auto at = [&](size_t position) {
    return order_.begin() + static_cast<std::ptrdiff_t>(position);
  };
  return {at(starts_[block]), at(starts_[block + 1])};
}

void BlockChain::AddWidth(size_t kind, size_t width,
                          const std::vector<std::optional<DividedCost>>& costs) {
  const std::vector<std::vector<DeviceId>> near = NearDevices(problem_, kinds_[kind]);
  if (width < 2 || width > kinds_[kind].size() || !DealsOut(near, width)) return;
  kinds_[kind].clear();
  for (const std::vector<DeviceId>& group : near) {
    kinds_[kind].insert(kinds_[kind].end(), group.begin(), group.end());
  }
  WidthSums sums;
  sums.width = width;
  for (size_t block = 0; block < num_blocks(); ++block) {
    const DividedCost cost = costs[block].value_or(DividedCost());
    const auto add = [](auto& prefix, auto amount) {
      prefix.push_back(SaturatingAdd(prefix.back(), amount));
    };
    add(sums.first, cost.first);
    add(sums.others, cost.others);
    add(sums.latency, cost.latency);
    add(sums.first_memory, cost.first_memory);
    add(sums.other_memory, cost.other_memory);
    sums.cannot.push_back(sums.cannot.back() + (costs[block].has_value() ? 0 : 1));
  }
  std::vector<WidthSums>& all = wide_[kind];
  const auto behind = std::find_if(all.begin(), all.end(),
                                   [width](const WidthSums& other) { return other.width > width; });
  all.insert(behind, std::move(sums));
}

void BlockChain::AddSlices(const IdVector<ItemId, int32_t>& slice_of,
                           PlacementObjective parts_for) {
  slice_of_ = slice_of;
  std::vector<std::vector<ItemId>> items;
  for (size_t block = 0; block < num_blocks(); ++block) items.push_back(ItemsOf(block));
  DividedBlocks divided(problem_, std::move(items), slice_of_, parts_for);
  std::vector<size_t> widths;
  for (size_t block = 0; block < num_blocks(); ++block) widths.push_back(divided.num_slices(block));
  std::sort(widths.begin(), widths.end());
  widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
  for (size_t kind = 0; kind < kinds_.size(); ++kind) {
    const std::vector<std::vector<DeviceId>> near = NearDevices(problem_, kinds_[kind]);
    for (const size_t width : widths) {
      if (width < 2 || width > near[0].size() || !DealsOut(near, width)) continue;
      const std::vector<DeviceId> devices(near[0].begin(),
                                          near[0].begin() + static_cast<std::ptrdiff_t>(width));
      std::vector<std::optional<DividedCost>> costs;
      for (size_t block = 0; block < num_blocks(); ++block) {
        const size_t slices = divided.num_slices(block);
        costs.push_back(slices == width || slices == 1 ? divided.Measure(block, devices, kind)
                                                       : std::nullopt);
      }
      AddWidth(kind, width, costs);
    }
  }
}

const BlockChain::WidthSums* BlockChain::SumsOf(size_t kind, size_t width) const {
  for (const WidthSums& sums : wide_[kind]) {
    if (sums.width == width) return &sums;
  }
  return nullptr;
}

std::vector<size_t> BlockChain::WidthsOf(size_t kind) const {
  std::vector<size_t> widths = {1};
  for (const WidthSums& sums : wide_[kind]) widths.push_back(sums.width);
  return widths;
}

std::vector<size_t> BlockChain::Widths() const {
  std::vector<size_t> widths = {1};
  for (size_t kind = 0; kind < kinds_.size(); ++kind) {
    const std::vector<size_t> of_kind = WidthsOf(kind);
    widths.insert(widths.end(), of_kind.begin(), of_kind.end());
  }
  std::sort(widths.begin(), widths.end());
  widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
  return widths;
}

std::optional<Picos> BlockChain::Load(size_t kind, size_t width, size_t begin, size_t end) const {
  if (width == 1) return Time(kind, begin, end);
  const WidthSums& sums = *SumsOf(kind, width);
  const size_t from = block_at_[begin], to = block_at_[end];
  if (sums.cannot[to] != sums.cannot[from]) return std::nullopt;
  const Picos launch = problem_.devices[kinds_[kind][0]].part_cost;
  return std::max(sums.first[to] - sums.first[from] + launch, sums.others[to] - sums.others[from]);
}

std::optional<Picos> BlockChain::Latency(size_t kind, size_t width, size_t begin,
                                         size_t end) const {
  if (width == 1) return Time(kind, begin, end);
  const WidthSums& sums = *SumsOf(kind, width);
  const size_t from = block_at_[begin], to = block_at_[end];
  if (sums.cannot[to] != sums.cannot[from]) return std::nullopt;
  return sums.latency[to] - sums.latency[from] + problem_.devices[kinds_[kind][0]].part_cost;
}

Bytes BlockChain::Resident(size_t kind, size_t width, size_t begin, size_t end) const {
  if (width == 1) return Memory(begin, end);
  const WidthSums& sums = *SumsOf(kind, width);
  const size_t from = block_at_[begin], to = block_at_[end];
  return SaturatingAdd(std::max(sums.first_memory[to] - sums.first_memory[from],
                                sums.other_memory[to] - sums.other_memory[from]),
                       shared_);
}

}  // namespace allot
