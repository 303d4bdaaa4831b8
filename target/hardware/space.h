// A space of accelerators: which numbers of cores, sizes of arrays and buffers there are, what runs
// at which rate, and what area each takes.
//
// An accelerator has tensor cores (arrays of width x depth multipliers with a buffer each), vector
// cores (a row of lanes with a buffer each), and one buffer that all share, between them and the
// memory. The area of all is linear in these (fitted to what PHAZE publishes; Wang et al., 2024).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "target/hardware/units.h"

namespace allot::hardware {

// One accelerator of a space.
struct Configuration {
  int64_t tensor_cores = 1, vector_cores = 1;
  int64_t width = 1, depth = 1;  // of a tensor core's array
  int64_t vector_width = 1;      // lanes of a vector core
  int64_t buffer_mb = 1;         // shared, of 2^20 bytes

  friend auto operator<=>(const Configuration&, const Configuration&) = default;
};

struct AreaModel {
  Area multiplier, lane;                  // of an array's multiplier; of a vector core's lane
  int64_t lanes_per_buffer_kib = 64;      // a core has a KiB for so many, and one KiB at least
  std::map<int64_t, Area> core_buffer;    // by KiB
  std::map<int64_t, Area> shared_buffer;  // by MB
};

struct PowerModel {
  Joules multiply, lane_cycle;  // of a multiply-add; of a lane's cycle
  Joules buffer_byte, memory_byte, link_byte;
  Watts leakage_per_mm2;
};

// What runs how fast.
struct Rates {
  CyclesPerSecond clock{1e9};
  BytesPerWord word{2};
  WordsPerCycle buffer{256};   // between the shared buffer and all cores
  WordsPerCycle memory{128};   // between the memory and the shared buffer
  Cycles dispatch{1};          // to start one core on its share of an operator
  double cores_per_read = 16;  // that take the same word of the shared buffer at once
};

struct Space {
  std::string name;
  // In the order in which they are enumerated, the first slowest.
  std::vector<int64_t> tensor_cores, vector_cores, width, depth, buffer_mb;
  std::vector<int64_t> vector_width;  // empty: the width of the tensor cores
  Rates rates;
  BytesPerSecond link{4294967296.0};
  AreaModel area;
  std::optional<PowerModel> power;
  // What is too large or, unless one of its kinds of cores is a single one, too small is left out.
  std::optional<Area> most_area;
  std::optional<Configuration> largest;  // whose area is the limit, if there is no number
  double least_of_largest = 0;           // the least area, as a part of the limit
};

// KiB of the buffer of a core with so many multipliers or lanes.
int64_t CoreBufferKib(const AreaModel& model, int64_t lanes);

// nullopt: a size that the model has no area for.
std::optional<Area> AreaOf(const AreaModel& model, const Configuration& configuration);

struct SizedConfiguration {
  Configuration configuration;
  Area area;
};

// All that are within the limits, in order. An error if a size has no area, or if there are more
// than ten million combinations.
absl::StatusOr<std::vector<SizedConfiguration>> Enumerate(const Space& space);

// The limit in force; nullopt: none. An error if the largest one has no area.
absl::StatusOr<std::optional<Area>> AreaLimit(const Space& space);

}  // namespace allot::hardware
