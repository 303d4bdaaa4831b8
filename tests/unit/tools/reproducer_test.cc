#include "tools/reproducer.h"

#include <gtest/gtest.h>

#include "api/placement_setup.h"
#include "support/status.h"
#include "target/target_json.h"
#include "tests/models/build_graph.h"

namespace allot {
namespace {

Reproducer Sample() {
  Reproducer reproducer;
  reproducer.pipeline = "builtin.module(onnx.graph(place{solver=\"a b\"}))";
  reproducer.verify_each = false;
  reproducer.compile.machine = *LoadTarget("cpu-gpu");
  reproducer.compile.objective = ir::Objective::kThroughput;
  reproducer.compile.dims = {"N=4", "S=2,T=3"};
  reproducer.compile.default_dim = 7;
  reproducer.compile.cost_files = {"a,b.csv"};
  reproducer.compile.seed = 11;
  return reproducer;
}

TEST(ReproducerTest, CarriesAllThatPassesSee) {
  const Reproducer sample = Sample();
  // With and without constants behind the IR.
  for (const ir::Module& module : {testing::SmallCnn(), testing::Chain(2)}) {
    const std::string text = PrintReproducer(sample, module, ir::Plan());
    const absl::StatusOr<ir::ParsedModule> parsed =
        ir::Parse(text, "r.mlir", &*sample.compile.machine);
    ASSERT_TRUE(parsed.ok()) << parsed.status().message() << text;
    EXPECT_TRUE(ir::Equal(parsed->module, module));
    const absl::StatusOr<std::optional<Reproducer>> found =
        FindReproducer(parsed->external_resources, CompileOptions());
    ASSERT_TRUE(found.ok()) << found.status().message();
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ((*found)->pipeline, sample.pipeline);
    EXPECT_FALSE((*found)->verify_each);
    const CompileOptions& compile = (*found)->compile;
    EXPECT_EQ(PrintTarget(*compile.machine), PrintTarget(*sample.compile.machine));
    EXPECT_EQ(compile.objective, ir::Objective::kThroughput);
    EXPECT_EQ(compile.dims, sample.compile.dims);
    EXPECT_EQ(compile.default_dim, 7);
    EXPECT_EQ(compile.cost_files, sample.compile.cost_files);
    EXPECT_EQ(compile.seed, 11u);
  }
}

TEST(ReproducerTest, TakesThoseOfMlirOptAndRefusesWhatItDoesNotKnow) {
  const auto find = [](std::vector<ir::ExternalResource> resources) {
    return FindReproducer(resources, CompileOptions());
  };
  EXPECT_FALSE(find({{"other", "pipeline", "x"}})->has_value());
  EXPECT_EQ((*find({{"mlir_reproducer", "pipeline", "builtin.module(cse)"}}))->pipeline,
            "builtin.module(cse)");
  EXPECT_EQ(find({{"mlir_reproducer", "pipelin", "x"}}).status().message(),
            "mlir_reproducer.pipelin: there is no such key");
  EXPECT_FALSE(find({{"allot_reproducer", "seed", "x"}}).ok());
}

}  // namespace
}  // namespace allot
