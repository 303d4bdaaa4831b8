#include "placement/kinds/rows/search/baselines.h"

#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/limits.h"
#include "placement/kinds/rows/search/divide.h"
#include "support/random.h"
#include "support/units.h"

namespace allot::rows {
namespace {

// Part by part, in that order of the rows: a row belongs where the middle of its weight falls.
std::vector<int32_t> Fill(const Problem& problem, const Tensor& tensor,
                          const std::vector<size_t>& order) {
  std::vector<int64_t> weights = RowWeights(tensor);
  int64_t total = std::accumulate(weights.begin(), weights.end(), int64_t{0});
  if (total == 0) weights.assign(weights.size(), 1), total = tensor.neurons;
  int64_t speed = 0;
  for (int32_t p = 0; p < problem.parts; ++p) speed += problem.Speed(p);
  std::vector<int32_t> part_of(weights.size());
  int32_t part = 0;
  int64_t below = problem.Speed(0);  // of the speeds of parts up to this one
  int64_t filled = 0;
  for (const size_t row : order) {
    const Int128 middle = (static_cast<Int128>(filled) * 2 + weights[row]) * speed;
    while (part + 1 < problem.parts && middle >= static_cast<Int128>(below) * total * 2) {
      below += problem.Speed(++part);
    }
    filled += weights[row];
    part_of[row] = part;
  }
  return part_of;
}

// Leaves rows of tensor `t` that only follow with what they read. False: they are no such rows.
bool Follow(const Problem& problem, size_t t, Division& division) {
  if (!OnlyFollows(problem.tensors[t])) return false;
  const Tensor& tensor = problem.tensors[t];
  std::vector<int32_t> owners;
  for (size_t row = 0; row < static_cast<size_t>(tensor.neurons); ++row) {
    const Source& source = tensor.sources[FirstSource(tensor, row)];
    const std::vector<int32_t>& owner = division[static_cast<size_t>(source.input)];
    if (owner.empty()) return false;  // an input that goes where it is read
    owners.push_back(owner[static_cast<size_t>(source.Row(row)[0])]);
  }
  division[t] = std::move(owners);
  return true;
}

// Whether nothing is left to decide of tensor `t`: inputs, of which those with a home are there,
// and what only follows.
bool IsDecided(const Problem& problem, size_t t, Division& division) {
  const Tensor& tensor = problem.tensors[t];
  if (tensor.is_at_home()) division[t].assign(static_cast<size_t>(tensor.neurons), tensor.home);
  return tensor.is_input() || Follow(problem, t, division);
}

template <typename Order>
Division Filled(const Problem& problem, Order order) {
  Division division(problem.tensors.size());
  for (size_t t = 0; t < division.size(); ++t) {
    const Tensor& tensor = problem.tensors[t];
    if (IsDecided(problem, t, division)) continue;
    std::vector<size_t> rows(static_cast<size_t>(tensor.neurons));
    std::iota(rows.begin(), rows.end(), 0);
    order(rows);
    division[t] = Fill(problem, tensor, rows);
  }
  PlaceInputs(problem, division);
  return division;
}

}  // namespace

Division Cyclic(const Problem& problem) {
  Division division(problem.tensors.size());
  const auto parts = static_cast<size_t>(problem.parts);
  for (size_t t = 0; t < division.size(); ++t) {
    const Tensor& tensor = problem.tensors[t];
    if (IsDecided(problem, t, division)) continue;
    std::vector<int64_t> credit(parts);  // smooth weighted round-robin
    int64_t speed = 0;
    for (int32_t p = 0; p < problem.parts; ++p) speed += problem.Speed(p);
    for (int32_t row = 0; row < tensor.neurons; ++row) {
      size_t best = 0;
      for (size_t p = 0; p < parts; ++p) {
        credit[p] += problem.Speed(static_cast<int32_t>(p));
        if (credit[p] > credit[best]) best = p;
      }
      credit[best] -= speed;
      division[t].push_back(static_cast<int32_t>(best));
    }
  }
  PlaceInputs(problem, division);
  return division;
}

Division Contiguous(const Problem& problem) {
  return Filled(problem, [](std::vector<size_t>&) {});
}

Division RandomRows(const Problem& problem, uint64_t seed) {
  Random random(seed);
  return Filled(problem, [&random](std::vector<size_t>& rows) {
    for (size_t i = rows.size(); i > 1; --i) {
      std::swap(rows[i - 1], rows[static_cast<size_t>(random.Below(static_cast<int64_t>(i)))]);
    }
  });
}

Baselines BaselinesOf(const Problem& problem) {
  return {TrafficOf(problem, RandomRows(problem, 1)).words,
          TrafficOf(problem, Cyclic(problem)).words};
}

void KeepAllLimits(const Problem& problem, uint64_t seed, Division& division) {
  Random random(seed);
  WorkMeter work;
  work.limit = std::numeric_limits<int64_t>::max();
  for (size_t t = 0; t < division.size(); ++t) {
    const Tensor& tensor = problem.tensors[t];
    if (tensor.sources.empty()) continue;
    const Phase phase =
        PhaseOf(problem, division, t, StructureOf(tensor), LimitsOf(problem, tensor).most);
    KeepLimits(phase, division[t], random, work);
  }
  PlaceInputs(problem, division);
}

}  // namespace allot::rows
