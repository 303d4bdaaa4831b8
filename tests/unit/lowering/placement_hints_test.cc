#include "lowering/placement_hints.h"

#include "gmock/gmock.h"

#include "lowering/onnx_ext.pb.h"
#include "lowering/output_names.h"
#include "lowering/wire_format.h"
#include "tests/unit/lowering/lowering_fixture.h"

namespace allot {
namespace {

onnx_ext::Node Parsed(const std::string& fields) {
  onnx_ext::Node node;
  EXPECT_TRUE(node.ParseFromString(fields));
  return node;
}

TEST(PlacementHintsTest, ReplacesOnlyItsOwnEntries) {
  onnx_ext::Node before;
  before.add_metadata_props()->set_key("theirs");
  onnx_ext::StringStringEntry* old = before.add_metadata_props();
  old->set_key("layer_ann");
  old->set_value("old");
  before.add_device_configurations()->set_configuration_id("theirs");
  before.add_device_configurations()->set_configuration_id("allot");
  std::string fields = before.SerializeAsString();
  AppendField(fields, 99, "unknown");

  const std::string marked =
      WithPlacementHints(fields, "gpu0/p1/c7", StageHint{1, DeviceId(2), {"y", "z"}});
  const onnx_ext::Node after = Parsed(marked);
  ASSERT_EQ(after.metadata_props_size(), 2);
  EXPECT_EQ(after.metadata_props(0).key(), "theirs");
  EXPECT_EQ(after.metadata_props(1).value(), "gpu0/p1/c7");
  ASSERT_EQ(after.device_configurations_size(), 2);
  EXPECT_EQ(after.device_configurations(0).configuration_id(), "theirs");
  const onnx_ext::NodeDeviceConfiguration& ours = after.device_configurations(1);
  EXPECT_EQ(ours.pipeline_stage(), 1);
  ASSERT_EQ(ours.sharding_spec_size(), 2);
  EXPECT_EQ(ours.sharding_spec(1).tensor_name(), "z");
  EXPECT_EQ(ours.sharding_spec(1).device(0), 2);

  // Marking again changes nothing; unmarking leaves what was not ours.
  EXPECT_EQ(WithPlacementHints(marked, "gpu0/p1/c7", StageHint{1, DeviceId(2), {"y", "z"}}),
            marked);
  const std::string unmarked = WithPlacementHints(marked, "", std::nullopt);
  EXPECT_EQ(Parsed(unmarked).metadata_props_size(), 1);
  EXPECT_EQ(Parsed(unmarked).device_configurations_size(), 1);
  const auto left = SplitFields(unmarked);
  ASSERT_TRUE(left.has_value());
  EXPECT_EQ(left->back().payload, "unknown");
  EXPECT_EQ(WithPlacementHints("", "", std::nullopt), "");
}

TEST(PlacementHintsTest, ConfiguresTheTargetsDevices) {
  const std::string fields = WithConfiguration("", TwoDevices(), true);
  onnx_ext::Model model;
  ASSERT_TRUE(model.ParseFromString(fields));
  ASSERT_EQ(model.configuration_size(), 1);
  EXPECT_EQ(model.configuration(0).num_devices(), 2);
  EXPECT_EQ(model.configuration(0).device(1), "gpu0");
  EXPECT_EQ(WithConfiguration(fields, TwoDevices(), true), fields);
  EXPECT_EQ(WithConfiguration(fields, TwoDevices(), false), "");
}

TEST(PlacementHintsTest, SettingsNameEachRuntimeOnce) {
  Target target = TwoDevices();
  EXPECT_EQ(LayerAssignmentSettings(target), "cpu(cpu0/); gpu:0(gpu0/)");
  Device device = target.devices[DeviceId(0)];
  device.name = "cpu (1)";
  target.devices.Add(device);
  device.name = "dsp";
  device.kind = "npu";
  device.runtime.provider = "QNN";
  target.devices.Add(device);
  device.name = "simulated";
  device.runtime.provider = "";
  target.devices.Add(device);
  device.name = "fpga0";
  device.kind = "fpga";
  device.runtime.provider = "mine";
  target.devices.Add(device);
  EXPECT_EQ(LayerAssignmentSettings(target),
            "cpu(cpu0/, cpu__1_/); gpu:0(gpu0/); npu(dsp/); accelerator(fpga0/)");
}

TEST(OutputNamesTest, AreSafeAndUnique) {
  EXPECT_EQ(SafeName("a b:c/d"), "a_b_c_d");
  EXPECT_EQ(SafeName("..x"), "_.x");
  EXPECT_EQ(SafeName("-rf"), "_rf");
  EXPECT_EQ(SafeName(""), "model");
  EXPECT_EQ(SafeName(std::string(500, 'x')).size(), 100u);
  ir::Module module;
  module.source_file = "res net.v1.onnx";
  EXPECT_EQ(FileStem(module), "res_net.v1");
  module.source_file = "";
  EXPECT_EQ(FileStem(module), "model");
  Target target;
  for (const char* name : {"a:b", "a b", "a_b_1", "c"}) {
    Device device;
    device.name = name;
    target.devices.Add(device);
  }
  EXPECT_THAT(DeviceLabels(target).raw(), ::testing::ElementsAre("a_b", "a_b_1", "a_b_1_2", "c"));
  EXPECT_EQ(PieceFileName("m", 3, "gpu0"), "m.00003_gpu0.onnx");
}

TEST(WireFormatTest, RefusesWhatIsNoMessage) {
  EXPECT_TRUE(SplitFields("").has_value());
  for (const absl::string_view bytes :
       {absl::string_view("\x80", 1), absl::string_view("\x0a\x05x", 3),
        absl::string_view("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11),
        absl::string_view("\x00\x00", 2), absl::string_view("\x0c", 1),
        absl::string_view("\x0b\x0b", 2), absl::string_view("\x0f", 1)}) {
    EXPECT_FALSE(SplitFields(bytes).has_value());
  }
  // A group: field 1 { field 2 = varint 3 }.
  const auto group = SplitFields(absl::string_view("\x0b\x10\x03\x0c", 4));
  ASSERT_TRUE(group.has_value());
  ASSERT_EQ(group->size(), 1u);
  EXPECT_EQ((*group)[0].whole.size(), 4u);
}

}  // namespace
}  // namespace allot
