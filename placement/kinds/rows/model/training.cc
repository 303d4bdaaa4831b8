#include "placement/kinds/rows/model/training.h"

#include <algorithm>

#include "placement/kinds/rows/model/evaluate.h"

namespace allot::rows {
namespace {

// Whether partial sums go back to it.
bool HasGradient(const Tensor& tensor) { return !tensor.is_input() || tensor.is_at_home(); }

void AddWork(const Problem& problem, const Division& division, size_t t, TrainingStep& step) {
  const Tensor& tensor = problem.tensors[t];
  const std::vector<int64_t> weights = RowWeights(tensor);
  bool back = false;  // whether anything that is multiplied has a gradient
  for (const Source& source : tensor.sources) {
    back |= source.work > 0 && HasGradient(problem.tensors[static_cast<size_t>(source.input)]);
  }
  for (size_t row = 0; row < weights.size(); ++row) {
    int64_t transposed = back ? weights[row] : 0;
    // Of several products that weights do not speak for, only those into what has a gradient.
    for (const Source& source : tensor.sources) {
      const Tensor& input = problem.tensors[static_cast<size_t>(source.input)];
      if (!back || !tensor.weights.empty() || HasGradient(input)) continue;
      transposed -= source.work * static_cast<int64_t>(source.Row(row).size());
    }
    const auto part = static_cast<size_t>(division[t][row]);
    step.forward[part] += weights[row];
    step.backward[part] += weights[row] + transposed;
  }
}

}  // namespace

TrainingStep TrainingOf(const Problem& problem, const Division& division) {
  const auto parts = static_cast<size_t>(problem.parts);
  TrainingStep step;
  step.links.assign(parts * parts, 0);
  step.forward.assign(parts, 0);
  step.backward.assign(parts, 0);
  for (size_t t = 0; t < problem.tensors.size(); ++t) {
    const std::vector<int64_t> links = LinksOf(problem, division, t);
    const bool back = HasGradient(problem.tensors[t]);
    for (size_t from = 0; from < parts; ++from) {
      for (size_t to = 0; to < parts; ++to) {
        const int64_t words = links[from * parts + to];
        if (words == 0) continue;
        step.links[from * parts + to] += words;
        if (back) step.links[to * parts + from] += words;
        step.messages += back ? 2 : 1;
      }
    }
    AddWork(problem, division, t, step);
  }
  for (size_t from = 0; from < parts; ++from) {
    int64_t sent = 0;
    for (size_t to = 0; to < parts; ++to) {
      const int64_t words = step.links[from * parts + to];
      sent += words;
      step.cost += words * problem.LinkCost(static_cast<int32_t>(from), static_cast<int32_t>(to));
    }
    step.words += sent;
    step.most_sent = std::max(step.most_sent, sent);
  }
  return step;
}

}  // namespace allot::rows
