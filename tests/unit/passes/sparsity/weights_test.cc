// Weights in all the forms in which models hold them, against elements looked at one by one.
#include "passes/sparsity/weights.h"

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/sparsity/sparsity.h"
#include "support/random.h"

namespace allot {
namespace {

using ::testing::HasSubstr;

template <typename T>
std::string Bytes(const std::vector<T>& elements) {
  return std::string(reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T));
}

// A module with constants and a chain of nodes on them.
struct Made {
  ir::Module module;

  ir::ValueId Constant(ir::ElementType element, std::vector<int64_t> dims, std::string bytes) {
    ir::Constant constant;
    constant.element = element;
    constant.dims = std::move(dims);
    constant.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
    return Add(std::move(constant));
  }
  ir::ValueId Sparse(ir::ElementType element, std::vector<int64_t> dims, std::string proto) {
    ir::Constant constant;
    constant.element = element;
    constant.dims = std::move(dims);
    constant.storage =
        ir::OpaqueTensor{std::make_shared<const std::string>(std::move(proto)), /*sparse=*/true};
    return Add(std::move(constant));
  }
  ir::ValueId Op(const std::string& op_type, std::vector<ir::ValueId> operands,
                 ir::AttributeMap attributes = {}) {
    ir::Node node;
    node.op_type = op_type;
    node.operands = std::move(operands);
    node.attributes = std::move(attributes);
    const ir::NodeId id =
        module.graph.AddNode(std::move(node), {{{"v" + std::to_string(++count), ir::Type()}}});
    return module.graph.node(id).results[0];
  }

  int count = 0;

 private:
  ir::ValueId Add(ir::Constant constant) {
    const ir::Type type = constant.type();
    return module.graph.AddInitializer("c" + std::to_string(++count), type,
                                       module.constants.Add(std::move(constant)));
  }
};

std::vector<std::vector<int>> Rows(const BitMatrix& bits) {
  std::vector<std::vector<int>> rows;
  for (int64_t row = 0; row < bits.rows(); ++row) {
    std::vector<int>& columns = rows.emplace_back();
    bits.ForEachInRow(row, [&](int64_t column) { columns.push_back(static_cast<int>(column)); });
  }
  return rows;
}

std::vector<std::vector<int>> Pattern(const ir::Module& module, ir::ValueId value) {
  const auto weights = FindWeights(module, value);
  EXPECT_TRUE(weights.has_value());
  const auto bits = NonzerosOf(module, *weights);
  EXPECT_TRUE(bits.ok()) << bits.status();
  return Rows(*bits);
}

ir::Attribute Ints(std::vector<int64_t> numbers) { return {.value = std::move(numbers)}; }

const std::vector<float> kElements = {0, 1, -0.0F, 2, 0, 0, 0, 0, 3, 0, -4, 0};  // 3 x 4
const std::vector<std::vector<int>> kRows = {{1, 3}, {}, {0, 2}}, kColumns = {{2}, {0}, {2}, {0}};

TEST(Weights, ZerosOfBothSignsAreZeros) {
  Made made;
  const auto dense = made.Constant(ir::ElementType::kFloat, {3, 4}, Bytes(kElements));
  EXPECT_EQ(Pattern(made.module, dense), kRows);
  EXPECT_EQ(Pattern(made.module, made.Op("Identity", {dense})), kRows);
  EXPECT_EQ(Pattern(made.module, made.Op("Transpose", {dense})), kColumns);
  EXPECT_EQ(Pattern(made.module, made.Op("Transpose", {dense}, {{"perm", Ints({0, 1})}})), kRows);
  const auto flat = made.Constant(ir::ElementType::kFloat, {12}, Bytes(kElements));
  const auto dims = made.Constant(ir::ElementType::kInt64, {2}, Bytes(std::vector<int64_t>{-1, 4}));
  EXPECT_EQ(Pattern(made.module, made.Op("Reshape", {flat, dims})), kRows);
  const auto cast = made.Op("Cast", {dense}, {{"to", {.value = int64_t{10}}}});
  EXPECT_EQ(Pattern(made.module, made.Op("Transpose", {cast})), kColumns);
  EXPECT_EQ(FindWeights(made.module, cast)->element, ir::ElementType::kFloat16);
}

TEST(Weights, OnlyConstantsAreWeights) {
  Made made;
  const auto x = made.module.graph.AddInput("x", ir::Type());
  EXPECT_FALSE(FindWeights(made.module, x).has_value());
  EXPECT_FALSE(FindWeights(made.module, made.Op("Transpose", {x})).has_value());
  const auto dense = made.Constant(ir::ElementType::kFloat, {3, 4}, Bytes(kElements));
  EXPECT_FALSE(FindWeights(made.module, made.Op("Softmax", {dense})).has_value());
  EXPECT_FALSE(FindWeights(made.module, made.Op("Reshape", {dense, x})).has_value());
}

TEST(Weights, QuantizedZerosEqualTheirZeroPoint) {
  Made made;
  const std::vector<int8_t> q = {3, 4, 3, 0, 3, 3, 3, 3, 5, 3, 2, 3};
  const auto weights = made.Constant(ir::ElementType::kInt8, {3, 4}, Bytes(q));
  const auto scale = made.Constant(ir::ElementType::kFloat, {}, Bytes(std::vector<float>{0.5}));
  const auto zero = made.Constant(ir::ElementType::kInt8, {}, Bytes(std::vector<int8_t>{3}));
  EXPECT_EQ(Pattern(made.module, made.Op("DequantizeLinear", {weights, scale, zero})), kRows);
  // Without a zero point it is 0.
  EXPECT_EQ(Pattern(made.module, made.Op("DequantizeLinear", {weights, scale}))[1],
            (std::vector<int>{0, 1, 2, 3}));
  // By column.
  const auto scales =
      made.Constant(ir::ElementType::kFloat, {4}, Bytes(std::vector<float>{1, 1, 1, 1}));
  const auto zeros =
      made.Constant(ir::ElementType::kInt8, {4}, Bytes(std::vector<int8_t>{3, 4, 3, 0}));
  const auto by_column = made.Op("DequantizeLinear", {weights, scales, zeros});
  EXPECT_EQ(Pattern(made.module, by_column),
            (std::vector<std::vector<int>>{{}, {1, 3}, {0, 1, 2, 3}}));
  EXPECT_EQ(Pattern(made.module, made.Op("Transpose", {by_column})),
            (std::vector<std::vector<int>>{{2}, {1, 2}, {2}, {1, 2}}));
}

std::string Field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) +
         bytes;
}
std::string Dims(std::vector<int64_t> dims) {
  std::string packed;
  for (const int64_t dim : dims) packed.push_back(static_cast<char>(dim));
  return Field(1, packed);
}

TEST(Weights, SparseConstantsHaveTwoFormsOfIndices) {
  const std::string values =
      Field(1, Dims({5}) + Field(9, Bytes(std::vector<float>{1, 2, 3, 0, -4})));
  const std::vector<int64_t> linear = {1, 3, 8, 9, 10};
  const std::vector<int64_t> pairs = {0, 1, 0, 3, 2, 0, 2, 1, 2, 2};
  Made made;
  const auto sparse = [&](const std::string& indices) {
    return made.Sparse(ir::ElementType::kFloat, {3, 4}, values + indices);
  };
  EXPECT_EQ(Pattern(made.module, sparse(Field(2, Dims({5}) + Field(9, Bytes(linear))))), kRows);
  const auto by_axis = sparse(Field(2, Dims({5, 2}) + Field(9, Bytes(pairs))));
  EXPECT_EQ(Pattern(made.module, by_axis), kRows);
  EXPECT_EQ(Pattern(made.module, made.Op("Transpose", {by_axis})), kColumns);
  EXPECT_EQ(
      Pattern(made.module, sparse(Field(2, Dims({5}) + Field(7, std::string("\1\3\x8\x9\xa"))))),
      kRows);
  // Elements are those of a dense constant.
  const auto elements = ElementsOf(made.module, *FindWeights(made.module, by_axis), 100);
  ASSERT_TRUE(elements.ok()) << elements.status();
  std::vector<float> read(12);
  std::memcpy(read.data(), elements->data(), 48);
  EXPECT_EQ(read, kElements);
  const auto error = [&](const std::string& indices) {
    const auto bits = NonzerosOf(made.module, *FindWeights(made.module, sparse(indices)));
    return std::string(bits.status().message());
  };
  EXPECT_THAT(error(Field(2, Dims({4}) + Field(9, Bytes(std::vector<int64_t>{1, 2, 3, 4})))),
              HasSubstr("has 4 indices for 5 values"));
  EXPECT_THAT(error(Field(2, Dims({5}) + Field(9, Bytes(std::vector<int64_t>{1, 2, 3, 4, 12})))),
              HasSubstr("index 12 is not below 12"));
  EXPECT_THAT(error(Field(2, Dims({5}) + Field(9, Bytes(std::vector<int64_t>{1, 2, 3, 4, -1})))),
              HasSubstr("index -1"));
  EXPECT_THAT(error("\x12\x7f"), HasSubstr("malformed"));
}

TEST(Weights, BitsTranspose) {
  Random random(3);
  for (int trial = 0; trial < 20; ++trial) {
    BitMatrix bits(random.Between(1, 200), random.Between(1, 200));
    for (int64_t i = 0; i < bits.rows() * bits.columns() / 5; ++i) {
      bits.Set(random.Below(bits.rows()), random.Below(bits.columns()));
    }
    const BitMatrix other = bits.Transposed();
    ASSERT_EQ(other.rows(), bits.columns());
    ASSERT_EQ(other.Count(), bits.Count());
    for (int64_t row = 0; row < bits.rows(); ++row) {
      bits.ForEachInRow(row, [&](int64_t column) { ASSERT_TRUE(other.Has(column, row)); });
    }
  }
}

TEST(Sparsity, FindsBlocksAndGroups) {
  BitMatrix blocks(64, 64);
  for (int64_t row = 16; row < 32; ++row) {
    for (int64_t column = 32; column < 48; ++column) blocks.Set(row, column);
  }
  Sparsity found = SparsityOf(blocks);
  EXPECT_EQ(found.block, 16);
  EXPECT_EQ(found.m, 0);
  EXPECT_EQ(found.distinct_neurons, 2);
  EXPECT_EQ(found.empty_neurons, 48);
  EXPECT_EQ(found.unread_inputs, 48);
  EXPECT_EQ(Describe(found),
            "64 neurons of 64 inputs, 256 of 4096 nonzero (6.25 %), 2 distinct neurons, 48 read "
            "nothing, 48 inputs are not read, blocks of 16 x 16");
  BitMatrix groups(4, 8);
  for (int64_t row = 0; row < 4; ++row) {
    groups.Set(row, row), groups.Set(row, (row + 1) % 4), groups.Set(row, 4);
  }
  found = SparsityOf(groups);
  EXPECT_EQ(found.block, 1);
  EXPECT_EQ(found.n, 2);
  EXPECT_EQ(found.m, 4);
  EXPECT_EQ(found.unread_inputs, 3);
}

}  // namespace
}  // namespace allot
