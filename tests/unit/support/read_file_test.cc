#include "support/read_file.h"

#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "gmock/gmock.h"

#include "tests/unit/scratch_folder.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

std::string Error(const std::string& path, int64_t most = kLongestText) {
  return std::string(ReadTextFile(path, most).status().message());
}

TEST(ReadFileTest, ReadsTheWhole) {
  const ScratchFolder folder;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4096}, size_t{3'000'001}}) {
    const std::string text(size, 'x');
    std::ofstream(folder / "f", std::ios::binary) << text;
    EXPECT_EQ(ReadTextFile(folder / "f").value(), text);
  }
  EXPECT_EQ(ReadTextFile("/dev/null").value(), "");
  EXPECT_THAT(ReadTextFile("/proc/self/status").value(), HasSubstr("Pid:"));
}

TEST(ReadFileTest, WhatIsNoFileIsRefused) {
  const ScratchFolder folder;
  EXPECT_THAT(Error(folder / "none"), HasSubstr("/none: cannot be read; does the file exist?"));
  EXPECT_EQ(Error("/"), "/: is a folder, not a file");
  EXPECT_EQ(Error("/dev/zero"), "/dev/zero: is a device without an end, not a file");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(Error(folder / "pipe"), HasSubstr("/pipe: is a pipe that nobody writes to"));
  std::ofstream(folder / "f") << "12345";
  EXPECT_EQ(ReadTextFile(folder / "f", 5).value(), "12345");
  EXPECT_THAT(Error(folder / "f", 4), HasSubstr("has no end within 4 bytes"));
}

TEST(ReadFileTest, PipesAreReadToTheirEnd) {
  const ScratchFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string text(1'000'000, 'y');
  std::thread writer([&] { std::ofstream(folder / "pipe") << text; });
  EXPECT_EQ(ReadTextFile(folder / "pipe").value(), text);
  writer.join();
}

}  // namespace
}  // namespace allot
