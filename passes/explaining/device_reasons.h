// Why a cluster is on its device, in words, and which one would be next.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ir/module.h"
#include "ir/plan.h"
#include "passes/explaining/moves.h"
#include "passes/nodes/device_constraints.h"
#include "passes/problem/problem_builder.h"

namespace allot {

struct DeviceReason {
  std::string text;
  std::optional<ir::Alternative> next;
};

class DeviceReasons {
 public:
  // Keeps references. `moves` may be nullptr: then alternatives are not tried.
  DeviceReasons(const ir::Module& module, const ir::Plan& plan, const Target& target,
                const BuiltProblem& built, const DeviceConstraints& constraints, Moves* moves);

  DeviceReason Of(ItemId item);

 private:
  const std::string& NodeName(ir::NodeId node) const { return plan_.features[node].name; }
  const std::string& DeviceName(DeviceId device) const { return target_.devices[device].name; }
  std::string Which(ItemId item, ir::NodeId node) const;
  std::optional<std::string> Pin(ItemId item) const;
  std::optional<std::string> OnlyDevice(ItemId item, DeviceId device) const;
  std::string Objective(ItemId item, std::optional<ir::Alternative>& next);
  std::optional<std::string> HeldTogether(ItemId item) const;
  // The item, and what rules keep together with it.
  std::vector<ItemId> WithCompany(ItemId item) const;

  const ir::Graph& graph_;
  const ir::Plan& plan_;
  const Target& target_;
  const BuiltProblem& built_;
  const std::vector<std::vector<ItemId>> groups_;  // by rules
  const DeviceConstraints& constraints_;
  Moves* const moves_;
  const absl::string_view objective_;
};

}  // namespace allot
