#include "placement/kinds/rows/search/phase.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "placement/kinds/rows/model/readers.h"

namespace allot::rows {
namespace {

// Rows with the same pattern in every source are of one kind, numbered by their first row.
void FindKinds(const Tensor& tensor, PhaseStructure& structure,
               std::vector<std::vector<int32_t>>& patterns_of_kind) {
  const auto rows = static_cast<size_t>(tensor.neurons);
  structure.kind_of.assign(rows, 0);
  std::vector<int32_t> next(rows);
  int32_t kinds = 1;
  for (const Source& source : tensor.sources) {
    std::map<std::pair<int32_t, int32_t>, int32_t> kind_of_pair;
    for (size_t row = 0; row < rows; ++row) {
      const auto [at, added] =
          kind_of_pair.try_emplace({structure.kind_of[row], source.pattern_of[row]},
                                   static_cast<int32_t>(kind_of_pair.size()));
      next[row] = at->second;
    }
    structure.kind_of = next;
    kinds = static_cast<int32_t>(kind_of_pair.size());
  }
  patterns_of_kind.assign(static_cast<size_t>(kinds), {});
  for (size_t row = 0; row < rows; ++row) {
    std::vector<int32_t>& patterns = patterns_of_kind[static_cast<size_t>(structure.kind_of[row])];
    if (!patterns.empty()) continue;
    for (const Source& source : tensor.sources) patterns.push_back(source.pattern_of[row]);
  }
}

// The kinds that read each column, as one array.
struct ColumnKinds {
  std::vector<int64_t> begin;
  std::vector<int32_t> kinds;
  absl::Span<const int32_t> Of(size_t column) const {
    const auto first = static_cast<size_t>(begin[column]);
    return absl::MakeConstSpan(kinds.data() + first,
                               static_cast<size_t>(begin[column + 1]) - first);
  }
};

ColumnKinds KindsOfColumns(const Source& source, size_t s, size_t columns,
                           const std::vector<std::vector<int32_t>>& patterns_of_kind) {
  ColumnKinds result;
  result.begin.assign(columns + 1, 0);
  for (const auto& patterns : patterns_of_kind) {
    for (const int32_t column : source.PatternColumns(patterns[s])) {
      ++result.begin[static_cast<size_t>(column) + 1];
    }
  }
  for (size_t c = 0; c < columns; ++c) result.begin[c + 1] += result.begin[c];
  result.kinds.resize(static_cast<size_t>(result.begin.back()));
  std::vector<int64_t> at(result.begin.begin(), result.begin.end() - 1);
  for (size_t kind = 0; kind < patterns_of_kind.size(); ++kind) {
    for (const int32_t column : source.PatternColumns(patterns_of_kind[kind][s])) {
      result.kinds[static_cast<size_t>(at[static_cast<size_t>(column)]++)] =
          static_cast<int32_t>(kind);
    }
  }
  return result;
}

size_t LargestColumn(const Source& source) {
  int32_t largest = -1;
  for (const int32_t column : source.columns) largest = std::max(largest, column);
  return static_cast<size_t>(largest + 1);
}

// What parts pay for a net: for each of its columns the link from its owner, unless they have it
// for other readers already.
void FillReceive(const Problem& problem, const Division& division, size_t t,
                 const PhaseStructure& structure, Phase& phase) {
  const auto parts = static_cast<size_t>(problem.parts);
  phase.receive.assign(static_cast<size_t>(structure.num_nets()) * parts, 0);
  const Tensor& tensor = problem.tensors[t];
  std::vector<ReaderParts> others;
  for (const Source& source : tensor.sources) {
    others.push_back(
        ReadersOf(problem, division, static_cast<size_t>(source.input), static_cast<int32_t>(t)));
  }
  for (size_t net = 0; net < static_cast<size_t>(structure.num_nets()); ++net) {
    const auto s = static_cast<size_t>(structure.source_of_net[net]);
    const auto input = static_cast<size_t>(tensor.sources[s].input);
    const int64_t words = problem.tensors[input].words;
    // An input's owner is chosen among its readers afterwards.
    const bool free = problem.tensors[input].is_input() && !problem.tensors[input].is_at_home();
    const bool owned = !division[input].empty() && !free;
    int64_t* const receive = phase.receive.data() + net * parts;
    const auto first = static_cast<size_t>(structure.column_begin[net]);
    const auto last = static_cast<size_t>(structure.column_begin[net + 1]);
    const bool even = problem.link_costs.empty();
    if (even) std::fill(receive, receive + parts, static_cast<int64_t>(last - first) * words);
    for (size_t at = first; at < last; ++at) {
      const auto column = static_cast<size_t>(structure.columns[at]);
      const int32_t owner = owned ? division[input][column] : -1;
      if (even) {
        if (owned) receive[owner] -= words;
        others[s].ForEach(column, [&](int32_t part) {
          if (part != owner) receive[part] -= words;
        });
        continue;
      }
      for (int32_t p = 0; p < problem.parts; ++p) {
        if (others[s].Has(column, p)) continue;
        receive[p] += words * (owned ? problem.LinkCost(owner, p) : 1);
      }
    }
  }
}

void FillSend(const Problem& problem, const Division& division, size_t t, Phase& phase) {
  bool read = false;
  for (size_t reader = t + 1; reader < problem.tensors.size(); ++reader) {
    for (const Source& source : problem.tensors[reader].sources) {
      read |= source.input == static_cast<int32_t>(t) && !division[reader].empty();
    }
  }
  if (!read) return;
  const auto parts = static_cast<size_t>(problem.parts);
  const ReaderParts readers = ReadersOf(problem, division, t, -1);
  phase.send.assign(phase.kind_of.size() * parts, 0);
  const int64_t words = problem.tensors[t].words;
  for (size_t row = 0; row < phase.kind_of.size(); ++row) {
    int64_t* const send = phase.send.data() + row * parts;
    if (problem.link_costs.empty()) {
      // Up to a constant, which no comparison sees: nothing, less a word where it is read.
      readers.ForEach(row, [&](int32_t part) { send[part] -= words; });
      continue;
    }
    for (int32_t from = 0; from < problem.parts; ++from) {
      readers.ForEach(row, [&](int32_t to) { send[from] += words * problem.LinkCost(from, to); });
    }
  }
}

}  // namespace

PhaseStructure StructureOf(const Tensor& tensor) {
  PhaseStructure structure;
  std::vector<std::vector<int32_t>> patterns_of_kind;
  FindKinds(tensor, structure, patterns_of_kind);
  structure.column_begin.push_back(0);
  std::vector<std::vector<int32_t>> nets_of_kind(patterns_of_kind.size());
  for (size_t s = 0; s < tensor.sources.size(); ++s) {
    const Source& source = tensor.sources[s];
    const size_t columns = LargestColumn(source);
    const ColumnKinds kinds = KindsOfColumns(source, s, columns, patterns_of_kind);
    std::unordered_multimap<uint64_t, int32_t> found;  // nets by hash; looked up only
    std::vector<int32_t> net_of(columns, -1), first_column;
    const int32_t first_net = structure.num_nets();
    for (size_t column = 0; column < columns; ++column) {
      const auto of = kinds.Of(column);
      if (of.empty()) continue;
      uint64_t hash = 0xcbf29ce484222325u;
      for (const int32_t kind : of) {
        hash = (hash ^ static_cast<uint64_t>(kind)) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
      }
      int32_t net = -1;
      const auto [from, to] = found.equal_range(hash);
      for (auto at = from; at != to; ++at) {
        const auto other =
            kinds.Of(static_cast<size_t>(first_column[static_cast<size_t>(at->second)]));
        if (std::equal(of.begin(), of.end(), other.begin(), other.end())) net = at->second;
      }
      if (net < 0) {
        net = static_cast<int32_t>(first_column.size());
        first_column.push_back(static_cast<int32_t>(column));
        found.emplace(hash, net);
        for (const int32_t kind : of) {
          nets_of_kind[static_cast<size_t>(kind)].push_back(first_net + net);
        }
      }
      net_of[column] = net;
    }
    // Counting sort of the columns by net.
    std::vector<int64_t> at(first_column.size() + 1, 0);
    for (const int32_t net : net_of) {
      if (net >= 0) ++at[static_cast<size_t>(net) + 1];
    }
    for (size_t net = 0; net + 1 < at.size(); ++net) at[net + 1] += at[net];
    const auto base = static_cast<int64_t>(structure.columns.size());
    structure.columns.resize(static_cast<size_t>(base + at.back()));
    for (size_t net = 0; net + 1 < at.size(); ++net) {
      structure.column_begin.push_back(base + at[net + 1]);
      structure.source_of_net.push_back(static_cast<int32_t>(s));
    }
    for (size_t column = 0; column < columns; ++column) {
      if (net_of[column] < 0) continue;
      int64_t& position = at[static_cast<size_t>(net_of[column])];
      structure.columns[static_cast<size_t>(base + position++)] = static_cast<int32_t>(column);
    }
  }
  structure.kind_begin.push_back(0);
  for (const std::vector<int32_t>& nets : nets_of_kind) {
    structure.nets.insert(structure.nets.end(), nets.begin(), nets.end());
    structure.kind_begin.push_back(static_cast<int64_t>(structure.nets.size()));
  }
  return structure;
}

Phase PhaseOf(const Problem& problem, const Division& division, size_t t,
              const PhaseStructure& structure, const std::vector<int64_t>& limits) {
  Phase phase;
  phase.parts = problem.parts;
  phase.kind_of = structure.kind_of;
  phase.kind_begin = structure.kind_begin;
  phase.nets = structure.nets;
  phase.weights = RowWeights(problem.tensors[t]);
  phase.limits = limits;
  phase.num_nets = structure.num_nets();
  FillReceive(problem, division, t, structure, phase);
  FillSend(problem, division, t, phase);
  return phase;
}

}  // namespace allot::rows
