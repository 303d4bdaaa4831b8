#include "tools/text_file.h"

#include <stdlib.h>

#include <filesystem>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

class TextFile : public ::testing::Test {
 protected:
  TextFile() {
    std::string name = ::testing::TempDir() + "allot_text_file_XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~TextFile() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(TextFile, IsReplacedAsAWhole) {
  const std::string path = folder_ / "a.txt";
  ASSERT_TRUE(WriteText(path, "first").ok());
  ASSERT_TRUE(WriteText(path, "second").ok());
  EXPECT_EQ(ReadText(path).value(), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(TextFile, IsKnownToBeWritableBeforeItIs) {
  EXPECT_TRUE(CheckWritable(folder_ / "a.txt").ok());
  EXPECT_TRUE(CheckWritable("-").ok());
  EXPECT_TRUE(CheckWritable("/dev/null").ok());
  EXPECT_TRUE(fs::is_empty(folder_));  // nothing is left behind
  ASSERT_TRUE(WriteText(folder_ / "a.txt", "first").ok());
  EXPECT_TRUE(CheckWritable(folder_ / "a.txt").ok());
  EXPECT_EQ(ReadText(folder_ / "a.txt").value(), "first");
  EXPECT_FALSE(CheckWritable(folder_).ok());
  EXPECT_FALSE(CheckWritable(folder_ / "none" / "a.txt").ok());
}

TEST_F(TextFile, NeverTakesThePlaceOfADevice) {
  // By a link, so that a failure harms nothing but the link.
  const std::string link = folder_ / "full";
  fs::create_symlink("/dev/full", link);
  EXPECT_FALSE(WriteText(link, "x").ok());  // /dev/full is always full
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_TRUE(fs::is_character_file(link));
  EXPECT_FALSE(fs::exists(link + ".tmp"));
}

TEST_F(TextFile, SaysWhatCannotBeWritten) {
  const std::string path = folder_ / "none/a.txt";
  EXPECT_EQ(std::string(WriteText(path, "x").message()),
            path + ": cannot be written: No such file or directory");
  EXPECT_FALSE(WriteText(folder_, "x").ok());
  EXPECT_TRUE(fs::is_directory(folder_));
}

}  // namespace
}  // namespace allot
