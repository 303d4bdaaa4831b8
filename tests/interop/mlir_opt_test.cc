// Stock mlir-opt accepts everything we print, and we read what it prints.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "ir/parse.h"
#include "ir/print.h"
#include "tests/models/build_graph.h"
#include "tests/models/random_graph.h"
#include "tests/models/rich_module.h"

namespace allot::ir {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Runs mlir-opt on `text`; gives its output.
std::string MlirOpt(const std::string& text, const std::string& flags) {
  const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string base = ::testing::TempDir() + "/allot_mlir_" + name;
  std::ofstream(base + ".in.mlir", std::ios::binary) << text;
  const std::string command = std::string(ALLOT_MLIR_OPT) + " --allow-unregistered-dialect " +
                              flags + " " + base + ".in.mlir -o " + base + ".out.mlir 2> " + base +
                              ".log";
  EXPECT_EQ(std::system(command.c_str()), 0) << ReadFile(base + ".log").substr(0, 2000);
  std::string output = ReadFile(base + ".out.mlir");
  for (const char* suffix : {".in.mlir", ".out.mlir", ".log"}) {
    std::remove((base + suffix).c_str());
  }
  return output;
}

void ExpectAccepted(const Module& module, const Plan* plan) {
  const Target target = testing::TwoDevices();
  PrintOptions options;
  options.locations = true;
  options.plan = plan;
  options.target = &target;
  const std::string text = Print(module, options);
  MlirOpt(text, "--verify-roundtrip");
  std::vector<const char*> forms = {"--mlir-print-debuginfo",
                                    "--mlir-print-debuginfo --mlir-print-op-generic"};
  // Without aliases for locations; but in this form mlir-opt leaves resources out.
  if (text.find("dialect_resources") == text.npos) {
    forms.push_back("--mlir-print-debuginfo --mlir-print-local-scope");
  }
  for (const char* flags : forms) {
    const std::string printed = MlirOpt(text, flags);
    const absl::StatusOr<ParsedModule> parsed = Parse(printed, "mlir-opt", &target);
    ASSERT_TRUE(parsed.ok()) << flags << ": " << parsed.status().message();
    EXPECT_TRUE(Equal(parsed->module, module)) << flags;
    if (plan != nullptr) {
      EXPECT_EQ(parsed->plan, *plan) << flags;
    }
  }
}

TEST(MlirOptTest, SmallModels) {
  ExpectAccepted(testing::NestedIf(), nullptr);
  ExpectAccepted(testing::WithFunctions(), nullptr);
  ExpectAccepted(testing::SmallCnn(), nullptr);
}

TEST(MlirOptTest, EveryFieldAndAPlan) {
  const Module module = testing::RichModule();
  const Plan plan = testing::FullPlanWithLanes(module.graph);
  ExpectAccepted(module, &plan);
}

TEST(MlirOptTest, RandomModels) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    testing::RandomGraphOptions options;
    options.seed = seed;
    ExpectAccepted(testing::RandomModule(options), nullptr);
  }
}

TEST(MlirOptTest, ElidedConstants) {
  PrintOptions options;
  options.elide_larger_than = 16;
  MlirOpt(Print(testing::SmallCnn(), options), "");
}

}  // namespace
}  // namespace allot::ir
