#include "ir/constant_view.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace allot::ir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Constant InFile(std::vector<int64_t> dims, ElementType element = ElementType::kUint8) {
  Constant constant;
  constant.element = element;
  constant.dims = std::move(dims);
  FileBytes file;
  file.location = "weights";
  file.offset = 64;
  constant.storage = std::move(file);
  return constant;
}

Constant InMemory(std::vector<int64_t> dims, std::string bytes) {
  Constant constant;
  constant.element = ElementType::kUint8;
  constant.dims = std::move(dims);
  constant.storage = InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return constant;
}

Constant Slice(const Constant& constant, size_t axis, const std::vector<IndexRun>& runs) {
  absl::StatusOr<Constant> slice = SliceConstant(constant, axis, runs);
  EXPECT_TRUE(slice.ok()) << slice.status();
  return slice.ok() ? *std::move(slice) : Constant();
}

std::vector<ByteRanges> RangesOf(const Constant& constant) {
  std::vector<ByteRanges> all;
  VisitBytes(std::get<FileView>(constant.storage), constant.element,
             [&](const ByteRanges& ranges) { all.push_back(ranges); });
  return all;
}

std::string BytesOf(const Constant& constant) {
  return *std::get<InlineBytes>(constant.storage).bytes;
}

// What the view keeps of a file that holds `whole`.
std::string Kept(const Constant& constant, const std::string& whole) {
  std::string bytes;
  for (const ByteRanges& ranges : RangesOf(constant)) {
    for (int64_t i = 0; i < ranges.count; ++i) {
      const int64_t begin = ranges.offset + i * ranges.stride;
      const std::vector<BytePick> all = {{0, ranges.length}};
      int64_t length = 0;
      for (const BytePick& pick : ranges.picks == nullptr ? all : *ranges.picks) {
        bytes += whole.substr(static_cast<size_t>(begin + pick.offset),
                              static_cast<size_t>(pick.length));
        length += pick.length;
      }
      EXPECT_EQ(length, ranges.length);
    }
  }
  return bytes;
}

TEST(ConstantViewTest, RowsAreOneRange) {
  const Constant rows = Slice(InFile({4, 6}, ElementType::kFloat), 0, {{1, 3}});
  EXPECT_THAT(rows.dims, ElementsAre(2, 6));
  EXPECT_EQ(rows.bytes(), 48);
  EXPECT_THAT(RangesOf(rows), ElementsAre(ByteRanges{24, 48, 1, 96}));
}

TEST(ConstantViewTest, ColumnsAreOneRangeOfEachRow) {
  const Constant columns = Slice(InFile({2, 4, 6}, ElementType::kFloat16), 2, {{2, 4}});
  EXPECT_THAT(columns.dims, ElementsAre(2, 4, 2));
  EXPECT_THAT(RangesOf(columns), ElementsAre(ByteRanges{4, 4, 8, 12}));
}

TEST(ConstantViewTest, SeveralRunsOfColumnsAreOneCall) {
  const Constant columns = Slice(InFile({4, 6}, ElementType::kFloat), 1, {{4, 6}, {0, 1}});
  const std::vector<ByteRanges> ranges = RangesOf(columns);
  ASSERT_EQ(ranges.size(), 1u);
  EXPECT_EQ(ranges[0].length, 12);
  EXPECT_EQ(ranges[0].count, 4);
  EXPECT_EQ(ranges[0].stride, 24);
  EXPECT_THAT(*ranges[0].picks, ElementsAre(BytePick{16, 8}, BytePick{0, 4}));
}

TEST(ConstantViewTest, RunsKeepTheirOrder) {
  const Constant parts = Slice(InMemory({2, 6}, "abcdefABCDEF"), 1, {{4, 6}, {0, 1}});
  EXPECT_THAT(parts.dims, ElementsAre(2, 3));
  EXPECT_EQ(BytesOf(parts), "efaEFA");
}

TEST(ConstantViewTest, ASliceOfASliceIsOneOfTheOriginal) {
  const std::string whole = "abcdefghijklmnopqrstuvwx";  // 4 x 6
  for (const bool in_file : {false, true}) {
    const Constant constant = in_file ? InFile({4, 6}) : InMemory({4, 6}, whole);
    const Constant columns = Slice(constant, 1, {{3, 6}, {0, 2}});  // d e f a b
    const Constant rows = Slice(columns, 0, {{1, 4}});
    const Constant both = Slice(rows, 1, {{2, 4}});  // f a, of rows 1 to 3
    EXPECT_THAT(both.dims, ElementsAre(3, 2));
    EXPECT_EQ(in_file ? Kept(both, whole) : BytesOf(both), "lgrmxs");
  }
}

TEST(ConstantViewTest, EveryPairOfAxesAgreesWithCopying) {
  std::string whole;
  for (int i = 0; i < 3 * 4 * 5; ++i) whole += static_cast<char>('!' + i);
  const std::vector<int64_t> dims = {3, 4, 5};
  for (size_t a = 0; a < 3; ++a) {
    for (size_t b = 0; b < 3; ++b) {
      for (int64_t begin = 0; begin < 2; ++begin) {
        const std::vector<IndexRun> first = {{begin, begin + 2}}, second = {{1, 2}, {0, 1}};
        const Constant viewed = Slice(Slice(InFile(dims), a, first), b, second);
        const Constant copied = Slice(Slice(InMemory(dims, whole), a, first), b, second);
        EXPECT_EQ(viewed.dims, copied.dims);
        EXPECT_EQ(Kept(viewed, whole), BytesOf(copied)) << a << b << begin;
      }
    }
  }
}

TEST(ConstantViewTest, WhatIsNoSliceIsAnError) {
  const auto error = [](const Constant& constant, size_t axis, const std::vector<IndexRun>& runs) {
    return std::string(SliceConstant(constant, axis, runs).status().message());
  };
  EXPECT_THAT(error(InFile({4, 6}), 2, {{0, 1}}), HasSubstr("no axis 2"));
  EXPECT_THAT(error(InFile({4, 6}), 1, {{5, 7}}), HasSubstr("5 to 7"));
  EXPECT_THAT(error(InFile({4, 6}), 1, {{3, 3}}), HasSubstr("3 to 3"));
  EXPECT_THAT(error(InFile({4, 6}), 1, {}), HasSubstr("at least one"));
  EXPECT_THAT(error(InFile({4, 5}, ElementType::kInt4), 1, {{0, 1}}), HasSubstr("within a byte"));
  EXPECT_THAT(error(InFile({4, 6}, ElementType::kString), 0, {{0, 1}}), HasSubstr("nobody knows"));
  Constant opaque = InFile({4});
  opaque.storage = OpaqueTensor{};
  EXPECT_THAT(error(opaque, 0, {{0, 1}}), HasSubstr("no dense tensor"));
  constexpr int64_t kHuge = int64_t{1} << 62;
  EXPECT_THAT(error(InFile({kHuge, kHuge}), 0, {{0, 1}}), HasSubstr("too large"));
}

TEST(ConstantViewTest, FourBitElementsInPairs) {
  EXPECT_THAT(RangesOf(Slice(InFile({4, 6}, ElementType::kInt4), 1, {{2, 6}})),
              ElementsAre(ByteRanges{1, 2, 4, 3}));
}

}  // namespace
}  // namespace allot::ir
