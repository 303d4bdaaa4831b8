#include "api/c_cost_model.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/plugin_loader.h"

namespace allot {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

OpFeatures Op(const char* type, int64_t flops) {
  OpFeatures op;
  op.op_type = type;
  op.family = OpFamily::kMatrix;
  op.flops = flops;
  return op;
}

Device Gpu() {
  Device device;
  device.name = "gpu0";
  device.kind = "gpu";
  device.flops["float32"] = 1'000'000'000'000;
  return device;
}

class Told : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::Status status =
        LoadPlugin(std::string(ALLOT_TEST_PLUGINS) + "/says_what_it_is_told.so", registries_);
    ASSERT_TRUE(status.ok()) << status.message();
  }
  std::unique_ptr<CostModel> Make(const std::string& options) const {
    return registries_.cost_models.Find("told")->make(options).value();
  }
  std::string Error(const std::string& options) const {
    return std::string(Make(options)->OpTime(Op("Conv", 10), Gpu()).status().message());
  }
  Registries registries_;
  const std::unique_ptr<CostModel> roofline_ =
      BuiltinCostModels().Find("roofline")->make("").value();
};

TEST_F(Told, IsFoundByNameWithItsOptionsAsWritten) {
  const Entry<CostModel>* entry = registries_.cost_models.Find("told");
  EXPECT_EQ(entry->summary, "answers as its options say");
  EXPECT_EQ(entry->normalize(" time=5 ").value(), "time=5");
  EXPECT_EQ(entry->make(" ").status().message(), "told: needs options, such as time=5");
  EXPECT_EQ(registries_.plugins[0].name, "told");
  EXPECT_EQ(registries_.plugins[0].version, "0.3");
}

TEST_F(Told, SaysTimes) {
  EXPECT_EQ(*Make("time=5")->OpTime(Op("Conv", 10), Gpu()), 5);
  const OpFeatures conv = Op("Conv", 10), relu = Op("Relu", 1);
  EXPECT_EQ(*Make("time=5")->FusedTime({&conv, &relu}, conv, Gpu()), 10) << "the sum";
  EXPECT_EQ(*Make("fused=7")->FusedTime({&conv, &relu}, conv, Gpu()), 7 + 10 + 1);
}

TEST_F(Told, AsksTheRooflineModelForTheRest) {
  const OpFeatures conv = Op("Conv", 1'000'000), gemm = Op("Gemm", 2'000'000);
  const OpFeatures whole = Op("Conv", 3'000'000);
  const Picos gemm_time = *roofline_->OpTime(gemm, Gpu());
  EXPECT_EQ(*Make("only=Conv")->OpTime(conv, Gpu()), 1000);
  EXPECT_EQ(*Make("only=Conv")->OpTime(gemm, Gpu()), gemm_time);
  EXPECT_EQ(*Make("only=Conv")->FusedTime({&conv, &gemm}, whole, Gpu()), 1000 + gemm_time);
  EXPECT_EQ(*Make("only=Relu")->FusedTime({&conv, &gemm}, whole, Gpu()),
            *roofline_->FusedTime({&conv, &gemm}, whole, Gpu()));
}

TEST_F(Told, ErrorsNameThePlugin) {
  EXPECT_EQ(Error("error"),
            "plug-in 'told': cost model 'told': no table for Conv in float32 on a gpu");
  EXPECT_THAT(Error("silent"), EndsWith("'told': it gives no reason"));
  EXPECT_THAT(Error("endless"), EndsWith(std::string(511, 'x'))) << "cut at the end of the buffer";
  EXPECT_THAT(Error("code=9"), HasSubstr("estimate returned 9, which means nothing"));
  EXPECT_THAT(Error("time=-5"),
              HasSubstr("estimate says -5 ps; expected 0 to 9223372036854, please"));
  EXPECT_THAT(Error("time=9223372036855"), HasSubstr("estimate says 9223372036855 ps"));
  const OpFeatures conv = Op("Conv", 10);
  EXPECT_THAT(
      std::string(Make("fused=-50")->FusedTime({&conv, &conv}, conv, Gpu()).status().message()),
      HasSubstr("estimate_fused says -30 ps"));
}

TEST(CCostModel, HasAllItsMembers) {
  EXPECT_EQ(CCostModelEntry(nullptr).status().message(), "allotGetCostModelPlugin() returns NULL");
  const AllotCostModelPlugin good = {
      .abi = ALLOT_COST_MODEL_ABI,
      .size = sizeof(AllotCostModelPlugin) + 8,  // of a later header
      .name = "x",
      .version = "1",
      .description = "d",
      .create = [](const char*, char*, size_t) -> void* { return nullptr; },
      .destroy = [](void*) {},
      .estimate = [](void*, const AllotOp*, const AllotDevice*, int64_t*, char*,
                     size_t) { return int{ALLOT_COST_UNKNOWN}; },
      .estimate_fused = nullptr};
  EXPECT_TRUE(CCostModelEntry(&good).ok());
  AllotCostModelPlugin bad = good;
  bad.abi = 2;
  EXPECT_THAT(std::string(CCostModelEntry(&bad).status().message()),
              AllOf(StartsWith("its cost model is made for interface 2 with "),
                    EndsWith("; build it with this program's cost_model_plugin.h")));
  bad = good;
  bad.size = 8;
  EXPECT_THAT(std::string(CCostModelEntry(&bad).status().message()),
              HasSubstr("interface 1 with 8 bytes"));
  bad = good;
  bad.name = nullptr;
  EXPECT_EQ(CCostModelEntry(&bad).status().message(),
            "its cost model has no name: the member is NULL");
  bad = good;
  bad.destroy = nullptr;
  EXPECT_EQ(CCostModelEntry(&bad).status().message(),
            "its cost model has no destroy: the member is NULL");
}

}  // namespace
}  // namespace allot
