#include "placement/parts/ordered_cuts.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "placement/parts/filled_chains.h"
#include "placement/problem/allowed_times.h"
#include "placement/problem/device_symmetry.h"
#include "support/check.h"
#include "support/graph/topo_order.h"

namespace allot {
namespace {

constexpr Int128 kNeverCost = static_cast<Int128>(1) << 120;

}  // namespace

OrderedCuts::OrderedCuts(const PlacementProblem& problem, const ProblemGraph& graph,
                         std::vector<ItemId> order)
    : problem_(problem),
      graph_(graph),
      order_(std::move(order)),
      num_devices_(problem.devices.size()) {
  const size_t n = order_.size();
  std::vector<size_t> position(n);
  for (size_t i = 0; i < n; ++i) position[static_cast<size_t>(order_[i].index())] = i;
  memory_.assign(n + 1, 0);
  time_.Assign(num_devices_, n + 1, 0);
  cannot_.Assign(num_devices_, n + 1, 0);
  for (size_t i = 0; i < n; ++i) {
    const PlacementProblem::Item& item = problem.items[order_[i]];
    memory_[i + 1] = SaturatingAdd(memory_[i], item.memory);
    for (const DeviceId d : problem.devices.ids()) {
      const std::optional<Picos>& time = item.time[d];
      time_(d, i + 1) = time_(d, i) + time.value_or(0);
      cannot_(d, i + 1) = cannot_(d, i) + (time.has_value() ? 0 : 1);
    }
  }
  transfer_.Assign(n + 1, num_devices_, num_devices_, 0);
  // Flows of a size take the same time wherever they cross.
  std::map<Bytes, std::pair<FlowId, std::vector<int32_t>>> by_size;  // the first one; crossing
  for (const FlowId id : problem.flows.ids()) {
    const PlacementProblem::Flow& flow = problem.flows[id];
    const size_t first = position[Index(flow.from)];
    size_t last = first;
    for (const ItemId to : flow.to) last = std::max(last, position[Index(to)]);
    if (last == first) continue;
    if (!flow.time.empty() || !flow.staging.empty()) {
      std::vector<int32_t> crossing(n + 1, 0);
      std::fill(crossing.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                crossing.begin() + static_cast<std::ptrdiff_t>(last) + 1, 1);
      AddTransfers(id, crossing);
      continue;
    }
    auto& [like, crossing] = by_size.try_emplace(flow.bytes, id, n + 1).first->second;
    for (size_t i = first + 1; i <= last; ++i) ++crossing[i];
  }
  for (const auto& [bytes, flows] : by_size) AddTransfers(flows.first, flows.second);
  for (const std::vector<ItemId>& group : JoinedGroups(problem)) {
    size_t first = n, last = 0;
    for (const ItemId item : group) {
      first = std::min(first, position[Index(item)]);
      last = std::max(last, position[Index(item)]);
    }
    for (size_t i = first + 1; i <= last; ++i) {
      for (const DeviceId from : problem.devices.ids()) {
        for (const DeviceId to : problem.devices.ids()) {
          if (from != to) transfer_(i, from, to) = -1;
        }
      }
    }
  }
}

void OrderedCuts::AddTransfers(FlowId flow, const std::vector<int32_t>& crossing) {
  size_t begin = 0, end = crossing.size();
  while (begin < end && crossing[begin] == 0) ++begin;
  while (begin < end && crossing[end - 1] == 0) --end;
  for (const DeviceId from : problem_.devices.ids()) {
    for (const DeviceId to : problem_.devices.ids()) {
      if (from == to) continue;
      const std::optional<Picos> time = problem_.TransferTime(flow, from, to);
      for (size_t i = begin; i < end; ++i) {
        Picos& all = transfer_(i, from, to);
        if (crossing[i] == 0 || all < 0) continue;
        const Int128 sum = all + static_cast<Int128>(time.value_or(0)) * crossing[i];
        all = time.has_value() ? static_cast<Picos>(std::min<Int128>(kMaxPicos, sum)) : -1;
      }
    }
  }
}

std::optional<Picos> OrderedCuts::Time(size_t begin, size_t end, DeviceId device) const {
  if (cannot_(device, end) != cannot_(device, begin)) return std::nullopt;
  return time_(device, end) - time_(device, begin);
}

// By [from][to], twice what a picosecond of transfer costs.
IdTable<DeviceId, DeviceId, Int128> OrderedCuts::TransferPrices(
    const std::vector<int64_t>& weight) const {
  const bool blocking = problem_.communication == Communication::kBlocking;
  IdTable<DeviceId, DeviceId, Int128> price(num_devices_, num_devices_, 2);
  for (const DeviceId from : problem_.devices.ids()) {
    for (const DeviceId to : problem_.devices.ids()) {
      if (weight.empty() || from == to) continue;
      Int128& sum = price(from, to);
      sum = blocking ? static_cast<Int128>(weight[Index(from)]) + weight[Index(to)] : 0;
      for (const ChannelId channel : problem_.Channels(from, to)) {
        sum += 2 * static_cast<Int128>(weight[num_devices_ + static_cast<size_t>(channel.index())]);
      }
    }
  }
  return price;
}

std::vector<DeviceId> OrderedCuts::CheapestChain(const std::vector<int64_t>& weight,
                                                 const IdVector<DeviceId, bool>& use,
                                                 size_t max_parts) const {
  const size_t n = size();
  if (n == 0 || max_parts == 0) return {};
  const bool counted = max_parts <= kManyParts;
  const size_t levels = counted ? max_parts : 1;  // by parts so far, less one
  const auto device_weight = [&](DeviceId d) { return weight.empty() ? 1 : weight[Index(d)]; };
  const IdTable<DeviceId, DeviceId, Int128> price = TransferPrices(weight);
  const size_t states = levels * num_devices_;
  std::vector<Int128> cost(states, kNeverCost), next(states);
  IdTable<size_t, size_t, int32_t> from_state(n, states, -1);
  for (size_t i = 0; i < n; ++i) {
    const PlacementProblem::Item& item = problem_.items[order_[i]];
    std::fill(next.begin(), next.end(), kNeverCost);
    for (const DeviceId d : problem_.devices.ids()) {
      if (!use[d] || !item.time[d].has_value()) continue;
      const Int128 launch =
          2 * static_cast<Int128>(device_weight(d)) * problem_.devices[d].part_cost;
      for (size_t level = 0; level < levels; ++level) {
        const size_t state = level * num_devices_ + Index(d);
        Int128 least = i > 0 ? cost[state] : level == 0 ? launch : kNeverCost;
        size_t before = state;
        for (const DeviceId from : problem_.devices.ids()) {
          if (i == 0 || from == d || (counted && level == 0)) continue;
          const size_t other = (counted ? level - 1 : 0) * num_devices_ + Index(from);
          if (cost[other] >= kNeverCost || !MayCut(i, from, d)) continue;
          const Int128 via = cost[other] + launch + price(from, d) * Transfer(i, from, d);
          if (via >= least) continue;
          least = via;
          before = other;
        }
        if (least >= kNeverCost) continue;
        next[state] = least + 2 * static_cast<Int128>(device_weight(d)) * *item.time[d];
        from_state(i, state) = static_cast<int32_t>(before);
      }
    }
    cost.swap(next);
  }
  const auto best = std::min_element(cost.begin(), cost.end());
  if (*best >= kNeverCost) return {};
  std::vector<DeviceId> chain(n, DeviceId(0));
  auto state = static_cast<int32_t>(best - cost.begin());
  for (size_t i = n; i-- > 0;) {
    chain[i] = DeviceId(state % static_cast<int32_t>(num_devices_));
    state = from_state(i, static_cast<size_t>(state));
  }
  return chain;
}

namespace {

// Sets of devices in which equal ones count, not which: by class, how many of them.
class DeviceSets {
 public:
  DeviceSets(std::vector<DeviceId> devices, const std::vector<int32_t>& like)
      : devices_(std::move(devices)) {
    for (const DeviceId device : devices_) {
      const int32_t of = like[static_cast<size_t>(device.index())];
      const auto it = std::find(likes_.begin(), likes_.end(), of);
      if (it == likes_.end()) {
        likes_.push_back(of);
        counts_.push_back(1);
        members_.push_back({device});
      } else {
        const auto c = static_cast<size_t>(it - likes_.begin());
        ++counts_[c];
        members_[c].push_back(device);
      }
    }
    for (const int64_t count : counts_) {
      stride_.push_back(num_sets_);
      num_sets_ *= count + 1;
    }
  }

  int64_t num_sets() const { return num_sets_; }
  size_t num_classes() const { return counts_.size(); }
  int64_t Used(int64_t set, size_t c) const { return set / stride_[c] % (counts_[c] + 1); }
  int64_t Without(int64_t set, size_t c) const { return set - stride_[c]; }
  // The device of the class that comes after `used` others of it.
  DeviceId Member(size_t c, int64_t used) const { return members_[c][static_cast<size_t>(used)]; }

 private:
  std::vector<DeviceId> devices_;
  std::vector<int32_t> likes_;
  std::vector<int64_t> counts_, stride_;
  std::vector<std::vector<DeviceId>> members_;
  int64_t num_sets_ = 1;
};

}  // namespace

std::vector<DeviceId> OrderedCuts::BalancedChain(const std::vector<int32_t>& like,
                                                 const IdVector<DeviceId, bool>& use,
                                                 int64_t max_sets) const {
  const size_t n = size();
  // The fastest devices, as many as there are sets for.
  std::vector<DeviceId> devices;
  for (const DeviceId device : problem_.devices.ids()) {
    if (use[device]) devices.push_back(device);
  }
  if (n == 0 || devices.empty()) return {};
  const auto slowness = [&](DeviceId d) { return std::pair(cannot_(d, n), time_(d, n)); };
  std::stable_sort(devices.begin(), devices.end(),
                   [&](DeviceId a, DeviceId b) { return slowness(a) < slowness(b); });
  while (devices.size() > 1 && DeviceSets(devices, like).num_sets() > max_sets) devices.pop_back();
  const DeviceSets sets(devices, like);
  const size_t classes = sets.num_classes();
  const bool blocking = problem_.communication == Communication::kBlocking;
  struct Cell {
    Picos load = kNever;
    int32_t begin = -1, before = -1;  // where the last range begins, and the class before it
  };
  // [set][class of the last range][end of it]
  IdCube<int64_t, size_t, size_t, Cell> cells(static_cast<size_t>(sets.num_sets()), classes, n + 1);
  for (int64_t set = 1; set < sets.num_sets(); ++set) {
    for (size_t c = 0; c < classes; ++c) {
      if (sets.Used(set, c) == 0) continue;
      const int64_t rest = sets.Without(set, c);
      const DeviceId d = sets.Member(c, sets.Used(set, c) - 1);
      const Picos launch = problem_.devices[d].part_cost;
      for (size_t end = 1; end <= n; ++end) {
        Cell& cell = cells(set, c, end);
        for (size_t begin = end; begin-- > 0;) {
          const std::optional<Picos> time = Time(begin, end, d);
          if (!time.has_value() || Memory(begin, end) > problem_.devices[d].memory) break;
          const Picos own = *time + launch;
          if (own >= cell.load) break;
          if (begin == 0) {
            if (rest == 0) cell = {own, 0, -1};
            continue;
          }
          for (size_t b = 0; b < classes; ++b) {
            if (sets.Used(rest, b) == 0) continue;
            const DeviceId from = sets.Member(b, sets.Used(rest, b) - 1);
            const Cell& before = cells(rest, b, begin);
            if (before.load >= cell.load || !MayCut(begin, from, d)) continue;
            const Picos transfer = Transfer(begin, from, d);
            // Devices that copy themselves give half of the time each.
            const Picos load = blocking ? std::max(before.load + transfer / 2, own + transfer / 2)
                                        : std::max({before.load, own, transfer});
            if (load < cell.load) {
              cell = {load, static_cast<int32_t>(begin), static_cast<int32_t>(b)};
            }
          }
        }
      }
    }
  }
  int64_t set = -1;
  size_t c = 0;
  Picos least = kNever;
  for (int64_t s = 1; s < sets.num_sets(); ++s) {
    for (size_t k = 0; k < classes; ++k) {
      if (cells(s, k, n).load >= least) continue;
      least = cells(s, k, n).load;
      set = s;
      c = k;
    }
  }
  if (set < 0) return {};
  std::vector<DeviceId> chain(n, DeviceId(0));
  for (size_t end = n; end > 0;) {
    const Cell cell = cells(set, c, end);
    const DeviceId d = sets.Member(c, sets.Used(set, c) - 1);
    std::fill(chain.begin() + cell.begin, chain.begin() + static_cast<std::ptrdiff_t>(end), d);
    end = static_cast<size_t>(cell.begin);
    set = sets.Without(set, c);
    if (cell.before >= 0) c = static_cast<size_t>(cell.before);
  }
  return chain;
}

PartedSolution OrderedCuts::Parts(const std::vector<DeviceId>& chain) const {
  ALLOT_CHECK(chain.size() == size());
  PartedSolution parted;
  parted.items.device_of = Placement(size(), DeviceId(0));
  parted.parts.part_of = IdVector<ItemId, ItemId>(size(), ItemId(0));
  parted.items.order = order_;
  for (size_t i = 0; i < size(); ++i) {
    if (i == 0 || chain[i] != chain[i - 1]) ++parted.parts.num_parts;
    parted.items.device_of[order_[i]] = chain[i];
    parted.parts.part_of[order_[i]] = ItemId(static_cast<int32_t>(parted.parts.num_parts) - 1);
  }
  parted.score = EvaluateParts(problem_, parted.items, parted.parts);
  return parted;
}

std::vector<std::vector<ItemId>> OrdersToCut(const PlacementProblem& problem,
                                             const ProblemGraph& graph) {
  std::vector<std::vector<ItemId>> orders = {graph.topological};
  const size_t n = problem.items.size();
  // Depth first: of what has become ready, the last first.
  std::vector<ItemId> last_first;
  for (size_t i = n; i-- > 0;) last_first.push_back(ItemId(i));
  const auto backwards = [&](ItemId item, const auto& visit) {
    std::for_each(graph.successors[item].rbegin(), graph.successors[item].rend(), visit);
  };
  std::vector<ItemId> deep = SortTopologically(last_first, n, backwards, LastFirst<ItemId>()).order;
  // By depth: as late as possible, so that what feeds one item stands near it.
  std::vector<int32_t> height(n, 0);
  for (auto it = graph.topological.rbegin(); it != graph.topological.rend(); ++it) {
    for (const ItemId s : graph.successors[*it]) {
      height[static_cast<size_t>(it->index())] = std::max(
          height[static_cast<size_t>(it->index())], height[static_cast<size_t>(s.index())] + 1);
    }
  }
  std::vector<ItemId> level = graph.topological;
  std::stable_sort(level.begin(), level.end(), [&](ItemId a, ItemId b) {
    return height[static_cast<size_t>(a.index())] > height[static_cast<size_t>(b.index())];
  });
  for (std::vector<ItemId>* order : {&deep, &level}) {
    if (std::find(orders.begin(), orders.end(), *order) == orders.end()) orders.push_back(*order);
  }
  return orders;
}

std::optional<PartedSolution> BestRanges(const PlacementProblem& problem,
                                         const ProblemGraph& graph) {
  std::optional<PartedSolution> best;
  const auto offer = [&](PartedSolution parted) {
    if (!parted.score.feasible) return;
    if (best.has_value() && !Better(parted.score, best->score)) return;
    best = std::move(parted);
  };
  if (problem.items.empty()) return best;
  const bool latency = problem.objective == PlacementObjective::kLatency;
  const std::vector<int32_t> like = latency ? std::vector<int32_t>() : DeviceClasses(problem);
  const IdVector<DeviceId, bool> all(problem.devices.size(), true);
  for (std::vector<ItemId>& order : OrdersToCut(problem, graph)) {
    const OrderedCuts cuts(problem, graph, std::move(order));
    for (const DeviceId d : problem.devices.ids()) {
      if (!cuts.Time(0, cuts.size(), d).has_value()) continue;
      offer(cuts.Parts(std::vector<DeviceId>(cuts.size(), d)));
    }
    if (latency) {
      for (const std::vector<DeviceId>& chain :
           {cuts.CheapestChain({}, all, problem.items.size()), ChainByMemory(problem, cuts, all)}) {
        if (!chain.empty()) offer(cuts.Parts(chain));
      }
      continue;
    }
    for (const std::vector<DeviceId>& chain : BalancedRanges(problem, cuts, like, all)) {
      offer(cuts.Parts(chain));
    }
  }
  return best;
}

}  // namespace allot
