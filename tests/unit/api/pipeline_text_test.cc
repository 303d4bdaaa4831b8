// The pipeline of the options and the named one are the same.
#include <string>

#include <gtest/gtest.h>

#include "api/placement_setup.h"
#include "passes/pipeline/pipeline.h"
#include "passes/pipeline/registry.h"

namespace allot {
namespace {

std::string Printed(const std::string& text) {
  const absl::StatusOr<Pipeline> pipeline = ParsePipeline(text, BuiltinPasses());
  return pipeline.ok() ? PrintPipeline(*pipeline) : std::string(pipeline.status().message());
}

TEST(PipelineText, IsThatOfPlaceDefault) {
  CompileOptions options;
  EXPECT_EQ(Printed(PipelineText(options)), Printed("place-default"));
  options.solver = "heft";
  options.work = 5;
  options.strict_shapes = true;
  EXPECT_EQ(Printed(PipelineText(options)),
            Printed("place-default{solver=heft work=5 strict-shapes=true}"));
}

}  // namespace
}  // namespace allot
