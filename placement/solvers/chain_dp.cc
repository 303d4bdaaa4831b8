// Exact on chains of modules. A cut vertex is an item that everything else lies before or after,
// with no flow past it. When it ends, every device and channel is idle, so what follows depends on
// its device alone: with D_q(k, l) the best time of module q from the end of one cut vertex on k to
// the end of the next on l, the optimum without binding memory is a shortest path in (min, +) over
// the devices of the cut vertices. Each D_q is found by exact search; identical modules are
// searched once.
#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "placement/allowed_times.h"
#include "placement/bounds.h"
#include "placement/evaluator.h"
#include "placement/exact_items.h"
#include "placement/path_bounds.h"
#include "placement/solver.h"
#include "support/graph/csr_graph.h"
#include "support/graph/cut_vertices.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr Picos kNever = PathCosts::kNever;

struct ChainDpOptions {
  int64_t max_module = 40;
};

OptionSchema<ChainDpOptions> Schema() {
  return OptionSchema<ChainDpOptions>().Add(
      "max-module", &ChainDpOptions::max_module,
      absl::StrCat("Search modules of at most this many items (at most ", kMaxExactItems - 1,
                   "); larger ones only count in the bound"));
}

// The items between two cut vertices and the later one of them. Items stand in an order that
// identical modules share.
struct Module {
  ItemId entry;  // the cut vertex before; invalid at the start
  std::vector<ItemId> items;
  ItemId exit;  // the cut vertex that ends it; invalid at the end
};

// How a module is run from the end of its entry on one device to its end.
struct Run {
  Picos lower = 0;                     // proven
  Picos value = kNever;                // of the placement below
  std::vector<int32_t> device, order;  // by place in Module::items
};

class Chain {
 public:
  Chain(const SolveInput& input, int64_t max_module)
      : problem_(input.problem),
        graph_(input.graph),
        max_module_(static_cast<size_t>(
            std::clamp<int64_t>(max_module, 1, static_cast<int64_t>(kMaxExactItems) - 1))),
        num_devices_(static_cast<int32_t>(input.problem.devices.size())),
        times_(AllowedTimes(input.problem)),
        table_(input.problem) {
    work_ = std::max<int64_t>(input.limits.work, 1);
  }

  SolveResult Solve() {
    Split();
    std::vector<std::vector<const Run*>> runs;  // by module, [entry device][exit device]
    ShareWork();
    for (const Module& module : modules_) runs.push_back(Runs(module));
    return Combine(runs);
  }

 private:
  static size_t Index(ItemId item) { return static_cast<size_t>(item.index()); }
  static size_t Size(int32_t i) { return static_cast<size_t>(i); }
  Picos Time(ItemId item, int32_t device) const {
    return times_[Index(item) * Size(num_devices_) + Size(device)];
  }

  void Split() {
    std::vector<WeightedEdge> edges;
    for (const PlacementProblem::Flow& flow : problem_.flows) {
      for (const ItemId to : flow.to) edges.push_back({flow.from.index(), to.index(), 1});
    }
    const CsrGraph csr(static_cast<int32_t>(problem_.items.size()), std::move(edges));
    std::vector<char> cut(problem_.items.size(), 0);
    for (int32_t vertex : CutVertices(csr)) cut[Size(vertex)] = 1;
    module_of_.resize(problem_.items.size());
    Module module;
    for (const ItemId item : graph_.topological) {
      module_of_[Index(item)] = static_cast<int32_t>(modules_.size());
      module.items.push_back(item);
      if (!cut[Index(item)]) continue;
      module.exit = item;
      modules_.push_back(std::move(module));
      module = Module();
      module.entry = item;
    }
    if (!module.items.empty()) modules_.push_back(std::move(module));
    // Groups bind a module if they lie inside it; across modules they only narrow the devices.
    groups_.resize(modules_.size());
    for (std::vector<ItemId>& group : JoinedGroups(problem_)) {
      const int32_t first = module_of_[Index(group[0])];
      const bool inside = std::all_of(group.begin(), group.end(), [&](ItemId item) {
        return module_of_[Index(item)] == first;
      });
      if (inside) groups_[Size(first)].push_back(std::move(group));
    }
    for (Module& part : modules_) SortAlike(part);
  }

  // Every module that is not like an earlier one gets the same share.
  void ShareWork() {
    std::set<std::string> keys;
    for (const Module& module : modules_) {
      if (!IsStep(module)) keys.insert(KeyOf(Extract(module), module));
    }
    work_ /= std::max<int64_t>(1, static_cast<int64_t>(keys.size()));
  }

  static bool IsStep(const Module& module) {
    return module.items.size() == 1 && module.entry.valid() && module.exit.valid();
  }

  // Orders the items of a module topologically by colours that do not depend on their numbers:
  // identical modules then mostly read the same. Only a missed repetition depends on this.
  void SortAlike(Module& module) const {
    if (module.items.size() < 3) return;
    std::map<ItemId, uint64_t> color;
    const auto mix = [](uint64_t hash, uint64_t value) {
      return (hash ^ (value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2))) *
             0xff51afd7ed558ccdu;
    };
    for (const ItemId item : module.items) {
      uint64_t hash = item == module.exit ? 1 : 0;
      for (int32_t d = 0; d < num_devices_; ++d) {
        hash = mix(hash, static_cast<uint64_t>(Time(item, d)));
      }
      color[item] = hash;
    }
    for (int round = 0; round < 3; ++round) {
      std::map<ItemId, uint64_t> next = color;
      for (const ItemId item : module.items) {
        uint64_t sum = 0;
        for (const ItemId before : graph_.predecessors[item]) {
          const auto it = color.find(before);
          sum += mix(3, it == color.end() ? 7 : it->second);
        }
        for (const ItemId after : graph_.successors[item]) {
          const auto it = color.find(after);
          sum += mix(5, it == color.end() ? 9 : it->second);
        }
        next[item] = mix(color[item], sum);
      }
      color = std::move(next);
    }
    std::map<ItemId, size_t> missing;
    for (const ItemId item : module.items) {
      for (const ItemId before : graph_.predecessors[item]) missing[item] += color.count(before);
    }
    const auto first = [&color](ItemId a, ItemId b) {
      return std::tie(color.at(a), a) < std::tie(color.at(b), b);
    };
    std::vector<ItemId> ready, order;
    for (const ItemId item : module.items) {
      if (missing[item] == 0) ready.push_back(item);
    }
    while (!ready.empty()) {
      const auto it = std::min_element(ready.begin(), ready.end(), first);
      const ItemId item = *it;
      ready.erase(it);
      order.push_back(item);
      for (const ItemId after : graph_.successors[item]) {
        if (color.count(after) != 0 && --missing[after] == 0) ready.push_back(after);
      }
    }
    module.items = std::move(order);
  }

  // The module as a problem of its own: item 0 is the entry, which costs nothing and has run on the
  // device `from`; the rest follow in the module's order. Memory never binds.
  PlacementProblem Extract(const Module& module) const {
    PlacementProblem part;
    part.objective = PlacementObjective::kLatency;
    part.communication = problem_.communication;
    part.launch_on_arrival = problem_.launch_on_arrival;
    part.devices = problem_.devices;
    for (PlacementProblem::MachineDevice& device : part.devices) {
      device.memory = std::numeric_limits<Bytes>::max();
    }
    part.num_channels = problem_.num_channels;
    part.routes = problem_.routes;
    std::map<ItemId, ItemId> inside;
    const auto add = [&](ItemId item, bool entry) {
      PlacementProblem::Item copy;
      copy.time = IdVector<DeviceId, std::optional<Picos>>(Size(num_devices_));
      for (int32_t d = 0; d < num_devices_; ++d) {
        const Picos time = entry ? 0 : Time(item, d);
        if (time != kNotAllowed) copy.time[DeviceId(d)] = time;
      }
      inside[item] = part.items.Add(std::move(copy));
    };
    if (module.entry.valid()) add(module.entry, true);
    for (const ItemId item : module.items) add(item, false);
    // Flows keep their order, which decides between transfers of one instant.
    std::vector<FlowId> flows;
    for (const auto& [item, mine] : inside) {
      if (item == module.exit) continue;
      flows.insert(flows.end(), graph_.outputs[item].begin(), graph_.outputs[item].end());
    }
    std::sort(flows.begin(), flows.end());
    for (const FlowId id : flows) {
      PlacementProblem::Flow flow = problem_.flows[id];
      flow.from = inside.at(flow.from);
      for (ItemId& to : flow.to) to = inside.at(to);
      std::sort(flow.to.begin(), flow.to.end());
      part.flows.Add(std::move(flow));
    }
    for (const std::vector<ItemId>& group : groups_[Size(module_of_[Index(module.items[0])])]) {
      std::vector<ItemId>& mine = part.together.emplace_back();
      for (const ItemId item : group) mine.push_back(inside.at(item));
    }
    return part;
  }

  // Everything that the search of a module depends on, as bytes.
  static std::string KeyOf(const PlacementProblem& part, const Module& module) {
    std::string key;
    const auto put = [&key](int64_t value) {
      key.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    put(module.entry.valid());
    put(module.exit.valid());
    put(static_cast<int64_t>(part.items.size()));
    for (const PlacementProblem::Item& item : part.items) {
      for (const std::optional<Picos>& time : item.time) put(time.value_or(-1));
    }
    for (const PlacementProblem::Flow& flow : part.flows) {
      put(flow.from.index());
      put(static_cast<int64_t>(flow.to.size()));
      for (const ItemId to : flow.to) put(to.index());
      put(flow.bytes);
      put(static_cast<int64_t>(flow.time.size()));
      for (const auto& row : flow.time) {
        for (const Picos time : row) put(time);
      }
    }
    for (const std::vector<ItemId>& group : part.together) {
      put(-2);
      for (const ItemId item : group) put(item.index());
    }
    // The exit's place matters when it is not the last.
    for (size_t i = 0; i < module.items.size(); ++i) {
      if (module.items[i] == module.exit) put(static_cast<int64_t>(i));
    }
    return key;
  }

  // All runs of a module, [entry device][exit device]; one row or column where there is none.
  std::vector<const Run*> Runs(const Module& module) {
    if (IsStep(module)) return Steps(module);
    PlacementProblem part = Extract(module);
    const std::string key = KeyOf(part, module);
    auto it = solved_.find(key);
    if (it == solved_.end()) {
      it = solved_.emplace(key, Search(module, std::move(part))).first;
    }
    std::vector<const Run*> runs;
    for (const Run& run : it->second) runs.push_back(&run);
    return runs;
  }

  // A module of its exit alone: transfers and one item.
  std::vector<const Run*> Steps(const Module& module) {
    std::vector<Run>& runs = steps_.emplace_back();
    const bool blocking = problem_.communication == Communication::kBlocking;
    for (int32_t from = 0; from < num_devices_; ++from) {
      for (int32_t to = 0; to < num_devices_; ++to) {
        Run& run = runs.emplace_back();
        run.device = {to};
        run.order = {0};
        const Picos time = Time(module.exit, to);
        Picos arrival = Time(module.entry, from) == kNotAllowed ? kNever : 0;
        if (from != to && arrival < kNever) {
          // Transfers over one route wait for each other, unless they occupy nothing.
          const bool serial = blocking || !table_.Channels(from, to).empty();
          for (const FlowId flow : graph_.outputs[module.entry]) {
            if (problem_.flows[flow].to.empty()) continue;
            const Picos transfer = table_.Time(flow.index(), from, to);
            if (transfer == TransferTable::kNoRoute) {
              arrival = kNever;
              break;
            }
            arrival = serial ? arrival + transfer : std::max(arrival, transfer);
          }
          if (arrival < kNever) arrival += table_.ArrivalDelay(to);
        }
        run.value = arrival >= kNever || time == kNotAllowed ? kNever : arrival + time;
        run.lower = run.value;
      }
    }
    spent_ += num_devices_ * num_devices_;
    std::vector<const Run*> pointers;
    for (const Run& run : runs) pointers.push_back(&run);
    return pointers;
  }

  std::vector<Run> Search(const Module& module, PlacementProblem part) {
    const int32_t entries = module.entry.valid() ? num_devices_ : 1;
    const int32_t exits = module.exit.valid() ? num_devices_ : 1;
    const int64_t share = std::max<int64_t>(200, work_ / (int64_t{entries} * exits));
    const ProblemGraph graph = BuildGraph(part);
    const int32_t skip = module.entry.valid() ? 1 : 0;
    ItemId exit;
    for (size_t i = 0; i < module.items.size(); ++i) {
      if (module.items[i] == module.exit) exit = ItemId(static_cast<int32_t>(i) + skip);
    }
    const auto pin = [](PlacementProblem::Item& item, int32_t device) {
      for (const DeviceId d : item.time.ids()) {
        if (d.index() != device) item.time[d].reset();
      }
    };
    std::vector<Run> runs;
    for (int32_t k = 0; k < entries; ++k) {
      for (int32_t l = 0; l < exits; ++l) {
        Run& run = runs.emplace_back();
        PlacementProblem pinned = part;
        if (module.entry.valid()) {
          pin(pinned.items[ItemId(0)], k);
          if (Time(module.entry, k) == kNotAllowed)
            pinned.items[ItemId(0)].time[DeviceId(k)].reset();
        }
        if (exit.valid()) pin(pinned.items[exit], l);
        if (!Check(pinned).ok()) {  // no device left for the entry, the exit or their groups
          run.lower = kNever;
          continue;
        }
        if (module.items.size() > max_module_) {
          for (const LowerBound& bound : LowerBounds(pinned, graph, Launch::kIgnore, share)) {
            run.lower = std::max(run.lower, bound.value);
          }
          continue;
        }
        const ExactItemsResult exact = ExactItems(pinned, graph, nullptr, share);
        spent_ += exact.work + 1;
        run.lower = exact.lower;
        if (!exact.solution.has_value()) {
          if (exact.proved) run.lower = kNever;
          continue;
        }
        run.value = exact.value;
        run.device.resize(module.items.size());
        for (const ItemId item : exact.solution->order) {
          if (item.index() < skip) continue;
          run.device[Size(item.index() - skip)] = exact.solution->device_of[item].index();
          run.order.push_back(item.index() - skip);
        }
      }
    }
    return runs;
  }

  // The shortest path over the devices of the cut vertices, once with proven bounds and once with
  // what was found.
  SolveResult Combine(const std::vector<std::vector<const Run*>>& runs) const {
    SolveResult result;
    result.work = spent_;
    if (modules_.empty()) {
      result.best = Solution();
      result.termination = Termination::kOptimal;
      return result;
    }
    std::vector<Picos> lower = {0}, value = {0};
    std::vector<std::vector<int32_t>> from;  // by module: the best entry for each exit
    for (size_t q = 0; q < modules_.size(); ++q) {
      const size_t exits = runs[q].size() / lower.size();
      std::vector<Picos> next_lower(exits, kNever), next_value(exits, kNever);
      std::vector<int32_t>& best = from.emplace_back(exits, 0);
      for (size_t k = 0; k < lower.size(); ++k) {
        for (size_t l = 0; l < exits; ++l) {
          const Run& run = *runs[q][k * exits + l];
          if (lower[k] < kNever && run.lower < kNever) {
            next_lower[l] = std::min(next_lower[l], lower[k] + run.lower);
          }
          if (value[k] >= kNever || run.value >= kNever) continue;
          if (value[k] + run.value >= next_value[l]) continue;
          next_value[l] = value[k] + run.value;
          best[l] = static_cast<int32_t>(k);
        }
      }
      lower = std::move(next_lower);
      value = std::move(next_value);
    }
    const Picos bound = *std::min_element(lower.begin(), lower.end());
    if (bound >= kNever) {
      result.termination = Termination::kInfeasible;
      return result;
    }
    result.lower_bound = {bound, "chain-dp"};
    const auto last = std::min_element(value.begin(), value.end());
    if (*last >= kNever) return result;
    Solution solution{Placement(problem_.items.size()), {}};
    std::vector<const Run*> path(modules_.size());
    size_t l = static_cast<size_t>(last - value.begin());
    for (size_t q = modules_.size(); q-- > 0;) {
      const size_t k = Size(from[q][l]);
      path[q] = runs[q][k * from[q].size() + l];
      l = k;
    }
    for (size_t q = 0; q < modules_.size(); ++q) {
      for (const int32_t place : path[q]->order) {
        const ItemId item = modules_[q].items[Size(place)];
        solution.order.push_back(item);
        solution.device_of[item] = DeviceId(path[q]->device[Size(place)]);
      }
    }
    const SearchValue true_value = Evaluator(problem_, graph_).Value(solution);
    if (!true_value.feasible()) return result;  // memory binds, or a group across modules
    result.best = std::move(solution);
    result.termination =
        true_value.objective == bound ? Termination::kOptimal : Termination::kFeasible;
    return result;
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const size_t max_module_;
  const int32_t num_devices_;
  const std::vector<Picos> times_;
  const TransferTable table_;
  int64_t work_ = 0;  // per module that is searched
  int64_t spent_ = 0;
  std::vector<Module> modules_;
  std::vector<int32_t> module_of_;
  std::vector<std::vector<std::vector<ItemId>>> groups_;  // by module
  std::map<std::string, std::vector<Run>> solved_;
  std::vector<std::vector<Run>> steps_;
};

class ChainDp : public PlacementSolver {
 public:
  explicit ChainDp(ChainDpOptions options) : options_(options) {}

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    if (input.problem.objective != PlacementObjective::kLatency) {
      return InputError("only latency decomposes at cut vertices");
    }
    if (input.problem.devices.size() > kMaxExactDevices) {
      return InputError(input.problem.devices.size(), " devices are more than ", kMaxExactDevices);
    }
    SolveResult result = Chain(input, options_.max_module).Solve();
    if (input.incumbent == nullptr || result.termination == Termination::kInfeasible) {
      return result;
    }
    // Never return less than what was given.
    const Score given = Evaluate(input.problem, input.graph, *input.incumbent);
    if (!given.feasible) return result;
    if (result.best.has_value() &&
        !Better(given, Evaluate(input.problem, input.graph, *result.best))) {
      return result;
    }
    result.best = *input.incumbent;
    result.termination = Termination::kFeasible;
    return result;
  }

 private:
  const ChainDpOptions options_;
};

}  // namespace

Entry<PlacementSolver> ChainDpEntry() {
  return MakeEntry<PlacementSolver, ChainDp>(
      "chain-dp",
      "Solves the modules between cut vertices exactly and joins them by dynamic programming.",
      Schema());
}

}  // namespace allot
