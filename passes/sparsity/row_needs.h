// What a division asks of each part, before anything is written: the rows that it has, and the
// neurons that it reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ir/module.h"
#include "passes/sparsity/row_problem.h"

namespace allot {

// By tensor and part: the neurons of the tensor that the part's rows read, ascending.
// O(nonzeros + neurons * parts).
std::vector<std::vector<std::vector<int64_t>>> NeedsOf(const RowProblem& rows,
                                                       const rows::Division& division);

// By tensor that is computed here: whether nodes outside of the network read it, or it is an output
// of the model.
std::vector<bool> ReadByOthers(const ir::Module& module, const std::vector<RowTensor>& tensors);

// Groups of a convolution of which a part has equally many rows: they are one convolution.
struct GroupsAlike {
  int64_t groups = 0;
  std::vector<int64_t> rows;     // of each group side by side
  std::vector<int64_t> columns;  // all inputs of these groups, likewise
};

// All groups that have some of these rows of tensor `t`, those with the fewest rows first.
std::vector<GroupsAlike> GroupsOf(const std::vector<RowTensor>& tensors, size_t t,
                                  const std::vector<int64_t>& rows);

// The rows of tensor `t` that the part owns, in the order in which its convolutions give them:
// ascending; of a convolution in groups as GroupsOf() has them.
std::vector<int64_t> RowsOfPart(const std::vector<RowTensor>& tensors, size_t t,
                                const std::vector<int32_t>& owners, int32_t part);

}  // namespace allot
