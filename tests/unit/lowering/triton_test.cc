// The repository is checked as Triton would: configurations are parsed as its messages, compared
// with the ONNX files beside them, and the flow through the ensemble is followed.
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "onnx/onnx_pb.h"

#include "lowering/output_names.h"
#include "tests/unit/lowering/emit_case.h"
#include "tests/unit/lowering/triton_config.pb.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

triton::ModelConfig Config(const std::vector<OutputFile>& files, const std::string& model) {
  triton::ModelConfig config;
  const std::string text = Text(files, "triton/" + model + "/config.pbtxt");
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  EXPECT_EQ(config.name(), model);
  EXPECT_EQ(config.max_batch_size(), 0);
  return config;
}

// Type and dimensions as the server compares them.
using Signature = std::pair<triton::DataType, std::vector<int64_t>>;

template <typename Tensors>
std::map<std::string, Signature> Declared(const Tensors& tensors) {
  std::map<std::string, Signature> declared;
  for (const auto& tensor : tensors) {
    EXPECT_FALSE(tensor.dims().empty()) << tensor.name();
    const std::vector<int64_t> dims(tensor.dims().begin(), tensor.dims().end());
    EXPECT_TRUE(declared.insert({tensor.name(), {tensor.data_type(), dims}}).second);
  }
  return declared;
}

triton::DataType DataTypeOf(int32_t onnx_type) {
  switch (onnx_type) {
    case onnx::TensorProto::FLOAT:
      return triton::TYPE_FP32;
    case onnx::TensorProto::INT64:
      return triton::TYPE_INT64;
    case onnx::TensorProto::BOOL:
      return triton::TYPE_BOOL;
    case onnx::TensorProto::STRING:
      return triton::TYPE_STRING;
    default:
      ADD_FAILURE() << onnx_type;
      return triton::TYPE_INVALID;
  }
}

template <typename Infos>
std::map<std::string, Signature> InFile(const Infos& infos, const onnx::GraphProto& graph) {
  std::map<std::string, Signature> tensors;
  for (const onnx::ValueInfoProto& info : infos) {
    std::vector<int64_t> dims;
    for (const auto& dim : info.type().tensor_type().shape().dim()) {
      dims.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    }
    if (dims.empty()) dims = {1};  // a scalar
    tensors[info.name()] = {DataTypeOf(info.type().tensor_type().elem_type()), dims};
  }
  for (const onnx::TensorProto& weight : graph.initializer()) tensors.erase(weight.name());
  return tensors;
}

// Whether a tensor as it is given is one as it is taken, which may leave sizes open: -1.
bool Admits(const Signature& taken, const Signature& given) {
  if (taken.first != given.first || taken.second.size() != given.second.size()) return false;
  for (size_t i = 0; i < taken.second.size(); ++i) {
    if (taken.second[i] != given.second[i] && taken.second[i] != -1) return false;
  }
  return true;
}

std::set<std::string> Keys(const std::map<std::string, Signature>& tensors) {
  std::set<std::string> keys;
  for (const auto& [name, signature] : tensors) keys.insert(name);
  return keys;
}

// Every step has its model with a version folder; its maps, its configuration and its file agree;
// what a step takes is there when it runs; everything is used.
void ExpectServable(const Case& model, const std::vector<OutputFile>& files,
                    const std::string& name) {
  const triton::ModelConfig ensemble = Config(files, name);
  EXPECT_EQ(ensemble.platform(), "ensemble");
  EXPECT_EQ(ensemble.instance_group_size(), 0);
  EXPECT_NE(Text(files, "triton/" + name + "/1/README"), "");
  std::map<std::string, Signature> there = Declared(ensemble.input());
  std::set<std::string> unused = Keys(there);
  const std::map<std::string, Signature> wanted = Declared(ensemble.output());
  ASSERT_EQ(static_cast<size_t>(ensemble.ensemble_scheduling().step_size()),
            model.bundle.pieces.size());
  for (int s = 0; s < ensemble.ensemble_scheduling().step_size(); ++s) {
    const triton::ModelEnsembling::Step& step = ensemble.ensemble_scheduling().step(s);
    const triton::ModelConfig part = Config(files, step.model_name());
    EXPECT_EQ(part.platform(), "onnxruntime_onnx");
    EXPECT_EQ(part.backend(), "onnxruntime");
    EXPECT_EQ(step.model_version(), -1);
    onnx::ModelProto proto;
    const std::string bytes = Text(files, "triton/" + step.model_name() + "/1/model.onnx");
    ASSERT_TRUE(proto.ParseFromString(bytes));
    EXPECT_EQ(bytes, Text(files, model.bundle.pieces[static_cast<size_t>(s)].file));
    const std::map<std::string, Signature> inputs = Declared(part.input());
    const std::map<std::string, Signature> outputs = Declared(part.output());
    EXPECT_EQ(inputs, InFile(proto.graph().input(), proto.graph()));
    EXPECT_EQ(outputs, InFile(proto.graph().output(), onnx::GraphProto()));
    EXPECT_FALSE(step.input_map().empty());
    EXPECT_EQ(step.input_map().size(), inputs.size());
    EXPECT_EQ(step.output_map().size(), outputs.size());
    for (const auto& [of_part, of_ensemble] : step.input_map()) {
      ASSERT_EQ(inputs.count(of_part), 1u) << of_part;
      ASSERT_EQ(there.count(of_ensemble), 1u) << of_ensemble << " comes too late";
      EXPECT_TRUE(Admits(inputs.at(of_part), there[of_ensemble])) << of_ensemble;
      unused.erase(of_ensemble);
    }
    for (const auto& [of_part, of_ensemble] : step.output_map()) {
      ASSERT_EQ(outputs.count(of_part), 1u) << of_part;
      EXPECT_TRUE(there.insert({of_ensemble, outputs.at(of_part)}).second) << of_ensemble;
      if (wanted.count(of_ensemble) == 0) unused.insert(of_ensemble);
    }
  }
  EXPECT_EQ(unused, std::set<std::string>());
  for (const auto& [tensor, signature] : wanted) EXPECT_EQ(there[tensor], signature) << tensor;
}

std::vector<OutputFile> EmitTriton(const Case& model, const std::string& options = "") {
  return model.Emit({"parts", "triton" + options});
}

std::string Error(const Case& model, const std::string& options = "") {
  return std::string(
      EmitFiles(BuiltinEmitters(), {"triton" + options}, model.Input()).status().message());
}

TEST(TritonTest, WritesARepository) {
  const Case model(ZooText(kChain), AFirst);
  const std::vector<OutputFile> files = EmitTriton(model);
  EXPECT_THAT(NamesOf(files),
              ElementsAre("model.00000_cpu0.onnx", "model.00001_gpu0.onnx",
                          "triton/model/config.pbtxt", "triton/model/1/README",
                          "triton/model_p0/config.pbtxt", "triton/model_p0/1/model.onnx",
                          "triton/model_p1/config.pbtxt", "triton/model_p1/1/model.onnx"));
  ExpectServable(model, files, "model");
}

class TritonZooTest : public ::testing::TestWithParam<ZooModel> {};

TEST_P(TritonZooTest, IsServableOrSaysWhyNot) {
  for (const auto& part : {AllInOne, AFirst}) {
    if (part == AFirst && GetParam().name == "sequences") continue;  // cannot be cut there
    const Case model(GetParam().text, part);
    const std::string error = Error(model);
    if (error.empty()) {
      ExpectServable(model, EmitTriton(model), "model");
    } else {
      EXPECT_THAT(error, HasSubstr("Triton"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, TritonZooTest, ::testing::ValuesIn(Zoo()),
                         [](const auto& model) { return model.param.name; });

TEST(TritonTest, InstancesAreOnThePartsDevice) {
  Case model(ZooText(kChain), AFirst);
  model.target.devices[DeviceId(1)].runtime.ordinal = 3;
  std::vector<OutputFile> files = EmitTriton(model, "{instances=2}");
  triton::ModelConfig cpu = Config(files, "model_p0"), gpu = Config(files, "model_p1");
  ASSERT_EQ(cpu.instance_group_size(), 1);
  EXPECT_EQ(cpu.instance_group(0).kind(), triton::ModelInstanceGroup::KIND_CPU);
  EXPECT_EQ(cpu.instance_group(0).count(), 2);
  EXPECT_EQ(cpu.instance_group(0).gpus_size(), 0);
  EXPECT_EQ(cpu.parameters().at("intra_op_thread_count").string_value(), "2");
  ASSERT_EQ(gpu.instance_group_size(), 1);
  EXPECT_EQ(gpu.instance_group(0).kind(), triton::ModelInstanceGroup::KIND_GPU);
  EXPECT_THAT(gpu.instance_group(0).gpus(), ElementsAre(3));
  EXPECT_FALSE(gpu.has_optimization());

  model.target.devices[DeviceId(0)].runtime.provider = "openvino";
  model.target.devices[DeviceId(1)].runtime.provider = "tensorrt";
  files = EmitTriton(model);
  cpu = Config(files, "model_p0"), gpu = Config(files, "model_p1");
  EXPECT_EQ(cpu.optimization().execution_accelerators().cpu_execution_accelerator(0).name(),
            "openvino");
  EXPECT_EQ(gpu.optimization().execution_accelerators().gpu_execution_accelerator(0).name(),
            "tensorrt");
}

// Each server has what runs on its host; none has an ensemble that it could not serve.
TEST(TritonTest, EveryHostHasARepository) {
  Case model(ZooText(kChain), AFirst);
  model.target.devices[DeviceId(0)].host = "near";
  model.target.devices[DeviceId(1)].host = "far";
  EXPECT_THAT(NamesOf(model.Emit({"triton"})),
              ElementsAre("triton/near/model_p0/config.pbtxt", "triton/near/model_p0/1/model.onnx",
                          "triton/far/model_p1/config.pbtxt", "triton/far/model_p1/1/model.onnx"));
  model.target.devices[DeviceId(1)].host = "near";
  EXPECT_THAT(
      NamesOf(model.Emit({"triton"})),
      ElementsAre("triton/near/model/config.pbtxt", "triton/near/model/1/README",
                  "triton/near/model_p0/config.pbtxt", "triton/near/model_p0/1/model.onnx",
                  "triton/near/model_p1/config.pbtxt", "triton/near/model_p1/1/model.onnx"));
  model.target.devices[DeviceId(1)].host = "";
  EXPECT_EQ(NamesOf(model.Emit({"triton"}))[2], "triton/localhost/model_p1/config.pbtxt");
  model.target.devices[DeviceId(0)].host = "a:1";
  model.target.devices[DeviceId(1)].host = "a_1";
  EXPECT_EQ(EmitFiles(BuiltinEmitters(), {"triton"}, model.Input()).status().message(),
            "emitter 'triton': two hosts would share the folder 'triton/a_1/': rename one of them");
}

std::string Declaration(const std::string& name, int type, const std::string& shape) {
  return "name: '" + name + "' type { tensor_type { elem_type: " + std::to_string(type) + " " +
         shape + " } }";
}

std::string CastChain(int type, const std::string& shape) {
  return ModelText("input { " + Declaration("x", type, shape) + " } output { " +
                   Declaration("z", type, shape) + " } value_info { " +
                   Declaration("y", type, shape) + " } " + Op("Identity", "a", {"x"}, {"y"}) +
                   Op("Identity", "b", {"y"}, {"z"}));
}

TEST(TritonTest, ShapesAndTypesAreWhatTheServerKnows) {
  const Case open(CastChain(8, "shape { dim { dim_param: 'N' } dim { dim_value: 3 } dim { } }"),
                  AFirst);
  std::vector<OutputFile> files = EmitTriton(open);
  ExpectServable(open, files, "model");
  const triton::ModelConfig config = Config(files, "model_p0");
  EXPECT_EQ(config.input(0).data_type(), triton::TYPE_STRING);
  EXPECT_THAT(config.input(0).dims(), ElementsAre(-1, 3, -1));

  const Case scalar(CastChain(7, "shape { }"), AFirst);
  files = EmitTriton(scalar);
  ExpectServable(scalar, files, "model");
  EXPECT_THAT(Config(files, "model").input(0).dims(), ElementsAre(1));

  EXPECT_THAT(Error(Case(CastChain(17, "shape { dim { dim_value: 3 } }"), AFirst)),
              HasSubstr("tensor 'x' is float8e4m3fn, which Triton's ONNX Runtime backend cannot"));
  EXPECT_THAT(Error(Case(CastChain(1, "shape { dim { dim_value: 0 } }"), AFirst)),
              HasSubstr("dimension of size 0"));
  EXPECT_THAT(Error(Case(CastChain(1, ""), AllInOne)), HasSubstr("has no known rank"));
}

TEST(TritonTest, NamesAreFitForFoldersAndText) {
  const Case model(
      ModelText(Input("x\\\"/1") + Output("z\\n") + Typed("y") +
                Op("Relu", "a", {"x\\\"/1"}, {"y"}) + Op("Tanh", "b", {"y"}, {"z\\n"})),
      AFirst);
  ExpectServable(model, EmitTriton(model, "{name='../up/my model'}"), SafeName("../up/my model"));
}

TEST(TritonTest, RefusesWhatTheServerWould) {
  EXPECT_THAT(Error(Case(ZooText("outputs_at_hand"), AllInOne)),
              HasSubstr("the model's input 'x' is its output too"));
  const Case still(ModelText(Input("x") + Output("z") + Weight("w") + Typed("y") +
                             Op("Relu", "a", {"w"}, {"y"}) + Op("Add", "b", {"x", "y"}, {"z"})),
                   AFirst);
  EXPECT_THAT(Error(still), HasSubstr("part p0 takes no tensors"));
  Case npu(ZooText(kChain), AFirst);
  npu.target.devices[DeviceId(1)].runtime.provider = "qnn";
  EXPECT_THAT(Error(npu), HasSubstr("part p1: device 'gpu0' runs by provider 'qnn'"));
  EXPECT_THAT(Error(Case(ZooText(kChain), AFirst), "{instances=0}"), HasSubstr("instances"));
}

}  // namespace
}  // namespace allot
