#include "support/id_table.h"

#include <cstdint>
#include <type_traits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/id.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using RowId = Id<struct RowTag>;
using ColumnId = Id<struct ColumnTag>;

TEST(IdTable, HoldsACellForEachPair) {
  IdTable<RowId, ColumnId, int> table(2, 3, 7);
  EXPECT_EQ(table.num_columns(), 3u);
  table(RowId(0), ColumnId(2)) = 1;
  table(RowId(1), ColumnId(0)) = 2;
  EXPECT_THAT(table.row(RowId(0)), ElementsAre(7, 7, 1));
  EXPECT_THAT(table.row(RowId(1)), ElementsAre(2, 7, 7));
  const IdTable<RowId, ColumnId, int>& same = table;
  EXPECT_EQ(same(RowId(1), ColumnId(0)), 2);
  EXPECT_THAT(same.row(RowId(1)), ElementsAre(2, 7, 7));
  EXPECT_THAT(same.cells(), ElementsAre(7, 7, 1, 2, 7, 7));
}

TEST(IdTable, TakesPlainNumbersToo) {
  IdTable<int32_t, size_t, char> table;
  EXPECT_TRUE(table.empty());
  table.Assign(3, 2, 'a');
  table(2, 1) = 'b';
  EXPECT_THAT(table.row(2), ElementsAre('a', 'b'));
  table.Assign(1, 1, 'c');
  EXPECT_THAT(table.row(0), ElementsAre('c'));
  table.AddRow({'d'});
  EXPECT_THAT(table.cells(), ElementsAre('c', 'd'));
  IdTable<int32_t, size_t, char> rows;
  rows.AddRow({'a', 'b'});
  EXPECT_EQ(rows.num_columns(), 2u);
}

TEST(IdTable, CountsItsRowsAlsoWhereThereAreNone) {
  const IdTable<int32_t, int32_t, int> none(0, 3);
  EXPECT_EQ(none.num_rows(), 0u);
  EXPECT_EQ(none.num_columns(), 3u);
  EXPECT_EQ((IdTable<int32_t, int32_t, int>()).num_rows(), 0u);
  EXPECT_EQ((IdTable<int32_t, int32_t, int>(2, 3)).num_rows(), 2u);
}

TEST(IdTable, IsTheSameUnderOtherIndices) {
  using Named = IdTable<RowId, ColumnId, int>;
  using Numbered = IdTable<size_t, ColumnId, int>;
  Named named(2, 2, 5);
  named(RowId(1), ColumnId(0)) = 6;
  const Numbered numbered(named);
  EXPECT_EQ(numbered.num_columns(), 2u);
  EXPECT_THAT(numbered.row(1), ElementsAre(6, 5));
  EXPECT_EQ(Named(numbered), named);
  EXPECT_FALSE(Named(2, 2, 5) == named);
  // Four cells in a row are no square.
  EXPECT_FALSE((Named(1, 4, 5) == Named(2, 2, 5)));
  // Only where it is said.
  static_assert(!std::is_convertible_v<Named, Numbered>);
}

TEST(IdTable, IsSeenUnderOtherRows) {
  IdTable<RowId, ColumnId, int> table(2, 2, 5);
  const IdTableView<size_t, ColumnId, int> view(table);
  table(RowId(1), ColumnId(0)) = 6;
  EXPECT_EQ(view.num_columns(), 2u);
  EXPECT_THAT(view.row(1), ElementsAre(6, 5));
}

template <typename Table, typename Row, typename Column>
concept Takes = requires(Table table, Row row, Column column) {
  table(row, column);
};

TEST(IdTable, DoesNotMistakeAColumnForARow) {
  using Table = IdTable<RowId, ColumnId, int>;
  static_assert(Takes<Table, RowId, ColumnId>);
  static_assert(!Takes<Table, ColumnId, RowId>);
  static_assert(!Takes<Table, int, int>);
}

#ifndef NDEBUG
TEST(IdTableDeathTest, ChecksEveryAccess) {
  IdTable<int32_t, int32_t, int> table(2, 3);
  EXPECT_DEATH(table(2, 0), "check failed");
  EXPECT_DEATH(table(0, 3), "check failed");
  EXPECT_DEATH(table(-1, 0), "check failed");
  EXPECT_DEATH(table.row(2), "check failed");
  const IdTableView<size_t, int32_t, int> view(table);
  EXPECT_DEATH(view.row(2), "check failed");
}
#endif

}  // namespace
}  // namespace allot
