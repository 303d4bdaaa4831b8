// Local searches on one phase.
#pragma once

#include <cstdint>
#include <functional>

#include "placement/kinds/rows/search/phase_state.h"
#include "support/random.h"

namespace allot::rows {

// What all searches of a run spend together. A unit is about 64 prices of nets for parts.
struct WorkMeter {
  int64_t limit = 0, spent = 0;
  std::function<bool()> stop;  // may be empty
  bool Done() const { return spent >= limit || (stop && stop()); }
  // For pricing the vertex's entry into all parts.
  void Spend(const Phase& phase, size_t vertex) {
    spent += 1 + static_cast<int64_t>(phase.Nets(vertex).size()) * phase.parts / 64;
  }
};

// Moves vertices out of parts above their limits, those first that cost least for their weight,
// until nothing exceeds its limit or no move helps. Returns whether nothing does.
bool Repair(PhaseState& state, WorkMeter& work);

// Up to `passes` passes over all vertices in a random order: each moves where that saves most and
// there is room, or changes places with a vertex of one of the parts it would rather be in, by the
// exact cost of both. Never makes the cost or an excess larger. After Fiduccia and Mattheyses
// (DAC 1982), without moves that lose; swaps, since limits of a few rows leave no room for moves.
void Refine(PhaseState& state, int32_t passes, Random& random, WorkMeter& work);

// Simulated annealing by moves and swaps, `steps` of them, from a temperature of about `hot` words;
// ends no worse than it began.
void Anneal(PhaseState& state, int64_t steps, int64_t hot, Random& random, WorkMeter& work);

}  // namespace allot::rows
