#include "placement/kinds/rows/model/readers.h"

namespace allot::rows {

void ReaderParts::Add(const Source& source, const std::vector<int32_t>& part_of_row) {
  std::vector<uint64_t> parts_of(static_cast<size_t>(source.num_patterns()) * stride_);
  for (size_t row = 0; row < part_of_row.size(); ++row) {
    const auto part = static_cast<size_t>(part_of_row[row]);
    parts_of[static_cast<size_t>(source.pattern_of[row]) * stride_ + part / 64] |= uint64_t{1}
                                                                                   << (part % 64);
  }
  for (int32_t pattern = 0; pattern < source.num_patterns(); ++pattern) {
    const uint64_t* const from = parts_of.data() + static_cast<size_t>(pattern) * stride_;
    for (const int32_t column : source.PatternColumns(pattern)) {
      uint64_t* const to = bits_.data() + static_cast<size_t>(column) * stride_;
      for (size_t w = 0; w < stride_; ++w) to[w] |= from[w];
    }
  }
}

ReaderParts ReadersOf(const Problem& problem, const Division& division, size_t t, int32_t without) {
  ReaderParts readers(problem.tensors[t].neurons, problem.parts);
  for (size_t reader = t + 1; reader < problem.tensors.size(); ++reader) {
    if (static_cast<int32_t>(reader) == without || division[reader].empty()) continue;
    for (const Source& source : problem.tensors[reader].sources) {
      if (source.input == static_cast<int32_t>(t)) readers.Add(source, division[reader]);
    }
  }
  return readers;
}

}  // namespace allot::rows
