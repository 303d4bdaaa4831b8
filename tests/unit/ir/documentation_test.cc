// The examples in docs/ir.md are what the parser accepts and the printer writes.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "ir/parse.h"
#include "ir/print.h"
#include "tests/folders.h"

namespace allot::ir {
namespace {

TEST(DocumentationTest, ExamplePrintsAsItStands) {
  std::ifstream in(std::string(kSourceFolder) + "/docs/ir.md");
  std::stringstream whole;
  whole << in.rdbuf();
  const std::string page = whole.str();
  const std::string fence = "```mlir\n";
  const size_t start = page.find(fence);
  ASSERT_NE(start, page.npos);
  const size_t end = page.find("```", start + fence.size());
  const std::string example = page.substr(start + fence.size(), end - start - fence.size());

  const absl::StatusOr<ParsedModule> parsed = Parse(example, "docs/ir.md", nullptr);
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(parsed->module.graph.num_nodes(), 4u);
  PrintOptions options;
  options.locations = true;
  EXPECT_EQ(Print(parsed->module, options), example);
}

}  // namespace
}  // namespace allot::ir
