// The placement on two devices with the least total time of items and transfers, as a minimum cut
// (Stone, IEEE TSE 1977). Exact for that sum, which is what a run takes if nothing overlaps; a
// heuristic for latency and throughput, which live from overlap.
#include "support/graph/min_cut.h"

#include <algorithm>

#include "placement/solvers/constructive/list_schedule.h"
#include "support/status.h"

namespace allot {
namespace {

struct MinCutOptions {};

// The devices, and the vertices that stand for them: source and sink.
constexpr int32_t kFirst = 0, kSecond = 1;

// A vertex per set of items that must share a device; who is on the source's side is on the first
// device. Each is tied to either device by its time on the other. A tensor is paid once, however
// many consumers it has: a vertex per tensor and direction, tied to the consumers by more than any
// placement costs, leaves only the arc between it and the producer to be cut.
class Network {
 public:
  Network(const PlacementProblem& problem, const Evaluator& evaluator)
      : evaluator_(evaluator), vertex_(problem.items.size(), -1) {
    for (const std::vector<int32_t>& group : evaluator.groups()) {
      for (const int32_t item : group) vertex_[item] = num_vertices_;
      ++num_vertices_;
    }
    for (int32_t& vertex : vertex_) {
      if (vertex < 0) vertex = num_vertices_++;
    }
    for (const ItemId item : problem.items.ids()) {
      Pay(vertex_[item.index()], kSecond, evaluator.Time(item.index(), kFirst));
      Pay(kFirst, vertex_[item.index()], evaluator.Time(item.index(), kSecond));
    }
    for (const FlowId flow : problem.flows.ids()) {
      Carry(problem.flows[flow], flow.index(), kFirst, kSecond);
      Carry(problem.flows[flow], flow.index(), kSecond, kFirst);
    }
    // What must not be, costs more than everything that may.
    Picos all = 1;
    for (const CapacityArc& arc : arcs_) all = SaturatingAdd(all, std::max<Picos>(arc.capacity, 0));
    for (CapacityArc& arc : arcs_) {
      if (arc.capacity == kForbidden) arc.capacity = all;
    }
  }

  // The device of each item.
  std::vector<int32_t> Cheapest() const {
    const MinCut cut = MinimumCut(num_vertices_, arcs_, kFirst, kSecond);
    std::vector<int32_t> device;
    for (const int32_t vertex : vertex_) {
      device.push_back(cut.source_side[vertex] ? kFirst : kSecond);
    }
    return device;
  }

 private:
  static constexpr Picos kForbidden = -1;  // as for times: no device, no route

  // `cost` if `from` is on the first device and `to` on the second.
  void Pay(int32_t from, int32_t to, Picos cost) {
    if (cost != 0 && from != to) arcs_.push_back({from, to, cost});
  }

  // What a flow costs that is made on device `from` and used on device `to`.
  void Carry(const PlacementProblem::Flow& flow, int32_t index, int32_t from, int32_t to) {
    const TransferTable& table = evaluator_.table();
    const int32_t producer = vertex_[flow.from.index()];
    const Picos time = table.Time(index, from, to);
    const Picos cost = time < 0 ? kForbidden : time + table.ArrivalDelay(to);
    if (cost == 0) return;
    const auto tie = [&](int32_t a, int32_t b, Picos price) {
      from == kFirst ? Pay(a, b, price) : Pay(b, a, price);
    };
    if (flow.to.size() == 1) {
      tie(producer, vertex_[flow.to[0].index()], cost);
      return;
    }
    tie(producer, num_vertices_, cost);
    for (const ItemId consumer : flow.to) tie(num_vertices_, vertex_[consumer.index()], kForbidden);
    ++num_vertices_;
  }

  const Evaluator& evaluator_;
  std::vector<int32_t> vertex_;  // by item
  int32_t num_vertices_ = 2;
  std::vector<CapacityArc> arcs_;
};

// Items where the cut wants them; from the first, in topological order, that no longer fits there,
// on the other device.
Solution Fill(const PlacementProblem& problem, const ProblemGraph& graph,
              const Evaluator& evaluator, const std::vector<int32_t>& wanted,
              const std::vector<Bytes>& capacity) {
  MemoryLedger ledger(problem, evaluator.groups(), capacity);
  std::vector<int32_t> device(problem.items.size(), -1);
  for (const ItemId id : graph.topological) {
    const int32_t item = id.index();
    if (device[item] >= 0) continue;
    int32_t d = wanted[item];
    const int32_t other = d == kFirst ? kSecond : kFirst;
    if (!ledger.Fits(item, d) && ledger.Fits(item, other) && ledger.CanRun(item, other)) d = other;
    ledger.Place(item, d);
    for (const int32_t member : ledger.Unit(item)) device[member] = d;
  }
  Solution solution;
  for (const int32_t d : device) solution.device_of.Add(DeviceId(d));
  solution.order = RankOrder(graph, PlacedRanks(problem, graph, evaluator, device));
  return solution;
}

class MinCutSolver : public PlacementSolver {
 public:
  explicit MinCutSolver(MinCutOptions) {}

  absl::StatusOr<SolveResult> Solve(const SolveInput& input) const override {
    const PlacementProblem& problem = input.problem;
    if (problem.devices.size() != 2) {
      return absl::UnimplementedError(
          absl::StrCat("cuts between exactly 2 devices, not ", problem.devices.size()));
    }
    Evaluator evaluator(*input.facts);
    const std::vector<int32_t> wanted = Network(problem, evaluator).Cheapest();
    if (evaluator.Violations(wanted.data()) > 0) {  // then so has every placement
      SolveResult result;
      result.termination = Termination::kInfeasible;
      return result;
    }
    return BestWithinMemory(problem, evaluator, {[&](const std::vector<Bytes>& capacity) {
                              return Fill(problem, input.graph, evaluator, wanted, capacity);
                            }});
  }
};

}  // namespace

Entry<PlacementSolver> MinCutEntry() {
  return MakeEntry<PlacementSolver, MinCutSolver>(
      "min-cut", "Places on two devices with the least sum of all times, by a minimum cut.",
      OptionSchema<MinCutOptions>());
}

}  // namespace allot
