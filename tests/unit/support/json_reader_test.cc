#include "support/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Messages(const Diagnostics& diagnostics) {
  std::vector<std::string> messages;
  for (const Diagnostic& diagnostic : diagnostics.all()) messages.push_back(ToString(diagnostic));
  return messages;
}

TEST(JsonReaderTest, ReadsEveryKind) {
  const Json json = *ParseJson(
      R"({"s": "x", "b": true, "i": 3, "d": 2.5, "n": 4, "l": ["p", "q"], "o": {"k": 1}})");
  Diagnostics diagnostics;
  JsonReader reader(json, "f.json", "", diagnostics);
  std::string s;
  bool b = false;
  int64_t i = 0;
  double d = 0, n = 0;
  std::vector<std::string> l;
  EXPECT_TRUE(reader.Require("s", s) && reader.Read("b", b) && reader.Read("i", i));
  EXPECT_TRUE(reader.Read("d", d) && reader.Read("n", n) && reader.Read("l", l));
  EXPECT_EQ(s, "x");
  EXPECT_TRUE(b);
  EXPECT_EQ(i, 3);
  EXPECT_EQ(d, 2.5);
  EXPECT_EQ(n, 4);
  EXPECT_THAT(l, ElementsAre("p", "q"));
  ASSERT_TRUE(reader.Has("o"));
  JsonReader inner = reader.Object("o");
  EXPECT_EQ(inner.path(), "o");
  EXPECT_THAT(inner.Keys(), ElementsAre("k"));
  EXPECT_TRUE(inner.Read("k", i));
  inner.Finish();
  EXPECT_FALSE(reader.Read("absent", i));
  reader.Finish();
  EXPECT_THAT(Messages(diagnostics), IsEmpty());
}

TEST(JsonReaderTest, ReportsWhatIsWrongWithItsPath) {
  const Json json = *ParseJson(
      R"({"links": [{"bandwidth": "fast", "latency": 1.5}, 7], "nmae": 1, "l": ["a", 2], "b": 0})");
  Diagnostics diagnostics;
  JsonReader reader(json, "t.json", "", diagnostics);
  std::string name = "kept";
  std::vector<std::string> l;
  bool b = true;
  EXPECT_FALSE(reader.Require("name", name));
  EXPECT_EQ(name, "kept");
  EXPECT_FALSE(reader.Read("l", l));
  EXPECT_FALSE(reader.Read("b", b));
  std::vector<JsonReader> links = reader.Objects("links");
  ASSERT_EQ(links.size(), 2u);
  int64_t number = 0;
  EXPECT_FALSE(links[0].Read("bandwidth", number));
  EXPECT_FALSE(links[0].Read("latency", number));
  links[0].Error("latency", "is too odd");
  reader.Finish();
  EXPECT_THAT(
      Messages(diagnostics),
      ElementsAre("t.json: error: key 'name' is missing",
                  "t.json: l[1]: error: expected a string, not number",
                  "t.json: b: error: expected true or false, not number",
                  "t.json: links[1]: error: expected an object, not number",
                  "t.json: links[0].bandwidth: error: expected an integer, not string",
                  "t.json: links[0].latency: error: expected an integer of 64 bits, not 1.5",
                  "t.json: links[0].latency: error: is too odd",
                  "t.json: error: unknown key 'nmae'; did you mean 'name'?"));
}

TEST(JsonReaderTest, AnythingButAnObjectIsReportedOnce) {
  const Json json(3);
  Diagnostics diagnostics;
  JsonReader reader(json, "t.json", "", diagnostics);
  int64_t value = 0;
  EXPECT_FALSE(reader.Read("x", value));
  EXPECT_THAT(reader.Keys(), IsEmpty());
  reader.Finish();
  EXPECT_THAT(Messages(diagnostics), ElementsAre("t.json: error: expected an object, not number"));
}

}  // namespace
}  // namespace allot
