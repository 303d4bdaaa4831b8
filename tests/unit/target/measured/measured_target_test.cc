#include "target/measured/measured_target.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/measured/transfer_fit.h"
#include "target/routing.h"

namespace allot {
namespace {

using ::testing::ElementsAre;

// cpu0, cpu1, gpu0 (cuda), npu0. cpu0 has wires to cpu1 and to gpu0; nothing leads to npu0.
Target Machine() {
  Target target;
  for (const char* name : {"cpu0", "cpu1", "gpu0", "npu0"}) {
    Device device;
    device.name = name;
    device.kind = device.name.substr(0, 3);
    device.part_cost = 9 * kPicosPerMicro;
    if (device.name == "gpu0") device.runtime.provider = "cuda";
    target.devices.Add(device);
  }
  target.links.push_back({"cpu0", "cpu1", 10'000'000'000, kPicosPerMicro, "", true});
  target.links.push_back({"cpu0", "gpu0", 20'000'000'000, 2 * kPicosPerMicro, "", false});
  BuildRoutes(target);
  return target;
}

constexpr DeviceId kCpu0(0), kCpu1(1), kGpu0(2), kNpu0(3);

MeasuredCosts Rows(const std::string& rows) {
  return ParseCosts("what,node,device,to,bytes,time_us\n" + rows, "c.csv").value();
}

TEST(MeasuredTarget, LaunchesReplaceThePartCostOfTheDevicesThatTheyName) {
  Target target = Machine();
  ApplyMeasuredMachine(Rows("launch,,cpu,,,4\nlaunch,,cpu1,,,5\nlaunch,,cuda,,,6\n"), target);
  EXPECT_EQ(target.devices[kCpu0].part_cost, 4 * kPicosPerMicro);
  EXPECT_EQ(target.devices[kCpu1].part_cost, 5 * kPicosPerMicro) << "its name beats its kind";
  EXPECT_EQ(target.devices[kGpu0].part_cost, 6 * kPicosPerMicro);
  EXPECT_EQ(target.devices[kNpu0].part_cost, 9 * kPicosPerMicro);
  ApplyMeasuredMachine(Rows("launch,,cpu,,,7\n"), target);
  EXPECT_EQ(target.devices[kCpu1].part_cost, 7 * kPicosPerMicro) << "a later file overrides";
}

TEST(MeasuredTarget, TransfersReplaceRoutesInTheirDirectionAndKeepTheirChannels) {
  const Target before = Machine();
  Target target = before;
  // 3 us and 1 GB/s.
  ApplyMeasuredMachine(Rows("transfer,,cpu0,gpu,1000,4\ntransfer,,cpu0,gpu,1000000,1003\n"),
                       target);
  const Route& route = *target.routes[kCpu0][kGpu0];
  EXPECT_THAT(route.segments, ElementsAre(Route::Segment{3 * kPicosPerMicro, 1'000'000'000}));
  EXPECT_EQ(route.channels, before.routes[kCpu0][kGpu0]->channels);
  EXPECT_EQ(target.routes[kGpu0][kCpu0], before.routes[kGpu0][kCpu0]);
  EXPECT_EQ(target.routes[kCpu1][kGpu0], before.routes[kCpu1][kGpu0]) << "passes the two, stays";
  EXPECT_EQ(target.routes[kCpu0][kCpu1], before.routes[kCpu0][kCpu1]);
  EXPECT_EQ(target.channels, before.channels);
}

TEST(MeasuredTarget, DevicesThatNothingJoinedGetAChannelOfTheirOwn) {
  Target target = Machine();
  const size_t channels = target.channels.size();
  target.channels.Add("cpu1->npu0");
  ASSERT_FALSE(target.routes[kCpu0][kNpu0].has_value());
  ApplyMeasuredMachine(Rows("transfer,,cpu,npu0,1000000,100\n"), target);
  for (const DeviceId cpu : {kCpu0, kCpu1}) {
    const std::optional<Route>& route = target.routes[cpu][kNpu0];
    ASSERT_TRUE(route.has_value());
    EXPECT_THAT(route->segments, ElementsAre(Route::Segment{0, 10'000'000'000}));
    ASSERT_EQ(route->channels.size(), 1u);
  }
  EXPECT_EQ(target.channels.size(), channels + 3);
  EXPECT_EQ(target.channels[target.routes[kCpu0][kNpu0]->channels[0]], "cpu0->npu0");
  EXPECT_EQ(target.channels[target.routes[kCpu1][kNpu0]->channels[0]], "cpu1->npu0#2");
  EXPECT_FALSE(target.routes[kNpu0][kCpu0].has_value()) << "only the measured direction";
}

TEST(MeasuredTarget, TheClosestNamesDecideSenderFirst) {
  Target target = Machine();
  ApplyMeasuredMachine(Rows("transfer,,cpu,gpu0,1000000,250\ntransfer,,cpu0,gpu,1000000,200\n"
                            "transfer,,cpu,cpu,1000000,126\n"),
                       target);
  EXPECT_EQ(target.routes[kCpu0][kGpu0]->Time(1'000'000), 200 * kPicosPerMicro);
  EXPECT_EQ(target.routes[kCpu1][kGpu0]->Time(1'000'000), 250 * kPicosPerMicro);
  EXPECT_EQ(target.routes[kCpu0][kCpu1]->Time(1'000'000), 126 * kPicosPerMicro);
  EXPECT_EQ(target.routes[kCpu1][kCpu0]->Time(1'000'000), 126 * kPicosPerMicro);
  EXPECT_TRUE(target.routes[kCpu0][kCpu0]->segments.empty()) << "a device reaches itself at once";
}

TEST(MeasuredTarget, OperatorsChangeNothing) {
  Target target = Machine();
  ApplyMeasuredMachine(Rows("op,a,cpu,,,1\n"), target);
  EXPECT_EQ(target.routes, Machine().routes);
  EXPECT_EQ(target.devices[kCpu0].part_cost, 9 * kPicosPerMicro);
}

}  // namespace
}  // namespace allot
