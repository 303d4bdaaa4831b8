// Widths of ranges of blocks, chosen for small machines, and the plans that come of them.
#include "api/stage_widths.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "api/compile.h"
#include "passes/splitting/slice_name.h"
#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using testing::F32;
using ::testing::HasSubstr;
using testing::ModuleBuilder;

ir::Module Layers(int layers) {
  ModuleBuilder m;
  const std::vector<int64_t> stream = {2, 256}, wide = {2, 512};
  ir::ValueId x = m.Op("Identity", {m.Input("x", F32(stream))}, F32(stream));
  for (int i = 0; i < layers; ++i) {
    const std::string name = "w" + std::to_string(i);
    const ir::ValueId norm = m.Op("Tanh", {x}, F32(stream));
    const ir::ValueId up = m.Op("MatMul", {norm, m.Weight(name + "up", {256, 512})}, F32(wide));
    const ir::ValueId act = m.Op("Sigmoid", {up}, F32(wide));
    const ir::ValueId down =
        m.Op("MatMul", {act, m.Weight(name + "down", {512, 256})}, F32(stream));
    x = m.Op("Add", {x, down}, F32(stream));
  }
  return std::move(m).Finish({x});
}

// Devices that are alike, with fast links.
CompileOptions For(size_t devices, Bytes memory) {
  Target target = testing::SlowTarget(static_cast<int>(devices));
  for (Device& device : target.devices) {
    device.flops["default"] = 1'000'000'000;
    device.memory_bandwidth = 100'000'000;
    device.memory = memory;
  }
  for (auto& row : target.routes) {
    for (std::optional<Route>& route : row) {
      for (Route::Segment& segment : route->segments) segment = {kPicosPerMicro, 10'000'000'000};
    }
  }
  CompileOptions options;
  options.machine = target;
  options.tensor_width = "auto";
  return options;
}

std::optional<StageWidths> Choose(const ir::Module& module, const CompileOptions& options) {
  const absl::StatusOr<PlacementSetup> setup = MakePlacementSetup(options);
  EXPECT_TRUE(setup.ok()) << setup.status();
  const absl::StatusOr<std::optional<StageWidths>> widths =
      ChooseStageWidths(module, "model", options, *setup, {});
  EXPECT_TRUE(widths.ok()) << widths.status();
  return widths.ok() ? *widths : std::nullopt;
}

TEST(StageWidthsTest, OneInferenceIsDividedAndAStreamIsNot) {
  CompileOptions options = For(2, 1 << 30);
  const std::optional<StageWidths> latency = Choose(Layers(6), options);
  ASSERT_TRUE(latency.has_value());
  EXPECT_FALSE(latency->ranges.empty());
  EXPECT_THAT(latency->text, HasSubstr("on 2 devices each"));
  options.objective = ir::Objective::kThroughput;
  const std::optional<StageWidths> stream = Choose(Layers(6), options);
  ASSERT_TRUE(stream.has_value());
  EXPECT_EQ(stream->ranges, "");
}

TEST(StageWidthsTest, WhatIsNoChainHasNone) {
  EXPECT_FALSE(Choose(Layers(2), For(2, 1 << 30)).has_value());
  EXPECT_FALSE(Choose(Layers(6), For(1, 1 << 30)).has_value());
}

TEST(StageWidthsTest, ThePlanHasSlicesOnDevicesOfTheirOwn) {
  CompileOptions options = For(2, 1 << 30);
  Diagnostics diagnostics;
  const absl::StatusOr<Compilation> plan = CompileModule(Layers(6), "model", options, diagnostics);
  ASSERT_TRUE(plan.ok()) << plan.status();
  options.tensor_width = "1";
  const absl::StatusOr<Compilation> whole = CompileModule(Layers(6), "model", options, diagnostics);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_LT(plan->plan.summary->value, whole->plan.summary->value);
  std::string note;
  for (const Diagnostic& diagnostic : diagnostics.all()) note += diagnostic.message;
  EXPECT_THAT(note, HasSubstr("the lower bound is that of plans with this width"));
}

TEST(StageWidthsTest, AStreamWithALimitIsDivided) {
  CompileOptions options = For(4, 1 << 30);
  options.objective = ir::Objective::kThroughput;
  const std::optional<StageWidths> free = Choose(Layers(8), options);
  ASSERT_TRUE(free.has_value());
  EXPECT_EQ(free->ranges, "");
  // One inference on one device takes about 8 * 2 * 5.2 ms.
  options.latency_limit = 60 * kPicosPerMilli;
  const std::optional<StageWidths> limited = Choose(Layers(8), options);
  ASSERT_TRUE(limited.has_value());
  EXPECT_NE(limited->ranges, "");
  Diagnostics diagnostics;
  options.split_widths = limited->ranges;
  options.tensor_width = "1";
  const absl::StatusOr<Compilation> plan = CompileModule(Layers(8), "model", options, diagnostics);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const ir::Summary& summary = *plan->plan.summary;
  EXPECT_LE(plan->plan.lanes.empty() ? summary.value : summary.latency, options.latency_limit);
}

}  // namespace
}  // namespace allot
