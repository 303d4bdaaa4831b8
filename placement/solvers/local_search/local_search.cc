#include "placement/solvers/local_search/local_search.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "placement/search/cooling.h"
#include "placement/search/evaluation_work.h"
#include "placement/search/penalty.h"
#include "placement/solver.h"
#include "placement/solvers/constructive/list_schedule.h"
#include "support/random.h"

namespace allot {
namespace {

class Search {
 public:
  Search(const PlacementProblem& problem, const ProblemGraph& graph, Evaluator& evaluator,
         const Solution& start, int64_t work, uint64_t seed, Finish finish)
      : problem_(problem),
        graph_(graph),
        evaluator_(evaluator),
        num_items_(static_cast<int32_t>(problem.items.size())),
        num_devices_(static_cast<int32_t>(problem.devices.size())),
        evaluation_(EvaluationWork(problem)),
        work_(work),
        finish_(finish),
        random_(seed),
        unit_of_(num_items_, -1),
        stamp_(num_items_) {
    for (const DeviceId device : start.device_of) device_.push_back(device.index());
    for (const ItemId item : start.order) order_.push_back(item.index());
    position_.resize(num_items_);
    for (int32_t i = 0; i < num_items_; ++i) position_[order_[i]] = i;
    for (const std::vector<int32_t>& group : evaluator.groups()) {
      for (const int32_t item : group) unit_of_[item] = static_cast<int32_t>(units_.size());
      units_.push_back(group);
    }
    for (int32_t item = 0; item < num_items_; ++item) {
      if (unit_of_[item] >= 0) continue;
      unit_of_[item] = static_cast<int32_t>(units_.size());
      units_.push_back({item});
    }
    choices_.resize(units_.size());
    for (size_t u = 0; u < units_.size(); ++u) {
      for (int32_t d = 0; d < num_devices_; ++d) {
        bool all = true;
        for (const int32_t item : units_[u]) all = all && evaluator.Time(item, d) >= 0;
        if (all) choices_[u].push_back(d);
      }
      if (choices_[u].size() > 1) movable_.push_back(static_cast<int32_t>(u));
    }
  }

  Solution Run() {
    value_ = Evaluate();
    Keep();
    Reorder();
    // The descent at the end needs its share.
    const int64_t most =
        int64_t{2} * num_devices_ * evaluation_ * static_cast<int64_t>(units_.size());
    const int64_t descent = finish_ == Finish::kDescent ? std::min<int64_t>(work_ / 4, most) : 0;
    // While nothing feasible is known, shorter runs from shaken starts.
    for (int round = 0; round < 3 && !best_.feasible(); ++round) {
      if (round > 0) Shake();
      Anneal(spent_ + (work_ - descent - spent_) / 4);
      Restore();
    }
    Anneal(work_ - descent);
    Restore();
    if (finish_ == Finish::kDescent) Descend();
    Solution solution;
    for (const int32_t d : best_device_) solution.device_of.Add(DeviceId(d));
    for (const int32_t item : best_order_) solution.order.push_back(ItemId(item));
    return solution;
  }

  int64_t spent() const { return spent_; }

 private:
  bool OrderMatters() const {
    return problem_.objective == PlacementObjective::kLatency || value_.excess > 0 ||
           best_.excess > 0;
  }

  SearchValue Evaluate() {
    spent_ += evaluation_;
    return evaluator_.Value(device_.data(), order_.data());
  }

  void Keep() {
    best_ = value_;
    best_device_ = device_;
    best_order_ = order_;
  }

  void Restore() {
    device_ = best_device_;
    order_ = best_order_;
    for (int32_t i = 0; i < num_items_; ++i) position_[order_[i]] = i;
    value_ = best_;
  }

  // Sends half of all that can move anywhere.
  void Shake() {
    for (const int32_t unit : movable_) {
      if (random_.Below(2) == 0) SetDevice(unit, OtherDevice(unit));
    }
    undo_.clear();
    value_ = Evaluate();
    if (value_ < best_) Keep();
  }

  // Tries the orders that a placement suggests by itself.
  void Reorder() {
    const auto attempt = [this](const std::vector<ItemId>& order) {
      const std::vector<int32_t> old = order_;
      for (int32_t i = 0; i < num_items_; ++i) order_[i] = order[i].index();
      const SearchValue value = Evaluate();
      if (value < value_) {
        value_ = value;
        for (int32_t i = 0; i < num_items_; ++i) position_[order_[i]] = i;
      } else {
        order_ = old;
      }
    };
    attempt(RankOrder(graph_, PlacedRanks(problem_, graph_, evaluator_, device_)));
    evaluator_.Simulate(device_.data(), order_.data());
    attempt(StartOrder(graph_, evaluator_.simulation().start()));
    if (value_ < best_) Keep();
  }

  void SetDevice(int32_t unit, int32_t d) {
    for (const int32_t item : units_[unit]) {
      undo_.emplace_back(item, device_[item]);
      device_[item] = d;
    }
  }

  void Undo() {
    for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) device_[it->first] = it->second;
    undo_.clear();
    if (shifted_item_ >= 0) Shift(shifted_item_, shifted_from_);
    shifted_item_ = -1;
  }

  // Moves an item within the order; the others close up.
  void Shift(int32_t item, int32_t to) {
    int32_t at = position_[item];
    for (; at < to; ++at) {
      order_[at] = order_[at + 1];
      position_[order_[at]] = at;
    }
    for (; at > to; --at) {
      order_[at] = order_[at - 1];
      position_[order_[at]] = at;
    }
    order_[at] = item;
    position_[item] = at;
  }

  int32_t OtherDevice(int32_t unit) {
    const std::vector<int32_t>& choices = choices_[unit];
    const int32_t current = device_[units_[unit][0]];
    const int32_t d = choices[random_.Below(static_cast<int64_t>(choices.size()))];
    if (d != current || choices.size() == 1) return d;
    return choices[random_.Below(static_cast<int64_t>(choices.size()))];
  }

  int32_t Neighbour(int32_t item) {
    const std::vector<ItemId>& before = graph_.predecessors[ItemId(item)];
    const std::vector<ItemId>& after = graph_.successors[ItemId(item)];
    const auto count = static_cast<int64_t>(before.size() + after.size());
    if (count == 0) return -1;
    const int64_t pick = random_.Below(count);
    const auto num_before = static_cast<int64_t>(before.size());
    return (pick < num_before ? before[pick] : after[pick - num_before]).index();
  }

  // What decides the objective of the solution that was evaluated last: the items of a longest path
  // back from the item that ends last, or all items of the busiest device.
  void FindCritical() {
    critical_.clear();
    if (problem_.objective == PlacementObjective::kThroughput) {
      const std::vector<Picos>& load = evaluator_.loads().device();
      const auto busiest =
          static_cast<int32_t>(std::max_element(load.begin(), load.end()) - load.begin());
      for (const int32_t item : order_) {
        if (device_[item] == busiest) critical_.push_back(item);
      }
      return;
    }
    const std::vector<Picos>& start = evaluator_.simulation().start();
    const std::vector<Picos>& end = evaluator_.simulation().end();
    before_.assign(num_items_, -1);
    last_on_.assign(num_devices_, -1);
    for (const int32_t item : order_) {
      before_[item] = last_on_[device_[item]];
      last_on_[device_[item]] = item;
    }
    auto item = static_cast<int32_t>(std::max_element(end.begin(), end.end()) - end.begin());
    while (item >= 0) {
      critical_.push_back(item);
      if (start[item] == 0) break;
      int32_t binding = before_[item];
      Picos latest = binding >= 0 ? end[binding] : -1;
      for (const FlowId flow : graph_.inputs[ItemId(item)]) {
        const int32_t p = problem_.flows[flow].from.index();
        const Picos arrival =
            end[p] +
            std::max<Picos>(evaluator_.table().Time(flow.index(), device_[p], device_[item]), 0);
        if (arrival <= latest) continue;
        latest = arrival;
        binding = p;
      }
      item = binding;
    }
  }

  // Any unit that can move; half of the time one that decides the objective.
  int32_t SomeUnit() {
    if (!critical_.empty() && random_.Below(2) == 0) {
      const int32_t unit =
          unit_of_[critical_[random_.Below(static_cast<int64_t>(critical_.size()))]];
      if (choices_[unit].size() > 1) return unit;
    }
    return movable_[random_.Below(static_cast<int64_t>(movable_.size()))];
  }

  // A stretch of the critical path goes to one device, often that of what it touches at an end.
  bool MoveStretch() {
    const auto length = static_cast<int64_t>(critical_.size());
    if (length < 2) return false;
    int64_t size = 2;
    while (size < length && random_.Below(3) != 0) size *= 2;
    size = random_.Between(1, std::min(size, length));
    const int64_t first = random_.Below(length - size + 1);
    int32_t d = -1;
    const int64_t pick = random_.Below(3);
    if (pick == 0 && first > 0) d = device_[critical_[first - 1]];
    if (pick == 1 && first + size < length) d = device_[critical_[first + size]];
    if (d < 0) d = static_cast<int32_t>(random_.Below(num_devices_));
    for (int64_t i = first; i < first + size; ++i) {
      const int32_t unit = unit_of_[critical_[i]];
      if (device_[critical_[i]] == d) continue;
      const std::vector<int32_t>& choices = choices_[unit];
      if (std::find(choices.begin(), choices.end(), d) != choices.end()) SetDevice(unit, d);
    }
    return !undo_.empty();
  }

  bool MoveOne() {
    if (movable_.empty()) return false;
    const int32_t unit = SomeUnit();
    int32_t d = -1;
    // Half of the time to where a neighbour is.
    if (random_.Below(2) == 0) {
      const int32_t other = Neighbour(units_[unit][0]);
      if (other >= 0) d = device_[other];
      const std::vector<int32_t>& choices = choices_[unit];
      if (std::find(choices.begin(), choices.end(), d) == choices.end()) d = -1;
    }
    if (d < 0) d = OtherDevice(unit);
    if (d == device_[units_[unit][0]]) return false;
    SetDevice(unit, d);
    return true;
  }

  bool MoveTwo() {
    if (movable_.size() < 2) return false;
    const int32_t a = SomeUnit();
    const int32_t b = movable_[random_.Below(static_cast<int64_t>(movable_.size()))];
    const int32_t da = device_[units_[a][0]], db = device_[units_[b][0]];
    if (da == db) return false;
    const auto can = [this](int32_t unit, int32_t d) {
      return std::find(choices_[unit].begin(), choices_[unit].end(), d) != choices_[unit].end();
    };
    if (!can(a, db) || !can(b, da)) return false;
    SetDevice(a, db);
    SetDevice(b, da);
    return true;
  }

  // A connected set of items of one device, grown breadth first to a random size, moves together.
  bool MoveCluster() {
    if (movable_.empty()) return false;
    const int32_t seed = SomeUnit();
    const int32_t from = device_[units_[seed][0]];
    const int32_t to = OtherDevice(seed);
    if (to == from) return false;
    // Sizes are spread over orders of magnitude.
    int64_t limit = 2;
    while (limit < num_items_ && random_.Below(4) != 0) limit *= 2;
    limit = random_.Between(2, limit);
    ++now_;
    cluster_.assign(1, units_[seed][0]);
    stamp_[cluster_[0]] = now_;
    const bool forward = random_.Below(2) == 0, backward = !forward || random_.Below(2) == 0;
    const auto grow = [&](const std::vector<ItemId>& items) {
      for (const ItemId item : items) {
        if (stamp_[item.index()] == now_ || device_[item.index()] != from) continue;
        stamp_[item.index()] = now_;
        cluster_.push_back(item.index());
      }
    };
    for (size_t i = 0; i < cluster_.size() && static_cast<int64_t>(cluster_.size()) < limit; ++i) {
      if (forward) grow(graph_.successors[ItemId(cluster_[i])]);
      if (backward) grow(graph_.predecessors[ItemId(cluster_[i])]);
    }
    if (static_cast<int64_t>(cluster_.size()) > limit) cluster_.resize(limit);
    for (const int32_t item : cluster_) {
      const int32_t unit = unit_of_[item];
      if (device_[item] == to) continue;
      if (std::find(choices_[unit].begin(), choices_[unit].end(), to) == choices_[unit].end()) {
        continue;
      }
      SetDevice(unit, to);
    }
    return true;
  }

  // Two devices change places: what nearly alike devices need, and no smaller move can do.
  bool SwapDevices() {
    const auto a = static_cast<int32_t>(random_.Below(num_devices_));
    const auto b = static_cast<int32_t>(random_.Below(num_devices_));
    if (a == b) return false;
    for (const int32_t unit : movable_) {
      const int32_t d = device_[units_[unit][0]];
      if (d != a && d != b) continue;
      const int32_t to = d == a ? b : a;
      const std::vector<int32_t>& choices = choices_[unit];
      if (std::find(choices.begin(), choices.end(), to) != choices.end()) SetDevice(unit, to);
    }
    return true;
  }

  bool MoveInOrder() {
    const auto item = static_cast<int32_t>(random_.Below(num_items_));
    int32_t low = 0, high = num_items_ - 1;
    for (const ItemId p : graph_.predecessors[ItemId(item)]) {
      low = std::max(low, position_[p.index()] + 1);
    }
    for (const ItemId s : graph_.successors[ItemId(item)]) {
      high = std::min(high, position_[s.index()] - 1);
    }
    if (low >= high) return false;
    const auto to = static_cast<int32_t>(random_.Between(low, high));
    if (to == position_[item]) return false;
    shifted_item_ = item;
    shifted_from_ = position_[item];
    Shift(item, to);
    return true;
  }

  bool Move() {
    const int64_t kind = random_.Below(16);
    if (kind < 5 && OrderMatters()) {
      const bool moved = MoveInOrder();
      if (moved && kind < 2) MoveOne();
      return moved;
    }
    if (kind < 11) return MoveOne();
    if (kind < 12) return MoveTwo();
    if (kind == 12 || kind == 14) return MoveStretch();
    if (kind == 13 && random_.Below(8) == 0) return SwapDevices();
    return MoveCluster();
  }

  void Anneal(int64_t until) {
    const int64_t steps = std::max<int64_t>((until - spent_) / evaluation_, 1);
    Cooling cooling(Cooling::Hot(value_.objective, num_items_), steps);
    Penalty penalty(problem_, value_.objective);
    Evaluate();
    FindCritical();
    int64_t idle = 0;
    while (spent_ < until && idle < 1000) {
      if (!Move()) {
        ++idle;
        Undo();
        continue;
      }
      idle = 0;
      const SearchValue next = Evaluate();
      const Picos loss = next.objective - value_.objective + penalty.Of(next) - penalty.Of(value_) +
                         (next.secondary - value_.secondary) / (4 * (num_devices_ + 1));
      const bool accept = cooling.Accept(loss, random_);
      penalty.Observe(accept ? next : value_);
      if (!accept) {
        Undo();
        continue;
      }
      undo_.clear();
      shifted_item_ = -1;
      const bool moved = next != value_;
      value_ = next;
      if (moved) FindCritical();
      if (value_ < best_) Keep();
    }
  }

  // Single moves in turn, the best device of each unit, until a whole round changes nothing.
  void Descend() {
    Reorder();
    bool improved = true;
    while (improved && spent_ < work_) {
      improved = false;
      for (const int32_t unit : movable_) {
        const int32_t home = device_[units_[unit][0]];
        int32_t best_device = home;
        SearchValue best = value_;
        for (const int32_t d : choices_[unit]) {
          if (d == home || spent_ >= work_) continue;
          SetDevice(unit, d);
          const SearchValue value = Evaluate();
          if (value < best) {
            best = value;
            best_device = d;
          }
          Undo();
        }
        if (best_device == home) continue;
        SetDevice(unit, best_device);
        undo_.clear();
        value_ = best;
        improved = true;
      }
      if (value_ < best_) Keep();
    }
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  Evaluator& evaluator_;
  const int32_t num_items_, num_devices_;
  const int64_t evaluation_;  // what one counts as
  const int64_t work_;
  const Finish finish_;
  int64_t spent_ = 0;
  Random random_;

  std::vector<int32_t> unit_of_;               // items that must share a device move as one
  std::vector<std::vector<int32_t>> units_;    // items
  std::vector<std::vector<int32_t>> choices_;  // by unit: devices
  std::vector<int32_t> movable_;               // units with a choice

  std::vector<int32_t> device_, order_, position_;
  SearchValue value_;
  std::vector<int32_t> best_device_, best_order_;
  SearchValue best_;

  std::vector<std::pair<int32_t, int32_t>> undo_;  // item, device before
  int32_t shifted_item_ = -1, shifted_from_ = -1;
  std::vector<int32_t> cluster_, critical_, before_, last_on_;
  std::vector<int64_t> stamp_;
  int64_t now_ = 0;
};

struct LocalSearchOptions {
  int64_t restarts = 2;
};

OptionSchema<LocalSearchOptions> Schema() {
  return OptionSchema<LocalSearchOptions>().Add("restarts", &LocalSearchOptions::restarts,
                                                "How often to anneal, each with its share of work");
}

class LocalSearch : public PlacementSolver {
 public:
  explicit LocalSearch(LocalSearchOptions options) : options_(options) {}

  ProblemFeatures features() const override { return {.staged = true, .contiguous = true}; }

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    if (options_.restarts < 1) return InputError("restarts must be at least 1");
    return SearchFromStarts(input, options_.restarts, Finish::kDescent);
  }

 private:
  const LocalSearchOptions options_;
};

}  // namespace

Solution SearchLocally(const PlacementProblem& problem, const ProblemGraph& graph,
                       Evaluator& evaluator, const Solution& start, int64_t work, uint64_t seed,
                       int64_t& spent, Finish finish) {
  if (problem.items.empty()) return start;
  Search search(problem, graph, evaluator, start, work, seed, finish);
  Solution solution = search.Run();
  spent += search.spent();
  return solution;
}

SolveResult SearchFromStarts(const SolveInput& input, int64_t restarts, Finish finish) {
  const PlacementProblem& problem = input.problem;
  Evaluator evaluator(*input.facts);
  SolveResult result;
  std::vector<Solution> starts;
  if (input.incumbent != nullptr) starts.push_back(*input.incumbent);
  for (const RankBy by : {RankBy::kMean, RankBy::kBest}) {
    starts.push_back(WithinMemory(
        problem, evaluator,
        [&](const std::vector<Bytes>& capacity) {
          return ScheduleByRank(problem, input.graph, evaluator, by, Gaps::kFill, capacity);
        },
        result.work));
  }
  for (const DeviceId device : problem.devices.ids()) {
    starts.push_back({Placement(problem.items.size(), device), input.graph.topological});
    result.work += static_cast<int64_t>(problem.items.size());
  }
  std::stable_sort(starts.begin(), starts.end(), [&](const Solution& a, const Solution& b) {
    return evaluator.Value(a) < evaluator.Value(b);
  });

  Solution best = starts[0];
  SearchValue best_value = evaluator.Value(best);
  const int64_t share = std::max<int64_t>(input.limits.work - result.work, 0) / restarts;
  for (int64_t i = 0; i < restarts; ++i) {
    // The first from the best start, then from the others in turn.
    const Solution& start = starts[static_cast<size_t>(i) % starts.size()];
    Solution found =
        SearchLocally(problem, input.graph, evaluator, start, share,
                      input.limits.seed + static_cast<uint64_t>(i), result.work, finish);
    const SearchValue value = evaluator.Value(found);
    if (!(value < best_value)) continue;
    best_value = value;
    best = std::move(found);
  }
  if (!best_value.feasible()) return result;
  result.best = std::move(best);
  result.termination = Termination::kFeasible;
  return result;
}

Entry<PlacementSolver> LocalSearchEntry() {
  return MakeEntry<PlacementSolver, LocalSearch>(
      "local-search", "Anneals over moves of items, clusters and the order, from HEFT's solution.",
      Schema());
}

}  // namespace allot
