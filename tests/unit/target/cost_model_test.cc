#include "target/cost_model.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/builtin_targets.h"
#include "target/target_json.h"
#include "tests/folders.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

Device SimpleDevice(std::string kind) {
  Device device;
  device.name = kind + "0";
  device.kind = std::move(kind);
  device.memory = 1 << 30;
  device.flops = {{"float32", 1'000'000'000'000}, {"int8", 4'000'000'000'000}};
  device.memory_bandwidth = 100'000'000'000;
  device.op_cost = kPicosPerMicro;
  return device;
}

OpFeatures Op(OpFamily family, int64_t flops, Bytes read, Bytes written, Bytes weights) {
  OpFeatures op;
  op.name = "n";
  op.op_type = "Conv";
  op.family = family;
  op.flops = flops;
  op.read = read;
  op.written = written;
  op.weights = weights;
  return op;
}

std::unique_ptr<CostModel> Model(const char* name, const char* options = "") {
  const Registry<CostModel> registry = BuiltinCostModels();
  const Entry<CostModel>* entry = registry.Find(name);
  EXPECT_NE(entry, nullptr);
  return entry->make(options).value();
}

TEST(Roofline, TakesTheLongerOfArithmeticAndBytes) {
  const auto model = Model("roofline");
  const Device cpu = SimpleDevice("cpu");
  // 7 GFLOP at 70% of 1 TFLOP/s: 10 ms.
  EXPECT_EQ(*model->OpTime(Op(OpFamily::kMatrix, 7'000'000'000, 10, 10, 10), cpu),
            10 * kPicosPerMilli + kPicosPerMicro);
  // 8 GB at 80% of 100 GB/s: 100 ms; constants count.
  EXPECT_EQ(
      *model->OpTime(Op(OpFamily::kMatrix, 7, 3'000'000'000, 1'000'000'000, 4'000'000'000), cpu),
      100 * kPicosPerMilli + kPicosPerMicro);
  // A movement says itself what it touches of its constants.
  EXPECT_EQ(*model->OpTime(Op(OpFamily::kMovement, 0, 600, 0, 1'000'000'000), cpu),
            600 * kPicosPerSecond / 60'000'000'000 + kPicosPerMicro);
  EXPECT_EQ(*model->OpTime(Op(OpFamily::kNone, 100, 100, 100, 100), cpu), 0);
  // Nothing known: one launch.
  EXPECT_EQ(*model->OpTime(Op(OpFamily::kOther, 1'000'000, 0, 0, 0), cpu), kPicosPerMicro);
}

TEST(Roofline, UsesTheRateOfTheType) {
  const auto model = Model("roofline");
  const Device cpu = SimpleDevice("cpu");
  OpFeatures op = Op(OpFamily::kMatrix, 7'000'000'000, 0, 0, 0);
  op.dtype = "int8";
  EXPECT_EQ(*model->OpTime(op, cpu), 10 * kPicosPerMilli / 4 + kPicosPerMicro);
  op.dtype = "float16";  // not listed, no default: float32
  EXPECT_EQ(*model->OpTime(op, cpu), 10 * kPicosPerMilli + kPicosPerMicro);
  op.launches = 5;
  EXPECT_EQ(*model->OpTime(op, cpu), 10 * kPicosPerMilli + 5 * kPicosPerMicro);
}

TEST(Roofline, AFusedKernelPaysItsBoundaryAndOneLaunch) {
  const auto model = Model("roofline");
  const Device cpu = SimpleDevice("cpu");
  const OpFeatures conv = Op(OpFamily::kMatrix, 7'000'000'000, 4'000'000, 4'000'000, 1'000'000);
  const OpFeatures relu = Op(OpFamily::kElementwise, 1'000'000, 4'000'000, 4'000'000, 0);
  const OpFeatures shape = Op(OpFamily::kNone, 0, 4'000'000, 8, 0);
  OpFeatures fused = Op(OpFamily::kMatrix, 7'001'000'000, 4'000'000, 4'000'000, 1'000'000);
  const Picos time = *model->FusedTime({&conv, &relu, &shape}, fused, cpu);
  EXPECT_LT(time, *model->OpTime(conv, cpu) + *model->OpTime(relu, cpu));
  // 10 ms and 1 MFLOP at 25% of the peak.
  EXPECT_EQ(time, 10 * kPicosPerMilli + 4 * kPicosPerMicro + kPicosPerMicro);
  EXPECT_EQ(*model->FusedTime({&shape}, shape, cpu), 0);
  EXPECT_EQ(*model->FusedTime({&conv}, conv, cpu), *model->OpTime(conv, cpu));
}

TEST(Roofline, OptionsScaleAndAreChecked) {
  const Device cpu = SimpleDevice("cpu");
  const OpFeatures op = Op(OpFamily::kMatrix, 7'000'000'000, 0, 0, 0);
  EXPECT_EQ(*Model("roofline", "compute-percent=50")->OpTime(op, cpu),
            20 * kPicosPerMilli + kPicosPerMicro);
  const Registry<CostModel> registry = BuiltinCostModels();
  EXPECT_EQ(registry.Find("roofline")->make("compute-percent=0").status().message(),
            "roofline: a percentage of 0 is not between 1 and 1000");
  EXPECT_THAT(std::string(registry.Find("roofline")->make("compute=1").status().message()),
              HasSubstr("no such option 'compute'"));
  EXPECT_EQ(registry.Find("roofline")->normalize("").value(),
            "compute-percent=100 bandwidth-percent=100");
}

TEST(Roofline, DividesATime) {
  const auto model = Model("roofline");
  OpFeatures op = Op(OpFamily::kMatrix, 7'000'000'000, 800'000, 0, 0);
  op.launches = 3;
  const CostBreakdown cost = *model->Breakdown(op, SimpleDevice("cpu"));
  EXPECT_EQ(cost.compute, 10 * kPicosPerMilli);
  EXPECT_EQ(cost.memory, 10 * kPicosPerMicro);
  EXPECT_EQ(cost.launch, 3 * kPicosPerMicro);
  EXPECT_EQ(cost.other, 0);
  EXPECT_EQ(*model->Breakdown(Op(OpFamily::kNone, 1, 1, 1, 1), SimpleDevice("cpu")),
            CostBreakdown());
}

TEST(Flops, IsArithmeticAtThePeak) {
  const auto model = Model("flops");
  EXPECT_EQ(*model->OpTime(Op(OpFamily::kMatrix, 1'000'000'000, 9, 9, 9), SimpleDevice("gpu")),
            kPicosPerMilli);
}

TEST(CostModel, DividesNothingUnlessItSaysHow) {
  class Constant final : public CostModel {
   public:
    absl::StatusOr<Picos> OpTime(const OpFeatures&, const Device&) const override { return 5; }
  };
  EXPECT_EQ(*Constant().Breakdown(OpFeatures(), Device()), CostBreakdown{.other = 5});
  EXPECT_EQ(Total({.compute = 3, .memory = 4, .launch = 2, .other = 1}), 7);
  EXPECT_EQ(Total({.compute = kMaxPicos, .launch = kMaxPicos}), kMaxPicos);
}

// What every cost model promises, on every built-in device.
TEST(CostModels, AreBoundedMonotoneAndRepeatable) {
  const Registry<CostModel> registry = BuiltinCostModels();
  for (const Entry<CostModel>& entry : registry.entries()) {
    const std::unique_ptr<CostModel> model = entry.make("").value();
    for (const std::string& name : BuiltinTargetNames()) {
      const Target target = ParseTarget(BuiltinTargetText(name).value(), name).value();
      for (const Device& device : target.devices) {
        for (int family = 0; family <= static_cast<int>(OpFamily::kOther); ++family) {
          for (const char* dtype : {"float32", "float16", "int8", "int64"}) {
            Picos last = 0;
            for (int shift = 0; shift < 63; shift += 3) {
              const int64_t amount = int64_t{1} << shift;
              OpFeatures op = Op(static_cast<OpFamily>(family), amount, amount, amount, amount);
              op.dtype = dtype;
              const Picos time = *model->OpTime(op, device);
              EXPECT_GE(time, last) << entry.name << " " << device.name;
              EXPECT_LE(time, kMaxPicos);
              EXPECT_EQ(time, *model->OpTime(op, device));
              EXPECT_EQ(time, Total(*model->Breakdown(op, device)));
              const Picos fused = *model->FusedTime({&op, &op}, op, device);
              EXPECT_GE(fused, 0);
              EXPECT_LE(fused, kMaxPicos);
              last = time;
            }
          }
        }
      }
    }
  }
}

TEST(CostModels, FolderAndTableAgree) {
  std::ifstream table(std::string(kSourceFolder) + "/target/cost_models/registry.def");
  std::set<std::string> listed;
  for (std::string line; std::getline(table, line);) {
    const std::string prefix = "ALLOT_COST_MODEL(";
    if (line.rfind(prefix, 0) == 0) {
      listed.insert(line.substr(prefix.size(), line.find(')') - prefix.size()) + "Entry() {");
    }
  }
  std::set<std::string> defined;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(kSourceFolder) + "/target/cost_models")) {
    std::ifstream source(file.path());
    const std::string prefix = "Entry<CostModel> ";
    for (std::string line; std::getline(source, line);) {
      if (line.rfind(prefix, 0) == 0) defined.insert(line.substr(prefix.size()));
    }
  }
  EXPECT_EQ(listed, defined);
  EXPECT_EQ(listed.size(), BuiltinCostModels().entries().size());
}

TEST(WhyUnsupported, LooksAtOperatorsAndTypes) {
  Device npu = SimpleDevice("npu");
  OpFeatures op;
  op.op_type = "Softmax";
  EXPECT_EQ(WhyUnsupported(op, npu), std::nullopt);
  npu.supported_ops = {"Conv", "com.microsoft:*"};
  EXPECT_EQ(WhyUnsupported(op, npu), "npu0 does not support Softmax");
  op.op_type = "Conv";
  EXPECT_EQ(WhyUnsupported(op, npu), std::nullopt);
  op.domain = "other";
  EXPECT_EQ(WhyUnsupported(op, npu), "npu0 does not support other:Conv");
  op.domain = "com.microsoft";
  EXPECT_EQ(WhyUnsupported(op, npu), std::nullopt);
  npu.unsupported_ops = {"com.microsoft:Conv"};
  EXPECT_EQ(WhyUnsupported(op, npu), "npu0 does not support com.microsoft:Conv");
  npu.unsupported_ops = {"*"};
  EXPECT_EQ(WhyUnsupported(op, npu), std::nullopt) << "'*' is ai.onnx";
  npu.supported_dtypes = {"int8"};
  EXPECT_EQ(WhyUnsupported(op, npu), "npu0 does not compute in float32");
}

}  // namespace
}  // namespace allot
