// Writes a divided network into the graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "passes/sparsity/row_network.h"

namespace allot {

// How the parts of a layer get what they read.
enum class RowExchange {
  kParts,  // each part sends its neurons to each part that reads them: for parts on devices of
           // their own
  kWhole,  // a layer's neurons are joined, and parts take from them: for parts on one device
};

struct LoweredRows {
  int64_t words = 0;           // that the written nodes send from part to part, for each sample
  std::vector<int64_t> links;  // by part and part
  int64_t gathered = 0;  // words that go to part 0, where tensors are joined that others read whole
  int64_t weight_elements = 0;  // of all pieces of weights
};

// "rows.p3/": what the names of a part's nodes begin with.
std::string RowPartPrefix(int32_t part);

// Replaces the layers of the network. Activations are kept neurons first, so that neurons are rows,
// which are gathered and joined as whole; batch first again where something else reads them. Part
// p's nodes of a layer have names of their own (RowPartPrefix()), and of its weights only the rows
// of its neurons and the columns that any of these reads; each neuron crosses from part to part at
// most once. Types are left to inference. Every weight is held in memory once, up to 2 GiB each.
// Errors: those of the data, and parts that read nothing at all; the graph is then half rewritten.
absl::StatusOr<LoweredRows> LowerRows(ir::Module& module, const RowProblem& rows,
                                      const rows::Division& division, RowExchange exchange);

}  // namespace allot
