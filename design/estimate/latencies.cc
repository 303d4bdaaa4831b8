#include "design/estimate/latencies.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "support/status.h"

namespace allot::design {

using hardware::Configuration;
using hardware::Cycles;
using hardware::Space;
using hardware::Words;

namespace {

Words WordsOf(double bytes, const Space& space) {
  return hardware::ByteCount(bytes) / space.rates.word;
}

TensorCores TensorCoresOf(const Space& space, const Configuration& c, bool all) {
  const auto kib = static_cast<double>(hardware::CoreBufferKib(space.area, c.width * c.depth));
  return {all ? c.tensor_cores : 1, c.width, c.depth, WordsOf(kib * 1024, space),
          WordsOf(static_cast<double>(c.buffer_mb) * 1048576, space)};
}

// What one of so many cores gets where others may run something else: an equal share.
hardware::Rates ShareOf(hardware::Rates rates, int64_t cores, bool all) {
  if (all) return rates;
  rates.buffer = rates.buffer / static_cast<double>(cores);
  rates.memory = rates.memory / static_cast<double>(cores);
  return rates;
}

void Raise(CoreCosts& costs, Cycles cycles, Bottleneck bound) {
  if (cycles <= costs.cycles) return;
  costs.cycles = cycles;
  costs.bound = bound;
}

}  // namespace

const char* BottleneckName(Bottleneck bottleneck) {
  switch (bottleneck) {
    case Bottleneck::kTensorCores:
      return "tensor cores";
    case Bottleneck::kVectorCores:
      return "vector cores";
    case Bottleneck::kBuffer:
      return "shared buffer";
    case Bottleneck::kMemory:
      return "memory";
    case Bottleneck::kDispatch:
      return "starting cores";
    case Bottleneck::kLink:
      return "link";
  }
  return "";
}

Ticks ToTicks(hardware::Seconds seconds) {
  const double ticks = std::ceil(seconds.value() * kTicksPerSecond);
  return ticks < static_cast<double>(kMostTicks) ? static_cast<Ticks>(ticks) : kMostTicks;
}

CoreCosts ProductsCost(const std::vector<Extents>& products, const Space& space,
                       const Configuration& configuration, bool all_cores) {
  const TensorCores cores = TensorCoresOf(space, configuration, all_cores);
  const hardware::Rates rates = ShareOf(space.rates, configuration.tensor_cores, all_cores);
  CoreCosts sum;
  Cycles most;
  for (const Extents& product : products) {
    const MatrixCycles cycles = EstimateProduct(product, cores, rates);
    CoreCosts costs;
    Raise(costs, cycles.compute, Bottleneck::kTensorCores);
    Raise(costs, cycles.buffer, Bottleneck::kBuffer);
    Raise(costs, cycles.memory, Bottleneck::kMemory);
    Raise(costs, cycles.dispatch, Bottleneck::kDispatch);
    sum.cycles += costs.cycles;
    if (costs.cycles > most) {
      most = costs.cycles;
      sum.bound = costs.bound;
    }
  }
  return sum;
}

CoreCosts VectorsCost(const Task& task, const Space& space, const Configuration& configuration,
                      bool all_cores) {
  const auto cores = static_cast<double>(all_cores ? configuration.vector_cores : 1);
  const double lanes = cores * static_cast<double>(configuration.vector_width);
  Cycles work;
  for (const VectorWork& vector : task.vectors) {
    work += Cycles(std::ceil(static_cast<double>(vector.elements) / lanes) * vector.cycles);
  }
  CoreCosts costs{Cycles(0), Bottleneck::kVectorCores};
  Raise(costs, work, Bottleneck::kVectorCores);
  const hardware::Rates rates = ShareOf(space.rates, configuration.vector_cores, all_cores);
  Raise(costs, task.moved / rates.buffer, Bottleneck::kBuffer);
  // What does not fit the shared buffer comes from memory and goes back there.
  const Words room = WordsOf(static_cast<double>(configuration.buffer_mb) * 1048576, space);
  if (task.moved > room) Raise(costs, task.moved / rates.memory, Bottleneck::kMemory);
  if (!task.vectors.empty()) Raise(costs, rates.dispatch * cores, Bottleneck::kDispatch);
  return costs;
}

Ticks CollectiveTime(const Task& task, const Space& space, int64_t tensor) {
  const auto devices = static_cast<double>(tensor);
  return ToTicks(2 * (devices - 1) / devices * (task.exchanged * space.rates.word) / space.link);
}

absl::StatusOr<MeasuredLatencies> ParseMeasuredLatencies(absl::string_view csv,
                                                         const std::string& file) {
  MeasuredLatencies latencies;
  int64_t number = 0;
  for (absl::string_view line : absl::StrSplit(csv, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || (number == 1 && line == "task,seconds")) continue;
    const size_t comma = line.rfind(',');
    double seconds = 0;
    const bool good = comma != line.npos && comma > 0 &&
                      absl::SimpleAtod(line.substr(comma + 1), &seconds) && seconds >= 0 &&
                      std::isfinite(seconds);
    if (!good) {
      return InputError(file, ":", number, ": expected TASK,SECONDS, not '", line, "'");
    }
    const auto name = std::string(line.substr(0, comma));
    if (!latencies.emplace(name, ToTicks(hardware::Seconds(seconds))).second) {
      return InputError(file, ":", number, ": '", name, "' is there twice");
    }
  }
  return latencies;
}

}  // namespace allot::design
