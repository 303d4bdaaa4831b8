// Machines behind handles of allot.h, and the list of those that are built in.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/allot.h"
#include "api/c/handles.h"
#include "api/c/status.h"
#include "api/placement_setup.h"
#include "support/diagnostics.h"
#include "target/builtin_targets.h"
#include "target/target_json.h"

namespace allot::capi {
namespace {

struct TargetObject {
  static constexpr Kind kKind = Kind::kTarget;
  std::string json;  // canonical
};

allot_status* MakeTarget(const absl::StatusOr<Target>& made, const Diagnostics& diagnostics,
                         allot_target** target) {
  if (!made.ok()) return MakeStatus(made.status(), diagnostics);
  *target = reinterpret_cast<allot_target*>(HandleTable::Instance().Add(
      std::make_shared<TargetObject>(TargetObject{PrintTarget(*made)})));
  return nullptr;
}

// Never destroyed: callers may keep the texts for as long as the process lives.
const std::vector<std::string>& BuiltinNames() {
  static const std::vector<std::string>& names =
      *new std::vector<std::string>(BuiltinTargetNames());
  return names;
}

}  // namespace

extern "C" {

allot_status* allot_target_load(const char* target_name, allot_target** target) {
  return Guard([&]() -> allot_status* {
    if (target == nullptr) return NullArgument("target");
    *target = nullptr;
    if (target_name == nullptr) return NullArgument("target_name");
    return MakeTarget(LoadTarget(target_name), {}, target);
  });
}

allot_status* allot_target_parse(const char* json, const char* name, allot_target** target) {
  return Guard([&]() -> allot_status* {
    if (target == nullptr) return NullArgument("target");
    *target = nullptr;
    if (json == nullptr) return NullArgument("json");
    Diagnostics diagnostics;
    return MakeTarget(ParseTarget(json, name == nullptr ? "text" : name, diagnostics), diagnostics,
                      target);
  });
}

const char* allot_target_json(const allot_target* target) {
  return ReadHandle<TargetObject, const char*>(
      target, nullptr, [](const TargetObject& object) { return object.json.c_str(); });
}

allot_code allot_target_free(allot_target* target) { return FreeHandle<TargetObject>(target); }

int64_t allot_num_builtin_targets(void) {
  try {
    return static_cast<int64_t>(BuiltinNames().size());
  } catch (...) {  // no memory for the list
    return -1;
  }
}

const char* allot_builtin_target(int64_t index) {
  try {
    const std::vector<std::string>& names = BuiltinNames();
    if (index < 0 || static_cast<uint64_t>(index) >= names.size()) return nullptr;
    return names[static_cast<size_t>(index)].c_str();
  } catch (...) {
    return nullptr;
  }
}

}  // extern "C"
}  // namespace allot::capi
