#include "lowering/output_folder.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "gmock/gmock.h"

#include "lowering/file_digest.h"
#include "lowering/folder_record.h"
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

OutputFile Copied(const std::string& name, const std::string& source) {
  OutputFile file;
  file.name = name;
  file.copied_from = source;
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

// Everything below the folder but for records, as paths relative to it, sorted.
std::vector<std::string> Listing(const std::string& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == kFolderRecord) continue;
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

OutputFile By(OutputFile file, const std::vector<std::string>& emitters) {
  file.emitters = emitters;
  return file;
}

TEST(OutputFolderTest, CopiesData) {
  const ScratchFolder folder;
  WriteText(folder / "w.bin", "weights");
  fs::create_symlink("w.bin", folder / "link.bin");
  ASSERT_TRUE(WriteOutputFolder(folder / "out", {Copied("data/w.bin", folder / "w.bin"),
                                                 Copied("l.bin", folder / "link.bin")})
                  .ok());
  EXPECT_EQ(ReadText(folder / "out/data/w.bin"), "weights");
  EXPECT_EQ(fs::hard_link_count(folder / "w.bin"), 1u);
  EXPECT_FALSE(fs::is_symlink(folder / "out/l.bin"));
  EXPECT_EQ(ReadText(folder / "out/l.bin"), "weights");
  // Again, with the copies in place.
  ASSERT_TRUE(WriteOutputFolder(folder / "out", {Copied("data/w.bin", folder / "w.bin")}).ok());
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
  EXPECT_FALSE(WriteOutputFolder(folder / "new/out", {Copied("y", folder / "absent")}).ok());
  EXPECT_FALSE(WriteOutputFolder(folder / "new/out", {Copied("y", folder.path())}).ok());
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
  EXPECT_TRUE(WriteOutputFolder(folder / "out", {Copied("w.bin", source)}).ok());
  fs::remove(source);
  EXPECT_EQ(ReadText(folder / "out/w.bin"), std::string(5000, 'w'));
}

TEST(OutputFolderTest, RemovesWhatAnEarlierRunListed) {
  const ScratchFolder folder;
  const std::string out = folder / "out";
  WriteText(folder / "w.bin", "w");
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("p0.onnx", "0"), InMemory("sub/p1.onnx", "1"),
                                      Copied("w.bin", folder / "w.bin"),
                                      Manifest({"p0.onnx", "sub/p1.onnx"}, {"w.bin"})})
                  .ok());
  WriteText(out + "/mine.txt", "keep");
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("p0.onnx", "2"), Manifest({"p0.onnx"})}).ok());
  EXPECT_THAT(Listing(out), ElementsAre("manifest.json", "mine.txt", "p0.onnx"));
  EXPECT_EQ(ReadText(out + "/p0.onnx"), "2");
  EXPECT_EQ(ReadText(folder / "w.bin"), "w");
}

TEST(OutputFolderTest, CopiesHoles) {
  const ScratchFolder folder;
  WriteText(folder / "w.bin", "start");
  fs::resize_file(folder / "w.bin", 64 << 20);
  ASSERT_TRUE(WriteOutputFolder(folder / "out", {Copied("w.bin", folder / "w.bin")}).ok());
  struct stat about;
  ASSERT_EQ(::stat((folder / "out/w.bin").c_str(), &about), 0);
  EXPECT_EQ(about.st_size, 64 << 20);
  EXPECT_LT(about.st_blocks * 512, 1 << 20);
  EXPECT_EQ(ReadText(folder / "out/w.bin"), ReadText(folder / "w.bin"));
}

TEST(OutputFolderTest, OutputsOfOtherEmittersStay) {
  const ScratchFolder folder;
  const std::string out = folder / "out";
  WriteText(folder / "w.bin", "w");
  ASSERT_TRUE(WriteOutputFolder(
                  out, {By(InMemory("p0", "0"), {"parts"}), By(InMemory("p1", "1"), {"parts"}),
                        By(Copied("w.bin", folder / "w.bin"), {"parts", "annotated"}),
                        By(InMemory("plan", "old"), {"plan"})})
                  .ok());
  ASSERT_TRUE(WriteOutputFolder(out, {By(InMemory("plan", "new"), {"plan"})}).ok());
  EXPECT_THAT(Listing(out), ElementsAre("p0", "p1", "plan", "w.bin"));
  EXPECT_EQ(ReadText(out + "/plan"), "new");
  // Data goes with the last emitter that uses it.
  ASSERT_TRUE(WriteOutputFolder(out, {By(InMemory("p0", "2"), {"parts"})}).ok());
  EXPECT_THAT(Listing(out), ElementsAre("p0", "plan", "w.bin"));
  ASSERT_TRUE(WriteOutputFolder(out, {By(InMemory("m", "m"), {"annotated"})}).ok());
  EXPECT_THAT(Listing(out), ElementsAre("m", "p0", "plan"));
}

TEST(OutputFolderTest, WhatWasChangedSinceStaysUnlessForced) {
  const ScratchFolder folder;
  const std::string out = folder / "out";
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("a", "1"), InMemory("b", "1")}).ok());
  WriteText(out + "/a", "2");
  WriteText(out + "/c", "mine");
  const absl::Status status =
      WriteOutputFolder(out, {InMemory("a", "3"), InMemory("b", "3"), InMemory("c", "3")});
  EXPECT_EQ(status.message(),
            "'" + out + "/a', '" + out +
                "/c' were not written by Allot, or changed since; move them away, "
                "give another output folder, or replace them with --force");
  EXPECT_EQ(ReadText(out + "/a") + ReadText(out + "/b") + ReadText(out + "/c"), "21mine");
  // Neither written nor removed.
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("b", "4")}).ok());
  EXPECT_EQ(ReadText(out + "/a") + ReadText(out + "/b") + ReadText(out + "/c"), "24mine");
  // The same as what somebody else wrote is no conflict, and does not make it ours.
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("c", "mine")}).ok());
  EXPECT_FALSE(WriteOutputFolder(out, {InMemory("c", "5")}).ok());
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("c", "5")}, {}, /*force=*/true).ok());
  EXPECT_EQ(ReadText(out + "/c"), "5");
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("c", "6")}).ok());
}

TEST(OutputFolderTest, DoesNotTrustRecords) {
  const ScratchFolder folder;
  const std::string out = folder / "out";
  WriteText(folder / "outside", "safe");
  fs::create_directories(out + "/sub");
  fs::create_directory_symlink(folder.path(), out + "/link");
  FolderRecord record;
  for (const char* name : {"link/outside", "sub"}) {
    record[name] = {DigestOfFile(folder / "outside").value(), {}};
  }
  std::string text = PrintFolderRecord(record);
  for (const std::string& name : {std::string("../outside"), folder / "outside"}) {
    text.insert(text.find("\"link"), "\"" + name + "\": {\"bytes\": 4, \"sha256\": \"" +
                                         record["sub"].digest.sha256 + "\", \"emitters\": []}, ");
  }
  WriteText(out + "/" + kFolderRecord, text);
  EXPECT_EQ(ReadFolderRecord(out), record);
  ASSERT_TRUE(WriteOutputFolder(out, {InMemory("x", "x")}).ok());
  EXPECT_EQ(ReadText(folder / "outside"), "safe");
  EXPECT_TRUE(fs::is_directory(out + "/sub"));
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
      WriteOutputFolder(folder.path(), {Copied("w.bin", folder / "w.bin"), InMemory("x", "x")})
          .ok());
  EXPECT_EQ(ReadText(folder / "w.bin"), "weights");
  EXPECT_THAT(Listing(folder.path()), ElementsAre("alias", "m.onnx", "w.bin", "x"));
}

TEST(OutputFolderTest, RefusesNamesThatLeaveTheFolder) {
  const ScratchFolder folder;
  for (const char* name : {"", "../x", "/x", "a/../x", "a//x", ".", "a/", ".allot-files.json"}) {
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
