#include "placement/kinds/stages/formats/layer_names.h"

#include "support/status.h"

namespace allot {

LayerNames::LayerNames(const StagesProblem& problem) {
  for (const StageLayer& layer : problem.layers) {
    const auto number = static_cast<int32_t>(names_.size());
    names_.push_back(layer.name);
    const auto [at, added] = by_name_.emplace(layer.name, number);
    if (!added) at->second = kSeveral;
  }
}

absl::StatusOr<int32_t> LayerNames::Find(const Json& json) const {
  if (const auto* const number = json.If<int64_t>()) {
    if (*number >= 0 && *number < static_cast<int64_t>(names_.size())) {
      return static_cast<int32_t>(*number);
    }
    return InputError("there is no layer ", *number, "; they count from 0 to ",
                      static_cast<int64_t>(names_.size()) - 1);
  }
  const auto* const name = json.If<std::string>();
  if (name == nullptr) return InputError("a layer is a name or a number, not ", json.KindName());
  const auto at = by_name_.find(*name);
  if (at == by_name_.end()) return InputError("there is no layer '", *name, "'");
  if (at->second == kSeveral) {
    return InputError("several layers are called '", *name, "'; give the number");
  }
  return at->second;
}

Json LayerNames::Print(int32_t layer) const {
  const std::string& name = names_[static_cast<size_t>(layer)];
  if (by_name_.at(name) == kSeveral) return int64_t{layer};
  return name;
}

}  // namespace allot
