#include "target/cost_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "support/status.h"

namespace allot {
namespace {

// "Conv", "*" (all of ai.onnx), "com.microsoft:FusedConv", "com.microsoft:*".
bool Covers(absl::string_view pattern, const OpFeatures& op) {
  const size_t colon = pattern.rfind(':');
  const bool plain = colon == pattern.npos;
  const absl::string_view domain = plain ? absl::string_view() : pattern.substr(0, colon);
  const absl::string_view type = plain ? pattern : pattern.substr(colon + 1);
  return domain == op.domain && (type == "*" || type == op.op_type);
}

bool AnyCovers(const std::vector<std::string>& patterns, const OpFeatures& op) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&op](const std::string& pattern) { return Covers(pattern, op); });
}

}  // namespace

Picos Total(const CostBreakdown& cost) {
  const Picos running = SaturatingAdd(std::max(cost.compute, cost.memory), cost.other);
  return std::min(kMaxPicos, SaturatingAdd(running, cost.launch));
}

absl::StatusOr<CostBreakdown> CostModel::Breakdown(const OpFeatures& op,
                                                   const Device& device) const {
  CostBreakdown cost;
  ALLOT_ASSIGN_OR_RETURN(cost.other, OpTime(op, device));
  return cost;
}

absl::StatusOr<Picos> CostModel::FusedTime(const std::vector<const OpFeatures*>& ops,
                                           const OpFeatures& /*fused*/,
                                           const Device& device) const {
  Picos sum = 0;
  for (const OpFeatures* op : ops) {
    ALLOT_ASSIGN_OR_RETURN(const Picos time, OpTime(*op, device));
    sum = std::min(kMaxPicos, SaturatingAdd(sum, time));
  }
  return sum;
}

std::string CostModel::FusedInto(const OpFeatures& /*op*/, const Device& /*device*/) const {
  return "";
}

std::optional<std::string> WhyUnsupported(const OpFeatures& op, const Device& device) {
  if ((!device.supported_ops.empty() && !AnyCovers(device.supported_ops, op)) ||
      AnyCovers(device.unsupported_ops, op)) {
    return absl::StrCat(device.name, " does not support ",
                        op.domain.empty() ? "" : absl::StrCat(op.domain, ":"), op.op_type);
  }
  const std::vector<std::string>& dtypes = device.supported_dtypes;
  if (!dtypes.empty() && std::find(dtypes.begin(), dtypes.end(), op.dtype) == dtypes.end()) {
    return absl::StrCat(device.name, " does not compute in ", op.dtype);
  }
  return std::nullopt;
}

}  // namespace allot
