// What tasks take on an accelerator.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "design/estimate/matrix.h"
#include "design/model/tasks.h"
#include "target/hardware/space.h"

namespace allot::design {

// Times are counted in ticks of ten picoseconds; what is longer than three hours is three hours, as
// nobody waits for it.
using Ticks = int64_t;
inline constexpr double kTicksPerSecond = 1e11;
inline constexpr Ticks kMostTicks = Ticks{1} << 50;

// What a time is bound by.
enum class Bottleneck { kTensorCores, kVectorCores, kBuffer, kMemory, kDispatch, kLink };
const char* BottleneckName(Bottleneck bottleneck);

// On one core of its kind, and on all of them.
struct TaskLatency {
  Ticks one = 0, all = 0;
  Bottleneck bound = Bottleneck::kTensorCores;  // on all
};

// Latencies that were measured, by name of a task, instead of estimates; of a microbatch of one
// sample and an undivided block.
using MeasuredLatencies = std::map<std::string, Ticks>;

// A table with the columns task and seconds. Errors name the line.
absl::StatusOr<MeasuredLatencies> ParseMeasuredLatencies(absl::string_view csv,
                                                         const std::string& file);

// What the tensor cores of a configuration take for products; and of vector work the vector cores.
// One core by itself gets an equal share of what moves to the cores of its kind.
struct CoreCosts {
  hardware::Cycles cycles;
  Bottleneck bound = Bottleneck::kTensorCores;
};
CoreCosts ProductsCost(const std::vector<Extents>& products, const hardware::Space& space,
                       const hardware::Configuration& configuration, bool all_cores);
CoreCosts VectorsCost(const Task& task, const hardware::Space& space,
                      const hardware::Configuration& configuration, bool all_cores);

// Of a collective a ring's steps: 2 (t - 1) / t of its bytes over the link.
Ticks CollectiveTime(const Task& task, const hardware::Space& space, int64_t tensor);

Ticks ToTicks(hardware::Seconds seconds);

}  // namespace allot::design
