// Placement as a mixed-integer linear program, and the way back.
//
// Load form (throughput; Tarnawski et al., NeurIPS 2020): binaries x place items, T is at least the
// load of every device and channel. Scheduling form (latency; after DiviML, ICCAD 2023, and Moirai,
// 2023): starts s, and a binary per pair of items that may run in either order on one device.
//
// In both, z says for an edge from which device to which its tensors go; sum_l z_kl = x_k and
// sum_k z_kl = x_l bind it tightly, and a flow is paid once per receiving device by y >= z of all
// its consumers.
//
// What is exact: the load form, up to the peak of memory (resident bytes only); the scheduling form
// under kDelay, likewise. Under kLink and kBlocking the scheduling form lets transfers overlap and
// adds the loads of channels: its optimum is a lower bound.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "placement/milp/model.h"
#include "placement/value/evaluate.h"
#include "placement/value/problem_facts.h"
#include "support/id_table.h"

namespace allot {

enum class MilpForm { kLoad, kScheduling };

struct PlacementMilp {
  MilpForm form = MilpForm::kLoad;
  MilpModel model;
  // Column T times `scale` is in picoseconds. All times of the problem are multiples of `step`, so
  // the optimum is one too.
  Picos step = 1;
  double scale = 1;
  Picos horizon = 0;                             // the upper bound of T
  int32_t objective = 0;                         // column T
  IdVector<ItemId, std::vector<int32_t>> place;  // x by [item][device]; -1: not allowed there
  IdVector<ItemId, int32_t> start;               // s; -1 in the load form
  // What else must be filled to write a solution down as columns.
  struct Edge {
    ItemId from, to;
    IdTable<DeviceId, DeviceId, int32_t> z;  // [from][to] or empty; -1: not allowed
  };
  struct Transfer {
    FlowId flow;
    IdTable<DeviceId, DeviceId, int32_t> y;  // [from][to]; -1: never
  };
  struct Order {
    ItemId first, second;
    int32_t column = 0;  // 1: first runs before second
  };
  struct Shared {
    size_t group = 0;           // of problem.shared
    std::vector<int32_t> held;  // by device
  };
  std::vector<Edge> edges;
  std::vector<Transfer> transfers;
  std::vector<Order> orders;
  std::vector<Shared> shared;
  std::vector<int32_t> used;     // by device, or empty: whether it holds anything
  std::vector<int32_t> classes;  // devices that cannot be told apart
};

// `horizon` is a known upper bound on the objective; better ones are left out. Refuses models of
// more than `max_rows` rows and the scheduling form of a throughput problem.
absl::StatusOr<PlacementMilp> BuildPlacementMilp(const ProblemFacts& facts, MilpForm form,
                                                 Picos horizon, int64_t max_rows);

// The columns of a solution; feasible in the model if the solution is feasible and its objective at
// most the horizon. Devices of one class may change places.
std::vector<double> WriteColumns(const PlacementProblem& problem, const ProblemGraph& graph,
                                 const PlacementMilp& milp, const Solution& solution);

// The placement of given columns; items in the order of their starts.
Solution ReadColumns(const PlacementProblem& problem, const ProblemGraph& graph,
                     const PlacementMilp& milp, const std::vector<double>& values);

// A bound of the solver as a proven one: lowered by a relative 1e-6 of the horizon against the
// solver's tolerances, then raised to the next multiple of the step.
Picos SafeBound(const PlacementMilp& milp, double bound);

}  // namespace allot
