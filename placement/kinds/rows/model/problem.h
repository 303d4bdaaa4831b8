// Sparse rows: the neurons of a network with sparse weights are divided among parts, so that parts
// tell each other as few words as possible. The model is the column-net hypergraph with the owners
// of the layer before as terminals (Catalyurek and Aykanat, TPDS 1999; Demirci and Ferhatosmanoglu,
// ICS 2021), for any acyclic graph of tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace allot::rows {

// Imbalances are whole millionths.
inline constexpr int64_t kMillion = 1'000'000;
inline constexpr int32_t kMaxParts = 1024;
inline constexpr int64_t kMaxWords = 1'000'000'000, kMaxLinkCost = 1'000'000, kMaxSpeed = 10'000;

// A matrix of weights, or an addition: which neurons of the tensor `input` each row reads. Rows
// that read the same share a pattern, since pruned networks have many of them.
struct Source {
  int32_t input = 0;  // a tensor before
  int64_t work = 1;   // of one nonzero, for the balance; 0: read, but not computed with
  std::vector<int32_t> pattern_of;  // by row
  std::vector<int64_t> begin;       // by pattern, in `columns`, and the end
  std::vector<int32_t> columns;     // of each pattern, ascending

  int32_t num_patterns() const { return static_cast<int32_t>(begin.size()) - 1; }
  absl::Span<const int32_t> PatternColumns(int32_t pattern) const {
    const size_t first = static_cast<size_t>(begin[static_cast<size_t>(pattern)]);
    const size_t last = static_cast<size_t>(begin[static_cast<size_t>(pattern) + 1]);
    return absl::MakeConstSpan(columns.data() + first, last - first);
  }
  absl::Span<const int32_t> Row(size_t row) const { return PatternColumns(pattern_of[row]); }
};

// Neurons that one step computes; without sources they are inputs of the network.
struct Tensor {
  std::string name;
  int32_t neurons = 0;
  int64_t words = 1;             // that a neuron's value takes, for each sample
  std::vector<int64_t> weights;  // by row, for the balance; empty: nonzeros times work
  std::vector<Source> sources;   // of different inputs
  // Of an input: the part that has all of it, as what is computed elsewhere arrives in one place;
  // -1: each neuron is given to a part that reads it.
  int32_t home = -1;

  bool is_input() const { return sources.empty(); }
  // Whether its neurons' owners depend on nothing that is decided.
  bool is_at_home() const { return is_input() && home >= 0; }
};

struct Problem {
  int32_t parts = 1;
  int64_t imbalance = 30'000;       // that a part may exceed its share by, in millionths
  std::vector<int64_t> speeds;      // by part: shares are in their proportion; empty: equal
  std::vector<int64_t> link_costs;  // of a word from part to part, row by row; empty: 1
  std::vector<Tensor> tensors;      // before their readers

  int64_t LinkCost(int32_t from, int32_t to) const {
    if (from == to) return 0;
    if (link_costs.empty()) return 1;
    return link_costs[static_cast<size_t>(from) * static_cast<size_t>(parts) +
                      static_cast<size_t>(to)];
  }
  int64_t Speed(int32_t part) const {
    return speeds.empty() ? 1 : speeds[static_cast<size_t>(part)];
  }
};

// The part of each neuron, by tensor. An input's neuron may be anywhere, unless it has a home.
using Division = std::vector<std::vector<int32_t>>;

// What a row of the tensor counts for its part's balance: one value per row. O(rows).
std::vector<int64_t> RowWeights(const Tensor& tensor);

// The first source of which a row reads anything; that of an input or of a row that reads nothing:
// as many as there are. O(sources).
size_t FirstSource(const Tensor& tensor, size_t row);

// Whether rows weigh nothing and each reads one neuron of its FirstSource(): then whoever deals out
// rows by a rule leaves them with what they read. O(rows * sources).
bool OnlyFollows(const Tensor& tensor);

// A source from the columns of each row, ascending: equal rows become one pattern, numbered by
// their first row. O(nonzeros) on average.
Source SourceOfRows(int32_t input, const std::vector<int64_t>& begin,
                    const std::vector<int32_t>& columns);

// The rules: sizes fit, columns ascend and are there, tensors come after what they read, no sum
// leaves 62 bits. One error that names the place. O(nonzeros of patterns).
absl::Status Check(const Problem& problem);

}  // namespace allot::rows
