// A bound on the largest load from what each device can take, whichever units they are.
//
// Give every unit a worth. If devices of class c can take no more than A_c(P) in worth with loads
// up to P (load_patterns.h), and the sum of A_c(P) over all devices is less than the worth of all
// units, then no placement has all loads at most P. This is the dual of covering the units by
// patterns (Gilmore and Gomory's bound for packing, with communication in the patterns). The worths
// are searched for; the last line is worked out exactly for each of them.
#pragma once

#include <cstdint>

#include "placement/loads/load_model.h"

namespace allot {

// `value` is the value of a known placement, `known` a known bound. Returns a bound between them,
// proved like this for `cutoffs` cutoffs, first the value itself, then ever closer to what can be
// proved. Spends about `work` and adds it to `spent`.
Picos BoundByPatterns(const LoadModel& model, Picos known, Picos value, int cutoffs, int64_t work,
                      int64_t& spent);

}  // namespace allot
