#include "lowering/value_names.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace allot {

using ir::Graph;
using ir::Node;
using ir::Value;
using ir::ValueId;

ValueNames NamesOf(const Graph& graph) {
  ValueNames names;
  names.reserve(graph.value_id_bound());
  for (size_t i = 0; i < graph.value_id_bound(); ++i) names.Add(graph.value(ValueId(i)).name);
  return names;
}

absl::StatusOr<ValueNames> NamesInBody(const Graph& body, const Node& owner,
                                       const ValueNames& outer) {
  if (body.captures().size() != owner.captures.size()) {
    return absl::InternalError(absl::StrCat("the bodies of a ", owner.op_type, " node '",
                                            owner.name, "' disagree with it on what they capture"));
  }
  ValueNames names = NamesOf(body);
  bool same = true;
  for (size_t i = 0; i < owner.captures.size(); ++i) {
    std::string& name = names[body.captures()[i]];
    const std::string& name_outside = outer[owner.captures[i]];
    if (name == name_outside) continue;
    name = name_outside;
    same = false;
  }
  if (same) return names;
  std::set<std::string> taken;
  for (ValueId id : body.captures()) taken.insert(names[id]);
  std::set<std::string> all(names.begin(), names.end());
  for (ValueId id : names.ids()) {
    if (body.value(id).origin == Value::Origin::kCapture || names[id].empty()) continue;
    if (taken.count(names[id]) == 0) continue;
    std::string fresh;
    for (int suffix = 1; fresh.empty() || !all.insert(fresh).second; ++suffix) {
      fresh = absl::StrCat(names[id], "_", suffix);
    }
    names[id] = std::move(fresh);
  }
  return names;
}

}  // namespace allot
