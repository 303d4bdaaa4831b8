// The best chains of ranges, one for each device: dynamic programming over how many devices of each
// kind are used.
//
// Devices of a kind can be exchanged, so what matters of a set of devices is how many it has of
// each kind, and there are few such sets even for many devices. For a period U, the furthest
// position that a set reaches is
//
//   reach(S) = max over kinds c in S of  furthest end of a range from reach(S - c) on a device c
//
// since a range that begins later has no more to carry. So a chain of period U exists if some set
// reaches the end, and the least U is found by bisection. It is the least of all orders of the
// devices, which chains of one order kind by kind are not (Narayanan et al., PipeDream, SOSP 2019
// does the same for equal devices).
#pragma once

#include <optional>
#include <vector>

#include "placement/blocks/block_chain.h"

namespace allot {

// Positions [begin, end) on a device of the kind, or divided among `width` near ones.
struct ChainRange {
  size_t kind = 0, begin = 0, end = 0;
  size_t width = 1;
  friend bool operator==(const ChainRange&, const ChainRange&) = default;
};

struct ChainQuestion {
  std::vector<size_t> counts;    // by kind: devices that there are for the chain
  bool whole_blocks = true;      // ranges end between blocks only
  int64_t room_permille = 1000;  // of each memory, for what is resident
  // Ranges are on so many devices at least, or on as many as the kind can divide blocks among. All
  // that a kind's `counts` can be dealt out in without rest are looked at.
  size_t least_width = 1;
};

// The widths of a kind that the question allows, ascending.
std::vector<size_t> AllowedWidths(const BlockChain& chain, const ChainQuestion& question,
                                  size_t kind);

// More sets than this are not looked at.
inline constexpr int64_t kMostDeviceSets = 50'000;

// How many sets there are; kMostDeviceSets + 1: too many.
int64_t CountDeviceSets(const BlockChain& chain, const std::vector<size_t>& counts);

struct PeriodChain {
  std::vector<ChainRange> ranges;
  Picos period = 0;  // within what was given away for fewer cuts
  // No chain of these devices, with such cuts and every transfer over the slowest route, has a
  // smaller period.
  Picos bound = 0;
  size_t inner_cuts = 0;  // that are not between blocks
};

// The chain with the least period, to a ten-thousandth: the most that a device carries, or that one
// cut sends. Of those within `slack_permille` of it one with the fewest cuts within blocks. nullopt
// where devices and memories do not suffice or sets are too many. What is divided are whole blocks:
// ranges that begin within one are on one device. O(sets * kinds * widths * log(items) *
// log(period) ), and for cuts within blocks the number of devices times that.
std::optional<PeriodChain> LeastPeriodChain(const PlacementProblem& problem,
                                            const BlockChain& chain, const ChainQuestion& question,
                                            int64_t slack_permille);

// The chain of whole blocks that is through first, one range after the other. nullopt as above, or
// where it would take more than some ten million steps, ten times that where blocks can be divided.
// O(sets * kinds * widths * blocks^2).
std::optional<std::vector<ChainRange>> LeastLatencyChain(const PlacementProblem& problem,
                                                         const BlockChain& chain,
                                                         const ChainQuestion& question);

}  // namespace allot
