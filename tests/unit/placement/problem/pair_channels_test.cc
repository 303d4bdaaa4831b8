#include "placement/problem/pair_channels.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PairChannels, ListsThoseOfEachPair) {
  PlacementProblem problem;
  for (const char* name : {"a", "b", "c"}) problem.devices.Add({name, 0, 0});
  problem.num_channels = 3;
  problem.communication = Communication::kLink;
  problem.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(
      3, IdVector<DeviceId, std::optional<Route>>(3));
  const DeviceId a(0), b(1), c(2);
  problem.routes[a][b] = Route{{}, {ChannelId(2), ChannelId(0)}};
  problem.routes[c][a] = Route{{}, {ChannelId(1)}};
  const PairChannels channels(problem);
  EXPECT_THAT(channels.Of(a, b), ElementsAre(2, 0));
  EXPECT_THAT(channels.Of(c, a), ElementsAre(1));
  EXPECT_THAT(channels.Of(b, a), IsEmpty()) << "no route";
  EXPECT_THAT(channels.Of(a, a), IsEmpty());
}

}  // namespace
}  // namespace allot
