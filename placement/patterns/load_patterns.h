// What one device can take: the least load with which it holds units of a given worth.
//
// A pattern is the set of units on one device; its load counts times, and a store or a load for
// every flow that leaves or enters it. Sweeps over the units in an order in which few flows are
// open at once: a state says of each open flow on which side its units so far are, and knows for
// each worth the least load. Exact in whole numbers; where too many flows are open, the cheapest
// are left out, which can only lower loads.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/loads/load_model.h"
#include "placement/loads/load_reduction.h"

namespace allot {

class LoadPatterns {
 public:
  // Of patterns on `device` with loads below `cutoff`; `send` and `receive` are what a flow costs
  // it. Keeps a reference. At most `max_states` states a unit, up to 16,000; if they take more than
  // `work` to find, all flows are left out.
  LoadPatterns(const LoadModel& model, std::vector<Picos> send, std::vector<Picos> receive,
               int32_t device, Picos cutoff, int32_t max_states, int64_t work);

  // least()[w]: the least load of a pattern whose units are worth w in all; kNone if no pattern
  // below the cutoff is. `worth` by unit, not negative. O(units * states * worth).
  void Run(const std::vector<int32_t>& worth);
  static constexpr Picos kNone = BoundaryCosts::kForbidden;
  const std::vector<Picos>& least() const { return least_; }
  // By unit, whether the pattern behind least()[w] holds it.
  std::vector<char> Pattern(int32_t w) const;

  // Entries visited so far.
  int64_t work() const { return work_; }
  // Over all steps: Run() keeps as many rows of about `worth of a pattern` numbers.
  int64_t states() const { return states_; }

 private:
  // What processing a unit means for one flow.
  struct Touch {
    int32_t slot;
    Picos send, receive;
    bool producer, producer_known, first, last;
  };
  struct Edge {  // to a state after the next unit
    int32_t state = -1;
    Picos charge = 0;
  };
  struct Step {
    int32_t unit = 0;
    std::vector<Touch> touches;
    std::vector<Edge> out, in;  // by state before
    size_t states_after = 0;
  };

  // Touches and states for the flows that are kept; false if a step has more than `max_states`:
  // then the cheapest quarter of the flows that are open there are left out.
  bool Prepare(int32_t max_states);

  const LoadModel& model_;
  const int32_t device_;
  const Picos cutoff_;
  std::vector<Picos> send_, receive_;  // by flow
  std::vector<char> kept_;             // by flow
  std::vector<int32_t> order_;
  std::vector<Step> steps_;
  std::vector<int32_t> worth_;
  std::vector<Picos> least_;
  // By step, state and worth: twice the state before, and one more if the unit is in.
  std::vector<std::vector<std::vector<int16_t>>> before_;
  int64_t work_ = 0;
  int64_t states_ = 0;
};

}  // namespace allot
