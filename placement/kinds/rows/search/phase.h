// One tensor's rows to divide while the rest of the division stands still: a hypergraph whose nets
// know what it costs each part to read them.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "placement/kinds/rows/model/problem.h"

namespace allot::rows {

// What is the same however the neurons around are divided. Rows that read the same are of one
// *kind*; columns that the same kinds read are one *net*.
struct PhaseStructure {
  std::vector<int32_t> kind_of;       // by row
  std::vector<int64_t> kind_begin;    // by kind, in `nets`, and the end
  std::vector<int32_t> nets;          // of each kind, ascending
  std::vector<int64_t> column_begin;  // by net, in `columns`, and the end
  std::vector<int32_t> columns;       // of each net: neurons of its source's input
  std::vector<int32_t> source_of_net;
  int32_t num_kinds() const { return static_cast<int32_t>(kind_begin.size()) - 1; }
  int32_t num_nets() const { return static_cast<int32_t>(column_begin.size()) - 1; }
};

// O(nonzeros of patterns) on average.
PhaseStructure StructureOf(const Tensor& tensor);

// A hypergraph to divide: the rows, or clusters of them. Vertices of a kind are in the same nets.
struct Phase {
  int32_t parts = 1;
  std::vector<int32_t> kind_of;     // by vertex
  std::vector<int64_t> kind_begin;  // as in PhaseStructure
  std::vector<int32_t> nets;
  std::vector<int64_t> weights;  // by vertex
  std::vector<int64_t> limits;   // by part
  int32_t num_nets = 0;
  std::vector<int64_t> receive;  // by net and part: what a part pays to read it, whichever row does
  std::vector<int64_t> send;     // by vertex and part: what its readers pay then; may be empty

  size_t num_vertices() const { return kind_of.size(); }
  absl::Span<const int32_t> Nets(size_t vertex) const {
    const auto kind = static_cast<size_t>(kind_of[vertex]);
    const size_t first = static_cast<size_t>(kind_begin[kind]);
    return absl::MakeConstSpan(nets.data() + first,
                               static_cast<size_t>(kind_begin[kind + 1]) - first);
  }
  const int64_t* Receive(int32_t net) const {
    return receive.data() + static_cast<size_t>(net) * static_cast<size_t>(parts);
  }
  const int64_t* Send(size_t vertex) const {
    return send.empty() ? nullptr : send.data() + vertex * static_cast<size_t>(parts);
  }
};

// The rows of tensor `t`, with what `division` says of its inputs and readers; tensors without a
// division cost nothing yet, but inputs without a home are owned by a part that reads them. O(nets
// * parts + columns + rows * parts).
Phase PhaseOf(const Problem& problem, const Division& division, size_t t,
              const PhaseStructure& structure, const std::vector<int64_t>& limits);

}  // namespace allot::rows
