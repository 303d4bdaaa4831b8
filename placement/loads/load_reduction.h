// What any placement with all loads below a cutoff must do, so that a search for a better one need
// not try anything else: units that must share a device are joined, devices that a unit cannot be
// on are taken away.
//
// A device d with the set S of units carries at least
//   L_d(S) = sum of times on d + a store for each flow that leaves S + a load for each that enters,
// which is submodular, so the least L_d over the sets that hold u, or that hold u but not v, is a
// minimum cut. A unit u cannot be on d if the first reaches the cutoff, and u and v are inseparable
// if for all pairs of devices the second, or its counterpart with v on the other device, does.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/loads/load_model.h"
#include "support/id_table.h"

namespace allot {

struct LoadReduction {
  // Without it no placement has all loads below the cutoff: nothing else holds then.
  bool possible = true;
  LoadModel model;              // units joined
  std::vector<int32_t> joined;  // by unit of the original model
  std::vector<Picos> least;     // by unit of `model`: a bound on the load of its device
};

// What a flow costs a device that sends it or receives it from elsewhere, at least; 0 where only
// channels carry it, kForbidden if the device cannot.
struct BoundaryCosts {
  // More than what counts, and little enough that several may be added up.
  static constexpr Picos kForbidden = Picos{1} << 60;
  IdTable<size_t, int32_t, Picos> send, receive;  // [flow][device]
};
BoundaryCosts MakeBoundaryCosts(const LoadModel& model);

// What is left of the model on one device alone, if its load is below the cutoff: units that are
// there together or not at all are joined, and what a flow costs is raised to kForbidden where it
// never leaves, or never enters.
struct DeviceReduction {
  LoadModel model;
  std::vector<int32_t> joined;       // by unit of the original model
  std::vector<Picos> send, receive;  // by flow of `model`
};
DeviceReduction ReduceLoadsOn(const LoadModel& model, int32_t device, Picos cutoff, int64_t work,
                              int64_t& spent);

// Both spend about `work` arcs of minimum cuts, and add them to `spent`.
LoadReduction ReduceLoads(const LoadModel& model, Picos cutoff, int64_t work, int64_t& spent);

// A bound without any cutoff: the unit whose device must carry the most, wherever it is.
Picos BoundByUnitCuts(const LoadModel& model, int64_t work, int64_t& spent);

}  // namespace allot
