#include "placement/verify/verify.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

const DeviceId kD0(0), kD1(1);
const ItemId kA(0), kB(1), kC(2);

// a on d0 feeds b on d1 and c on d0; correct as it stands.
class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    problem_.num_channels = 1;
    problem_.routes.resize(2);
    for (const char* name : {"d0", "d1"}) problem_.devices.Add({name, 100, 0});
    for (auto& row : problem_.routes) {
      row.resize(2, Route{{{0, kPicosPerSecond}}, {ChannelId(0)}});
    }
    for (const char* name : {"a", "b", "c"}) {
      PlacementProblem::Item item;
      item.name = name;
      item.memory = 10;
      item.time.resize(2, Picos{10});
      problem_.items.Add(item);
    }
    problem_.flows.Add({kA, {kB, kC}, 5, {}});
    solution_.order = {kA, kB, kC};
    for (const DeviceId device : {kD0, kD1, kD0}) solution_.device_of.Add(device);
    schedule_ = Simulate(problem_, BuildGraph(problem_), solution_);
  }

  std::string Complaint(Picos claimed = 25) const {
    return std::string(Verify(problem_, solution_, schedule_, claimed).message());
  }

  PlacementProblem problem_;
  Solution solution_;
  Schedule schedule_;
};

TEST_F(VerifyTest, AcceptsWhatHolds) { EXPECT_EQ(Complaint(), ""); }

TEST_F(VerifyTest, WrongObjective) { EXPECT_THAT(Complaint(24), HasSubstr("objective is 25")); }

TEST_F(VerifyTest, DeviceThatCannotRunTheItem) {
  problem_.items[kB].time[kD1].reset();
  EXPECT_THAT(Complaint(), HasSubstr("item 1 'b' is on device 'd1', which cannot run it"));
}

TEST_F(VerifyTest, GroupOnTwoDevices) {
  problem_.together.push_back({kA, kB});
  EXPECT_THAT(Complaint(), HasSubstr("must share a device"));
}

TEST_F(VerifyTest, OrderAgainstAFlow) {
  solution_.order = {kB, kA, kC};
  EXPECT_THAT(Complaint(), HasSubstr("before item 0 'a', which feeds it"));
}

TEST_F(VerifyTest, OrderWithARepeatedItem) {
  solution_.order = {kA, kB, kB};
  EXPECT_THAT(Complaint(), HasSubstr("twice"));
}

TEST_F(VerifyTest, WrongDuration) {
  ++schedule_.end[kB];
  EXPECT_THAT(Complaint(), HasSubstr("but takes 10"));
}

TEST_F(VerifyTest, ConsumerBeforeItsInput) {
  --schedule_.start[kB];
  --schedule_.end[kB];
  EXPECT_THAT(Complaint(), HasSubstr("is there at 15"));
}

TEST_F(VerifyTest, TransferBeforeItsProducerEnds) {
  --schedule_.transfers[0].start;
  --schedule_.transfers[0].end;
  EXPECT_THAT(Complaint(), HasSubstr("before its producer ends"));
}

TEST_F(VerifyTest, TransferOfTheWrongLength) {
  --schedule_.transfers[0].end;
  EXPECT_THAT(Complaint(), HasSubstr("lasts 4 instead of 5"));
}

TEST_F(VerifyTest, MissingAndNeedlessTransfers) {
  const ScheduledTransfer transfer = schedule_.transfers[0];
  schedule_.transfers.clear();
  EXPECT_THAT(Complaint(), HasSubstr("never reaches"));
  schedule_.transfers = {transfer, transfer};
  EXPECT_THAT(Complaint(), HasSubstr("twice"));
}

TEST_F(VerifyTest, PairWithoutRoute) {
  problem_.routes[kD0][kD1].reset();
  EXPECT_THAT(Complaint(), HasSubstr("no route"));
}

TEST_F(VerifyTest, TwoThingsAtOnce) {
  problem_.flows[FlowId(0)].to = {kB};
  schedule_.start[kC] = 5;
  schedule_.end[kC] = 15;
  EXPECT_THAT(Complaint(), HasSubstr("starts before item 0 'a' ends"));
}

TEST_F(VerifyTest, DeviceBusyWithABlockingTransfer) {
  EXPECT_EQ(schedule_.start[kC], 10);
  problem_.communication = Communication::kBlocking;
  EXPECT_THAT(Complaint(), HasSubstr("device 'd0' does two things at once"));
}

TEST_F(VerifyTest, ChannelWithTwoTransfers) {
  problem_.flows.Add({kA, {kB}, 5, {}});
  schedule_ = Simulate(problem_, BuildGraph(problem_), solution_);
  EXPECT_EQ(Complaint(30), "");
  schedule_.transfers[1].start -= 1;
  schedule_.transfers[1].end -= 1;
  EXPECT_THAT(Complaint(30), HasSubstr("channel 0 carries two transfers at once"));
}

TEST_F(VerifyTest, TooMuchResidentMemory) {
  problem_.devices[kD0].memory = 19;
  EXPECT_THAT(Complaint(), HasSubstr("device 'd0' holds 20 resident bytes but has 19"));
}

TEST_F(VerifyTest, TooMuchLiveMemory) {
  problem_.devices[kD0].memory = 24;
  EXPECT_THAT(Complaint(), HasSubstr("device 'd0' holds 25 bytes at 0 ps but has 24"));
}

// What needs no schedule is told without one, and memory after every other rule.
TEST_F(VerifyTest, RulesOfThePlacementAlone) {
  const auto complaint = [this] {
    return std::string(VerifyPlacement(problem_, solution_).message());
  };
  EXPECT_EQ(complaint(), "");
  problem_.devices[kD0].memory = 1;
  EXPECT_EQ(complaint(), "");
  EXPECT_EQ(Verify(problem_, solution_, schedule_, 25).code(),
            absl::StatusCode::kResourceExhausted);
  --schedule_.transfers[0].end;
  EXPECT_EQ(Verify(problem_, solution_, schedule_, 25).code(),
            absl::StatusCode::kFailedPrecondition);
  problem_.routes[kD0][kD1].reset();
  EXPECT_EQ(complaint(), "flow 0 has no route from device 'd0' to device 'd1'");
  problem_.execution = Execution::kCalls;
  EXPECT_EQ(complaint(), "");
  solution_.call_of = IdVector<ItemId, int32_t>(3, 1);
  EXPECT_EQ(complaint(), "item 0 'a' is in call 1 of device 'd0', which makes 1 at most");
  problem_.devices[kD0].pool = problem_.devices[kD1].pool = true;
  EXPECT_EQ(complaint(), "");
  solution_.call_of.resize(2);
  EXPECT_EQ(complaint(), "the calls are given for 2 items instead of 3");
}

TEST_F(VerifyTest, WrongShapes) {
  solution_.order.pop_back();
  EXPECT_THAT(Complaint(), HasSubstr("the order has 2 items instead of 3"));
  solution_.device_of[kA] = DeviceId(7);
  solution_.order.push_back(kC);
  EXPECT_THAT(Complaint(), HasSubstr("does not exist"));
}

}  // namespace
}  // namespace allot
