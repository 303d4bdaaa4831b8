// A model prepared once gives the plans that compiling it anew each time gives.
#include "api/prepared_model.h"

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "api/compile.h"
#include "api/placement_setup.h"
#include "examples/models/onnx_builder.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

// A few layers for any batch.
std::string Layers() {
  examples::OnnxBuilder net("layers", 13);
  std::string x = net.Input("x", {-1, 8, 32, 32});
  for (int i = 0; i < 6; ++i) {
    const std::string name = "layer" + std::to_string(i);
    const std::string left = net.ConvRelu(x, 8, 4, 3, 1, name + "l");
    const std::string right = net.ConvRelu(x, 8, 4, 5, 1, name + "r");
    x = net.Concat({left, right}, 1, name);
  }
  net.Op("Neg", {x}, "end");
  net.Output("end_out", {-1, 8, 32, 32});
  return net.model().SerializeAsString();
}

CompileOptions Quick() {
  CompileOptions options;
  options.target = "cpu-2gpu";
  options.work = 2000;
  return options;
}

// All that is written for it, file by file.
std::string Written(const absl::StatusOr<Compilation>& compilation) {
  if (!compilation.ok()) return std::string(compilation.status().message());
  const auto files = compilation->Outputs("out", {.external_data = "embed"});
  if (!files.ok()) return std::string(files.status().message());
  std::string text = compilation->pipeline;
  for (const OutputFile& file : *files) {
    text += "\n=== " + file.name + "\n";
    for (const FileChunk& chunk : file.chunks) text += chunk.bytes;
  }
  return text;
}

class StepCounts final : public PassHooks {
 public:
  void BeginStep(absl::string_view name) override { ++counts_[std::string(name)]; }
  void Before(const PipelineStep& step, int, const ir::Module&, const ir::Plan&) override {
    if (step.graph_pass != nullptr) ++graph_passes;
  }
  int Of(const std::string& name) { return counts_[name]; }
  int graph_passes = 0;

 private:
  std::map<std::string, int> counts_;
};

class PreparedModelTest : public ::testing::Test {
 protected:
  PreparedModel Prepared(const CompileOptions& options) {
    absl::StatusOr<PreparedModel> model = PrepareBytes(bytes_, "m.onnx", options, diagnostics_);
    EXPECT_TRUE(model.ok()) << model.status();
    return *std::move(model);
  }
  absl::StatusOr<Compilation> Compiled(const CompileOptions& options) {
    return CompileBytes(bytes_, "m.onnx", options, diagnostics_);
  }

  const std::string bytes_ = Layers();
  Diagnostics diagnostics_;
};

TEST_F(PreparedModelTest, GivesThePlansOfCompile) {
  const PreparedModel model = Prepared({});
  for (const char* target : {"cpu-2gpu", "dual-socket-4gpu", "soc-npu"}) {
    for (const ir::Objective objective : {ir::Objective::kLatency, ir::Objective::kThroughput}) {
      for (const char* batch : {"x_d0=1", "x_d0=16"}) {
        CompileOptions options = Quick();
        options.target = target;
        options.objective = objective;
        options.dims = {batch};
        Diagnostics of_plan;
        const std::string written = Written(Plan(model, options, of_plan));
        EXPECT_EQ(written, Written(Compiled(options))) << target << " " << batch;
        EXPECT_THAT(written, HasSubstr("=== manifest.json"));
      }
    }
  }
}

TEST_F(PreparedModelTest, InfersOnceForManyTargets) {
  const PreparedModel model = Prepared({});
  StepCounts counts;
  RunOptions run;
  run.hooks = &counts;
  CompileOptions options = Quick();
  options.machine = *LoadTarget("cpu-2gpu");
  for (int i = 0; i < 64; ++i) {
    options.machine->devices[DeviceId(1)].memory -= 1 << 20;
    options.work = 100;
    const absl::StatusOr<Compilation> compilation = Plan(model, options, diagnostics_, run);
    ASSERT_TRUE(compilation.ok()) << compilation.status();
    EXPECT_EQ(compilation->module.get(), &model.module()) << "no copy";
  }
  EXPECT_EQ(counts.Of("OperatorWork"), 1);
  EXPECT_EQ(counts.graph_passes, 0);
  options.dims = {"x_d0=7"};
  ASSERT_TRUE(Plan(model, options, diagnostics_, run).ok());
  EXPECT_EQ(counts.Of("OperatorWork"), 2);
}

TEST_F(PreparedModelTest, MayBePlannedByManyThreads) {
  const PreparedModel model = Prepared({});
  std::vector<std::string> written(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < written.size(); ++i) {
    threads.emplace_back([&model, &written, i] {
      CompileOptions options = Quick();
      options.dims = {"x_d0=" + std::to_string(1 + i % 2)};
      Diagnostics diagnostics;
      written[i] = Written(Plan(model, options, diagnostics));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CompileOptions options = Quick();
  for (const size_t batch : {1, 2}) {
    options.dims = {"x_d0=" + std::to_string(batch)};
    const std::string truth = Written(Compiled(options));
    for (size_t i = batch - 1; i < written.size(); i += 2) EXPECT_EQ(written[i], truth);
  }
}

TEST_F(PreparedModelTest, TakesPlanPassesAlone) {
  const PreparedModel model = Prepared({});
  CompileOptions options = Quick();
  options.pipeline = "estimate-cost,coarsen,place{work=500},form-parts,schedule";
  const absl::StatusOr<Compilation> planned = Plan(model, options, diagnostics_);
  ASSERT_TRUE(planned.ok()) << planned.status();
  options.pipeline = planned->pipeline;
  EXPECT_EQ(Written(planned), Written(Compiled(options))) << "the text is of all passes";
}

TEST_F(PreparedModelTest, RefusesOtherGraphPasses) {
  const PreparedModel model = Prepared({});
  CompileOptions options = Quick();
  options.strict_shapes = true;
  const absl::Status status = Plan(model, options, diagnostics_).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("m.onnx: the model was prepared by"));
  EXPECT_THAT(status.message(), HasSubstr("strict=true"));
}

TEST_F(PreparedModelTest, KnowsWhatItWasPlannedFor) {
  CompileOptions options = Quick();
  options.dims = {"x_d0=8"};
  const absl::StatusOr<Compilation> compilation = Compiled(options);
  ASSERT_TRUE(compilation.ok()) << compilation.status();
  EXPECT_EQ(compilation->dims.symbols.at("x_d0"), 8);
  EXPECT_THAT(Written(compilation), HasSubstr("\"x_d0\": 8"));
}

}  // namespace
}  // namespace allot
