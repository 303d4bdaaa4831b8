// A compiled model and what is emitted for it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "lowering/bundle.h"
#include "lowering/emitter.h"
#include "support/json.h"
#include "tests/unit/lowering/lowering_fixture.h"
#include "tests/unit/lowering/model_zoo.h"

namespace allot {

inline ir::Plan WithSchedule(const ir::Module& module, ir::Plan plan) {
  for (size_t i = 0; i < module.graph.value_id_bound(); ++i) {
    const ir::ValueId id(i);
    if (module.graph.value(id).name != "y") continue;
    plan.transfers.push_back({id, DeviceId(0), DeviceId(1), 8, {600, 1'500'600}});
  }
  ir::Summary summary;
  summary.value = 4'000'000;
  summary.cluster_value = 3'500'001;
  summary.lower_bound = 1'000'000;
  summary.bound_name = "load";
  summary.solver = "test";
  summary.baselines = {{"single:cpu0", 5'000'000}, {"single:gpu0", std::nullopt}};
  summary.devices.resize(2, {1'000'000, 10, 20});
  plan.summary = summary;
  return plan;
}

// One compiled model and all that is emitted for it.
struct Case {
  ScratchFolder folder;
  ir::Module module;
  Target target = TwoDevices();
  ir::Plan plan;
  Bundle bundle;

  Case(const std::string& text, const std::function<int(const ir::Node&)>& part) {
    module = ImportText(text, folder);
    EXPECT_TRUE(module.graph.Compact());
    plan = WithSchedule(module, MakePlan(module, part));
    absl::StatusOr<Bundle> cut = Extract(module, target, plan);
    EXPECT_TRUE(cut.ok()) << cut.status();
    if (cut.ok()) bundle = *std::move(cut);
  }

  EmitInput Input() const {
    EmitInput input{.module = module, .target = target, .plan = plan, .bundle = bundle};
    input.model_path = "../model.onnx";
    input.pipeline = "onnx.graph(test)";
    return input;
  }
  std::vector<OutputFile> Emit(const std::vector<std::string>& choices,
                               const EmitInput& input) const {
    absl::StatusOr<std::vector<OutputFile>> files = EmitFiles(BuiltinEmitters(), choices, input);
    EXPECT_TRUE(files.ok()) << files.status();
    return files.ok() ? *std::move(files) : std::vector<OutputFile>();
  }
  std::vector<OutputFile> Emit(const std::vector<std::string>& choices = {}) const {
    return Emit(choices, Input());
  }
};

inline int AllInOne(const ir::Node&) { return 0; }
// The first node (and what is called "a") in part 0, the others in part 1.
inline int AFirst(const ir::Node& node) { return node.name == "a" ? 0 : 1; }

inline std::vector<std::string> NamesOf(const std::vector<OutputFile>& files) {
  std::vector<std::string> names;
  for (const OutputFile& file : files) names.push_back(file.name);
  return names;
}

inline std::string Text(const std::vector<OutputFile>& files, const std::string& name) {
  for (const OutputFile& file : files) {
    if (file.name == name) return Contents(file.chunks);
  }
  ADD_FAILURE() << "no file " << name;
  return "";
}

inline Json Parsed(const std::string& text) {
  absl::StatusOr<Json> json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << json.status();
  return json.ok() ? *std::move(json) : Json();
}

inline const Json& At(const Json& json, absl::string_view key) {
  static const Json* const kNothing = new Json();
  const Json* found = json.Find(key);
  EXPECT_NE(found, nullptr) << key;
  return found == nullptr ? *kNothing : *found;
}
inline const Json::Array& List(const Json& json, absl::string_view key) {
  static const Json::Array* const kNothing = new Json::Array();
  const Json::Array* found = At(json, key).If<Json::Array>();
  EXPECT_NE(found, nullptr) << key;
  return found == nullptr ? *kNothing : *found;
}

inline constexpr char kChain[] = "chain";
inline std::string ZooText(const std::string& name) {
  for (const ZooModel& model : Zoo()) {
    if (model.name == name) return model.text;
  }
  ADD_FAILURE() << name;
  return "";
}

}  // namespace allot
