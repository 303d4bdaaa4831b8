#include "passes/coarsening/contraction.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "support/graph/contraction.h"
#include "support/graph/csr_graph.h"

namespace allot {
namespace {

// Edges looked at to see that a merge makes no cycle; the few that need more are not made.
constexpr int64_t kMergeEffort = 1000;

constexpr Picos kNowhere = std::numeric_limits<Picos>::max();

CsrGraph FlowGraph(const PlacementProblem& problem) {
  std::vector<WeightedEdge> edges;
  for (const PlacementProblem::Flow& flow : problem.flows) {
    for (const ItemId to : flow.to) edges.push_back({flow.from.index(), to.index(), flow.bytes});
  }
  return CsrGraph(static_cast<int32_t>(problem.items.size()), std::move(edges));
}

// What moving bytes costs between two devices that are neither near nor far: a constant and a rate.
class TypicalTransfer {
 public:
  explicit TypicalTransfer(const PlacementProblem& problem) {
    Int128 latency = 0, long_transfer = 0;
    int64_t count = 0;
    for (const DeviceId from : problem.devices.ids()) {
      for (const DeviceId to : problem.devices.ids()) {
        if (from == to || problem.routes.empty() || !problem.routes[from][to].has_value()) continue;
        latency += problem.routes[from][to]->Time(0);
        long_transfer += problem.routes[from][to]->Time(kProbe);
        ++count;
      }
    }
    if (count == 0) return;
    latency_ = static_cast<Picos>(latency / count);
    for_probe_ = static_cast<Picos>(long_transfer / count) - latency_;
  }
  Picos Time(Bytes bytes) const {
    const Int128 time = latency_ + static_cast<Int128>(bytes) * for_probe_ / kProbe;
    return time > kMaxPicos ? kMaxPicos : static_cast<Picos>(time);
  }

 private:
  static constexpr Bytes kProbe = 1 << 24;
  Picos latency_ = 0, for_probe_ = 0;
};

class Contractor {
 public:
  Contractor(const PlacementProblem& problem, const CsrGraph& graph, size_t max_groups,
             const IdVector<ItemId, int32_t>& apart)
      : problem_(problem),
        graph_(graph),
        contraction_(graph),
        typical_(problem),
        max_groups_(max_groups),
        num_groups_(problem.items.size()) {
    Picos total = 0;
    for (const ItemId id : problem.items.ids()) {
      const PlacementProblem::Item& item = problem.items[id];
      Group group;
      group.apart = apart.empty() ? 0 : apart[id];
      for (const std::optional<Picos>& time : item.time) {
        group.time.push_back(time.value_or(kNowhere));
      }
      group.best = *std::min_element(group.time.begin(), group.time.end());
      group.memory = item.memory;
      total = SaturatingAdd(total, group.best);
      total_memory_ = SaturatingAdd(total_memory_, item.memory);
      groups_.push_back(std::move(group));
    }
    for (const std::vector<ItemId>& group : problem.together) {
      for (const ItemId item : group) groups_[static_cast<size_t>(item.index())].together = true;
    }
    const auto share = static_cast<int64_t>(std::max<size_t>(1, max_groups));
    max_time_ = total / share * 2 + 1;
    max_memory_ = total_memory_ / share * 4 + 1;
    for (const PlacementProblem::MachineDevice& device : problem.devices) {
      largest_memory_ = std::max(largest_memory_, device.memory);
    }
  }

  std::vector<int32_t> Run() {
    ContractChains();
    while (num_groups_ > max_groups_) {
      const size_t before = num_groups_;
      MatchNeighbours();
      // Few pairs are left: a star, or too many groups of full size.
      if (num_groups_ > max_groups_ && before - num_groups_ < before / 10 + 1) {
        const size_t matched = num_groups_;
        MatchConsecutive();
        if (num_groups_ == matched && !Relax()) break;
      }
    }
    return contraction_.Groups();
  }

 private:
  struct Group {
    std::vector<Picos> time;  // by device; kNowhere if it cannot run there
    Picos best = 0;           // the least of them
    Bytes memory = 0;
    int32_t apart = 0;
    bool together = false;  // with others, so it must not lose a device that those may need
  };

  static Picos Sum(Picos a, Picos b) {
    return a == kNowhere || b == kNowhere ? kNowhere : SaturatingAdd(a, b);
  }

  std::vector<int32_t> LiveGroups() const {
    std::vector<int32_t> live;
    for (int32_t v = 0; v < graph_.num_vertices(); ++v) {
      if (contraction_.Find(v) == v) live.push_back(v);
    }
    return live;
  }

  // What the two lose by sharing a device: more than nothing if each prefers another one. kNowhere
  // if no device can run both.
  Picos Penalty(const Group& a, const Group& b) const {
    Picos together = kNowhere;
    for (size_t d = 0; d < a.time.size(); ++d) {
      together = std::min(together, Sum(a.time[d], b.time[d]));
    }
    return together == kNowhere ? kNowhere : together - a.best - b.best;
  }

  static bool SameDevices(const Group& a, const Group& b) {
    for (size_t d = 0; d < a.time.size(); ++d) {
      if ((a.time[d] == kNowhere) != (b.time[d] == kNowhere)) return false;
    }
    return true;
  }

  bool Fits(const Group& a, const Group& b) const {
    if (a.apart != b.apart) return false;
    if ((a.together || b.together) && !SameDevices(a, b)) return false;
    if (SaturatingAdd(a.best, b.best) > max_time_) return false;
    // Large lumps are hard to fit into small memories; where everything fits anywhere, never mind.
    return total_memory_ <= largest_memory_ / 2 || SaturatingAdd(a.memory, b.memory) <= max_memory_;
  }

  bool TryMerge(int32_t a, int32_t b) {
    if (contraction_.out(a).size() + contraction_.in(a).size() <
        contraction_.out(b).size() + contraction_.in(b).size()) {
      std::swap(a, b);
    }
    if (!contraction_.TryMerge(a, b, kMergeEffort)) return false;
    const int32_t merged = contraction_.Find(a);
    const int32_t gone = merged == a ? b : a;
    Group& into = groups_[static_cast<size_t>(merged)];
    Group& from = groups_[static_cast<size_t>(gone)];
    into.best = kNowhere;
    for (size_t d = 0; d < into.time.size(); ++d) {
      into.time[d] = Sum(into.time[d], from.time[d]);
      into.best = std::min(into.best, into.time[d]);
    }
    into.memory = SaturatingAdd(into.memory, from.memory);
    into.together = into.together || from.together;
    from.time.clear();
    --num_groups_;
    return true;
  }

  // Whether u -> v should never be apart: on any two devices, the transfer costs at least what is
  // gained over the better of the two devices alone.
  bool NeverApart(const Group& u, const Group& v, Bytes bytes) const {
    if (Penalty(u, v) == kNowhere) return false;
    for (const DeviceId k : problem_.devices.ids()) {
      const auto i = static_cast<size_t>(k.index());
      for (const DeviceId l : problem_.devices.ids()) {
        const auto j = static_cast<size_t>(l.index());
        if (k == l || problem_.routes.empty() || !problem_.routes[k][l].has_value()) continue;
        const Picos apart = Sum(Sum(u.time[i], v.time[j]), problem_.routes[k][l]->Time(bytes));
        if (apart == kNowhere) continue;
        const Picos together = std::min(Sum(u.time[i], v.time[i]), Sum(u.time[j], v.time[j]));
        if (together == kNowhere || apart < together) return false;
      }
    }
    return true;
  }

  void ContractChains() {
    for (int32_t v = 0; v < graph_.num_vertices() && num_groups_ > max_groups_; ++v) {
      if (contraction_.Find(v) != v) continue;
      int32_t head = v;
      while (num_groups_ > max_groups_ && contraction_.out(head).size() == 1) {
        const auto [next, bytes] = *contraction_.out(head).begin();
        if (contraction_.in(next).size() != 1) break;
        const Group& a = groups_[static_cast<size_t>(head)];
        const Group& b = groups_[static_cast<size_t>(next)];
        if (!Fits(a, b) || !NeverApart(a, b, bytes) || !TryMerge(head, next)) break;
        head = contraction_.Find(head);
      }
    }
  }

  void MatchNeighbours() {
    struct Pair {
      Picos gain;
      int32_t a, b;
    };
    std::vector<Pair> pairs;
    for (const int32_t a : LiveGroups()) {
      for (const auto& [b, bytes] : contraction_.out(a)) {
        const Group& x = groups_[static_cast<size_t>(a)];
        const Group& y = groups_[static_cast<size_t>(b)];
        if (!Fits(x, y)) continue;
        const Picos penalty = Penalty(x, y);
        if (penalty == kNowhere) continue;
        const Picos gain = typical_.Time(bytes) - penalty;
        if (gain < 0 && (!desperate_ || !SameDevices(x, y))) continue;
        pairs.push_back({gain, a, b});
      }
    }
    std::sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) {
      return std::tie(y.gain, x.a, x.b) < std::tie(x.gain, y.a, y.b);
    });
    std::vector<char> matched(groups_.size(), 0);
    for (const Pair& pair : pairs) {
      if (num_groups_ <= max_groups_) return;
      char& a = matched[static_cast<size_t>(pair.a)];
      char& b = matched[static_cast<size_t>(pair.b)];
      if (a || b || !TryMerge(pair.a, pair.b)) continue;
      a = b = 1;
    }
  }

  // Pairs that follow each other in a topological order: merging them never makes a cycle.
  void MatchConsecutive() {
    const std::vector<int32_t> group_of = contraction_.Groups();
    std::vector<int32_t> order(num_groups_);
    for (int32_t v = 0; v < graph_.num_vertices(); ++v) {
      order[static_cast<size_t>(group_of[static_cast<size_t>(v)])] = contraction_.Find(v);
    }
    for (size_t i = 0; i + 1 < order.size() && num_groups_ > max_groups_; ++i) {
      const Group& a = groups_[static_cast<size_t>(order[i])];
      const Group& b = groups_[static_cast<size_t>(order[i + 1])];
      if (Fits(a, b) && SameDevices(a, b) && TryMerge(order[i], order[i + 1])) ++i;
    }
  }

  // Allows more; false if everything is allowed already.
  bool Relax() {
    if (!desperate_) {
      desperate_ = true;
      return true;
    }
    if (max_time_ >= kMaxPicos && max_memory_ >= total_memory_) return false;
    max_time_ = std::min(kMaxPicos, SaturatingMultiply(max_time_, 2));
    if (max_time_ >= kMaxPicos) {
      max_time_ = std::numeric_limits<Picos>::max();
      max_memory_ = total_memory_;
    } else {
      max_memory_ = std::min(total_memory_, SaturatingMultiply(max_memory_, 2));
    }
    return true;
  }

  const PlacementProblem& problem_;
  const CsrGraph& graph_;
  AcyclicContraction contraction_;
  const TypicalTransfer typical_;
  const size_t max_groups_;
  size_t num_groups_;
  std::vector<Group> groups_;  // by representative
  Picos max_time_ = 0;
  Bytes max_memory_ = 0, total_memory_ = 0, largest_memory_ = 0;
  bool desperate_ = false;  // merge also what loses a little
};

}  // namespace

IdVector<ItemId, ItemId> ContractToSize(const PlacementProblem& problem, size_t max_groups,
                                        size_t& num_groups,
                                        const IdVector<ItemId, int32_t>& apart) {
  const size_t n = problem.items.size();
  IdVector<ItemId, ItemId> group_of(n);
  num_groups = n;
  if (n <= max_groups) {
    for (const ItemId item : group_of.ids()) group_of[item] = item;
    return group_of;
  }
  const CsrGraph graph = FlowGraph(problem);
  const std::vector<int32_t> groups = Contractor(problem, graph, max_groups, apart).Run();
  num_groups = 0;
  for (const ItemId item : group_of.ids()) {
    const int32_t group = groups[static_cast<size_t>(item.index())];
    group_of[item] = ItemId(group);
    num_groups = std::max(num_groups, static_cast<size_t>(group) + 1);
  }
  return group_of;
}

}  // namespace allot
