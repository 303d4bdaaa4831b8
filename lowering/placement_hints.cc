#include "lowering/placement_hints.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "lowering/onnx_ext.pb.h"
#include "lowering/output_names.h"
#include "lowering/wire_format.h"

namespace allot {
namespace {

constexpr char kLayerKey[] = "layer_ann";

template <typename Message>
Message ParseOrEmpty(absl::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) message.Clear();
  return message;
}

bool IsOurs(const WireField& field) {
  if (field.number == onnx_ext::Node::kMetadataPropsFieldNumber) {
    return ParseOrEmpty<onnx_ext::StringStringEntry>(field.payload).key() == kLayerKey;
  }
  if (field.number == onnx_ext::Node::kDeviceConfigurationsFieldNumber) {
    return ParseOrEmpty<onnx_ext::NodeDeviceConfiguration>(field.payload).configuration_id() ==
           kConfigurationName;
  }
  return false;
}

// How ONNX Runtime's layer rules call the device; empty: not at all.
std::string Designator(const Device& device) {
  const std::string provider = absl::AsciiStrToLower(device.runtime.provider);
  if (provider == "cpu") return "cpu";
  for (const char* gpu :
       {"cuda", "tensorrt", "nv_tensorrt_rtx", "rocm", "migraphx", "dml", "webgpu"}) {
    if (provider == gpu) return absl::StrCat("gpu:", device.runtime.ordinal);
  }
  for (const char* npu : {"qnn", "vitisai"}) {
    if (provider == npu) return "npu";
  }
  if (provider.empty()) return "";
  if (device.kind == "cpu" || device.kind == "npu") return device.kind;
  if (device.kind == "gpu") return absl::StrCat("gpu:", device.runtime.ordinal);
  return "accelerator";
}

}  // namespace

std::string WithPlacementHints(absl::string_view unknown_fields, absl::string_view layer,
                               const std::optional<StageHint>& hint) {
  std::string fields = unknown_fields.empty() ? "" : DropFields(unknown_fields, IsOurs);
  onnx_ext::Node added;
  if (!layer.empty()) {
    onnx_ext::StringStringEntry* entry = added.add_metadata_props();
    entry->set_key(kLayerKey);
    entry->set_value(std::string(layer));
  }
  if (hint.has_value()) {
    onnx_ext::NodeDeviceConfiguration* configuration = added.add_device_configurations();
    configuration->set_configuration_id(kConfigurationName);
    configuration->set_pipeline_stage(hint->stage);
    for (const std::string& output : hint->outputs) {
      onnx_ext::ShardingSpec* spec = configuration->add_sharding_spec();
      spec->set_tensor_name(output);
      spec->add_device(hint->device.index());
    }
  }
  return fields + added.SerializeAsString();
}

std::string WithConfiguration(absl::string_view unknown_fields, const Target& target,
                              bool configure) {
  std::string fields = DropFields(unknown_fields, [](const WireField& field) {
    return field.number == onnx_ext::Model::kConfigurationFieldNumber &&
           ParseOrEmpty<onnx_ext::DeviceConfiguration>(field.payload).name() == kConfigurationName;
  });
  if (!configure) return fields;
  onnx_ext::Model added;
  onnx_ext::DeviceConfiguration* configuration = added.add_configuration();
  configuration->set_name(kConfigurationName);
  configuration->set_num_devices(static_cast<int32_t>(target.devices.size()));
  for (const Device& device : target.devices) configuration->add_device(device.name);
  return fields + added.SerializeAsString();
}

std::string LayerAssignmentSettings(const Target& target) {
  const IdVector<DeviceId, std::string> labels = DeviceLabels(target);
  std::vector<std::pair<std::string, std::vector<std::string>>> rules;  // designator, prefixes
  for (DeviceId device : target.devices.ids()) {
    const std::string designator = Designator(target.devices[device]);
    if (designator.empty()) continue;
    auto rule = std::find_if(rules.begin(), rules.end(),
                             [&](const auto& r) { return r.first == designator; });
    if (rule == rules.end()) rule = rules.insert(rules.end(), {designator, {}});
    rule->second.push_back(labels[device] + "/");
  }
  return absl::StrJoin(rules, "; ", [](std::string* out, const auto& rule) {
    absl::StrAppend(out, rule.first, "(", absl::StrJoin(rule.second, ", "), ")");
  });
}

// A session runs on one set of CPU cores, and each of its providers drives one device. Two devices
// that a provider would call alike are in different machines.
std::string SessionSettings(const Target& target, const ir::Plan& plan) {
  IdVector<DeviceId, bool> used(target.devices.size(), false);
  for (size_t lane = 0; lane < plan.num_lanes(); ++lane) {
    for (const ir::Part& part : ir::LaneView(plan, lane).parts) used[part.device] = true;
  }
  Target session = target;
  std::set<std::string> providers;
  for (const DeviceId device : target.devices.ids()) {
    std::string& provider = session.devices[device].runtime.provider;
    if (!used[device]) {
      provider.clear();
    } else if (provider.empty() || !providers.insert(absl::AsciiStrToLower(provider)).second) {
      return "";
    }
  }
  return LayerAssignmentSettings(session);
}

}  // namespace allot
