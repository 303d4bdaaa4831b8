#include "lowering/file_digest.h"

#include "gmock/gmock.h"

#include "tests/unit/lowering/lowering_fixture.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

// The vectors are those of FIPS 180-4's examples.
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kMillionA[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

FileChunk Bytes(const std::string& bytes) {
  FileChunk chunk;
  chunk.bytes = bytes;
  return chunk;
}

FileChunk Range(const std::string& path, int64_t offset, int64_t length) {
  FileChunk chunk;
  chunk.source = path;
  chunk.offset = offset;
  chunk.length = length;
  return chunk;
}

FileDigest Digest(const std::vector<FileChunk>& chunks) {
  absl::StatusOr<FileDigest> digest = DigestOf("file", chunks);
  EXPECT_TRUE(digest.ok()) << digest.status();
  return digest.ok() ? *std::move(digest) : FileDigest();
}

TEST(FileDigestTest, IsSha256) {
  EXPECT_EQ(Digest({}).sha256, kEmpty);
  EXPECT_EQ(Digest({}).bytes, 0);
  EXPECT_EQ(Digest({Bytes("abc")}).sha256, kAbc);
  EXPECT_EQ(Digest({Bytes("abc")}).bytes, 3);
}

TEST(FileDigestTest, RangesOfFilesCountLikeBytes) {
  const ScratchFolder folder;
  WriteText(folder / "long", "xyz" + std::string(700'000, 'a') + "xyz");
  WriteText(folder / "short", "-a-");
  const FileDigest digest =
      Digest({Bytes(std::string(99'999, 'a')), Range(folder / "long", 3, 700'000),
              Range(folder / "short", 1, 1), Bytes(""), Range(folder / "long", 3, 200'000)});
  EXPECT_EQ(digest.sha256, kMillionA);
  EXPECT_EQ(digest.bytes, 1'000'000);
}

TEST(FileDigestTest, ErrorsNameTheFile) {
  const ScratchFolder folder;
  WriteText(folder / "short", "abc");
  const auto error = [](const FileChunk& chunk) {
    return std::string(DigestOf("model.00000_cpu0.onnx", {chunk}).status().message());
  };
  EXPECT_THAT(error(Range(folder / "short", 1, 3)), HasSubstr("ends before byte 4"));
  EXPECT_THAT(error(Range(folder / "short", 1, 3)), HasSubstr("model.00000_cpu0.onnx"));
  EXPECT_THAT(error(Range(folder / "none", 0, 1)), HasSubstr("none"));
  EXPECT_THAT(error(Range(folder.path(), 0, 1)), HasSubstr("is no regular file"));
}

TEST(FileDigestTest, SizeOnlyComputesNoHash) {
  const ScratchFolder folder;
  WriteText(folder / "three", "abc");
  const absl::StatusOr<FileDigest> digest = SizeOnly(folder / "three");
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(digest->bytes, 3);
  EXPECT_EQ(digest->sha256, "");
  EXPECT_FALSE(SizeOnly(folder / "none").ok());
}

}  // namespace
}  // namespace allot
