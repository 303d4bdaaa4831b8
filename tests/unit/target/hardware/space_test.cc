// Spaces of accelerators: the published one, areas, files.
#include "target/hardware/space_json.h"

#include <functional>
#include <type_traits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"

namespace allot::hardware {
namespace {

using ::testing::HasSubstr;

// What has no meaning does not compile.
static_assert(!std::is_invocable_v<std::plus<>, Seconds, Cycles>);
static_assert(!std::is_invocable_v<std::plus<>, ByteCount, Words>);
static_assert(!std::is_invocable_v<std::less<>, Seconds, Cycles>);
static_assert(!std::is_invocable_v<std::divides<>, Cycles, BytesPerSecond>);
static_assert(!std::is_convertible_v<double, Seconds>);
static_assert(std::is_same_v<decltype(Cycles(1) / CyclesPerSecond(1)), Seconds>);
static_assert(std::is_same_v<decltype(ByteCount(1) / BytesPerSecond(1)), Seconds>);

TEST(Space, ThePublishedOneHasThePublishedConfigurations) {
  const absl::StatusOr<Space> space = LoadSpace("phaze");
  ASSERT_TRUE(space.ok()) << space.status();
  const auto all = Enumerate(*space);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 29'360u);
  // Lines of the published list: the first, the seventh and the last.
  EXPECT_EQ(all->front().configuration, (Configuration{4096, 4096, 16, 2, 16, 32}));
  EXPECT_NEAR(all->front().area.value(), 246416424.736, 1e-6 * 246416424.736);
  EXPECT_EQ((*all)[5].configuration, (Configuration{4096, 4096, 8, 8, 8, 2}));
  EXPECT_NEAR((*all)[5].area.value(), 277725981.266688, 1e-6 * 277725981.266688);
  EXPECT_EQ(all->back().configuration, (Configuration{1, 1, 2, 2, 2, 2}));
  EXPECT_NEAR(all->back().area.value(), 3355047.77325, 1e-6 * 3355047.77325);
  const auto limit = AreaLimit(*space);
  ASSERT_TRUE(limit.ok() && limit->has_value());
  EXPECT_NEAR((*limit)->value(), 278.83e6, 0.01e6);
}

constexpr char kSmall[] = R"({
  "schema": "allot.space/1", "tensor_cores": [1, 2], "vector_cores": [2], "width": [64, 8], "depth": [8],
  "vector_width": [4, 8], "buffer_mb": [1],
  "rates": {"clock_hz": 1e9, "buffer_words_per_cycle": 64, "memory_words_per_cycle": 32},
  "area": {"multiplier": 10, "lane": 5, "core_buffer": {"1": 100, "8": 700}, "shared_buffer": {"1": 1000}},
  "limit": {"area_mm2": 0.008}
})";

TEST(Space, AFileIsEnumeratedInItsOrderWithinItsLimit) {
  const absl::StatusOr<Space> space = ParseSpace(kSmall, "s.json");
  ASSERT_TRUE(space.ok()) << space.status();
  const auto all = Enumerate(*space);
  ASSERT_TRUE(all.ok()) << all.status();
  std::vector<Configuration> found;
  for (const SizedConfiguration& each : *all) found.push_back(each.configuration);
  EXPECT_THAT(found, ::testing::ElementsAre(
                         Configuration{1, 2, 64, 8, 4, 1}, Configuration{1, 2, 64, 8, 8, 1},
                         Configuration{1, 2, 8, 8, 4, 1}, Configuration{1, 2, 8, 8, 8, 1},
                         Configuration{2, 2, 8, 8, 4, 1}, Configuration{2, 2, 8, 8, 8, 1}));
  EXPECT_EQ(all->front().area.value(), 64 * 8 * 10 + 2 * 4 * 5 + 700 + 2 * 100 + 1000);
}

TEST(Space, SaysWhatIsWrong) {
  const auto broken = [](const char* what, const char* with) {
    const absl::StatusOr<Space> space =
        ParseSpace(absl::StrReplaceAll(kSmall, {{what, with}}), "s.json");
    if (!space.ok()) return std::string(space.status().message());
    return std::string(Enumerate(*space).status().message());
  };
  EXPECT_THAT(broken("allot.space/1", "space"), HasSubstr("s.json: schema: must be allot.space/1"));
  EXPECT_THAT(broken("[64, 8]", "[64, 0]"), HasSubstr("width[1]: must be 1 to"));
  EXPECT_THAT(broken("\"depth\": [8]", "\"depth\": []"), HasSubstr("depth: must be an array"));
  EXPECT_THAT(broken("1e9", "0"), HasSubstr("rates.clock_hz: must be"));
  EXPECT_THAT(broken("\"8\": 700", "\"x\": 700"), HasSubstr("area.core_buffer.x: must be a size"));
  EXPECT_THAT(broken("\"8\": 700", "\"9\": 700"), HasSubstr("no buffer of 8 KiB"));
  EXPECT_THAT(broken("\"multiplier\": 10", "\"multiplier\": -10"), HasSubstr("area.multiplier"));
  EXPECT_THAT(broken("\"lane\"", "\"lanes\""), HasSubstr("area: key 'lane' is missing"));
  EXPECT_THAT(ParseSpace("[]", "s.json").status().message(), HasSubstr("not array"));
  EXPECT_THAT(LoadSpace("phase").status().message(), HasSubstr("did you mean 'phaze'"));
}

}  // namespace
}  // namespace allot::hardware
