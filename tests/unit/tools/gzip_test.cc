#include "tools/gzip.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace allot {
namespace {

using ::testing::EndsWith;

// "{}\n", compressed by gzip without a name or a time.
const std::string kPacked(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
    "\xab\xae\xe5\x02\x00\x06\xb0\xa1\xdd\x03\x00\x00\x00",
    23);

class GzipTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ =
      std::filesystem::path(::testing::TempDir()) /
      ("gzip_test_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(GzipTest, WhatIsNotCompressedIsRead) { EXPECT_EQ(*ReadPlainOrGzip(Write("{}\n")), "{}\n"); }

TEST_F(GzipTest, WhatIsCompressedIsUnpacked) {
  EXPECT_EQ(*ReadPlainOrGzip(Write(kPacked)), "{}\n");
  EXPECT_EQ(*ReadPlainOrGzip(Write(kPacked + kPacked)), "{}\n{}\n");
}

TEST_F(GzipTest, WhatIsBrokenIsNamed) {
  for (size_t length = 2; length < kPacked.size(); ++length) {
    const absl::Status status = ReadPlainOrGzip(Write(kPacked.substr(0, length))).status();
    EXPECT_EQ(status.message(), path_ + ": is compressed by gzip and ends early") << length;
  }
  std::string damaged = kPacked;
  damaged[18] ^= 1;  // the checksum
  EXPECT_THAT(std::string(ReadPlainOrGzip(Write(damaged)).status().message()),
              EndsWith("is compressed by gzip and damaged"));
  EXPECT_THAT(std::string(ReadPlainOrGzip(Write(kPacked + "x")).status().message()),
              EndsWith("is compressed by gzip and ends early"));
}

}  // namespace
}  // namespace allot
