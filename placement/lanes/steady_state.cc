#include "placement/lanes/steady_state.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "placement/bounds/load_bound.h"
#include "placement/lanes/turns_bound.h"
#include "placement/lanes/whole_shares.h"
#include "placement/loads/load_model.h"
#include "placement/loads/load_reduction.h"
#include "placement/loads/load_state.h"
#include "placement/patterns/pattern_master.h"
#include "placement/value/evaluator.h"
#include "support/check.h"
#include "support/graph/min_cut.h"
#include "support/id_table.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr Picos kForbidden = BoundaryCosts::kForbidden;

size_t Size(int32_t i) { return static_cast<size_t>(i); }

// Between two kinds of devices, those of a kind weighing the same: the least weighted sum of loads
// of any placement, by a minimum cut. `launch` (by device) is what each device in use carries once.
class TwoKinds {
 public:
  TwoKinds(const LoadModel& model, const std::vector<Picos>& launch)
      : model_(model), launch_(launch), costs_(MakeBoundaryCosts(model)) {
    for (int32_t d = 0; d < model.num_devices; ++d) {
      const int32_t like = model.device_class[Size(d)];
      const auto it = std::find(kinds_.begin(), kinds_.end(), like);
      if (it == kinds_.end()) {
        kinds_.push_back(like);
        counts_.push_back(1);
      } else {
        ++counts_[static_cast<size_t>(it - kinds_.begin())];
      }
    }
    Int128 total = 0;
    for (const Picos cost : launch_) total += cost;
    for (int32_t unit = 0; unit < model.num_units; ++unit) {
      for (int32_t d = 0; d < model.num_devices; ++d) {
        total += std::max<Picos>(model.Time(unit, d), 0);
      }
    }
    for (const auto* costs : {&costs_.send, &costs_.receive}) {
      for (const Picos cost : costs->cells()) total += cost < kForbidden ? cost : 0;
    }
    applies_ = kinds_.size() == 2 && total * kWeights < kForbidden;
  }

  bool applies() const { return applies_; }

  // The best over weights, which lie where a concave function is largest.
  Picos Bound(int64_t work) {
    int64_t low = 0, high = kWeights;
    Picos best = 0;
    while (low < high && spent_ < work) {
      const int64_t middle = (low + high) / 2;
      const Picos here = At(middle), next = At(middle + 1);
      best = std::max({best, here, next});
      if (here < next) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return best;
  }

 private:
  static constexpr int64_t kWeights = 4096;

  Picos At(int64_t first) {
    const int64_t weight[2] = {first, kWeights - first};
    const int32_t source = model_.num_units, sink = source + 1;
    int32_t nodes = source + 2;
    std::vector<CapacityArc> arcs;
    const auto cost = [&](int kind, Picos time) {
      return time == kNotAllowed || time >= kForbidden ? kForbidden : weight[kind] * time;
    };
    // The first kind is the source's side.
    for (int32_t unit = 0; unit < model_.num_units; ++unit) {
      arcs.push_back({unit, sink, cost(0, model_.Time(unit, kinds_[0]))});
      arcs.push_back({source, unit, cost(1, model_.Time(unit, kinds_[1]))});
    }
    for (size_t f = 0; f < model_.flows.size(); ++f) {
      const auto crossing = [&](int from, int to) {
        return std::min(kForbidden, cost(from, costs_.send(f, kinds_[Size(from)])) +
                                        cost(to, costs_.receive(f, kinds_[Size(to)])));
      };
      const LoadModel::Flow& flow = model_.flows[f];
      if (const Picos out = crossing(0, 1); out > 0) {
        arcs.push_back({flow.from, nodes, out});
        for (const int32_t to : flow.to) arcs.push_back({nodes, to, kForbidden});
        ++nodes;
      }
      if (const Picos in = crossing(1, 0); in > 0) {
        arcs.push_back({nodes, flow.from, in});
        for (const int32_t to : flow.to) arcs.push_back({to, nodes, kForbidden});
        ++nodes;
      }
    }
    spent_ += 2 * static_cast<int64_t>(arcs.size());
    const MinCut cut = MinimumCut(nodes, arcs, source, sink);
    if (cut.value >= kForbidden) return 0;  // something fits nowhere
    const Picos launch[2] = {weight[0] * launch_[Size(kinds_[0])],
                             weight[1] * launch_[Size(kinds_[1])]};
    // A placement uses both kinds or one alone.
    Picos least = cut.value + launch[0] + launch[1];
    for (const int kind : {0, 1}) {
      Picos alone = launch[kind];
      for (int32_t unit = 0; unit < model_.num_units; ++unit) {
        alone = std::min(kForbidden, alone + cost(kind, model_.Time(unit, kinds_[Size(kind)])));
      }
      least = std::min(least, alone);
    }
    const int64_t all = weight[0] * counts_[0] + weight[1] * counts_[1];
    return (least + all - 1) / all;
  }

  const LoadModel& model_;
  const std::vector<Picos> launch_;
  const BoundaryCosts costs_;
  std::vector<int32_t> kinds_, counts_;
  bool applies_ = false;
  int64_t spent_ = 0;
};

// What memory is left next to one placement, for others that take turns with it, so that all of
// them fit together: first come, first served.
class SharedRoom {
 public:
  SharedRoom(const LoadModel& model, const Score& anchor, const std::vector<int32_t>& device)
      : model_(model),
        bytes_(model.memory),
        held_(Size(model.num_units), Size(model.num_devices), 0) {
    // As if no other unit shared it: at most too careful.
    for (const LoadModel::Shared& shared : model.shared) {
      for (const int32_t unit : shared.units) {
        bytes_[Size(unit)] = SaturatingAdd(bytes_[Size(unit)], shared.bytes);
      }
    }
    for (int32_t d = 0; d < model.num_devices; ++d) {
      left_.push_back(model.capacity[Size(d)] - anchor.peak[DeviceId(d)]);
    }
    for (int32_t unit = 0; unit < model.num_units; ++unit) Hold(unit, device[Size(unit)]);
  }

  // What a placement takes of a device if it holds `unit` there.
  Bytes Extra(int32_t unit, int32_t d) const {
    return held_(unit, d) != 0 ? 0 : bytes_[Size(unit)];
  }
  Bytes Left(int32_t d) const { return left_[Size(d)]; }

  // Whether the placement fits; then it is held, too.
  bool Take(const std::vector<int32_t>& device) {
    std::vector<Bytes> extra(Size(model_.num_devices), 0);
    for (int32_t unit = 0; unit < model_.num_units; ++unit) {
      const int32_t d = device[Size(unit)];
      extra[Size(d)] = SaturatingAdd(extra[Size(d)], Extra(unit, d));
    }
    for (size_t d = 0; d < extra.size(); ++d) {
      if (extra[d] > left_[d]) return false;
    }
    for (size_t d = 0; d < extra.size(); ++d) left_[d] -= extra[d];
    for (int32_t unit = 0; unit < model_.num_units; ++unit) Hold(unit, device[Size(unit)]);
    return true;
  }

 private:
  void Hold(int32_t unit, int32_t d) { held_(unit, d) = 1; }

  const LoadModel& model_;
  std::vector<Bytes> bytes_, left_;
  IdTable<int32_t, int32_t, char> held_;  // [unit][device]
};

class Columns {
 public:
  Columns(const PlacementProblem& problem, const ProblemGraph& graph, int64_t work,
          int64_t max_cycle)
      : problem_(problem),
        graph_(graph),
        facts_(problem, graph),
        model_(BuildLoadModel(facts_)),
        evaluator_(facts_),
        work_(work),
        max_cycle_(max_cycle) {}

  // Only placements that fit into memory together with this one.
  void ShareRoomWith(const Solution& anchor) {
    room_.emplace(model_, evaluator_.FullScore(anchor), FromSolution(model_, anchor));
  }

  void Solve(const Solution* incumbent, SteadyState& result) {
    if (incumbent != nullptr) Add(FromSolution(model_, *incumbent), *incumbent);
    for (int32_t d = 0; d < model_.num_devices; ++d) {
      std::vector<int32_t> device(Size(model_.num_units), d);
      if (Allowed(device)) Add(std::move(device));
    }
    const size_t resources = Size(model_.num_devices) + Size(model_.num_channels);
    std::vector<double> weight(resources, 0);
    std::fill(weight.begin(), weight.begin() + model_.num_devices, 1.0 / model_.num_devices);
    Price(weight);
    if (columns_.empty()) return;
    Picos most = 1;
    for (const Column& column : columns_) {
      most = std::max(most, *std::max_element(column.loads.begin(), column.loads.end()));
    }
    PatternMaster master(static_cast<int32_t>(resources), {1});
    size_t given = 0;
    std::vector<double> uses;
    constexpr int kRounds = 60;
    for (int round = 0; round < kRounds && spent_ < work_; ++round) {
      for (; given < columns_.size(); ++given) {
        std::vector<double> spare;
        for (const Picos load : columns_[given].loads) {
          spare.push_back(1 - static_cast<double>(load) / static_cast<double>(most));
        }
        master.Add(0, spare);
      }
      master.Solve(1000);
      uses = master.Uses();
      Price(master.Worths());
      if (columns_.size() == given) break;
    }
    Round(uses, result);
    for (size_t c = 0; c < columns_.size(); ++c) {
      std::vector<double> alone(columns_.size(), 0);
      alone[c] = 1;
      if (!result.score.feasible || columns_[c].value < result.score.period) Round(alone, result);
    }
    result.work += spent_;
  }

 private:
  struct Column {
    std::vector<int32_t> device;
    Solution solution;  // in an order that fits memory
    std::vector<Picos> loads;
    Picos value = 0;
  };

  bool Allowed(const std::vector<int32_t>& device) const {
    for (int32_t unit = 0; unit < model_.num_units; ++unit) {
      if (model_.Time(unit, device[Size(unit)]) == kNotAllowed) return false;
    }
    return true;
  }

  void Add(std::vector<int32_t> device) {
    Solution solution = ToSolution(model_, graph_, device);
    Add(std::move(device), std::move(solution));
  }

  // Keeps a feasible placement, once.
  void Add(std::vector<int32_t> device, Solution solution) {
    for (const Column& column : columns_) {
      if (column.device == device) return;
    }
    spent_ += model_.num_units;
    if (!evaluator_.Value(solution).feasible()) return;
    if (room_.has_value() && !room_->Take(device)) return;
    Column column;
    column.solution = std::move(solution);
    column.value = LargestLoad(model_, device, &column.loads);
    column.device = std::move(device);
    columns_.push_back(std::move(column));
  }

  // Placements with small weighted sums of loads, by descent: from where each unit is cheapest, and
  // from the placements known.
  void Price(const std::vector<double>& weights) {
    std::vector<int64_t> weight;
    for (const double w : weights) {
      weight.push_back(static_cast<int64_t>(w * static_cast<double>(kLoadWeight)));
    }
    std::vector<int32_t> cheapest(Size(model_.num_units), 0);
    for (int32_t unit = 0; unit < model_.num_units; ++unit) {
      Int128 least = -1;
      for (int32_t d = 0; d < model_.num_devices; ++d) {
        if (model_.Time(unit, d) == kNotAllowed) continue;
        const Int128 cost = static_cast<Int128>(weight[Size(d)]) * model_.Time(unit, d);
        if (least >= 0 && cost >= least) continue;
        least = cost;
        cheapest[Size(unit)] = d;
      }
      if (least < 0) return;
    }
    std::vector<std::vector<int32_t>> starts = {std::move(cheapest)};
    const size_t known = columns_.size();
    for (size_t i = known > 3 ? known - 3 : 0; i < known; ++i) starts.push_back(columns_[i].device);
    for (std::vector<int32_t>& start : starts) Add(Descend(std::move(start), weight));
  }

  std::vector<int32_t> Descend(std::vector<int32_t> start, const std::vector<int64_t>& weight) {
    std::vector<Bytes> extra(Size(model_.num_devices), 0);
    if (room_.has_value()) {
      for (int32_t unit = 0; unit < model_.num_units; ++unit) {
        const int32_t d = start[Size(unit)];
        extra[Size(d)] = SaturatingAdd(extra[Size(d)], room_->Extra(unit, d));
      }
    }
    LoadState state(model_, std::move(start));
    for (bool better = true; better && spent_ + state.work() < work_;) {
      better = false;
      for (int32_t unit = 0; unit < model_.num_units; ++unit) {
        for (int32_t d = 0; d < model_.num_devices; ++d) {
          const int32_t from = state.device(unit);
          if (d == from || model_.Time(unit, d) == kNotAllowed) continue;
          const Bytes more = room_.has_value() ? room_->Extra(unit, d) : 0;
          if (more > 0 && SaturatingAdd(extra[Size(d)], more) > room_->Left(d)) continue;
          const auto faults = std::pair(state.missing_routes(), state.excess());
          state.Move(unit, d);
          Int128 change = 0;
          for (const auto& [resource, before] : state.touched()) {
            change += static_cast<Int128>(weight[Size(resource)]) *
                      (state.loads()[Size(resource)] - before);
          }
          const auto now = std::pair(state.missing_routes(), state.excess());
          if (now < faults || (now == faults && change < 0)) {
            better = true;
            if (room_.has_value()) extra[Size(from)] -= room_->Extra(unit, from);
            extra[Size(d)] += more;
          } else {
            state.Move(unit, from);
          }
          state.Settle();
        }
      }
    }
    spent_ += state.work();
    return state.device();
  }

  // Whole shares near `uses`, for the cycle that rounds best.
  void Round(const std::vector<double>& uses, SteadyState& result) {
    double sum = 0;
    for (const double use : uses) sum += use;
    if (sum <= 0) return;
    for (int64_t cycle = 1; cycle <= max_cycle_; ++cycle) {
      const std::vector<int64_t> shares = WholeShares(uses, sum, cycle);
      std::vector<Int128> load(columns_[0].loads.size(), 0);
      Int128 most = 0;
      for (size_t r = 0; r < load.size(); ++r) {
        for (size_t i = 0; i < shares.size(); ++i) {
          load[r] += static_cast<Int128>(columns_[i].loads[r]) * shares[i];
        }
        most = std::max(most, load[r]);
      }
      const auto period = static_cast<Picos>((most + cycle - 1) / cycle);
      if (result.score.feasible && period >= result.score.period) continue;
      ReplicatedPlacement replicated;
      for (size_t i = 0; i < shares.size(); ++i) {
        if (shares[i] == 0) continue;
        replicated.placements.push_back(columns_[i].solution);
        replicated.shares.push_back(shares[i]);
      }
      const ReplicationScore score = Evaluate(problem_, graph_, replicated);
      spent_ += static_cast<int64_t>(problem_.items.size() * replicated.placements.size());
      if (!score.feasible) continue;
      result.score = score;
      result.replicated = std::move(replicated);
    }
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const ProblemFacts facts_;
  const LoadModel model_;
  Evaluator evaluator_;
  const int64_t work_, max_cycle_;
  int64_t spent_ = 0;
  std::vector<Column> columns_;
  std::optional<SharedRoom> room_;
};

}  // namespace

Picos BoundSteadyState(const ProblemFacts& facts, int64_t work, Launch launch) {
  const PlacementProblem& problem = facts.problem();
  LoadRows rows = MakeLoadRows(facts);
  rows.memory.clear();  // a replica is wherever there is room
  const auto cost =
      static_cast<int64_t>(rows.size() + 1) * static_cast<int64_t>(rows.num_devices() + 1);
  const auto rounds = static_cast<int>(std::clamp<int64_t>(work / 2 / cost, 16, 256));
  Picos bound = rows.size() == 0 ? 0 : BoundLoad(rows, {}, {}, rounds).bound;
  std::vector<Picos> once;
  const bool launches = launch == Launch::kPerGroup || problem.launch_on_arrival;
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    once.push_back(launches ? device.part_cost : 0);
  }
  if (launches) {
    // Parts are acyclic; items that are not formed into parts launch once on a device.
    RowGraph graph;
    if (launch == Launch::kPerGroup) graph = MakeRowGraph(problem, facts.graph());
    bound = std::max(bound, BoundTurns(rows, graph, once, work / 2));
  }
  const LoadModel model = BuildLoadModel(facts);
  TwoKinds kinds(model, once);
  if (kinds.applies()) bound = std::max(bound, kinds.Bound(work / 2));
  return bound;
}

absl::Status CheckReplicable(const PlacementProblem& problem) {
  if (problem.objective != PlacementObjective::kThroughput ||
      problem.execution == Execution::kCalls) {
    return InputError("replicas take turns in a stream: the objective must be throughput");
  }
  if (problem.contiguous) {
    return InputError("replicas are not contiguous: leave out the demand for it");
  }
  return absl::OkStatus();
}

absl::StatusOr<SteadyState> SolveSteadyState(const PlacementProblem& problem,
                                             const ProblemGraph& graph, const Solution* incumbent,
                                             int64_t work, int64_t max_cycle) {
  ALLOT_CHECK(max_cycle >= 1 && max_cycle <= kMaxCycle);
  ALLOT_RETURN_IF_ERROR(Check(problem));
  ALLOT_RETURN_IF_ERROR(CheckReplicable(problem));
  SteadyState result;
  result.bound = {BoundSteadyState(problem, work / 4, Launch::kIgnore), "steady-state"};
  if (problem.items.empty()) {
    result.replicated = {{Solution()}, {1}};
    result.score = Evaluate(problem, graph, result.replicated);
    return result;
  }
  Columns(problem, graph, work / 2, max_cycle).Solve(incumbent, result);
  if (!result.score.feasible || result.score.period <= result.bound.value) return result;
  // Placements that are good for the program need not fit into memory together. So begin with the
  // largest share of the best answer, and look for what fits beside it.
  const auto& shares = result.replicated.shares;
  const auto most = std::max_element(shares.begin(), shares.end()) - shares.begin();
  const Solution anchor = result.replicated.placements[static_cast<size_t>(most)];
  Columns beside(problem, graph, work - work / 4 - result.work, max_cycle);
  beside.ShareRoomWith(anchor);
  beside.Solve(&anchor, result);
  return result;
}

absl::Status VerifySteadyState(const PlacementProblem& problem, const SteadyState& state,
                               const Score* single) {
  const auto refuted = [&state](absl::string_view what, Picos value) {
    return absl::InternalError(absl::StrCat("the bound ", state.bound.name, " of ",
                                            state.bound.value, " ps exceeds ", what, " of ", value,
                                            " ps"));
  };
  if (single != nullptr && state.bound.value > single->objective) {
    return refuted("the value of a single placement", single->objective);
  }
  if (state.replicated.placements.empty()) return absl::OkStatus();
  const absl::Status holds = Verify(problem, state.replicated, state.score.period);
  if (!holds.ok()) return absl::InternalError(absl::StrCat("wrong answer: ", holds.message()));
  if (state.bound.value > state.score.period) {
    return refuted("the period with replicas", state.score.period);
  }
  return absl::OkStatus();
}

}  // namespace allot
