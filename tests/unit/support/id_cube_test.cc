#include "support/id_cube.h"

#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/id.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using PageId = Id<struct PageTag>;
using RowId = Id<struct RowTag>;
using ColumnId = Id<struct ColumnTag>;

TEST(IdCube, HoldsACellForEachTriple) {
  IdCube<PageId, RowId, ColumnId, int> cube(2, 2, 3, 7);
  EXPECT_EQ(cube.num_rows(), 2u);
  EXPECT_EQ(cube.num_columns(), 3u);
  cube(PageId(0), RowId(1), ColumnId(2)) = 1;
  cube(PageId(1), RowId(0), ColumnId(0)) = 2;
  cube.row(PageId(1), RowId(1))[1] = 3;
  const IdCube<PageId, RowId, ColumnId, int>& same = cube;
  EXPECT_THAT(same.page(PageId(0)), ElementsAre(7, 7, 7, 7, 7, 1));
  EXPECT_THAT(same.page(PageId(1)), ElementsAre(2, 7, 7, 7, 3, 7));
  EXPECT_THAT(same.row(PageId(0), RowId(1)), ElementsAre(7, 7, 1));
  EXPECT_EQ(same(PageId(1), RowId(1), ColumnId(1)), 3);
  cube.page(PageId(1))[5] = 4;
  EXPECT_EQ(same(PageId(1), RowId(1), ColumnId(2)), 4);
}

TEST(IdCube, TakesPlainNumbersToo) {
  IdCube<size_t, int32_t, int32_t, char> cube;
  EXPECT_TRUE(cube.empty());
  cube.Assign(2, 1, 2, 'a');
  cube(1, 0, 1) = 'b';
  EXPECT_FALSE(cube.empty());
  EXPECT_THAT(cube.page(1), ElementsAre('a', 'b'));
}

TEST(IdCube, GrowsPageByPage) {
  IdCube<int32_t, int32_t, int32_t, int> cube(0, 1, 2);
  EXPECT_TRUE(cube.empty());
  cube.ReservePages(2);
  cube.AddPage({1, 2});
  cube.AddPage({3, 4});
  EXPECT_THAT(cube.page(0), ElementsAre(1, 2));
  EXPECT_EQ(cube(1, 0, 1), 4);
}

template <typename Cube, typename Page, typename Row, typename Column>
concept Takes = requires(Cube cube, Page page, Row row, Column column) {
  cube(page, row, column);
};

TEST(IdCube, DoesNotMistakeOneIndexForAnother) {
  using Cube = IdCube<PageId, RowId, ColumnId, int>;
  static_assert(Takes<Cube, PageId, RowId, ColumnId>);
  static_assert(!Takes<Cube, RowId, PageId, ColumnId>);
  static_assert(!Takes<Cube, PageId, ColumnId, RowId>);
}

#ifndef NDEBUG
TEST(IdCubeDeathTest, ChecksEveryAccess) {
  IdCube<int32_t, int32_t, int32_t, int> cube(2, 3, 4);
  EXPECT_DEATH(cube(2, 0, 0), "check failed");
  EXPECT_DEATH(cube(0, 3, 0), "check failed");
  EXPECT_DEATH(cube(0, 0, 4), "check failed");
  EXPECT_DEATH(cube(-1, 0, 0), "check failed");
  EXPECT_DEATH(cube.page(2), "check failed");
  EXPECT_DEATH(cube.row(1, 3), "check failed");
}
#endif

}  // namespace
}  // namespace allot
