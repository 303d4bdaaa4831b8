// The peak arithmetic rate of a device for one type.
#pragma once

#include <string>

#include "target/target.h"

namespace allot {

// FLOP/s for `dtype`: its own entry, else "default", else "float32", else 0 (the device says
// nothing). Never negative.
int64_t PeakRate(const Device& device, const std::string& dtype);

// The time of `flops` operations at `percent` of the peak for `dtype`; zero if the rate is unknown.
// At most kMaxPicos.
Picos ComputeTime(int64_t flops, const std::string& dtype, int64_t percent, const Device& device);

// `percent` of `rate`, at least 1.
int64_t PercentOf(int64_t rate, int64_t percent);

}  // namespace allot
