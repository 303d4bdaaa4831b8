#include "tools/plugin_flags.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

std::string Load(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "program");
  Registries registries;
  return std::string(
      LoadPlugins(static_cast<int>(arguments.size()), arguments.data(), registries).message());
}

TEST(PluginFlags, AreFoundAmongOthers) {
  EXPECT_THAT(Load({"--seed=x", "model", "-load-plugin=a/b.so"}),
              StartsWith("--load-plugin=a/b.so: cannot be loaded: "));
  EXPECT_THAT(Load({"--load-pass-plugin", "a/b.so", "--load-plugin=c"}),
              StartsWith("--load-pass-plugin=a/b.so: "));
  EXPECT_EQ(Load({"load-plugin=a", "-", "--load-plugins=a", "--", "--load-plugin=a"}), "");
  EXPECT_EQ(Load({"--load-plugin"}), "") << "the parser says it";
}

TEST(PluginFlags, AreParsedLikeOthers) {
  CommandLine line("program", "", "");
  std::vector<std::string> paths;
  DeclarePluginFlags(line, paths);
  const char* const arguments[] = {"program", "--load-plugin=a", "--load-pass-plugin", "b", "c"};
  ASSERT_TRUE(line.Parse(5, arguments).ok());
  EXPECT_THAT(paths, ElementsAre("a", "b"));
  EXPECT_THAT(line.positional(), ElementsAre("c"));
}

TEST(PluginFlags, APassMustNotBeNamedLikeAFlag) {
  bool value = false;
  const char* const arguments[] = {"program"};
  for (const char* name : {"load-plugin", "help"}) {
    CommandLine line("program", "", "");
    std::vector<std::string> paths;
    DeclarePluginFlags(line, paths);
    line.Flag(name, &value, "of a pass");
    EXPECT_EQ(line.Parse(1, arguments).message(),
              std::string("--") + name +
                  " would mean two things; a plug-in's pass must not be named like a flag");
  }
}

}  // namespace
}  // namespace allot
