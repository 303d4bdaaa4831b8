#include "placement/kinds/chips/bounds/bounds.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "placement/kinds/chips/bounds/triangle_bound.h"
#include "support/graph/strong_components.h"

namespace allot::chips {
namespace {

constexpr size_t kDualFunctions = 12;
constexpr size_t kMostGroups = 1'500;  // for what looks at all pairs

// Work in the measures of all dual feasible functions: the first is the work itself. In each the
// work that fits a chip is at most its capacity.
using Measures = std::array<Int128, kDualFunctions>;

// u(k) = k+1 kinds of steps, times k T: x k where (k+1) x / T is whole, else floor((k+1) x / T) T.
Measures MeasuresOf(Picos work, Picos most) {
  Measures measures{};
  measures[0] = work;
  for (size_t k = 1; k < kDualFunctions; ++k) {
    const Int128 scaled = static_cast<Int128>(work) * static_cast<int64_t>(k + 1);
    measures[k] = scaled % most == 0 ? static_cast<Int128>(work) * static_cast<int64_t>(k)
                                     : scaled / most * most;
  }
  return measures;
}

// Chips that hold so much at least.
int64_t ChipsFor(const Measures& sum, Picos most) {
  int64_t chips = 0;
  for (size_t k = 0; k < kDualFunctions; ++k) {
    const Int128 capacity =
        static_cast<Int128>(most) * static_cast<int64_t>(std::max<size_t>(k, 1));
    chips = std::max(chips, static_cast<int64_t>((sum[k] + capacity - 1) / capacity));
  }
  return chips;
}

class Refuter {
 public:
  explicit Refuter(const Compiled& problem) : problem_(problem) {}

  // Whether no valid assignment has a bottleneck of at most `most`.
  bool Refutes(Picos most) {
    if (most <= 0) return problem_.total_work() > 0;
    Join(most);
    for (const Picos work : alone_) {
      if (work > most) return true;
    }
    std::vector<Measures> measures;
    Measures all{};
    for (const Picos work : work_) {
      measures.push_back(MeasuresOf(work, most));
      Add(measures.back(), all);
    }
    for (const SharedCopy& copy : problem_.shared()) all[0] += copy.work;
    if (ChipsFor(all, most) > problem_.chips()) return true;
    return work_.size() <= kMostGroups && NoWindow(measures, most);
  }

 private:
  static void Add(const Measures& more, Measures& sum) {
    for (size_t k = 0; k < kDualFunctions; ++k) sum[k] += more[k];
  }

  // Groups that share a chip, numbered so that edges lead forwards.
  void Join(Picos most) {
    const CsrGraph& graph = problem_.graph();
    std::vector<std::vector<int32_t>> next(static_cast<size_t>(problem_.size()));
    for (int32_t u = 0; u < problem_.size(); ++u) {
      for (const int32_t v : graph.successors(u)) {
        next[static_cast<size_t>(u)].push_back(v);
        if (problem_.transfer()[static_cast<size_t>(u)] > most) {
          next[static_cast<size_t>(v)].push_back(u);
        }
      }
    }
    const StrongComponents groups = FindStrongComponents(problem_.size(), [&](int32_t v) {
      return absl::MakeConstSpan(next[static_cast<size_t>(v)]);
    });
    work_.assign(static_cast<size_t>(groups.num_components), 0);
    std::vector<WeightedEdge> edges;
    for (int32_t u = 0; u < problem_.size(); ++u) {
      const int32_t group = groups.component_of[static_cast<size_t>(u)];
      work_[static_cast<size_t>(group)] += problem_.work()[static_cast<size_t>(u)];
      for (const int32_t v : graph.successors(u)) {
        edges.push_back({group, groups.component_of[static_cast<size_t>(v)], 1});
      }
    }
    graph_ = CsrGraph(groups.num_components, std::move(edges));
    // With what is copied to its chip.
    alone_ = work_;
    std::vector<int32_t> seen(work_.size(), -1);
    for (size_t c = 0; c < problem_.shared().size(); ++c) {
      for (const int32_t reader : problem_.shared()[c].readers) {
        const auto group = static_cast<size_t>(groups.component_of[static_cast<size_t>(reader)]);
        if (seen[group] == static_cast<int32_t>(c)) continue;
        seen[group] = static_cast<int32_t>(c);
        alone_[group] += problem_.shared()[c].work;
      }
    }
  }

  // Whether the chips that some group needs with all before it, and those with all behind it, are
  // together more than there are, its own counted twice.
  bool NoWindow(const std::vector<Measures>& measures, Picos most) const {
    const auto n = static_cast<int32_t>(work_.size());
    const std::vector<int64_t> before = Needed(measures, most, /*backwards=*/false);
    const std::vector<int64_t> behind = Needed(measures, most, /*backwards=*/true);
    for (size_t g = 0; g < static_cast<size_t>(n); ++g) {
      if (before[g] + behind[g] > problem_.chips() + 1) return true;
    }
    return false;
  }

  std::vector<int64_t> Needed(const std::vector<Measures>& measures, Picos most,
                              bool backwards) const {
    const auto n = static_cast<int32_t>(work_.size());
    const auto words = static_cast<size_t>(n + 63) / 64;
    std::vector<uint64_t> reached(static_cast<size_t>(n) * words);
    std::vector<int64_t> chips(static_cast<size_t>(n));
    for (int32_t i = 0; i < n; ++i) {
      const int32_t g = backwards ? n - 1 - i : i;
      uint64_t* const row = reached.data() + static_cast<size_t>(g) * words;
      row[static_cast<size_t>(g) / 64] |= uint64_t{1} << (g & 63);
      for (const int32_t u : backwards ? graph_.successors(g) : graph_.predecessors(g)) {
        const uint64_t* const other = reached.data() + static_cast<size_t>(u) * words;
        for (size_t w = 0; w < words; ++w) row[w] |= other[w];
      }
      Measures sum{};
      for (size_t w = 0; w < words; ++w) {
        for (uint64_t bits = row[w]; bits != 0; bits &= bits - 1) {
          Add(measures[w * 64 + static_cast<size_t>(__builtin_ctzll(bits))], sum);
        }
      }
      chips[static_cast<size_t>(g)] = std::max<int64_t>(ChipsFor(sum, most), 1);
    }
    return chips;
  }

  const Compiled& problem_;
  CsrGraph graph_;
  std::vector<Picos> work_, alone_;  // by group
};

}  // namespace

bool WeightsExceed(const Compiled& problem) {
  const std::optional<Bytes> memory = problem.problem().memory;
  if (!memory.has_value()) return false;
  Int128 all = 0;
  for (const Bytes weights : problem.weights()) {
    if (weights > *memory) return true;
    all += weights;
  }
  return all > static_cast<Int128>(*memory) * problem.chips();
}

ChipsBound BoundOf(const RuleGraph& rules) {
  const Compiled& problem = rules.problem();
  ChipsBound bound;
  if (WeightsExceed(problem)) {
    bound.infeasible = true;
    bound.name = "weights";
    return bound;
  }
  const Picos largest =
      problem.work().empty() ? 0 : *std::max_element(problem.work().begin(), problem.work().end());
  const Picos load = (problem.total_work() + problem.chips() - 1) / problem.chips();
  bound.value = std::max(largest, load);
  bound.name = largest >= load ? "largest" : "load";
  // The proof of the largest of all; the earlier one where several say the same.
  const auto raise = [&](Picos value, const char* name) {
    if (value <= bound.value) return;
    bound.value = value;
    bound.name = name;
  };
  raise(TriangleBound(rules), "triangle");
  Refuter refuter(problem);
  Picos low = bound.value, high = problem.total_work();  // one chip does it in all work
  if (low >= high || !refuter.Refutes(low)) return bound;
  while (low + 1 < high) {
    const Picos middle = low + (high - low) / 2;
    (refuter.Refutes(middle) ? low : high) = middle;
  }
  raise(high, "cuts");
  return bound;
}

}  // namespace allot::chips
