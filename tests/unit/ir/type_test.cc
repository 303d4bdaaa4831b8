#include "ir/type.h"

#include <limits>

#include <gtest/gtest.h>

#include "ir/constant.h"

namespace allot::ir {
namespace {

TEST(TypeTest, EveryElementTypeHasTwoNamesThatReadBack) {
  for (int32_t number = 0; number <= 26; ++number) {
    const auto type = static_cast<ElementType>(number);
    EXPECT_EQ(ElementTypeFromMlirName(MlirName(type)), type) << number;
    EXPECT_EQ(ElementTypeFromDtypeName(DtypeName(type)), type) << number;
  }
  EXPECT_EQ(MlirName(ElementType::kFloat), "f32");
  EXPECT_EQ(DtypeName(ElementType::kFloat16), "float16");
  EXPECT_EQ(BitWidth(static_cast<ElementType>(1000)), 0);
  EXPECT_FALSE(ElementTypeFromMlirName("f31").has_value());
}

TEST(TypeTest, PackedBytesRoundsUpAndSaturates) {
  EXPECT_EQ(PackedBytes(ElementType::kFloat, 3), 12);
  EXPECT_EQ(PackedBytes(ElementType::kInt4, 3), 2);
  EXPECT_EQ(PackedBytes(ElementType::kUint2, 5), 2);
  EXPECT_EQ(PackedBytes(ElementType::kBool, 5), 5);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(PackedBytes(ElementType::kDouble, kMost), kMost);
  EXPECT_EQ(PackedBytes(ElementType::kString, kMost), kMost);
}

TEST(TypeTest, NumElements) {
  EXPECT_EQ(NumElements({}), 1);
  EXPECT_EQ(NumElements({Dim::Known(2), Dim::Known(3)}), 6);
  EXPECT_EQ(NumElements({Dim::Known(2), Dim::Symbol("N")}), std::nullopt);
  const Dim huge = Dim::Known(int64_t{1} << 62);
  EXPECT_EQ(NumElements({huge, huge}), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(NumElements({huge, huge, Dim::Known(0)}), 0);
}

TEST(TypeTest, MeetKeepsWhatEitherKnows) {
  const Type a = Type::Tensor(ElementType::kFloat, Shape{Dim::Symbol("N"), Dim::Unknown()});
  const Type b = Type::Tensor(ElementType::kFloat, Shape{Dim::Known(2), Dim::Symbol("M")});
  EXPECT_EQ(Meet(a, b), Type::Tensor(ElementType::kFloat, Shape{Dim::Known(2), Dim::Symbol("M")}));
  EXPECT_EQ(Meet(a, Type::Unknown()), a);
  EXPECT_EQ(Meet(Type::Unknown(), b), b);
  EXPECT_EQ(Meet(a, Type::Tensor(ElementType::kUndefined, std::nullopt)), a);
  EXPECT_EQ(Meet(Type::Sequence(a), Type::Sequence(b)), Type::Sequence(*Meet(a, b)));
}

TEST(TypeTest, MeetRefusesContradictions) {
  const Type two = Type::Tensor(ElementType::kFloat, Shape{Dim::Known(2)});
  EXPECT_FALSE(Meet(two, Type::Tensor(ElementType::kFloat, Shape{Dim::Known(3)})));
  EXPECT_FALSE(Meet(two, Type::Tensor(ElementType::kInt64, Shape{Dim::Known(2)})));
  EXPECT_FALSE(Meet(two, Type::Tensor(ElementType::kFloat, Shape{})));
  EXPECT_FALSE(Meet(two, Type::Sequence(two)));
}

Constant Integers(ElementType element, std::string bytes, std::vector<int64_t> dims) {
  Constant constant;
  constant.element = element;
  constant.dims = std::move(dims);
  constant.storage = InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return constant;
}

TEST(ConstantTest, ReadsSmallIntegers) {
  const Constant c32 =
      Integers(ElementType::kInt32, std::string("\xff\xff\xff\xff\1\0\0\0", 8), {2});
  EXPECT_EQ(c32.AsIntegers(), (std::vector<int64_t>{-1, 1}));
  const Constant c64 = Integers(ElementType::kInt64, std::string("\0\1\0\0\0\0\0\0", 8), {});
  EXPECT_EQ(c64.AsIntegers(), std::vector<int64_t>{256});
  EXPECT_EQ(Integers(ElementType::kInt64, "short", {1}).AsIntegers(), std::nullopt);
  EXPECT_EQ(Integers(ElementType::kFloat, "abcd", {1}).AsIntegers(), std::nullopt);
}

TEST(ConstantTest, ComparesContents) {
  const Constant a = Integers(ElementType::kInt32, "abcd", {1});
  Constant b = Integers(ElementType::kInt32, "abcd", {1});
  EXPECT_TRUE(a == b);
  b.storage = InlineBytes{std::make_shared<const std::string>("abce")};
  EXPECT_FALSE(a == b);
  b.storage = FileBytes{};
  EXPECT_FALSE(a == b);
  EXPECT_EQ(a.bytes(), 4);
}

}  // namespace
}  // namespace allot::ir
