// Writes a divided network into the graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "passes/sparsity/row_problem.h"

namespace allot {

// How the parts of a layer get what they read.
enum class RowExchange {
  kParts,  // each part sends its neurons to each part that reads them: for parts on devices of
           // their own
  kWhole,  // a layer's neurons are joined, and parts take from them: for parts on one device
};

// How matrices of activations lie between the layers.
enum class RowLayout {
  kNeuronsFirst,  // what is gathered and sent are whole rows: for batches
  kBatchFirst,    // as in the model: for few samples
};

struct LoweredRows {
  int64_t words = 0;           // that the written nodes send from part to part, for each sample
  std::vector<int64_t> links;  // by part and part
  int64_t gathered = 0;  // words that go to part 0, where tensors are joined that others read whole
  int64_t weight_elements = 0;  // of all pieces of weights
};

// Moves rows that read nothing, where a part has only such rows and no neuron of what they would
// read, so that every product has an operand. They weigh nothing, so limits still hold.
void KeepReading(const rows::Problem& problem, rows::Division& division);

// "rows.p3/": what the names of a part's nodes begin with.
std::string RowPartPrefix(int32_t part);

// Bytes of weights that are turned in memory, of all layers together: their pieces stay there until
// they are written.
inline constexpr int64_t kMostTurned = int64_t{1} << 30;

// Whether kBatchFirst can be: weights have to be turned by Gemm.
bool CanBeBatchFirst(const ir::Module& module, const RowProblem& rows);

// Replaces the layers of the network. Matrices of activations are kept in the layout, batch first
// again where something else reads them. Maps stay as they are, and neurons are their channels.
// Part p's nodes of a layer have names of their own (RowPartPrefix()), and of its weights only the
// rows of its neurons and the columns that any of these reads; each neuron crosses from part to
// part at most once. Types are left to inference. Weights of a file stay
// there, but for those that have to be turned, up to `most_turned` bytes, sparse ones, and those
// that are moved by more than a transposition: each up to 2 GiB, of which the pieces are held. The
// division must be one of KeepReading(). Errors: those of the data; the graph is then half
// rewritten.
absl::StatusOr<LoweredRows> LowerRows(ir::Module& module, const RowProblem& rows,
                                      const rows::Division& division, RowExchange exchange,
                                      RowLayout layout = RowLayout::kNeuronsFirst,
                                      int64_t most_turned = kMostTurned);

}  // namespace allot
