#include "target/name_pattern.h"

#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/random.h"

namespace allot {
namespace {

bool Matches(const std::string& pattern, const std::string& name) {
  const absl::StatusOr<NamePattern> parsed = NamePattern::Parse(pattern);
  EXPECT_TRUE(parsed.ok()) << pattern << ": " << parsed.status();
  return parsed.ok() && parsed->Matches(name);
}

TEST(NamePattern, MatchesTheWholeName) {
  EXPECT_TRUE(Matches("conv1", "conv1"));
  EXPECT_FALSE(Matches("conv1", "conv10"));
  EXPECT_FALSE(Matches("conv1", "a/conv1"));
  EXPECT_TRUE(Matches("conv.*", "conv10"));
  EXPECT_TRUE(Matches("/layer[0-3]/.*|head_\\d+", "/layer2/mul"));
  EXPECT_TRUE(Matches("/layer[0-3]/.*|head_\\d+", "head_17"));
  EXPECT_FALSE(Matches("/layer[0-3]/.*|head_\\d+", "/layer4/mul"));
  EXPECT_TRUE(Matches("", ""));
  EXPECT_FALSE(Matches("", "x"));
  EXPECT_TRUE(Matches("^(a|b){2,3}$", "abb"));
  EXPECT_FALSE(Matches("^(a|b){2,3}$", "abba"));
  EXPECT_TRUE(Matches(".*", "sch\xC3\xB6n"));
  EXPECT_TRUE(Matches("[^/]+/[^/]+", "a/b"));
  EXPECT_TRUE(Matches("a\\.b", "a.b"));
  EXPECT_FALSE(Matches("a\\.b", "axb"));
  EXPECT_TRUE(Matches("[a\\-z]+", "a-z"));
  EXPECT_TRUE(Matches("(?i)conv_\\d", "Conv_1"));
}

TEST(NamePattern, CharactersAreThoseOfUtf8) {
  EXPECT_TRUE(Matches("[层]/.*", "层/0"));
  EXPECT_TRUE(Matches("Ünïcode .", "Ünïcode 节"));
  EXPECT_TRUE(Matches(".", "é"));
  EXPECT_TRUE(Matches(".{3}", "aé😀"));
  EXPECT_FALSE(Matches(".{2}", "é"));
  EXPECT_TRUE(Matches("[^/]", "😀"));
  EXPECT_TRUE(Matches("\\D\\W\\S", "ééé"));
  EXPECT_TRUE(Matches("[а-я]+", "слой"));
  EXPECT_FALSE(Matches("[а-я]+", "слоЙ"));
  EXPECT_TRUE(Matches("[\\é]", "é"));
  EXPECT_TRUE(Matches("é{2}", "éé"));
  EXPECT_FALSE(Matches("[^é]", "é"));
  EXPECT_FALSE(Matches("[é]", "è")) << "their first bytes are the same";
  // Bytes that are no characters are taken one by one, and only for themselves.
  EXPECT_TRUE(Matches("..", "\xff\xc3"));
  EXPECT_TRUE(Matches("a.b", "a\xe5\x62"));
  EXPECT_TRUE(Matches("\xff", "\xff"));
  EXPECT_FALSE(Matches("\xff", "\xc3\xbf"));
  EXPECT_FALSE(Matches("\xff", "\xfe"));
  EXPECT_TRUE(Matches("[\x80-\xff]{2}\\\xff", "\x80\xa0\xff")) << "in classes and escaped";
  EXPECT_FALSE(Matches("[^\xff]", "\xff"));
  EXPECT_TRUE(Matches("....", "\xed\xa0\x80x")) << "a surrogate";
  EXPECT_TRUE(Matches("..", "\xc0\x80")) << "an overlong form";
  EXPECT_FALSE(NamePattern::Parse("[я-а]").ok());
}

TEST(NamePattern, CharactersByNumber) {
  EXPECT_TRUE(Matches("\\x41\\u0042\\u{43}", "ABC"));
  EXPECT_TRUE(Matches("\\u00e9+", "éé"));
  EXPECT_TRUE(Matches("[\\u4e00-\\u9fff]/\\u{1F600}", "层/😀"));
  EXPECT_FALSE(Matches("[\\u4e00-\\u9fff]", "é"));
  EXPECT_TRUE(Matches("a\\x2ec", "a.c"));
  EXPECT_FALSE(Matches("a\\x2ec", "abc")) << "no longer a special character";
  EXPECT_TRUE(Matches("\\f\\v", "\f\v"));
  for (const char* bad :
       {"\\x4", "\\xg1", "\\u004", "\\u{}", "\\u{41", "\\u{1234567}", "\\u-041"}) {
    EXPECT_FALSE(NamePattern::Parse(bad).ok()) << bad;
  }
  EXPECT_FALSE(NamePattern::Parse("\\ud800").ok()) << "half a character";
  EXPECT_FALSE(NamePattern::Parse("\\u{110000}").ok());
}

TEST(NamePattern, NamedClasses) {
  EXPECT_TRUE(Matches("[[:alpha:]_]+[[:digit:]]", "conv_1"));
  EXPECT_FALSE(Matches("[[:upper:]]", "a"));
  EXPECT_TRUE(Matches("[^[:space:]]", "a"));
  EXPECT_TRUE(Matches("[:a]+", "a:"));
  EXPECT_FALSE(NamePattern::Parse("[[:nothing:]]").ok());
}

TEST(NamePattern, OccursIn) {
  const auto occurs = [](const std::string& pattern, const std::string& text) {
    return NamePattern::Parse(pattern).value().OccursIn(text);
  };
  EXPECT_TRUE(occurs("[0-9]+", "has 12 bytes"));
  EXPECT_FALSE(occurs("[0-9]{3}", "has 12 bytes"));
  EXPECT_TRUE(occurs("^has", "has 12"));
  EXPECT_FALSE(occurs("^12", "has 12"));
  EXPECT_TRUE(occurs("12$", "has 12"));
  EXPECT_FALSE(occurs("has$", "has 12"));
  EXPECT_TRUE(occurs("", ""));
  EXPECT_TRUE(occurs("aab", "aaaab"));
  EXPECT_FALSE(occurs("((a|b)*)zzz", std::string(100'000, 'a')));
}

TEST(NamePattern, ErrorsSayWhatAndWhere) {
  const auto message = [](const std::string& pattern) {
    return std::string(NamePattern::Parse(pattern).status().message());
  };
  EXPECT_EQ(message("a("), "bad pattern 'a(': missing )");
  EXPECT_EQ(message("a)"), "bad pattern 'a)': unexpected )");
  EXPECT_EQ(message("*a"), "bad pattern '*a': no argument for repetition operator: *");
  EXPECT_EQ(message("a**"), "bad pattern 'a**': bad repetition operator: **");
  EXPECT_EQ(message("[z-a]"), "bad pattern '[z-a]': invalid character class range: z-a");
  EXPECT_EQ(message("(?=a)"), "bad pattern '(?=a)': invalid perl operator: (?=");
  EXPECT_EQ(message("\\1"), "bad pattern '\\1': invalid escape sequence");
  EXPECT_EQ(message("a{3,1}"), "bad pattern 'a{3,1}': invalid repetition size: {3,1}");
  EXPECT_EQ(message("a\\"), "bad pattern 'a\\': trailing \\");
  EXPECT_EQ(message("[ab"), "bad pattern '[ab': missing ]");
  // What is not RE2's own.
  EXPECT_EQ(message("\\u41"),
            "bad pattern '\\u41': a character is written \\x41, \\u0041 or \\u{41} at character 3");
  EXPECT_EQ(message("a\\C"), "bad pattern 'a\\C': unknown escape '\\C' at character 3");
  EXPECT_EQ(message("\\Q.\\E"), "bad pattern '\\Q.\\E': unknown escape '\\Q' at character 2");
}

TEST(NamePattern, HostilePatternsAreRefusedOrFast) {
  EXPECT_FALSE(NamePattern::Parse(std::string(5000, 'a')).ok());
  EXPECT_FALSE(NamePattern::Parse("((a{1000}){1000}){1000}").ok());
  EXPECT_FALSE(NamePattern::Parse("\\pL{1000}").ok()) << "too large when compiled";
  EXPECT_FALSE(NamePattern::Parse("((((){1000}){1000}){1000}){1000}x").ok());
  EXPECT_TRUE(Matches(std::string(499, '(') + "x" + std::string(499, ')'), "x"));
  // Exponential for a backtracking matcher.
  EXPECT_FALSE(Matches("(a*)*b", std::string(2000, 'a')));
  EXPECT_FALSE(Matches("(a|a|aa)+b", std::string(2000, 'a')));
  EXPECT_TRUE(Matches("(a?){900}", std::string(900, 'a')));
  EXPECT_TRUE(Matches(".*", std::string(1'000'000, 'x')));
}

// Random patterns over two letters against the standard library's matcher.
TEST(NamePattern, AgreesWithTheStandardLibrary) {
  Random random(11);
  const std::vector<std::string> pieces = {"a",   "b",     "(",    ")", "(?:",  "|",
                                           "*",   "+?",    "?",    ".", "[ab]", "[^a]",
                                           "{2}", "{1,2}", "{0,}", "^", "$"};
  int compared = 0, matched = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string pattern;
    const int64_t length = random.Between(1, 7);
    for (int64_t i = 0; i < length; ++i) {
      pattern += pieces[static_cast<size_t>(random.Below(static_cast<int64_t>(pieces.size())))];
    }
    const absl::StatusOr<NamePattern> ours = NamePattern::Parse(pattern);
    if (!ours.ok()) continue;
    std::regex theirs;
    try {
      theirs = std::regex(pattern);
    } catch (const std::regex_error&) {
      continue;  // it refuses some that we accept, such as a repeated anchor
    }
    ++compared;
    for (const char* name : {"", "a", "b", "ab", "ba", "aab", "abab", "bbb"}) {
      ASSERT_EQ(ours->OccursIn(name), std::regex_search(name, theirs)) << pattern << " in " << name;
      const bool match = std::regex_match(name, theirs);
      matched += match;
      ASSERT_EQ(ours->Matches(name), match) << pattern << " on '" << name << "'";
    }
  }
  EXPECT_GT(compared, 3000);
  EXPECT_GT(matched, 3000);
}

}  // namespace
}  // namespace allot
