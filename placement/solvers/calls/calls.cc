// Execution in calls: beams over many topological orders, each followed by a descent, with orders
// drawn around the best answer so far; and the bound of paths cut into calls.
#include <algorithm>
#include <limits>
#include <utility>

#include "placement/bounds/call_paths.h"
#include "placement/proofs/lower_bounds.h"
#include "placement/search/cooling.h"
#include "placement/search/penalty.h"
#include "placement/solver.h"
#include "placement/solvers/calls/call_segments.h"
#include "placement/value/call_evaluator.h"
#include "support/graph/topo_order.h"

namespace allot {
namespace {

struct CallsOptions {
  int64_t width = 4;
};

OptionSchema<CallsOptions> Schema() {
  return OptionSchema<CallsOptions>().Add(
      "width", &CallsOptions::width, "States that a beam keeps per length and number of calls");
}

// Follows each branch as far as it goes, at random where there is a choice.
class RandomBranch {
 public:
  explicit RandomBranch(Random& random) : random_(&random) {}
  bool empty() const { return ready_.empty(); }
  void Push(int32_t v) { ready_.push_back(v); }
  int32_t Pop() {
    for (size_t i = ready_.size(); i > old_ + 1; --i) {
      std::swap(ready_[i - 1], ready_[old_ + random_->Below(static_cast<int64_t>(i - old_))]);
    }
    const int32_t v = ready_.back();
    ready_.pop_back();
    old_ = ready_.size();
    return v;
  }

 private:
  Random* random_;
  std::vector<int32_t> ready_;
  size_t old_ = 0;  // how many were there before the last Pop()
};

// A topological order in which branches are not mixed; backwards: the same from the sinks. Empty if
// the graph has a cycle.
std::vector<int32_t> DepthFirstOrder(const CsrGraph& graph, bool backwards, Random& random) {
  const auto ahead = [&](int32_t v, const auto& visit) {
    for (const int32_t to : backwards ? graph.predecessors(v) : graph.successors(v)) visit(to);
  };
  std::vector<int32_t> order =
      SortTopologically(graph.num_vertices(), ahead, RandomBranch(random)).order;
  if (backwards) std::reverse(order.begin(), order.end());
  if (static_cast<int32_t>(order.size()) < graph.num_vertices()) order.clear();
  return order;
}

class Search {
 public:
  Search(const SolveInput& input, int32_t width)
      : input_(input),
        problem_(input.problem),
        evaluator_(*input.facts),
        segments_(*input.facts),
        random_(input.limits.seed),
        effort_{std::max(width, 1), 1},
        n_(static_cast<int32_t>(input.problem.items.size())) {
    std::vector<char> grouped(n_);
    for (const std::vector<ItemId>& group : input.facts->groups()) {
      std::vector<int32_t>& unit = units_.emplace_back();
      for (const ItemId item : group) {
        unit.push_back(item.index());
        grouped[item.index()] = 1;
      }
    }
    for (int32_t i = 0; i < n_; ++i) {
      if (!grouped[i]) units_.push_back({i});
    }
    for (const DeviceId device : problem_.devices.ids()) {
      if (problem_.devices[device].pool) pools_.push_back(device.index());
    }
  }

  SolveResult Run() {
    work_ = std::max<int64_t>(input_.limits.work, 1);
    FindBound();
    if (input_.incumbent != nullptr) Take(*input_.incumbent);
    if (problem_.calls_per_device > 1) StartWithFewerCalls();
    for (const int32_t pool : pools_) {
      Solution solution{Placement(problem_.items.size(), DeviceId(pool)), input_.graph.topological};
      Take(std::move(solution));
    }
    const CsrGraph& order = segments_.blocks().order;
    std::vector<int32_t> first;
    for (int32_t b = 0; b < order.num_vertices(); ++b) first.push_back(b);
    Beam(first);
    for (int64_t round = 0; work_ > 0 && !Done(); ++round) {
      // Orders from nowhere are for the start; then three of four follow the best answer.
      const bool around = best_.has_value() && round >= 4 && round % 4 != 0;
      Beam(around ? OrderAroundBest(round % 2 == 1)
                  : DepthFirstOrder(order, round % 2 == 1, random_));
      if (round % 8 == 7) Anneal(work_ / 8);
    }
    SolveResult result;
    result.work = input_.limits.work - work_;
    result.lower_bound = bound_;
    if (best_.has_value()) {
      result.best = std::move(best_);
      result.termination = Termination::kFeasible;
    }
    return result;
  }

 private:
  bool Done() const {
    return best_.has_value() && value_.objective <= std::max(bound_.value, input_.known_bound);
  }

  void FindBound() {
    if (input_.known_bound > 0) return;
    for (const LowerBound& bound :
         LowerBounds(*input_.facts, Launch::kIgnore, input_.limits.work / 4)) {
      if (bound.value > bound_.value) bound_ = bound;
    }
  }

  // Answers with fewer calls are answers, too, and there are far fewer of them to look through.
  void StartWithFewerCalls() {
    PlacementProblem fewer = problem_;
    fewer.calls_per_device = problem_.calls_per_device / 2;
    SolveLimits limits = input_.limits;
    limits.work = work_ / 3;
    limits.progress = nullptr;
    const ProblemFacts facts(fewer, input_.graph);
    const SolveInput input{fewer, input_.graph, limits, nullptr, {}, input_.known_bound, &facts};
    SolveResult result = Search(input, effort_.width).Run();
    work_ -= result.work;
    if (result.best.has_value()) Take(*std::move(result.best));
  }

  void Report() const {
    if (input_.limits.progress != nullptr) {
      input_.limits.progress(value_.objective, bound_.value, input_.limits.work - work_);
    }
  }

  void Take(Solution solution) {
    const SearchValue value = evaluator_.Value(solution);
    work_ -= n_;
    if (!value.feasible() || (best_.has_value() && !(value < value_))) return;
    const bool better = !best_.has_value() || value.objective < value_.objective;
    value_ = value;
    best_ = std::move(solution);
    if (best_->call_of.empty()) best_->call_of = IdVector<ItemId, int32_t>(problem_.items.size());
    if (better) Report();
  }

  void Beam(const std::vector<int32_t>& order) {
    if (order.empty() && n_ > 0) return;
    // States as good as the best are wanted too: a descent may lead on from another answer.
    const Picos upper = best_.has_value() ? value_.objective + value_.objective / 64
                                          : std::numeric_limits<Picos>::max() / 4;
    // No beam may take all. One that does not come to its end is a sign to look less closely.
    const int64_t budget = work_ / 3;
    int64_t left = budget;
    std::optional<Solution> found = segments_.Run(order, effort_, upper, left);
    work_ -= budget - left;
    if (found.has_value()) {
      Descend(*std::move(found));
    } else if (left < 0 && effort_.width > 1) {
      effort_.width /= 2;
    } else if (left < 0) {
      effort_.grain *= 2;
    }
  }

  // Blocks of one call of the best answer stay together.
  std::vector<int32_t> OrderAroundBest(bool backwards) {
    const ContiguityBlocks& blocks = segments_.blocks();
    const std::vector<int32_t> inner = DepthFirstOrder(blocks.order, backwards, random_);
    std::vector<int32_t> group(blocks.num_blocks, -1), label;
    for (const ItemId item : problem_.items.ids()) {
      const DeviceId device = best_->device_of[item];
      if (problem_.devices[device].pool) continue;
      group[blocks.block_of[item]] =
          device.index() * problem_.calls_per_device + best_->call_of[item];
    }
    // Dense numbers: calls that exist, then blocks on pools, and calls dissolved now and then.
    const auto calls = static_cast<int32_t>(problem_.devices.size()) * problem_.calls_per_device;
    const auto dissolved = static_cast<int32_t>(random_.Below(2 * calls));
    label.assign(calls, -1);
    int32_t count = 0;
    for (int32_t b = 0; b < blocks.num_blocks; ++b) {
      if (group[b] < 0 || group[b] == dissolved) {
        group[b] = count++;
      } else {
        if (label[group[b]] < 0) label[group[b]] = count++;
        group[b] = label[group[b]];
      }
    }
    std::vector<WeightedEdge> edges;
    for (int32_t b = 0; b < blocks.num_blocks; ++b) {
      for (const int32_t next : blocks.order.successors(b))
        edges.push_back({group[b], group[next]});
    }
    const std::vector<int32_t> outer =
        DepthFirstOrder(CsrGraph(count, std::move(edges)), backwards, random_);
    if (outer.empty()) return inner;
    const std::vector<int32_t> place = Positions(outer);
    std::vector<int32_t> order = inner;
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return place[group[a]] < place[group[b]]; });
    return order;
  }

  // Where a unit may go: next to what it reads or feeds, or on a pool.
  std::vector<std::pair<int32_t, int32_t>> Targets(const std::vector<int32_t>& unit,
                                                   const std::vector<int32_t>& device,
                                                   const std::vector<int32_t>& call) const {
    std::vector<std::pair<int32_t, int32_t>> targets;
    for (const int32_t pool : pools_) targets.emplace_back(pool, 0);
    for (const int32_t i : unit) {
      for (const auto* side : {&input_.graph.predecessors, &input_.graph.successors}) {
        for (const ItemId other : (*side)[ItemId(i)]) {
          targets.emplace_back(device[other.index()], call[other.index()]);
        }
      }
    }
    std::sort(targets.begin(), targets.end());
    targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
    return targets;
  }

  // One of these, or now and then any call of any device.
  std::pair<int32_t, int32_t> RandomTarget(const std::vector<int32_t>& unit,
                                           const std::vector<int32_t>& device,
                                           const std::vector<int32_t>& call) {
    const auto targets = Targets(unit, device, call);
    if (!targets.empty() && random_.Below(8) > 0) {
      return targets[random_.Below(static_cast<int64_t>(targets.size()))];
    }
    const auto d =
        static_cast<int32_t>(random_.Below(static_cast<int64_t>(problem_.devices.size())));
    const bool pool = problem_.devices[DeviceId(d)].pool;
    return {d, pool ? 0 : static_cast<int32_t>(random_.Below(problem_.calls_per_device))};
  }

  void Unpack(const Solution& solution, std::vector<int32_t>& device, std::vector<int32_t>& call) {
    device.clear();
    for (const DeviceId d : solution.device_of) device.push_back(d.index());
    call = solution.call_of.raw();
    call.resize(n_);
    for (int32_t i = 0; i < n_; ++i) {
      if (problem_.devices[DeviceId(device[i])].pool) call[i] = 0;
    }
  }

  Solution Pack(const std::vector<int32_t>& device, const std::vector<int32_t>& call) const {
    Solution solution;
    for (const int32_t d : device) solution.device_of.Add(DeviceId(d));
    solution.order = input_.graph.topological;
    solution.call_of.raw() = call;
    return solution;
  }

  // Moves single units while that helps.
  void Descend(Solution solution) {
    std::vector<int32_t> device, call;
    Unpack(solution, device, call);
    SearchValue now = evaluator_.Value(device.data(), call.data());
    for (bool moved = true; moved && work_ > 0;) {
      moved = false;
      for (const std::vector<int32_t>& unit : units_) {
        const int32_t old_device = device[unit[0]];
        std::vector<int32_t> old_call;
        for (const int32_t i : unit) old_call.push_back(call[i]);
        for (const auto& [d, c] : Targets(unit, device, call)) {
          if (d == old_device && c == old_call[0]) continue;
          for (const int32_t i : unit) {
            device[i] = d;
            call[i] = c;
          }
          const SearchValue value = evaluator_.Value(device.data(), call.data());
          work_ -= n_;
          if (value < now) {
            now = value;
            moved = true;
            break;
          }
          for (size_t i = 0; i < unit.size(); ++i) {
            device[unit[i]] = old_device;
            call[unit[i]] = old_call[i];
          }
        }
        if (work_ <= 0) break;
      }
    }
    Take(Pack(device, call));
  }

  // A random walk of units and connected clusters from the best answer.
  void Anneal(int64_t share) {
    if (!best_.has_value() || n_ == 0) return;
    std::vector<int32_t> device, call;
    Unpack(*best_, device, call);
    std::vector<int32_t> unit_of(n_);
    for (size_t u = 0; u < units_.size(); ++u) {
      for (const int32_t i : units_[u]) unit_of[i] = static_cast<int32_t>(u);
    }
    const int64_t steps = share / std::max(n_, 1);
    Cooling cooling(value_.objective / 256, std::max<int64_t>(steps, 1));
    Penalty penalty(problem_, value_.objective);
    SearchValue now = value_;
    for (int64_t step = 0; step < steps && work_ > 0 && !Done(); ++step) {
      // A unit, and now and then what is connected to it in the same place.
      std::vector<int32_t> cluster = units_[random_.Below(static_cast<int64_t>(units_.size()))];
      const auto [d, c] = RandomTarget(cluster, device, call);
      const int32_t from = device[cluster[0]], from_call = call[cluster[0]];
      int64_t wanted = random_.Below(3) == 0 ? int64_t{1} << random_.Below(6) : 1;
      std::vector<char> in(n_);
      for (const int32_t i : cluster) in[i] = 1;
      for (size_t k = 0; k < cluster.size() && wanted > 1; ++k) {
        for (const auto* side : {&input_.graph.predecessors, &input_.graph.successors}) {
          for (const ItemId other : (*side)[ItemId(cluster[k])]) {
            const int32_t o = other.index();
            if (in[o] || device[o] != from || call[o] != from_call || wanted <= 1) continue;
            --wanted;
            for (const int32_t i : units_[unit_of[o]]) {
              in[i] = 1;
              cluster.push_back(i);
            }
          }
        }
      }
      std::vector<std::pair<int32_t, int32_t>> old;
      for (const int32_t i : cluster) {
        old.emplace_back(device[i], call[i]);
        device[i] = d;
        call[i] = c;
      }
      const SearchValue value = evaluator_.Value(device.data(), call.data());
      work_ -= n_;
      const Picos loss = value.objective + penalty.Of(value) - now.objective - penalty.Of(now);
      if (cooling.Accept(loss, random_)) {
        now = value;
        if (now.feasible() && now < value_) Take(Pack(device, call));
      } else {
        for (size_t i = 0; i < cluster.size(); ++i) {
          std::tie(device[cluster[i]], call[cluster[i]]) = old[i];
        }
      }
      penalty.Observe(now);
    }
  }

  const SolveInput& input_;
  const PlacementProblem& problem_;
  CallEvaluator evaluator_;
  CallSegments segments_;
  Random random_;
  CallSegments::Effort effort_;
  const int32_t n_;
  std::vector<std::vector<int32_t>> units_;  // items that move together
  std::vector<int32_t> pools_;
  std::optional<Solution> best_;
  SearchValue value_;
  LowerBound bound_;
  int64_t work_ = 0;
};

class Calls : public PlacementSolver {
 public:
  explicit Calls(CallsOptions options) : options_(options) {}

  std::vector<absl::string_view> kinds() const override { return {kCallsKind}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    return Search(input, static_cast<int32_t>(options_.width)).Run();
  }

 private:
  const CallsOptions options_;
};

}  // namespace

Entry<PlacementSolver> CallsEntry() {
  return MakeEntry<PlacementSolver, Calls>(
      "calls", "Cuts topological orders into calls by beams, around the best answer so far.",
      Schema());
}

}  // namespace allot
