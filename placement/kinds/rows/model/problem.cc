#include "placement/kinds/rows/model/problem.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "absl/strings/str_cat.h"

#include "support/status.h"
#include "support/units.h"

namespace allot::rows {
namespace {

constexpr int64_t kMaxSum = int64_t{1} << 60, kMaxWeight = int64_t{1} << 50;
constexpr int64_t kMaxNeurons = 100'000'000;  // of all tensors

absl::Status CheckSource(const Problem& problem, size_t t, size_t s) {
  const Tensor& tensor = problem.tensors[t];
  const Source& source = tensor.sources[s];
  if (source.input < 0 || static_cast<size_t>(source.input) >= t) {
    return InputError("reads a tensor that does not stand before it");
  }
  for (size_t other = 0; other < s; ++other) {
    if (tensor.sources[other].input == source.input) {
      return InputError("reads '", problem.tensors[static_cast<size_t>(source.input)].name,
                        "' twice; one matrix with the columns of both says the same");
    }
  }
  if (source.work < 0 || source.work > kMaxWords) {
    return InputError("work must be from 0 to ", kMaxWords);
  }
  if (source.pattern_of.size() != static_cast<size_t>(tensor.neurons)) {
    return InputError("has ", source.pattern_of.size(), " rows for ", tensor.neurons, " neurons");
  }
  if (source.begin.empty() || source.begin.front() != 0 ||
      source.begin.back() != static_cast<int64_t>(source.columns.size()) ||
      !std::is_sorted(source.begin.begin(), source.begin.end())) {
    return InputError("its patterns do not fit its columns");
  }
  for (size_t row = 0; row < source.pattern_of.size(); ++row) {
    if (source.pattern_of[row] < 0 || source.pattern_of[row] >= source.num_patterns()) {
      return InputError("row ", row, ": there is no pattern ", source.pattern_of[row]);
    }
  }
  const int32_t inputs = problem.tensors[static_cast<size_t>(source.input)].neurons;
  for (int32_t pattern = 0; pattern < source.num_patterns(); ++pattern) {
    int32_t last = -1;
    for (const int32_t column : source.PatternColumns(pattern)) {
      if (column <= last) {
        return InputError("pattern ", pattern, ": columns must ascend, but ", column,
                          last < 0 ? " is negative" : absl::StrCat(" follows ", last));
      }
      if (column >= inputs) {
        return InputError("pattern ", pattern, ": there is no column ", column, "; '",
                          problem.tensors[static_cast<size_t>(source.input)].name, "' has ", inputs,
                          " neurons");
      }
      last = column;
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTensor(const Problem& problem, size_t t) {
  const Tensor& tensor = problem.tensors[t];
  if (tensor.neurons < 1) return InputError("must have a neuron");
  if (tensor.words < 1 || tensor.words > kMaxWords) {
    return InputError("words must be from 1 to ", kMaxWords);
  }
  for (size_t s = 0; s < tensor.sources.size(); ++s) {
    ALLOT_RETURN_IF_ERROR(CheckSource(problem, t, s));
  }
  if (tensor.home < -1 || tensor.home >= problem.parts ||
      (tensor.home >= 0 && !tensor.is_input())) {
    return InputError("home: must be a part from 0 to ", problem.parts - 1, ", of an input");
  }
  if (!tensor.weights.empty() && tensor.weights.size() != static_cast<size_t>(tensor.neurons)) {
    return InputError("has ", tensor.weights.size(), " weights for ", tensor.neurons, " neurons");
  }
  for (size_t row = 0; row < tensor.weights.size(); ++row) {
    if (tensor.weights[row] < 0 || tensor.weights[row] > kMaxWeight) {
      return InputError("weights[", row, "]: must be from 0 to ", kMaxWeight);
    }
  }
  Int128 total = 0;
  for (const int64_t weight : RowWeights(tensor)) total += weight;
  if (total > kMaxWeight) {
    return InputError("its rows weigh more than ", kMaxWeight, " together");
  }
  return absl::OkStatus();
}

absl::Status CheckParts(const Problem& problem) {
  if (problem.parts < 1 || problem.parts > kMaxParts) {
    return InputError("parts: must be from 1 to ", kMaxParts);
  }
  if (problem.imbalance < 0 || problem.imbalance > 1000 * kMillion) {
    return InputError("imbalance: must be from 0 to 1000");
  }
  const auto parts = static_cast<size_t>(problem.parts);
  if (!problem.speeds.empty() && problem.speeds.size() != parts) {
    return InputError("speeds: has ", problem.speeds.size(), " speeds for ", parts, " parts");
  }
  for (size_t p = 0; p < problem.speeds.size(); ++p) {
    if (problem.speeds[p] < 1 || problem.speeds[p] > kMaxSpeed) {
      return InputError("speeds[", p, "]: must be from 1 to ", kMaxSpeed);
    }
  }
  if (!problem.link_costs.empty() && problem.link_costs.size() != parts * parts) {
    return InputError("links: must have a row of ", parts, " costs for each part");
  }
  for (size_t i = 0; i < problem.link_costs.size(); ++i) {
    const int64_t cost = problem.link_costs[i];
    const bool own = i / parts == i % parts;
    if (own ? cost != 0 : cost < 1 || cost > kMaxLinkCost) {
      return InputError("links[", i / parts, "][", i % parts, "]: must be ",
                        own ? "0" : absl::StrCat("from 1 to ", kMaxLinkCost));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<int64_t> RowWeights(const Tensor& tensor) {
  if (!tensor.weights.empty()) return tensor.weights;
  std::vector<int64_t> weights(static_cast<size_t>(tensor.neurons));
  for (const Source& source : tensor.sources) {
    for (size_t row = 0; row < weights.size(); ++row) {
      const auto nonzeros = static_cast<int64_t>(source.Row(row).size());
      weights[row] = SaturatingAdd(weights[row], SaturatingMultiply(source.work, nonzeros));
    }
  }
  return weights;
}

size_t FirstSource(const Tensor& tensor, size_t row) {
  size_t source = 0;
  while (source < tensor.sources.size() && tensor.sources[source].Row(row).empty()) ++source;
  return source;
}

bool OnlyFollows(const Tensor& tensor) {
  if (tensor.is_input()) return false;
  for (size_t row = 0; row < static_cast<size_t>(tensor.neurons); ++row) {
    const size_t first = FirstSource(tensor, row);
    if (first == tensor.sources.size() || tensor.sources[first].Row(row).size() != 1) return false;
  }
  const std::vector<int64_t> weights = RowWeights(tensor);
  return std::count(weights.begin(), weights.end(), 0) == tensor.neurons;
}

Source SourceOfRows(int32_t input, const std::vector<int64_t>& begin,
                    const std::vector<int32_t>& columns) {
  Source source;
  source.input = input;
  source.begin.push_back(0);
  std::unordered_multimap<uint64_t, int32_t> found;  // patterns by hash; looked up only
  for (size_t row = 0; row + 1 < begin.size(); ++row) {
    const auto first = columns.begin() + static_cast<std::ptrdiff_t>(begin[row]);
    const auto last = columns.begin() + static_cast<std::ptrdiff_t>(begin[row + 1]);
    uint64_t hash = 0xcbf29ce484222325u;
    for (auto at = first; at != last; ++at) {
      hash = (hash ^ static_cast<uint64_t>(*at)) * 0x9e3779b97f4a7c15u;
      hash ^= hash >> 29;
    }
    int32_t pattern = -1;
    const auto [from, to] = found.equal_range(hash);
    for (auto at = from; at != to; ++at) {
      const auto other = source.PatternColumns(at->second);
      if (std::equal(first, last, other.begin(), other.end())) pattern = at->second;
    }
    if (pattern < 0) {
      pattern = source.num_patterns();
      source.columns.insert(source.columns.end(), first, last);
      source.begin.push_back(static_cast<int64_t>(source.columns.size()));
      found.emplace(hash, pattern);
    }
    source.pattern_of.push_back(pattern);
  }
  return source;
}

absl::Status Check(const Problem& problem) {
  ALLOT_RETURN_IF_ERROR(CheckParts(problem));
  if (problem.tensors.empty()) return InputError("the problem has no tensor");
  const int64_t most_expensive =
      problem.link_costs.empty()
          ? 1
          : *std::max_element(problem.link_costs.begin(), problem.link_costs.end());
  Int128 most = 0, neurons = 0;
  for (size_t t = 0; t < problem.tensors.size(); ++t) {
    const Tensor& tensor = problem.tensors[t];
    ALLOT_RETURN_IF_ERROR(CheckTensor(problem, t), "'", tensor.name, "': ");
    neurons += tensor.neurons;
    most += static_cast<Int128>(tensor.neurons) * problem.parts * tensor.words * most_expensive;
  }
  if (neurons > kMaxNeurons) return InputError("there are more than ", kMaxNeurons, " neurons");
  if (most > kMaxSum) return InputError("all words together may cost more than ", kMaxSum);
  return absl::OkStatus();
}

}  // namespace allot::rows
