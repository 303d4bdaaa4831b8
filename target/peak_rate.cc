#include "target/peak_rate.h"

#include <algorithm>
#include <limits>

namespace allot {

int64_t PeakRate(const Device& device, const std::string& dtype) {
  for (const std::string& name : {dtype, std::string("default"), std::string("float32")}) {
    const auto found = device.flops.find(name);
    if (found != device.flops.end()) return std::max<int64_t>(0, found->second);
  }
  return 0;
}

int64_t PercentOf(int64_t rate, int64_t percent) {
  const Int128 scaled = static_cast<Int128>(rate) * percent / 100;
  const Int128 largest = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::clamp<Int128>(scaled, 1, largest));
}

Picos ComputeTime(int64_t flops, const std::string& dtype, int64_t percent, const Device& device) {
  const int64_t peak = PeakRate(device, dtype);
  if (flops <= 0 || peak == 0) return 0;
  return DurationAtRate(flops, PercentOf(peak, percent));
}

}  // namespace allot
