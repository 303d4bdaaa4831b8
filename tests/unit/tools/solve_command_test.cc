// The program on a kind of problem that it has never heard of.
#include "tools/solve_command.h"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/colours_kind.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SolveCommandTest : public ::testing::Test {
 protected:
  SolveCommandTest() {
    kinds_.push_back(testing::ColoursKind());
    std::ofstream(problem_) << R"({
  "schema": "allot.colours/1",
  "devices": [{"name": "a", "part_cost": 7}, {"name": "b", "part_cost": 2}],
  "items": 3,
  "apart": [[0, 1], [1, 2]]
})";
  }

  // What it prints; its status in status_.
  std::string Run(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"allot-solve"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    exit_status_ = 0;
    status_ = RunSolveCommand(static_cast<int>(argv.size()), argv.data(), kinds_, exit_status_);
    return ::testing::internal::GetCapturedStdout();
  }

  const std::string problem_ = ::testing::TempDir() + "solve_command_problem.json";
  const std::string answer_ = ::testing::TempDir() + "solve_command_answer.json";
  Kinds kinds_ = BuiltinKinds();
  absl::Status status_;
  int exit_status_ = 0;
};

TEST_F(SolveCommandTest, SolvesItAndVerifiesWhatItHasWritten) {
  EXPECT_THAT(Run({problem_, "-o", answer_}),
              HasSubstr(": a problem of the kind colours\n\nstatus              optimal\n"
                        "objective           9 ps\n"));
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(Run({problem_, "--verify", answer_}), "OK: objective 9 ps\n");
  EXPECT_THAT(Run({problem_, "--solver=first-fit", "--json"}),
              HasSubstr("\"status\": \"feasible\""));
}

TEST_F(SolveCommandTest, JudgesWhatOthersPropose) {
  std::ofstream(answer_) << "[1, 0, 1]";
  EXPECT_EQ(Run({problem_, "--judge", answer_}), "objective           9\n");
  EXPECT_EQ(Run({problem_, "--judge", answer_, "--json"}), "{\n  \"objective\": 9\n}\n");
  std::ofstream(answer_) << "[1, 1, 0]";
  EXPECT_EQ(Run({problem_, "--judge", answer_}), "");
  EXPECT_THAT(std::string(status_.message()), HasSubstr("wrong: items 0 and 1 exclude each other"));
}

TEST_F(SolveCommandTest, PrintsWhatItReadsBack) {
  const std::string printed = Run({problem_, "--print-problem"});
  EXPECT_THAT(printed, StartsWith("{\n  \"schema\": \"allot.colours/1\""));
  std::ofstream(problem_) << printed;
  EXPECT_EQ(Run({problem_, "--print-problem"}), printed);
}

TEST_F(SolveCommandTest, SaysWhatIsWrong) {
  std::ofstream(answer_) << R"({"answer": [0, 0, 1]})";
  Run({problem_, "--verify", answer_});
  EXPECT_THAT(std::string(status_.message()),
              HasSubstr("wrong: items 0 and 1 exclude each other, but share a device"));
  Run({problem_, "--replicate"});
  EXPECT_EQ(status_.message(),
            "--replicate is for placements, not for problems of the kind colours");
  Run({problem_, "--fewest=2"});
  EXPECT_THAT(std::string(status_.message()), HasSubstr("--fewest"));
  Run({problem_, "--solver=foreign"});
  EXPECT_EQ(status_.message(), "foreign: is for problems of the kind tints, not colours");
  kinds_ = BuiltinKinds();
  Run({problem_});
  EXPECT_THAT(std::string(status_.message()),
              HasSubstr("schema: is 'allot.colours/1'; this version reads 'allot.problem/1'"));
}

}  // namespace
}  // namespace allot
