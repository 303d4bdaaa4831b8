#include "lowering/output_folder.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "gmock/gmock.h"

#include "tests/unit/lowering/lowering_fixture.h"

namespace allot {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

OutputFile InMemory(const std::string& name, const std::string& bytes) {
  OutputFile file;
  file.name = name;
  file.chunks.push_back({bytes, "", 0, 0});
  return file;
}

OutputFile Range(const std::string& name, const std::string& source, int64_t offset,
                 int64_t length) {
  OutputFile file;
  file.name = name;
  file.chunks.push_back({"<", "", 0, 0});
  file.chunks.push_back({"", source, offset, length});
  file.chunks.push_back({">", "", 0, 0});
  return file;
}

OutputFile Linked(const std::string& name, const std::string& source) {
  OutputFile file;
  file.name = name;
  file.linked_from = source;
  return file;
}

OutputFile Manifest(const std::vector<std::string>& files,
                    const std::vector<std::string>& data = {}) {
  std::string text = "{\"schema\": \"allot.manifest/1\", \"files\": [\"manifest.json\"";
  for (const std::string& name : files) text += ", \"" + name + "\"";
  text += "], \"external_data\": [";
  for (size_t i = 0; i < data.size(); ++i) text += (i > 0 ? ", \"" : "\"") + data[i] + "\"";
  return InMemory("manifest.json", text + "]}");
}

// Everything below the folder, as paths relative to it, sorted.
std::vector<std::string> Listing(const std::string& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    names.push_back(entry.path().lexically_relative(folder).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(OutputFolderTest, MakesTheFolderAndItsParents) {
  const ScratchFolder folder;
  ASSERT_TRUE(WriteOutputFolder(folder / "a/b/out/",
                                {InMemory("x", "one"), InMemory("sub/y", std::string(3, '\0'))})
                  .ok());
  EXPECT_THAT(Listing(folder.path()),
              ElementsAre("a", "a/b", "a/b/out", "a/b/out/sub", "a/b/out/sub/y", "a/b/out/x"));
  EXPECT_EQ(ReadText(folder / "a/b/out/x"), "one");
  EXPECT_EQ(ReadText(folder / "a/b/out/sub/y"), std::string(3, '\0'));
  // As a usual program's files and folders.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  struct stat about;
  ASSERT_EQ(::stat((folder / "a/b/out").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0777 & ~mask);
  ASSERT_EQ(::stat((folder / "a/b/out/x").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0666 & ~mask);
}

TEST(OutputFolderTest, CopiesRangesOfOtherFiles) {
  const ScratchFolder folder;
  std::string big;
  for (int i = 0; i < 3'000'000; ++i) big += static_cast<char>(i * 7 % 251);
  WriteText(folder / "source", big);
  ASSERT_TRUE(WriteOutputFolder(folder / "out", {Range("x", folder / "source", 5, 2'500'000),
                                                 Range("y", folder / "source", 0, 0)})
                  .ok());
  EXPECT_EQ(ReadText(folder / "out/x"), "<" + big.substr(5, 2'500'000) + ">");
  EXPECT_EQ(ReadText(folder / "out/y"), "<>");
}

TEST(OutputFolderTest, LinksData) {
  const ScratchFolder folder;
  WriteText(folder / "w.bin", "weights");
  fs::create_symlink("w.bin", folder / "link.bin");
  ASSERT_TRUE(WriteOutputFolder(folder / "out", {Linked("data/w.bin", folder / "w.bin"),
                                                 Linked("l.bin", folder / "link.bin")})
                  .ok());
  EXPECT_TRUE(fs::equivalent(folder / "out/data/w.bin", folder / "w.bin"));
  EXPECT_FALSE(fs::is_symlink(folder / "out/l.bin"));
  EXPECT_EQ(ReadText(folder / "out/l.bin"), "weights");
  // Again, with the links in place.
  ASSERT_TRUE(WriteOutputFolder(folder / "out", {Linked("data/w.bin", folder / "w.bin")}).ok());
  EXPECT_EQ(ReadText(folder / "out/data/w.bin"), "weights");
  EXPECT_EQ(ReadText(folder / "w.bin"), "weights");
}

TEST(OutputFolderTest, AFailureLeavesNothing) {
  const ScratchFolder folder;
  WriteText(folder / "short", "0123");
  const absl::Status missing = WriteOutputFolder(
      folder / "new/out", {InMemory("x", "1"), Range("y", folder / "absent", 0, 1)});
  EXPECT_THAT(std::string(missing.message()), HasSubstr("cannot read '" + folder / "absent"));
  const absl::Status short_source = WriteOutputFolder(
      folder / "new/out", {InMemory("x", "1"), Range("y", folder / "short", 2, 3)});
  EXPECT_THAT(std::string(short_source.message()), HasSubstr("ends before byte 5"));
  EXPECT_FALSE(WriteOutputFolder(folder / "new/out", {Linked("y", folder / "absent")}).ok());
  EXPECT_FALSE(WriteOutputFolder(folder / "new/out", {Linked("y", folder.path())}).ok());
  EXPECT_THAT(Listing(folder.path()), ElementsAre("short"));
}

TEST(OutputFolderTest, AFailureLeavesAnExistingFolderAsItWas) {
  const ScratchFolder folder;
  const std::string out = folder / "out";
  ASSERT_TRUE(
      WriteOutputFolder(out, {InMemory("a", "old a"), InMemory("b", "old b"), Manifest({"a", "b"})})
          .ok());
  fs::create_directories(out + "/c");
  const std::vector<std::string> before = Listing(out);
  // The source is missing: found while staging.
  EXPECT_FALSE(
      WriteOutputFolder(out, {InMemory("a", "new"), Range("b", "/nonexistent", 0, 1)}).ok());
  EXPECT_EQ(Listing(out), before);
  // "c" is a folder: found when a and new/d have been put in place already.
  const absl::Status status = WriteOutputFolder(
      out, {InMemory("a", "new"), InMemory("new/d", "new"), InMemory("c", "new")});
  EXPECT_THAT(std::string(status.message()), HasSubstr("/c': it is a folder"));
  EXPECT_EQ(Listing(out), before);
  EXPECT_EQ(ReadText(out + "/a"), "old a");
}

// Files may not grow beyond `bytes` while this lives: what a full disk looks like.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &old_), 0);
    rlimit limit = old_;
    limit.rlim_cur = bytes;
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_;
  void (*old_handler_)(int);
};

TEST(OutputFolderTest, NoRoomLeavesNothing) {
  const ScratchFolder folder;
  WriteText(folder / "big", std::string(3000, 'b'));
  {
    const FileSizeLimit limit(1000);
    EXPECT_THAT(
        std::string(WriteOutputFolder(folder / "out",
                                      {InMemory("a", "1"), InMemory("x", std::string(2000, 'x'))})
                        .message()),
        HasSubstr("cannot write 'x'"));
    EXPECT_THAT(std::string(WriteOutputFolder(folder / "out", {InMemory("a", "1"),
                                                               Range("y", folder / "big", 0, 3000)})
                                .message()),
                HasSubstr("'y'"));
  }
  EXPECT_THAT(Listing(folder.path()), ElementsAre("big"));
}

TEST(OutputFolderTest, CopiesDataFromOtherFileSystems) {
  struct stat here, there;
  const ScratchFolder folder;
  if (::stat(folder.path().c_str(), &here) != 0 || ::stat("/dev/shm", &there) != 0 ||
      here.st_dev == there.st_dev || ::access("/dev/shm", W_OK) != 0) {
    GTEST_SKIP() << "there is no second file system to write to";
  }
  const std::string source = "/dev/shm/allot_lowering_test_" + std::to_string(::getpid());
  WriteText(source, std::string(5000, 'w'));
  EXPECT_TRUE(WriteOutputFolder(folder / "out", {Linked("w.bin", source)}).ok());
  fs::remove(source);
  EXPECT_EQ(ReadText(folder / "out/w.bin"), std::string(5000, 'w'));
}

TEST(OutputFolderTest, RemovesWhatAnEarlierRunListed) {
  const ScratchFolder folder;
  const std::string out = folder / "out";
  WriteText(folder / "w.bin", "w");
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("p0.onnx", "0"), InMemory("sub/p1.onnx", "1"),
                                      Linked("w.bin", folder / "w.bin"),
                                      Manifest({"p0.onnx", "sub/p1.onnx"}, {"w.bin"})})
                  .ok());
  WriteText(out + "/mine.txt", "keep");
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("p0.onnx", "2"), Manifest({"p0.onnx"})}).ok());
  EXPECT_THAT(Listing(out), ElementsAre("manifest.json", "mine.txt", "p0.onnx"));
  EXPECT_EQ(ReadText(out + "/p0.onnx"), "2");
  EXPECT_EQ(ReadText(folder / "w.bin"), "w");
}

TEST(OutputFolderTest, NeverRemovesTheLastCopyOfData) {
  const ScratchFolder folder;
  const std::string out = folder / "out";
  ASSERT_TRUE(
      WriteOutputFolder(out, {InMemory("w.bin", "only copy"), Manifest({}, {"w.bin"})}).ok());
  ASSERT_TRUE(WriteOutputFolder(out, {Manifest({})}).ok());
  EXPECT_EQ(ReadText(out + "/w.bin"), "only copy");
}

TEST(OutputFolderTest, DoesNotTrustManifests) {
  const ScratchFolder folder;
  const std::string out = folder / "out";
  WriteText(folder / "outside", "safe");
  fs::create_directories(out + "/sub");
  fs::create_directory_symlink(folder.path(), out + "/link");
  ASSERT_TRUE(
      WriteOutputFolder(out, {Manifest({"../outside", folder / "outside", "link/outside", "sub"})})
          .ok());
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("x", "x"), Manifest({"x"})}).ok());
  EXPECT_EQ(ReadText(folder / "outside"), "safe");
  EXPECT_TRUE(fs::is_directory(out + "/sub"));
  // Another program's manifest says nothing to us.
  WriteText(out + "/manifest.json", "{\"files\": [\"x\"]}");
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("y", "y")}).ok());
  EXPECT_EQ(ReadText(out + "/x"), "x");
}

TEST(OutputFolderTest, NeverReplacesWhatTheModelIsReadFrom) {
  const ScratchFolder folder;
  WriteText(folder / "m.onnx", "the model");
  WriteText(folder / "w.bin", "weights");
  const absl::Status by_name = WriteOutputFolder(folder.path(), {InMemory("m.onnx", "new")},
                                                 {folder / "./m.onnx", folder / "w.bin"});
  EXPECT_THAT(std::string(by_name.message()), HasSubstr("would replace a file"));
  EXPECT_FALSE(WriteOutputFolder(folder.path(), {Range("m.onnx", folder / "m.onnx", 0, 3)}).ok());
  fs::create_directory_symlink(folder.path(), folder / "alias");
  EXPECT_FALSE(
      WriteOutputFolder(folder / "alias", {InMemory("w.bin", "new")}, {folder / "w.bin"}).ok());
  EXPECT_EQ(ReadText(folder / "m.onnx"), "the model");
  // Data that is linked to where it lies already stays.
  ASSERT_TRUE(
      WriteOutputFolder(folder.path(), {Linked("w.bin", folder / "w.bin"), InMemory("x", "x")})
          .ok());
  EXPECT_EQ(ReadText(folder / "w.bin"), "weights");
  EXPECT_THAT(Listing(folder.path()), ElementsAre("alias", "m.onnx", "w.bin", "x"));
}

TEST(OutputFolderTest, RefusesNamesThatLeaveTheFolder) {
  const ScratchFolder folder;
  for (const char* name : {"", "../x", "/x", "a/../x", "a//x", ".", "a/"}) {
    EXPECT_FALSE(WriteOutputFolder(folder / "out", {InMemory(name, "x")}).ok()) << name;
  }
  EXPECT_FALSE(WriteOutputFolder(folder / "out", {InMemory("x", "1"), InMemory("x", "2")}).ok());
  EXPECT_THAT(Listing(folder.path()), IsEmpty());
}

TEST(OutputFolderTest, RefusesAFileAsFolder) {
  const ScratchFolder folder;
  WriteText(folder / "out", "a file");
  EXPECT_THAT(std::string(WriteOutputFolder(folder / "out", {InMemory("x", "x")}).message()),
              HasSubstr("exists and is no folder"));
  EXPECT_FALSE(WriteOutputFolder(folder / "out/below", {InMemory("x", "x")}).ok());
  EXPECT_EQ(ReadText(folder / "out"), "a file");
}

}  // namespace
}  // namespace allot
