#include "passes/explaining/barrier.h"

#include <utility>

namespace allot {

std::optional<Barrier> FindBarrier(const DeviceConstraints& constraints,
                                   const std::vector<ir::NodeId>& nodes, DeviceId device) {
  std::optional<Barrier> rule;
  for (const ir::NodeId node : nodes) {
    if (constraints.Allowed(node, device)) continue;
    if (std::optional<std::string> why = constraints.WhyUnsupportedOn(node, device)) {
      return Barrier{ir::CutCause::kSupport, *std::move(why), node};
    }
    if (!rule.has_value()) rule = {ir::CutCause::kPin, *constraints.WhyNot(node, device), node};
  }
  return rule;
}

}  // namespace allot
