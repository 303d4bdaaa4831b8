#include "tools/crash_reproducer.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "support/check.h"

namespace allot {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

// Ends as a pass that crashes in this way would.
[[noreturn]] void Crash(const std::string& path, void (*how)()) {
  CrashReproducer reproducer(path);
  reproducer.SetText("the IR before\n");
  reproducer.SetPass("boom");
  how();
  std::_Exit(0);
}

TEST(CrashReproducerTest, WritesWhatWasPrepared) {
  const std::string path = ::testing::TempDir() + "/allot_crash.mlir";
  for (void (*how)() :
       {+[] { std::raise(SIGSEGV); }, +[] { std::abort(); }, +[] { ALLOT_CHECK(false); }}) {
    std::remove(path.c_str());
    EXPECT_EXIT(Crash(path, how), ::testing::ExitedWithCode(1),
                "error: crashed in pass 'boom'; reproducer generated at `.*allot_crash.mlir`");
    EXPECT_EQ(ReadAll(path), "the IR before\n");
  }
  std::remove(path.c_str());
}

TEST(CrashReproducerTest, SaysWhenItCannotWrite) {
  EXPECT_EXIT(Crash(
                  ::testing::TempDir() + "/no/such/folder/x.mlir", +[] { std::abort(); }),
              ::testing::ExitedWithCode(1), "no reproducer, `.*x.mlir` cannot be written");
}

TEST(CrashReproducerTest, PutsBackWhatWasThere) {
  { const CrashReproducer reproducer(::testing::TempDir() + "/unused.mlir"); }
  EXPECT_EXIT(std::abort(), ::testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace allot
