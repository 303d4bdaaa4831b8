// Door 3: what an operator costs on a device.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "support/registry.h"
#include "target/op_features.h"
#include "target/target.h"

namespace allot {

// What the time of an operator is made of.
struct CostBreakdown {
  Picos compute = 0;  // arithmetic
  Picos memory = 0;   // moving its bytes, while the arithmetic runs
  Picos launch = 0;   // of its kernels, before that
  Picos other = 0;    // what is not divided, as a measured time is not
  friend bool operator==(const CostBreakdown&, const CostBreakdown&) = default;
};
// The longer of arithmetic and bytes, and all else; at most kMaxPicos.
Picos Total(const CostBreakdown& cost);

class CostModel {
 public:
  virtual ~CostModel() = default;
  // The time of one op on one device without the cost of launching a part; at most kMaxPicos.
  // Asked only of devices that can run the op, see WhyUnsupported(). An error, of a model that
  // does not know the op or the device, ends the run; who asks puts both before its message.
  virtual absl::StatusOr<Picos> OpTime(const OpFeatures& op, const Device& device) const = 0;
  // What OpTime() is made of; its total is that time. The default divides nothing.
  virtual absl::StatusOr<CostBreakdown> Breakdown(const OpFeatures& op, const Device& device) const;
  // The time of several ops that a runtime runs as one kernel. The default is the sum.
  virtual absl::StatusOr<Picos> FusedTime(const std::vector<const OpFeatures*>& ops,
                                          const OpFeatures& fused, const Device& device) const;
  // The name of the node whose kernel was seen to include `op` on the device; empty, the default,
  // if none was. Its time is then part of that node's. What is fused should stay together.
  virtual std::string FusedInto(const OpFeatures& op, const Device& device) const;
};

// Why a device cannot run an op: "npu0 does not support Softmax"; nullopt if it can. Looks at
// the device's operator and dtype lists.
std::optional<std::string> WhyUnsupported(const OpFeatures& op, const Device& device);

// Every built-in cost model.
Registry<CostModel> BuiltinCostModels();

}  // namespace allot
