#include "passes/pipeline/registry.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "passes/pipeline/pipeline.h"
#include "tests/folders.h"

namespace allot {
namespace {

// The names that the files of a door folder stand for.
std::set<std::string> NamesInFolder(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(kSourceFolder) + "/passes/" + folder)) {
    if (file.path().extension() != ".cc") continue;
    std::string name = file.path().stem().string();
    std::replace(name.begin(), name.end(), '_', '-');
    names.insert(name);
  }
  return names;
}

template <typename Pass>
std::set<std::string> NamesInRegistry(const Registry<Pass>& registry) {
  const std::vector<std::string> names = registry.names();
  return {names.begin(), names.end()};
}

TEST(BuiltinPassesTest, EveryFileHasItsLine) {
  const PassRegistry registry = BuiltinPasses();
  EXPECT_EQ(NamesInFolder("graph"), NamesInRegistry(registry.graph_passes));
  EXPECT_EQ(NamesInFolder("plan"), NamesInRegistry(registry.plan_passes));
}

template <typename Pass>
void ExpectDocumented(const Registry<Pass>& registry) {
  for (const Entry<Pass>& entry : registry.entries()) {
    EXPECT_FALSE(entry.summary.empty()) << entry.name;
    EXPECT_NE(entry.summary.back(), '.') << entry.name;
    for (const OptionDoc& option : entry.options.options) {
      EXPECT_FALSE(option.summary.empty()) << entry.name << " " << option.name;
    }
    EXPECT_TRUE(entry.make("").ok()) << entry.name;
  }
}

TEST(BuiltinPassesTest, EverythingIsDocumented) {
  const PassRegistry registry = BuiltinPasses();
  ExpectDocumented(registry.graph_passes);
  ExpectDocumented(registry.plan_passes);
  for (const NamedPipeline& pipeline : registry.pipelines) {
    EXPECT_FALSE(pipeline.summary.empty()) << pipeline.name;
  }
}

TEST(BuiltinPassesTest, NamedPipelinesPrintAndParseBack) {
  const PassRegistry registry = BuiltinPasses();
  for (const NamedPipeline& named : registry.pipelines) {
    const absl::StatusOr<Pipeline> pipeline = ParsePipeline(named.name, registry);
    ASSERT_TRUE(pipeline.ok()) << pipeline.status();
    const std::string printed = PrintPipeline(*pipeline);
    const absl::StatusOr<Pipeline> again = ParsePipeline(printed, registry);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(PrintPipeline(*again), printed);
    // One that decides stands last: the graph is frozen then.
    EXPECT_TRUE(ParsePipeline("canonicalize," + named.name, registry).ok()) << named.name;
  }
}

TEST(BuiltinPassesTest, BadOptionValuesAreErrorsNotCrashes) {
  const PassRegistry registry = BuiltinPasses();
  for (const char* text :
       {"coarsen{max-items=x}", "place{work=1.5}", "split-modularity{resolution=nan}",
        "coarsen{fuse=maybe}", "refine{work=99999999999999999999}"}) {
    EXPECT_FALSE(ParsePipeline(text, registry).ok()) << text;
  }
}

}  // namespace
}  // namespace allot
