#include "placement/milp/assignment.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/bounds/path_bounds.h"
#include "placement/problem/allowed_times.h"
#include "support/graph/csr_graph.h"
#include "support/graph/reachability.h"
#include "support/graph/topo_order.h"
#include "support/status.h"

namespace allot {
namespace {

using Term = MilpModel::Term;

// Of values up to this, a relative 1e-6 is what the simplex method keeps.
constexpr double kLargestValue = 1e5;

// The greatest common divisor of all times that can add up to an objective.
Picos TimeStep(const PlacementProblem& problem, const TransferTable& table) {
  Picos step = 0;
  for (const PlacementProblem::Item& item : problem.items) {
    for (const std::optional<Picos>& time : item.time) step = std::gcd(step, time.value_or(0));
  }
  if (problem.launch_on_arrival) {
    for (const auto& device : problem.devices) step = std::gcd(step, device.part_cost);
  }
  for (const FlowId flow : problem.flows.ids()) {
    if (problem.flows[flow].to.empty()) continue;
    for (int32_t from = 0; from < table.num_devices(); ++from) {
      for (int32_t to = 0; to < table.num_devices(); ++to) {
        step = std::gcd(step, std::max<Picos>(0, table.Time(flow.index(), from, to)));
      }
    }
  }
  return std::max<Picos>(step, 1);
}

class Builder {
 public:
  Builder(const ProblemFacts& facts, MilpForm form, Picos horizon, int64_t max_rows)
      : problem_(facts.problem()),
        graph_(facts.graph()),
        costs_(facts, Launch::kIgnore),
        num_devices_(costs_.num_devices),
        max_rows_(max_rows) {
    const PlacementProblem& problem = problem_;
    milp_.form = form;
    milp_.horizon = horizon;
    milp_.step = TimeStep(problem, *costs_.table);
    milp_.scale =
        std::max(static_cast<double>(milp_.step), static_cast<double>(horizon) / kLargestValue);
    milp_.model.name = form == MilpForm::kLoad ? "placement, load form" : "placement, scheduling";
    milp_.place = IdVector<ItemId, std::vector<int32_t>>(problem.items.size());
    milp_.start = IdVector<ItemId, int32_t>(problem.items.size(), -1);
    leader_ = IdVector<ItemId, ItemId>(problem.items.size());
    for (const ItemId item : problem.items.ids()) leader_[item] = item;
    for (const std::vector<ItemId>& group : facts.groups()) {
      for (const ItemId item : group) leader_[item] = group[0];
    }
    milp_.classes = facts.device_classes();
  }

  absl::StatusOr<PlacementMilp> Build() {
    milp_.objective = Column("T", MilpModel::Kind::kContinuous, 0, Scaled(milp_.horizon), 1);
    AddPlacement();
    AddEdges();
    if (TooLarge()) return Refusal();
    AddTransfers();
    AddLoads();
    AddMemory();
    if (milp_.form == MilpForm::kScheduling) {
      AddSchedule();
      if (TooLarge()) return Refusal();
    }
    if (TooLarge()) return Refusal();
    return std::move(milp_);
  }

 private:
  double Scaled(Picos time) const { return static_cast<double>(time) / milp_.scale; }
  bool TooLarge() const { return static_cast<int64_t>(milp_.model.rows.size()) > max_rows_; }
  absl::Status Refusal() const {
    return InputError("the model would have more than ", max_rows_, " rows (",
                      problem_.items.size(), " items on ", num_devices_, " devices)");
  }

  int32_t Column(std::string name, MilpModel::Kind kind, double lower, double upper,
                 double objective = 0) {
    return milp_.model.AddColumn({std::move(name), kind, lower, upper, objective});
  }
  void Row(std::string name, std::vector<Term> terms, double lower, double upper) {
    milp_.model.AddRow({std::move(name), std::move(terms), lower, upper});
  }
  int32_t X(ItemId item, int32_t device) const {
    return milp_.place[item][static_cast<size_t>(device)];
  }

  void AddPlacement() {
    for (const ItemId item : problem_.items.ids()) {
      if (leader_[item] != item) {
        milp_.place[item] = milp_.place[leader_[item]];
        continue;
      }
      std::vector<Term> sum;
      for (int32_t d = 0; d < num_devices_; ++d) {
        int32_t& x = milp_.place[item].emplace_back(-1);
        if (costs_.Time(item.index(), d) == kNotAllowed) continue;
        x = Column(absl::StrCat("x_", item.index(), "_", d), MilpModel::Kind::kBinary, 0, 1);
        sum.push_back({x, 1});
      }
      Row(absl::StrCat("placed_", item.index()), std::move(sum), 1, 1);
    }
    // Of devices that cannot be told apart, one is used only by items after the first of the one
    // before it. Said of the first items alone: the rows grow with each.
    constexpr size_t kMostAlike = 40;
    for (int32_t d = 0; d < num_devices_; ++d) {
      int32_t before = -1;
      for (int32_t other = 0; other < d; ++other) {
        if (milp_.classes[static_cast<size_t>(other)] == milp_.classes[static_cast<size_t>(d)]) {
          before = other;
        }
      }
      if (before < 0) continue;
      std::vector<Term> earlier;
      for (const ItemId item : problem_.items.ids()) {
        if (leader_[item] != item || X(item, d) < 0) continue;
        if (earlier.size() == kMostAlike) break;
        std::vector<Term> terms = earlier;
        terms.push_back({X(item, d), -1});
        Row(absl::StrCat("alike_", item.index(), "_", d), std::move(terms), 0, kMilpInfinity);
        if (TooLarge()) return;
        earlier.push_back({X(item, before), 1});
      }
    }
  }

  // Whether where the ends of a flow are makes any difference.
  bool Matters(FlowId flow) const {
    for (int32_t from = 0; from < num_devices_; ++from) {
      for (int32_t to = 0; to < num_devices_; ++to) {
        if (costs_.Crossing(flow.index(), from, to) > 0) return true;
      }
    }
    return false;
  }

  void AddEdges() {
    std::map<std::pair<ItemId, ItemId>, std::vector<FlowId>> flows;
    for (const ItemId item : problem_.items.ids()) {
      for (const FlowId flow : graph_.outputs[item]) {
        for (const ItemId to : problem_.flows[flow].to) flows[{item, to}].push_back(flow);
      }
    }
    for (const auto& [ends, between] : flows) {
      PlacementMilp::Edge& edge = milp_.edges.emplace_back();
      std::tie(edge.from, edge.to) = ends;
      edge_of_[ends] = milp_.edges.size() - 1;
      edge_flows_.push_back(between);
      const bool matters = std::any_of(between.begin(), between.end(),
                                       [this](FlowId flow) { return Matters(flow); });
      if (!matters || leader_[edge.from] == leader_[edge.to]) continue;
      AddEdgeColumns(edge, between);
      if (TooLarge()) return;
    }
  }

  void AddEdgeColumns(PlacementMilp::Edge& edge, const std::vector<FlowId>& flows) {
    const std::string name = absl::StrCat(edge.from.index(), "_", edge.to.index());
    const auto num_devices = static_cast<size_t>(num_devices_);
    std::vector<std::vector<Term>> sent(num_devices), received = sent;
    edge.z.Assign(num_devices, num_devices, -1);
    for (int32_t k = 0; k < num_devices_; ++k) {
      for (int32_t l = 0; l < num_devices_; ++l) {
        if (X(edge.from, k) < 0 || X(edge.to, l) < 0) continue;
        const bool possible = std::all_of(flows.begin(), flows.end(), [&](FlowId flow) {
          return costs_.Crossing(flow.index(), k, l) < kNever;
        });
        if (!possible) continue;
        int32_t& z = edge.z(DeviceId(k), DeviceId(l));
        z = Column(absl::StrCat("z_", name, "_", k, "_", l), MilpModel::Kind::kContinuous, 0, 1);
        sent[static_cast<size_t>(k)].push_back({z, 1});
        received[static_cast<size_t>(l)].push_back({z, 1});
      }
    }
    for (int32_t d = 0; d < num_devices_; ++d) {
      if (X(edge.from, d) >= 0) {
        sent[static_cast<size_t>(d)].push_back({X(edge.from, d), -1});
        Row(absl::StrCat("sent_", name, "_", d), sent[static_cast<size_t>(d)], 0, 0);
      }
      if (X(edge.to, d) >= 0) {
        received[static_cast<size_t>(d)].push_back({X(edge.to, d), -1});
        Row(absl::StrCat("received_", name, "_", d), received[static_cast<size_t>(d)], 0, 0);
      }
    }
  }

  // Columns y, where transfers occupy anything, and what they add to loads.
  void AddTransfers() {
    const size_t num_devices = static_cast<size_t>(num_devices_);
    device_load_.resize(num_devices);
    channel_load_.resize(problem_.num_channels);
    if (problem_.communication == Communication::kDelay) return;
    const bool blocking = problem_.communication == Communication::kBlocking;
    for (const FlowId id : problem_.flows.ids()) {
      const PlacementProblem::Flow& flow = problem_.flows[id];
      if (flow.to.empty() || !Matters(id)) continue;
      PlacementMilp::Transfer transfer{id, {}};
      transfer.y.Assign(num_devices, num_devices, -1);
      for (int32_t k = 0; k < num_devices_; ++k) {
        for (int32_t l = 0; l < num_devices_; ++l) {
          const Picos time = costs_.table->Time(id.index(), k, l);
          const auto channels = costs_.table->Channels(k, l);
          if (k == l || time <= 0 || (channels.empty() && !blocking)) continue;
          std::vector<int32_t> consumers;
          for (const ItemId to : flow.to) {
            const PlacementMilp::Edge& edge = milp_.edges[edge_of_.at({flow.from, to})];
            const int32_t z = edge.z.empty() ? -1 : edge.z(DeviceId(k), DeviceId(l));
            if (z >= 0) consumers.push_back(z);
          }
          if (consumers.empty()) continue;
          int32_t y = consumers[0];
          if (consumers.size() > 1) {
            const std::string name = absl::StrCat(id.index(), "_", k, "_", l);
            y = Column("y_" + name, MilpModel::Kind::kContinuous, 0, 1);
            transfer.y(DeviceId(k), DeviceId(l)) = y;
            for (size_t c = 0; c < consumers.size(); ++c) {
              Row(absl::StrCat("paid_", name, "_", c), {{y, 1}, {consumers[c], -1}}, 0,
                  kMilpInfinity);
            }
          }
          const Term term{y, Scaled(time)};
          for (const int32_t channel : channels) {
            channel_load_[static_cast<size_t>(channel)].push_back(term);
          }
          if (!blocking) continue;
          device_load_[static_cast<size_t>(k)].push_back(term);
          device_load_[static_cast<size_t>(l)].push_back(term);
        }
      }
      milp_.transfers.push_back(std::move(transfer));
      if (TooLarge()) return;
    }
  }

  // T is at least every load. That holds for latency as well.
  void AddLoads() {
    for (const ItemId item : problem_.items.ids()) {
      for (int32_t d = 0; d < num_devices_; ++d) {
        if (X(item, d) < 0) continue;
        device_load_[static_cast<size_t>(d)].push_back(
            {X(item, d), Scaled(costs_.Time(item.index(), d))});
      }
    }
    if (milp_.form == MilpForm::kLoad && problem_.launch_on_arrival &&
        problem_.objective == PlacementObjective::kThroughput) {
      for (int32_t d = 0; d < num_devices_; ++d) {
        const int32_t used = Column(absl::StrCat("used_", d), MilpModel::Kind::kContinuous, 0, 1);
        milp_.used.push_back(used);
        device_load_[static_cast<size_t>(d)].push_back(
            {used, Scaled(problem_.devices[DeviceId(d)].part_cost)});
        for (const ItemId item : problem_.items.ids()) {
          if (leader_[item] != item || X(item, d) < 0) continue;
          Row(absl::StrCat("uses_", item.index(), "_", d), {{used, 1}, {X(item, d), -1}}, 0,
              kMilpInfinity);
        }
      }
    }
    const auto add = [this](const std::string& name, std::vector<Term> terms) {
      if (terms.empty()) return;
      for (Term& term : terms) term.coefficient = -term.coefficient;
      terms.push_back({milp_.objective, 1});
      Row(name, std::move(terms), 0, kMilpInfinity);
    };
    for (size_t d = 0; d < device_load_.size(); ++d) add(absl::StrCat("load_", d), device_load_[d]);
    for (size_t c = 0; c < channel_load_.size(); ++c) {
      add(absl::StrCat("channel_", c), channel_load_[c]);
    }
  }

  void AddMemory() {
    Bytes total = 0;
    for (const PlacementProblem::Item& item : problem_.items) {
      total = SaturatingAdd(total, item.memory);
    }
    for (const auto& shared : problem_.shared) total = SaturatingAdd(total, shared.bytes);
    for (int32_t d = 0; d < num_devices_; ++d) {
      const Bytes capacity = problem_.devices[DeviceId(d)].memory;
      if (total <= capacity) continue;
      // In units of the capacity: coefficients stay near one.
      const double unit = std::max(1.0, static_cast<double>(capacity) / 1000);
      std::vector<Term> terms;
      for (const ItemId item : problem_.items.ids()) {
        const double bytes = static_cast<double>(problem_.items[item].memory);
        if (X(item, d) >= 0) terms.push_back({X(item, d), bytes / unit});
      }
      for (size_t g = 0; g < problem_.shared.size(); ++g) {
        const int32_t held = Held(g, d);
        terms.push_back({held, static_cast<double>(problem_.shared[g].bytes) / unit});
        std::set<int32_t> holders;
        for (const ItemId item : problem_.shared[g].items) {
          if (X(item, d) >= 0) holders.insert(X(item, d));
        }
        int32_t count = 0;
        for (const int32_t x : holders) {
          Row(absl::StrCat("holds_", g, "_", d, "_", count++), {{held, 1}, {x, -1}}, 0,
              kMilpInfinity);
        }
      }
      Row(absl::StrCat("memory_", d), std::move(terms), -kMilpInfinity,
          static_cast<double>(capacity) / unit);
    }
  }

  int32_t Held(size_t group, int32_t device) {
    auto it = std::find_if(milp_.shared.begin(), milp_.shared.end(),
                           [group](const auto& shared) { return shared.group == group; });
    if (it == milp_.shared.end()) {
      milp_.shared.push_back({group, std::vector<int32_t>(static_cast<size_t>(num_devices_), -1)});
      it = milp_.shared.end() - 1;
    }
    int32_t& held = it->held[static_cast<size_t>(device)];
    if (held < 0) {
      held = Column(absl::StrCat("held_", group, "_", device), MilpModel::Kind::kContinuous, 0, 1);
    }
    return held;
  }

  // Terms of the time that an item takes, times `factor`.
  void AppendDuration(ItemId item, double factor, std::vector<Term>& terms) const {
    for (int32_t d = 0; d < num_devices_; ++d) {
      if (X(item, d) < 0) continue;
      terms.push_back({X(item, d), factor * Scaled(costs_.Time(item.index(), d))});
    }
  }

  void AddSchedule() {
    const PathBounds paths = LongestPaths(costs_);
    const double horizon = Scaled(milp_.horizon);
    for (const ItemId item : problem_.items.ids()) {
      milp_.start[item] =
          Column(absl::StrCat("s_", item.index()), MilpModel::Kind::kContinuous, 0, horizon);
      // What must come before it, and after it.
      std::vector<Term> head = {{milp_.start[item], 1}};
      std::vector<Term> tail = {{milp_.objective, 1}, {milp_.start[item], -1}};
      for (int32_t d = 0; d < num_devices_; ++d) {
        if (X(item, d) < 0) continue;
        const Picos time = costs_.Time(item.index(), d);
        // Where there is no way, nothing is claimed; z forbids it.
        const Picos before = paths.head(item, DeviceId(d)), after = paths.tail(item, DeviceId(d));
        if (before < kNever) head.push_back({X(item, d), -Scaled(before - time)});
        const Picos rest = time + (after < kNever ? after : 0);
        tail.push_back({X(item, d), -Scaled(rest)});
      }
      Row(absl::StrCat("head_", item.index()), std::move(head), 0, kMilpInfinity);
      Row(absl::StrCat("tail_", item.index()), std::move(tail), 0, kMilpInfinity);
    }
    for (size_t e = 0; e < milp_.edges.size(); ++e) {
      const PlacementMilp::Edge& edge = milp_.edges[e];
      std::vector<Term> terms = {{milp_.start[edge.to], 1}, {milp_.start[edge.from], -1}};
      AppendDuration(edge.from, -1, terms);
      for (int32_t k = 0; k < num_devices_ && !edge.z.empty(); ++k) {
        for (int32_t l = 0; l < num_devices_; ++l) {
          const int32_t z = edge.z(DeviceId(k), DeviceId(l));
          if (z < 0) continue;
          Picos crossing = 0;
          for (const FlowId flow : edge_flows_[e]) {
            crossing = std::max(crossing, costs_.Crossing(flow.index(), k, l));
          }
          terms.push_back({z, -Scaled(crossing)});
        }
      }
      Row(absl::StrCat("after_", edge.from.index(), "_", edge.to.index()), std::move(terms), 0,
          kMilpInfinity);
    }
    AddOrders(horizon);
  }

  void AddOrders(double horizon) {
    std::vector<WeightedEdge> edges;
    for (const PlacementMilp::Edge& edge : milp_.edges) {
      edges.push_back({edge.from.index(), edge.to.index(), 1});
    }
    const CsrGraph csr(static_cast<int32_t>(problem_.items.size()), std::move(edges));
    const Reachability reach(csr);
    for (const ItemId i : problem_.items.ids()) {
      for (const ItemId j : problem_.items.ids()) {
        if (!(i < j) || reach.Comparable(i.index(), j.index())) continue;
        std::vector<int32_t> both;
        for (int32_t d = 0; d < num_devices_; ++d) {
          if (X(i, d) >= 0 && X(j, d) >= 0) both.push_back(d);
        }
        if (both.empty()) continue;
        const std::string name = absl::StrCat(i.index(), "_", j.index());
        const int32_t o = Column("o_" + name, MilpModel::Kind::kBinary, 0, 1);
        milp_.orders.push_back({i, j, o});
        for (const int32_t d : both) {
          // s_j >= C_i - H (3 - o - x_i - x_j), and the other way round with 1 - o.
          for (const bool forward : {true, false}) {
            const ItemId first = forward ? i : j, second = forward ? j : i;
            std::vector<Term> terms = {{milp_.start[second], 1},
                                       {milp_.start[first], -1},
                                       {o, forward ? -horizon : horizon},
                                       {X(i, d), -horizon},
                                       {X(j, d), -horizon}};
            AppendDuration(first, -1, terms);
            Row(absl::StrCat(forward ? "order_" : "redro_", name, "_", d), std::move(terms),
                forward ? -3 * horizon : -2 * horizon, kMilpInfinity);
          }
        }
        if (TooLarge()) return;
      }
    }
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const PathCosts costs_;
  const int32_t num_devices_;
  const int64_t max_rows_;
  IdVector<ItemId, ItemId> leader_;
  std::map<std::pair<ItemId, ItemId>, size_t> edge_of_;
  std::vector<std::vector<FlowId>> edge_flows_;  // by edge
  std::vector<std::vector<Term>> device_load_, channel_load_;
  PlacementMilp milp_;
};

// Exchanges devices of one class so that the first item on one comes before the first on the next.
Placement Canonical(const PlacementMilp& milp, const Placement& device_of) {
  const size_t num_devices = milp.classes.size();
  std::vector<int32_t> renamed(num_devices, -1);
  std::vector<char> taken(num_devices, 0);
  for (const DeviceId device : device_of) {
    const size_t d = static_cast<size_t>(device.index());
    if (renamed[d] >= 0) continue;
    for (size_t to = 0; to < num_devices; ++to) {
      if (taken[to] || milp.classes[to] != milp.classes[d]) continue;
      renamed[d] = static_cast<int32_t>(to);
      taken[to] = 1;
      break;
    }
  }
  Placement canonical;
  for (const DeviceId device : device_of) {
    canonical.Add(DeviceId(renamed[static_cast<size_t>(device.index())]));
  }
  return canonical;
}

}  // namespace

absl::StatusOr<PlacementMilp> BuildPlacementMilp(const ProblemFacts& facts, MilpForm form,
                                                 Picos horizon, int64_t max_rows) {
  const PlacementProblem& problem = facts.problem();
  if (form == MilpForm::kScheduling && problem.objective != PlacementObjective::kLatency) {
    return InputError("the scheduling form is for latency; throughput has the load form");
  }
  if (problem.items.empty()) return InputError("there is nothing to place");
  return Builder(facts, form, horizon, max_rows).Build();
}

std::vector<double> WriteColumns(const PlacementProblem& problem, const ProblemGraph& graph,
                                 const PlacementMilp& milp, const Solution& solution) {
  std::vector<double> values(milp.model.columns.size(), 0);
  const auto set = [&values](int32_t column, double value) {
    if (column >= 0) values[static_cast<size_t>(column)] = value;
  };
  const Placement device_of = Canonical(milp, solution.device_of);
  const auto on = [&device_of](ItemId item) {
    return static_cast<size_t>(device_of[item].index());
  };
  for (const ItemId item : problem.items.ids()) set(milp.place[item][on(item)], 1);
  for (const PlacementMilp::Edge& edge : milp.edges) {
    if (!edge.z.empty()) set(edge.z(device_of[edge.from], device_of[edge.to]), 1);
  }
  for (const PlacementMilp::Transfer& transfer : milp.transfers) {
    const PlacementProblem::Flow& flow = problem.flows[transfer.flow];
    for (const ItemId to : flow.to) set(transfer.y(device_of[flow.from], device_of[to]), 1);
  }
  for (const PlacementMilp::Shared& shared : milp.shared) {
    for (const ItemId item : problem.shared[shared.group].items) set(shared.held[on(item)], 1);
  }
  if (!milp.used.empty()) {
    for (const ItemId item : problem.items.ids()) set(milp.used[on(item)], 1);
  }
  if (milp.form == MilpForm::kScheduling) {
    // The schedule as the model sees it: transfers only delay.
    PlacementProblem relaxed = problem;
    relaxed.communication = Communication::kDelay;
    const Schedule schedule = Simulate(relaxed, graph, {device_of, solution.order});
    IdVector<ItemId, size_t> position(problem.items.size());
    for (size_t i = 0; i < solution.order.size(); ++i) position[solution.order[i]] = i;
    for (const ItemId item : problem.items.ids()) {
      set(milp.start[item], static_cast<double>(schedule.start[item]) / milp.scale);
    }
    for (const PlacementMilp::Order& order : milp.orders) {
      set(order.column, position[order.first] < position[order.second] ? 1 : 0);
    }
  }
  // T is as small as the rows with it allow; it stands there with coefficient one.
  double least = 0;
  for (const MilpModel::Row& row : milp.model.rows) {
    double sum = 0;
    bool has_objective = false;
    for (const Term& term : row.terms) {
      if (term.column == milp.objective) {
        has_objective = true;
      } else {
        sum += term.coefficient * values[static_cast<size_t>(term.column)];
      }
    }
    if (has_objective) least = std::max(least, row.lower - sum);
  }
  set(milp.objective, least);
  return values;
}

Solution ReadColumns(const PlacementProblem& problem, const ProblemGraph& graph,
                     const PlacementMilp& milp, const std::vector<double>& values) {
  Solution solution{Placement(problem.items.size()), {}};
  // Items in the middle of their time: on one device these do not coincide unless neither takes
  // any.
  IdVector<ItemId, double> middle(problem.items.size());
  for (const ItemId item : problem.items.ids()) {
    double most = -1;
    for (const DeviceId device : problem.devices.ids()) {
      const int32_t x = milp.place[item][static_cast<size_t>(device.index())];
      if (x < 0 || values[static_cast<size_t>(x)] <= most) continue;
      most = values[static_cast<size_t>(x)];
      solution.device_of[item] = device;
    }
    if (milp.start[item] < 0) continue;
    const Picos time = problem.items[item].time[solution.device_of[item]].value_or(0);
    middle[item] =
        values[static_cast<size_t>(milp.start[item])] * milp.scale + static_cast<double>(time) / 2;
  }
  IdVector<ItemId, size_t> position(problem.items.size());
  for (size_t i = 0; i < graph.topological.size(); ++i) position[graph.topological[i]] = i;
  solution.order =
      SortTopologically(problem.items.ids(), problem.items.size(), SuccessorsIn(graph.successors),
                        BySmallestKey<ItemId>(
                            [&](ItemId item) { return std::pair(middle[item], position[item]); }))
          .order;
  return solution;
}

Picos SafeBound(const PlacementMilp& milp, double bound) {
  if (!(bound > 0)) return 0;
  const double horizon = static_cast<double>(milp.horizon);
  const double lowered = std::min(bound * milp.scale, horizon) - 1e-6 * (horizon + milp.scale);
  if (lowered <= 0) return 0;
  const auto steps = static_cast<int64_t>(std::ceil(lowered / static_cast<double>(milp.step)));
  return std::min(milp.horizon, steps * milp.step);
}

}  // namespace allot
