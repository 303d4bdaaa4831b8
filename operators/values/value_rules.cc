#include "operators/values/value_rules.h"

namespace allot {

std::optional<std::vector<int64_t>> TrackedDims(RuleContext& context, size_t i) {
  if (i >= context.results().size()) return std::nullopt;
  const ir::Type& type = context.results()[i];
  if (!type.is_ranked_tensor() || !IsTracked(type.element)) return std::nullopt;
  return TrackableDims(*type.shape);
}

}  // namespace allot
