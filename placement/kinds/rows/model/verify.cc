#include "placement/kinds/rows/model/verify.h"

#include <cstddef>
#include <vector>

#include "placement/kinds/rows/model/limits.h"
#include "support/status.h"

namespace allot::rows {
namespace {

absl::Status VerifyParts(const Problem& problem, const Tensor& tensor,
                         const std::vector<int32_t>& part_of) {
  if (part_of.size() != static_cast<size_t>(tensor.neurons)) {
    return InputError("'", tensor.name, "' has ", part_of.size(), " owners for ", tensor.neurons,
                      " neurons");
  }
  for (size_t i = 0; i < part_of.size(); ++i) {
    if (part_of[i] < 0 || part_of[i] >= problem.parts) {
      return InputError("neuron ", i, " of '", tensor.name, "' is in part ", part_of[i],
                        "; there are ", problem.parts, ", counted from 0");
    }
  }
  if (tensor.sources.empty()) {
    for (size_t i = 0; i < part_of.size() && tensor.home >= 0; ++i) {
      if (part_of[i] == tensor.home) continue;
      return InputError("neuron ", i, " of '", tensor.name, "' is in part ", part_of[i],
                        ", but all of it is in part ", tensor.home);
    }
    return absl::OkStatus();
  }
  std::vector<int64_t> load(static_cast<size_t>(problem.parts));
  for (size_t i = 0; i < part_of.size(); ++i) {
    int64_t weight = 0;
    for (const Source& source : tensor.sources) {
      weight += source.work * static_cast<int64_t>(source.Row(i).size());
    }
    load[static_cast<size_t>(part_of[i])] += tensor.weights.empty() ? weight : tensor.weights[i];
  }
  const PartLimits limits = LimitsOf(problem, tensor);
  for (size_t p = 0; p < load.size(); ++p) {
    if (load[p] > limits.most[p]) {
      return InputError("part ", p, " takes ", load[p], " of the weight of '", tensor.name,
                        "', more than ", limits.most[p]);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int64_t> Verify(const Problem& problem, const Division& division) {
  if (division.size() != problem.tensors.size()) {
    return InputError("has owners for ", division.size(), " tensors of ", problem.tensors.size());
  }
  for (size_t t = 0; t < division.size(); ++t) {
    ALLOT_RETURN_IF_ERROR(VerifyParts(problem, problem.tensors[t], division[t]));
  }
  int64_t cost = 0;
  const auto parts = static_cast<size_t>(problem.parts);
  for (size_t t = 0; t < division.size(); ++t) {
    std::vector<bool> sent(division[t].size() * parts);
    for (size_t reader = t + 1; reader < division.size(); ++reader) {
      for (const Source& source : problem.tensors[reader].sources) {
        if (source.input != static_cast<int32_t>(t)) continue;
        for (size_t row = 0; row < division[reader].size(); ++row) {
          const int32_t to = division[reader][row];
          for (const int32_t column : source.Row(row)) {
            const auto neuron = static_cast<size_t>(column);
            const int32_t from = division[t][neuron];
            if (from == to || sent[neuron * parts + static_cast<size_t>(to)]) continue;
            sent[neuron * parts + static_cast<size_t>(to)] = true;
            cost += problem.tensors[t].words * problem.LinkCost(from, to);
          }
        }
      }
    }
  }
  return cost;
}

}  // namespace allot::rows
