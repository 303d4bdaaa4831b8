#include "support/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/registry.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Knobs {
  bool fast = false;
  int64_t rounds = 3;
  double ratio = 0.5;
  std::string name = "plain";
  std::vector<std::string> names;
};

OptionSchema<Knobs> Schema() {
  return OptionSchema<Knobs>()
      .Add("fast", &Knobs::fast, "Skips the slow half.")
      .Add("rounds", &Knobs::rounds, "How often.")
      .Add("ratio", &Knobs::ratio, "How much.")
      .Add("name", &Knobs::name, "What it is called.")
      .Add("names", &Knobs::names, "All of them.");
}

TEST(OptionsTest, ParsesOverDefaultsAndPrintsAll) {
  const absl::StatusOr<Knobs> knobs = Schema().Parse("rounds=7  fast names=a,b name='x y'");
  ASSERT_TRUE(knobs.ok()) << knobs.status();
  EXPECT_TRUE(knobs->fast);
  EXPECT_EQ(knobs->rounds, 7);
  EXPECT_EQ(knobs->ratio, 0.5);
  EXPECT_EQ(knobs->name, "x y");
  EXPECT_THAT(knobs->names, ElementsAre("a", "b"));
  EXPECT_EQ(Schema().Print(*knobs), "fast=true rounds=7 ratio=0.5 name=\"x y\" names=a,b");
  const absl::StatusOr<Knobs> again = Schema().Parse(Schema().Print(*knobs));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Schema().Print(*again), Schema().Print(*knobs));
}

TEST(OptionsTest, PrintsAnyTextSoThatItReadsBack) {
  for (const std::string value :
       {"",       "plain",  "x y", "a\tb",    "it's",      "\"",     "'",
        "\"\"(",  "\"\"\"", "''x", "'a'b'",   "{",         "}",      "}{",
        "{a}{b}", "{a",     "{a}", "a{b c}",  "a\"b c\"d", "\"'\"'", "it's \"so\" {",
        " ",      "\n",     "a=b", "{\"}\"}", "1.5"}) {
    Knobs knobs;
    knobs.name = value;
    const absl::StatusOr<Knobs> again = Schema().Parse(Schema().Print(knobs));
    ASSERT_TRUE(again.ok()) << value << ": " << again.status();
    EXPECT_EQ(again->name, value) << Schema().Print(knobs);
  }
  Knobs knobs;
  knobs.names = {"a b", "c'", "{d"};
  const absl::StatusOr<Knobs> again = Schema().Parse(Schema().Print(knobs));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->names, knobs.names);
}

TEST(OptionsTest, TakesOffOnlyQuotesAndBracesAroundTheWholeValue) {
  const auto name = [](absl::string_view text) {
    const absl::StatusOr<Knobs> knobs = Schema().Parse(text);
    return knobs.ok() ? knobs->name : std::string(knobs.status().message());
  };
  EXPECT_EQ(name("name=\"x y\""), "x y");
  EXPECT_EQ(name("name={x y}"), "x y");
  EXPECT_EQ(name("name='it'\"'\"'s'"), "it's");
  EXPECT_EQ(name("name=\"\"("), "\"\"(");
  EXPECT_EQ(name("name={a}{b}"), "{a}{b}");
  EXPECT_EQ(name("name={a}b"), "{a}b");
  EXPECT_EQ(name("name=a\"b\""), "a\"b\"");
  EXPECT_FALSE(Schema().Parse("name=a}{").ok()) << "closed before it is opened";
}

TEST(OptionsTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(std::string(Schema().Parse("round=1").status().message()),
              HasSubstr("did you mean 'rounds'?"));
  EXPECT_FALSE(Schema().Parse("rounds=many").ok());
  EXPECT_FALSE(Schema().Parse("rounds").ok()) << "a key alone is 'true', which is no integer";
  EXPECT_FALSE(Schema().Parse("ratio=inf").ok());
  EXPECT_FALSE(Schema().Parse("fast=maybe").ok());
  EXPECT_FALSE(Schema().Parse("name={open").ok());
  EXPECT_FALSE(Schema().Parse("name='open").ok());
}

TEST(OptionsTest, DocumentsDefaults) {
  const OptionSchemaView view = Schema().View();
  ASSERT_EQ(view.options.size(), 5u);
  EXPECT_EQ(view.options[1].name, "rounds");
  EXPECT_EQ(view.options[1].default_value, "3");
}

TEST(OptionsTest, SplitsNamesAndOptions) {
  using Parts = std::pair<std::string, std::string>;
  const auto split = [](absl::string_view text) {
    const NameAndOptions parts = SplitNameAndOptions(text).value();
    return Parts(parts.name, parts.options);
  };
  EXPECT_EQ(split("heft"), Parts("heft", ""));
  EXPECT_EQ(split("heft{}"), Parts("heft", ""));
  EXPECT_EQ(split("heft{a=1 b={x}}"), Parts("heft", "a=1 b={x}"));
  EXPECT_EQ(split(""), Parts("", ""));
  for (const char* open : {"heft{", "heft{a=1", "heft{a=1}b"}) {
    EXPECT_EQ(SplitNameAndOptions(open).status().message(),
              absl::StrCat("'", open, "' lacks the closing '}'"));
  }
}

class Shape {
 public:
  virtual ~Shape() = default;
  virtual int64_t corners() const = 0;
};
class Polygon : public Shape {
 public:
  explicit Polygon(Knobs knobs) : knobs_(std::move(knobs)) {}
  int64_t corners() const override { return knobs_.rounds; }

 private:
  Knobs knobs_;
};

TEST(RegistryTest, MakesWhatIsNamedAndKeepsOrder) {
  Registry<Shape> registry;
  registry.Add(MakeEntry<Shape, Polygon>("polygon", "Has corners.", Schema()));
  registry.Add(MakeEntry<Shape, Polygon>("circle", "Has none.", Schema()));
  EXPECT_THAT(registry.names(), ElementsAre("polygon", "circle"));
  EXPECT_EQ(registry.Find("square"), nullptr);
  const Entry<Shape>* entry = registry.Find("polygon");
  ASSERT_NE(entry, nullptr);
  const absl::StatusOr<std::unique_ptr<Shape>> shape = entry->make("rounds=5");
  ASSERT_TRUE(shape.ok()) << shape.status();
  EXPECT_EQ((*shape)->corners(), 5);
  EXPECT_FALSE(entry->make("corners=5").ok());
  EXPECT_EQ(*entry->normalize("rounds=5"), "fast=false rounds=5 ratio=0.5 name=plain names=");

  registry.Add(MakeEntry<Shape, Polygon>("polygon", "Replaced.", Schema()));
  EXPECT_THAT(registry.names(), ElementsAre("polygon", "circle"));
  EXPECT_EQ(registry.Find("polygon")->summary, "Replaced.");
}

}  // namespace
}  // namespace allot
