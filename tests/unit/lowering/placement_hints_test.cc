#include "lowering/placement_hints.h"

#include "gmock/gmock.h"
#include "google/protobuf/unknown_field_set.h"

#include "lowering/onnx_ext.pb.h"
#include "lowering/output_names.h"
#include "lowering/wire_format.h"
#include "tests/unit/lowering/lowering_fixture.h"

namespace allot {
namespace {

using ::testing::ElementsAre;

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

TEST(PlacementHintsTest, OneSessionHasOneDeviceOfEachProvider) {
  Target target = TwoDevices();
  Device second = target.devices[DeviceId(1)];
  second.name = "gpu1";
  target.devices.Add(second);
  ir::Plan plan;
  for (const int device : {0, 1}) plan.parts.Add({DeviceId(device), {0, 2}});
  EXPECT_EQ(SessionSettings(target, plan), "cpu(cpu0/); gpu:0(gpu0/)");
  // What takes turns with it counts, too.
  ir::Lane lane;
  lane.parts.Add({DeviceId(2), {0, 2}});
  plan.lanes.push_back(lane);
  EXPECT_EQ(SessionSettings(target, plan), "");
  target.devices[DeviceId(2)].runtime.provider = "";
  EXPECT_EQ(SessionSettings(target, plan), "");
  target.devices[DeviceId(2)].runtime.provider = "qnn";
  EXPECT_EQ(SessionSettings(target, plan), "cpu(cpu0/); gpu:0(gpu0/); npu(gpu1/)");
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

// What a message holds, by the numbers of its fields.
struct RawMessage {
  explicit RawMessage(const std::string& bytes) { EXPECT_TRUE(fields.ParseFromString(bytes)); }
  std::vector<int> numbers() const {
    std::vector<int> list;
    for (int i = 0; i < fields.field_count(); ++i) list.push_back(fields.field(i).number());
    return list;
  }
  const google::protobuf::UnknownField& field(int i) const { return fields.field(i); }
  google::protobuf::UnknownFieldSet fields;
};

// The fields as ONNX 1.18 publishes them, by number: onnx_ext.proto does not vouch for itself.
TEST(PlacementHintsTest, FieldsHaveThePublishedNumbers) {
  // NodeProto: metadata_props 9, device_configurations 10.
  const RawMessage node(WithPlacementHints("", "gpu0/p1/c7", StageHint{3, DeviceId(2), {"y"}}));
  ASSERT_THAT(node.numbers(), ElementsAre(9, 10));
  // StringStringEntryProto: key 1, value 2.
  const RawMessage entry(node.field(0).length_delimited());
  ASSERT_THAT(entry.numbers(), ElementsAre(1, 2));
  EXPECT_EQ(entry.field(0).length_delimited(), "layer_ann");
  // NodeDeviceConfigurationProto: configuration_id 1, sharding_spec 2, pipeline_stage 3.
  const RawMessage configuration(node.field(1).length_delimited());
  ASSERT_THAT(configuration.numbers(), ElementsAre(1, 2, 3));
  EXPECT_EQ(configuration.field(0).length_delimited(), "allot");
  EXPECT_EQ(configuration.field(2).varint(), 3u);
  // ShardingSpecProto: tensor_name 1, device 2.
  const RawMessage spec(configuration.field(1).length_delimited());
  ASSERT_THAT(spec.numbers(), ElementsAre(1, 2));
  EXPECT_EQ(spec.field(0).length_delimited(), "y");
  EXPECT_EQ(spec.field(1).varint(), 2u);

  // ModelProto: configuration 26; DeviceConfigurationProto: name 1, num_devices 2, device 3.
  const RawMessage model(WithConfiguration("", TwoDevices(), true));
  ASSERT_THAT(model.numbers(), ElementsAre(26));
  const RawMessage devices(model.field(0).length_delimited());
  ASSERT_THAT(devices.numbers(), ElementsAre(1, 2, 3, 3));
  EXPECT_EQ(devices.field(0).length_delimited(), "allot");
  EXPECT_EQ(devices.field(1).varint(), 2u);
  EXPECT_EQ(devices.field(2).length_delimited(), "cpu0");
}

}  // namespace
}  // namespace allot
