// A throughput problem reduced to what its loads depend on: units (what must share a device) and
// the flows between them, by plain index. The order of items is gone; so is the peak of memory,
// of which only resident bytes are left. So a value of the model is a lower bound of the problem's
// value for the same devices, and equal to it where the peak does not bind.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "placement/problem/allowed_times.h"
#include "placement/problem/pair_channels.h"
#include "placement/value/evaluate.h"
#include "placement/value/problem_facts.h"
#include "support/id_table.h"

namespace allot {

struct LoadModel {
  // Between units; the same for the tensors of one unit to the same units, whose times add up.
  struct Flow {
    int32_t from = 0;
    std::vector<int32_t> to;  // ascending, without `from`
    // Staged flows under kBlocking: by device, what a store or a load occupies it with.
    std::vector<Picos> staging;
    // Others: [from device][to device], kNoRoute where nothing leads.
    IdTable<int32_t, int32_t, Picos> time;
  };
  static constexpr Picos kNoRoute = -1;

  int32_t num_devices = 0, num_channels = 0, num_units = 0;
  bool blocking = false;                  // a flow with times occupies both devices
  IdTable<int32_t, int32_t, Picos> time;  // [unit][device], kNotAllowed where it cannot be
  std::vector<Bytes> memory;              // by unit
  std::vector<Bytes> capacity;            // by device
  std::vector<Picos> once;                // by device: what it carries once if it holds anything
  std::vector<Flow> flows;                // those that occupy anything or lack a route
  PairChannels channels;
  struct Shared {
    Bytes bytes = 0;
    std::vector<int32_t> units;
  };
  std::vector<Shared> shared;
  std::vector<int32_t> unit_of;       // by item
  std::vector<int32_t> device_class;  // by device: the smallest that it may be exchanged with

  Picos Time(int32_t unit, int32_t device) const { return time(unit, device); }
  absl::Span<const int32_t> Channels(int32_t from, int32_t to) const {
    return channels.Of(DeviceId(from), DeviceId(to));
  }
};

// O((items + flow ends) * log + direct flows * devices^2).
LoadModel BuildLoadModel(const ProblemFacts& facts);

// Joins units: `joined[u]` in 0 .. num_joined - 1 is the new unit of u. Flows inside vanish.
LoadModel JoinUnits(const LoadModel& model, const std::vector<int32_t>& joined, int32_t num_joined);

// The largest load of a device or channel; nothing about what is allowed. `device` by unit.
// `loads`, if given: by device, then by channel.
Picos LargestLoad(const LoadModel& model, const std::vector<int32_t>& device,
                  std::vector<Picos>* loads = nullptr);

// The solution in which each unit is on `device`, its items in topological order.
Solution ToSolution(const LoadModel& model, const ProblemGraph& graph,
                    const std::vector<int32_t>& device);

// By unit, where the first item of it is.
std::vector<int32_t> FromSolution(const LoadModel& model, const Solution& solution);

}  // namespace allot
