#include "target/fastest_devices.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FastestDevicesTest, AreInTheOrderOfTheTarget) {
  Target target;
  for (const int64_t rate : {10, 30, 20, 30, 5}) {
    Device device;
    device.flops = {{"float32", rate}};
    target.devices.Add(device);
  }
  EXPECT_THAT(FastestDevices(target, 1), ElementsAre(DeviceId(1)));
  EXPECT_THAT(FastestDevices(target, 3), ElementsAre(DeviceId(1), DeviceId(2), DeviceId(3)));
  EXPECT_EQ(FastestDevices(target, 9).size(), 5u);
  EXPECT_THAT(FastestDevices(target, 0), IsEmpty());
}

}  // namespace
}  // namespace allot
