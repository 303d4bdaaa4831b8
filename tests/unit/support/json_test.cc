#include "support/json.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Json MustParse(absl::string_view text) {
  absl::StatusOr<Json> json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << json.status();
  return json.ok() ? *std::move(json) : Json();
}

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Json> json = ParseJson(text);
  EXPECT_FALSE(json.ok()) << text;
  return json.ok() ? "" : std::string(json.status().message());
}

TEST(JsonTest, KeepsOrderAndIntegers) {
  const Json json = MustParse(R"({"b": 1, "a": [true, null, -2.5, "x\u00e9\n"], "c": {}})");
  const auto* object = json.If<Json::Object>();
  ASSERT_NE(object, nullptr);
  EXPECT_EQ((*object)[0].first, "b");
  EXPECT_EQ((*object)[1].first, "a");
  ASSERT_NE(json.Find("b"), nullptr);
  EXPECT_NE(json.Find("b")->If<int64_t>(), nullptr);
  EXPECT_EQ(json.Find("nowhere"), nullptr);
  EXPECT_EQ(Json(1).Find("b"), nullptr);
  EXPECT_EQ(PrintJsonCompact(json), R"({"b": 1, "a": [true, null, -2.5, "xé\n"], "c": {}})");
}

TEST(JsonTest, NumbersAreExact) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(*MustParse("9223372036854775807").If<int64_t>(), most);
  EXPECT_EQ(*MustParse("-9223372036854775808").If<int64_t>(), std::numeric_limits<int64_t>::min());
  EXPECT_NE(MustParse("9223372036854775808").If<double>(), nullptr);
  for (const double number : {0.1, 1e300, 5e-324, 1.0, -0.0, 1e22, 123456789.125}) {
    const Json back = MustParse(PrintJson(Json(number)));
    ASSERT_NE(back.If<double>(), nullptr) << number;
    EXPECT_EQ(*back.If<double>(), number);
    EXPECT_EQ(std::signbit(*back.If<double>()), std::signbit(number));
  }
  EXPECT_EQ(PrintJson(Json(std::nan(""))), "null");
}

TEST(JsonTest, StringsOfAllBytesRoundTrip) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  EXPECT_EQ(*MustParse(PrintJson(Json(all))).If<std::string>(), all);
}

TEST(JsonTest, BytesThatAreNoUtf8BecomeTheReplacementCharacter) {
  const auto printed = [](const std::string& text) { return PrintJsonCompact(Json(text)); };
  EXPECT_EQ(printed("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
            "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  const std::string instead = "\xef\xbf\xbd";
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  EXPECT_EQ(printed("a\x9f"
                    "b\xc3"),
            quoted("a" + instead + "b" + instead));
  EXPECT_EQ(printed("\xc0\xaf"), quoted(instead + instead));                // overlong
  EXPECT_EQ(printed("\xed\xa0\x80"), quoted(instead + instead + instead));  // a surrogate
  EXPECT_EQ(printed("\xf4\x90\x80\x80"),
            quoted(instead + instead + instead + instead));  // above U+10FFFF
  // Whatever the bytes, what is printed can be read, and prints alike.
  for (int first = 0x80; first <= 0xff; ++first) {
    for (const char* rest : {"", "x", "\x80", "\x8f\x80", "\x90\xbf\xbf", "\xa0\x80\xc0"}) {
      const std::string text = std::string(1, static_cast<char>(first)) + rest;
      const absl::StatusOr<Json> again = ParseJson(printed(text));
      ASSERT_TRUE(again.ok()) << printed(text);
      EXPECT_EQ(PrintJsonCompact(*again), printed(text));
    }
  }
}

TEST(JsonTest, IndentsAndKeepsShortArraysOnOneLine) {
  const Json json = MustParse(R"({"dims": [1, 2, 3], "none": [], "list": [{"a": 1}, [2]]})");
  EXPECT_EQ(PrintJson(json),
            "{\n"
            "  \"dims\": [1, 2, 3],\n"
            "  \"none\": [],\n"
            "  \"list\": [\n"
            "    {\n"
            "      \"a\": 1\n"
            "    },\n"
            "    [2]\n"
            "  ]\n"
            "}");
  Json::Array words(12, Json("ten bytes!"));
  const std::string text = PrintJson(Json(words));
  EXPECT_THAT(text, StartsWith("[\n  \"ten bytes!\",\n"));
  EXPECT_EQ(MustParse(text), Json(words));
}

TEST(JsonTest, ErrorsSayLineAndColumn) {
  EXPECT_THAT(ErrorOf("{\n  \"a\": 1,\n  \"b\": x\n}"), StartsWith("line 3, column 8: "));
  EXPECT_THAT(ErrorOf("{\"a\": 1,\n \"a\": 2}"), StartsWith("line 2, column "));
  EXPECT_THAT(ErrorOf("{\"a\": 1,\n \"a\": 2}"), HasSubstr("key 'a' stands twice"));
  EXPECT_THAT(ErrorOf(""), StartsWith("line 1, column 1: "));
  EXPECT_THAT(ErrorOf("1 2"), StartsWith("line 1, column 3: "));
  EXPECT_THAT(ErrorOf("// note\n1"), StartsWith("line 1, column "));
  EXPECT_THAT(ErrorOf("[1e999]"), HasSubstr("number overflow parsing '1e999'"));
  EXPECT_THAT(ErrorOf("\"\xff\""), StartsWith("line 1, column "));
}

TEST(JsonTest, RefusesDeepNesting) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(ParseJson(nested(200)).ok());
  EXPECT_THAT(ErrorOf(nested(201)), HasSubstr("nested deeper than 200"));
  EXPECT_THAT(ErrorOf(std::string(1'000'000, '[')), HasSubstr("nested deeper"));
}

TEST(JsonTest, NamesKinds) {
  EXPECT_EQ(Json().KindName(), "null");
  EXPECT_EQ(Json(true).KindName(), "true or false");
  EXPECT_EQ(Json(1).KindName(), "number");
  EXPECT_EQ(Json(1.5).KindName(), "number");
  EXPECT_EQ(Json("x").KindName(), "string");
  EXPECT_EQ(Json(Json::Array()).KindName(), "array");
  EXPECT_EQ(Json(Json::Object()).KindName(), "object");
}

TEST(JsonTest, PrefixesOfADocumentNeverCrash) {
  const std::string text = R"({"devices": [{"name": "gpu\u0030", "flops": 1.5e12}], "x": null})";
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(ParseJson(text.substr(0, size)).ok()) << size;
  }
  EXPECT_TRUE(ParseJson(text).ok());
}

}  // namespace
}  // namespace allot
