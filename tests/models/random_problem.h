// Seeded random placement problems for properties and suites: small, and odd in every way that a
// solver may meet.
#pragma once

#include <cstdint>
#include <string>

#include "placement/problem/problem.h"

namespace allot::testing {

struct RandomProblemOptions {
  int64_t items = 6;
  int64_t devices = 3;
  int64_t max_effort = 20;  // of an item, in picoseconds on a device that is as fast as any
  PlacementObjective objective = PlacementObjective::kLatency;
  Communication communication = Communication::kLink;
  // Percentages.
  int64_t edge_density = 35;    // of pairs within a short distance
  int64_t absent_times = 10;    // devices that cannot run an item
  int64_t zero_times = 10;      // items that take no time
  int64_t missing_routes = 10;  // ordered pairs of devices
  int64_t measured_flows = 15;  // flows with times of their own
  bool shared_channels = true;  // few channels, routes over several
  bool memory = false;          // weights, tensors and capacities that matter
  bool groups = true;           // a set of items that must share a device, now and then
  bool part_costs = true;
  bool identical_devices = false;  // and routes; memories may still differ
  bool launch_on_arrival = false;
  bool staged = false;  // all flows go through host memory, next to which the first device is
  bool contiguous = false;
  bool training = false;  // with a backward pass, most of it in groups with the forward items
  bool calls = false;     // latency in calls, the first device a pool; implies staged
};

// Passes Check().
PlacementProblem RandomProblem(uint64_t seed, const RandomProblemOptions& options);

// The same options at random, for broad sweeps: objective, communication, memory and the rest.
RandomProblemOptions RandomOptions(uint64_t seed, int64_t max_items);

// The same for problems that are staged, contiguous, of training, or of calls.
RandomProblemOptions RandomStagedOptions(uint64_t seed, int64_t max_items);

// Of either of the two, for throughput: what searches and bounds of loads take, staged more often
// than not.
RandomProblemOptions RandomLoadOptions(uint64_t seed, int64_t max_items);

// For messages: what it takes to reproduce one.
std::string Describe(const RandomProblemOptions& options);

}  // namespace allot::testing
