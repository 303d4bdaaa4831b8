#include "tools/solve_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

#include "placement/formats/problem_json.h"
#include "placement/formats/solution_json.h"
#include "tools/text_table.h"

namespace allot {
namespace {

// The devices of published instances without a limit of memory have at least so much.
constexpr Bytes kNoLimit = Bytes{1} << 50;

bool Proved(const SolveResult& result) {
  return result.termination == Termination::kOptimal ||
         result.termination == Termination::kInfeasible;
}

IdVector<DeviceId, int64_t> ItemsPerDevice(const PlacementProblem& problem,
                                           const Solution& solution) {
  IdVector<DeviceId, int64_t> count(problem.devices.size());
  for (const DeviceId device : solution.device_of) ++count[device];
  return count;
}

double GapOf(Picos value, Picos bound) {
  return static_cast<double>(value - bound) / static_cast<double>(value);
}

// Of replicas; nothing without any, or without a bound.
std::optional<double> ReplicationGap(const SteadyState& state) {
  if (state.replicated.placements.empty() || state.bound.value <= 0) return std::nullopt;
  return GapOf(state.score.period, state.bound.value);
}

Json ReplicationJson(const PlacementProblem& problem, const ProblemGraph& graph,
                     const SteadyState& state) {
  const ReplicatedPlacement& replicated = state.replicated;
  const bool solved = !replicated.placements.empty();
  const std::optional<double> gap = ReplicationGap(state);
  Json::Array shares;
  for (size_t i = 0; i < replicated.placements.size(); ++i) {
    const Solution& solution = replicated.placements[i];
    Json::Object share{{"share", replicated.shares[i]},
                       {"placement", PlacementJson(problem, solution)}};
    if (solution.order != graph.topological) {
      Json::Array order;
      for (const ItemId item : solution.order) order.emplace_back(int64_t{item.index()});
      share.emplace_back("order", std::move(order));
    }
    shares.push_back(std::move(share));
  }
  return Json::Object{{"period", solved ? Json(ToMillis(state.score.period)) : Json()},
                      {"lower_bound", ToMillis(state.bound.value)},
                      {"bound_name", state.bound.name},
                      {"gap", gap.has_value() ? Json(*gap) : Json()},
                      {"work", state.work},
                      {"cycle", solved ? Json(replicated.cycle()) : Json()},
                      {"shares", std::move(shares)}};
}

// "12.0000 ms (1.58x), 2 placements in 3 turns"
std::string ReplicationText(const SolveResult& result, const SteadyState& state) {
  const ReplicatedPlacement& replicated = state.replicated;
  if (replicated.placements.empty()) return "none found";
  std::string text = Milliseconds(state.score.period);
  const bool one = replicated.placements.size() == 1;
  if (one && result.best.has_value() && state.score.period >= result.score.objective) {
    return absl::StrCat(text, ", one placement: taking turns is not better");
  }
  if (result.best.has_value() && state.score.period > 0) {
    absl::StrAppendFormat(
        &text, " (%.2fx)",
        static_cast<double>(result.score.objective) / static_cast<double>(state.score.period));
  }
  if (one) return absl::StrCat(text, ", one placement");
  absl::StrAppend(&text, ", ", replicated.placements.size(), " placements in ", replicated.cycle(),
                  " turns");
  return text;
}

}  // namespace

std::optional<SingleDevice> BestSingleDevice(const PlacementProblem& problem,
                                             const ProblemGraph& graph) {
  std::optional<SingleDevice> best;
  for (const DeviceId device : problem.devices.ids()) {
    const Solution solution{Placement(problem.items.size(), device), graph.topological};
    const Score score = Evaluate(problem, graph, solution);
    if (!score.feasible || (best.has_value() && best->value <= score.objective)) continue;
    best = SingleDevice{device, score.objective};
  }
  return best;
}

std::optional<double> RelativeGap(const SolveResult& result) {
  if (!result.best.has_value()) return std::nullopt;
  if (result.termination == Termination::kOptimal) return 0.0;
  if (result.lower_bound.value <= 0) return std::nullopt;
  return GapOf(result.score.objective, result.lower_bound.value);
}

Json SolveJson(const SolveReport& report) {
  const SolveResult& result = report.result;
  const PlacementProblem& problem = report.problem;
  const bool solved = result.best.has_value();
  const std::optional<double> gap = RelativeGap(result);
  const bool bounded = result.termination != Termination::kInfeasible;
  Json::Object json{
      {"status", absl::StrReplaceAll(TerminationName(result.termination), {{" ", "_"}})},
      {"objective", solved ? Json(ToMillis(result.score.objective)) : Json()},
      {"lower_bound", bounded ? Json(ToMillis(result.lower_bound.value)) : Json()},
      {"bound_name", result.lower_bound.name.empty() ? Json() : Json(result.lower_bound.name)},
      {"gap", gap.has_value() ? Json(*gap) : Json()},
      {"proved_optimal", result.termination == Termination::kOptimal},
      {"solver", result.solver},
      {"wall_s", report.wall_s},
      {"work", result.work}};
  if (report.best_single.has_value()) {
    json.emplace_back("best_single_device",
                      Json::Object{{"device", problem.devices[report.best_single->device].name},
                                   {"objective", ToMillis(report.best_single->value)}});
  } else {
    json.emplace_back("best_single_device", Json());
  }
  Json::Array devices;
  if (solved) {
    const IdVector<DeviceId, int64_t> items = ItemsPerDevice(problem, *result.best);
    for (const DeviceId device : problem.devices.ids()) {
      devices.push_back(Json::Object{{"name", problem.devices[device].name},
                                     {"items", items[device]},
                                     {"load_ms", ToMillis(result.score.load[device])},
                                     {"resident_bytes", result.score.resident[device]},
                                     {"peak_bytes", result.score.peak[device]}});
    }
  }
  json.emplace_back("devices", std::move(devices));
  json.emplace_back("placement",
                    solved ? PlacementJson(problem, *result.best) : Json(Json::Array()));
  json.emplace_back("schedule", solved ? ScheduleJson(problem, *result.best,
                                                      Simulate(problem, report.graph, *result.best))
                                       : Json(Json::Array()));
  if (report.replication.has_value()) {
    json.emplace_back("replication", ReplicationJson(problem, report.graph, *report.replication));
  }
  return json;
}

std::string SolveTable(const SolveReport& report, const std::string& name) {
  const SolveResult& result = report.result;
  const PlacementProblem& problem = report.problem;
  std::string text =
      absl::StrCat(name, ": ", problem.items.size(), " items on ", problem.devices.size(),
                   " devices, ", ObjectiveName(problem.objective), ", ",
                   problem.execution == Execution::kCalls
                       ? absl::StrCat("in calls, at most ", problem.calls_per_device, " per device")
                       : std::string(CommunicationName(problem.communication)),
                   problem.contiguous ? ", contiguous" : "", "\n\n");
  const auto line = [&text](absl::string_view label, const std::string& value) {
    absl::StrAppend(&text, label, std::string(20 - label.size(), ' '), value, "\n");
  };
  line("status", std::string(TerminationName(result.termination)));
  if (result.best.has_value()) line("value", Milliseconds(result.score.objective));
  if (report.best_single.has_value()) {
    std::string speedup;
    if (result.best.has_value() && result.score.objective > 0) {
      speedup = absl::StrFormat(" (%.2fx)", static_cast<double>(report.best_single->value) /
                                                static_cast<double>(result.score.objective));
    }
    line("best single device",
         absl::StrCat(Milliseconds(report.best_single->value), " on ",
                      problem.devices[report.best_single->device].name, speedup));
  } else {
    line("best single device", "none can hold everything");
  }
  if (result.termination != Termination::kInfeasible) {
    line("lower bound", result.lower_bound.value > 0 || Proved(result)
                            ? absl::StrCat(Milliseconds(result.lower_bound.value), " (",
                                           result.lower_bound.name, ")")
                            : "none");
  }
  const std::optional<double> gap = RelativeGap(result);
  if (gap.has_value()) {
    line("gap", absl::StrFormat("%.2f %%%s", 100 * *gap, Proved(result) ? ", proved optimal" : ""));
  }
  if (report.replication.has_value()) {
    const SteadyState& state = *report.replication;
    line("with replicas", ReplicationText(result, state));
    const std::optional<double> replication_gap = ReplicationGap(state);
    line("bound of replicas",
         state.bound.value <= 0
             ? "none"
             : absl::StrCat(Milliseconds(state.bound.value), " (", state.bound.name, ")",
                            replication_gap.has_value()
                                ? absl::StrFormat(", gap %.2f %%", 100 * *replication_gap)
                                : ""));
  }
  line(result.best.has_value() ? "found by" : "searched by",
       absl::StrCat(result.solver, absl::StrFormat(", %.2f s", report.wall_s)));
  if (!result.best.has_value()) return text;

  const IdVector<DeviceId, int64_t> items = ItemsPerDevice(problem, *result.best);
  std::vector<std::vector<std::string>> rows = {
      {"device", "items", "load", "resident", "peak memory", "of"}};
  for (const DeviceId device : problem.devices.ids()) {
    const Bytes memory = problem.devices[device].memory;
    rows.push_back({problem.devices[device].name, absl::StrCat(items[device]),
                    Milliseconds(result.score.load[device]), Size(result.score.resident[device]),
                    Size(result.score.peak[device]),
                    memory < kNoLimit ? Size(memory) : "no limit"});
  }
  absl::StrAppend(&text, "\n", Table(rows));
  return text;
}

}  // namespace allot
