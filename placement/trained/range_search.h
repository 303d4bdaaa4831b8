// The best chains of ranges, one for each device, exactly: dynamic programming from the last stage
// to the first over how many devices of each class are used, so that how many stages are behind one
// is known, and with that how many microbatches it keeps.
//
// For devices that can be told apart it does what PipeDream's partitioner does for equal ones
// (Narayanan et al., SOSP 2019), with the memory of 1F1B by stage as PipeDream-2BW and Piper have
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/trained/chain.h"
#include "placement/trained/device_sets.h"
#include "placement/trained/ranges.h"

namespace allot {

// What a chain's worst stage or crossing is measured by.
enum class RangeMeasure {
  // Its load: the period of the steady state, but for channels that several crossings share.
  kPeriod,
  // What an iteration takes at least on its account: the forward passes before it for the first
  // microbatch, on the fastest devices, all its own, and the backward passes before it for the
  // last one, or its update. It also waits for the first microbatch to come back from the stages
  // behind it, on the fastest devices, before it runs more forward than there are stages. No 1F1B
  // schedule of the chain is shorter.
  kIteration,
};

struct RangeChain {
  // Classes of devices and places, front to back.
  struct Range {
    size_t of_class = 0, begin = 0, end = 0;
    bool recomputes = false;
  };
  std::vector<Range> ranges;
  Picos worst = 0;
};

// By number of stages, from one: the chain whose worst stage is least; nullopt where none fits.
// Ties go to earlier sets, classes and ends. O(ways * places * (classes + longest range)).
std::vector<std::optional<RangeChain>> BestChains(const TrainedChain& chain,
                                                  const TrainedRanges& ranges,
                                                  const DeviceSets& sets, RangeMeasure measure);

}  // namespace allot
