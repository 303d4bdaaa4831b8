#include "placement/contiguous/linear_chain.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "placement/problem/allowed_times.h"
#include "support/graph/topo_order.h"
#include "support/id_table.h"
#include "support/random.h"

namespace allot {
namespace {

// How many devices of each class have been used: nodes, and steps that use one more.
struct DeviceCounts {
  struct Step {
    int32_t from = 0, to = 0;
  };
  int32_t num_nodes = 1;
  std::vector<std::vector<Step>> steps;  // by class; ascending

  explicit DeviceCounts(const StageProblem& problem) : steps(problem.classes.size()) {
    int64_t product = 1;
    for (const StageProblem::Class& cls : problem.classes) {
      product = std::min(product * (static_cast<int64_t>(cls.devices.size()) + 1), kMaxCounts + 1);
    }
    if (product > kMaxCounts) {
      for (size_t c = 0; c < problem.classes.size(); ++c) {
        for (size_t k = 0; k < problem.classes[c].devices.size(); ++k) {
          for (int32_t from = 0; from < num_nodes; ++from) steps[c].push_back({from, num_nodes});
          ++num_nodes;
        }
      }
      return;
    }
    num_nodes = static_cast<int32_t>(product);
    int32_t stride = 1;
    for (size_t c = 0; c < problem.classes.size(); ++c) {
      const auto count = static_cast<int32_t>(problem.classes[c].devices.size());
      for (int32_t node = 0; node < num_nodes; ++node) {
        if (node / stride % (count + 1) < count) steps[c].push_back({node, node + stride});
      }
      stride *= count + 1;
    }
  }
};

// Blocks by stage of `stage_of`, then by key, as the order allows.
std::vector<int32_t> OrderWithin(const StageIndex& index, const std::vector<int32_t>& stage_of,
                                 const std::vector<uint64_t>& key) {
  const auto after = [&](int32_t b, const auto& visit) {
    for (const int32_t next : index.After(b)) visit(next);
  };
  return SortTopologically(index.num_blocks(), after, BySmallestKey<int32_t>([&](int32_t b) {
                             return std::pair(stage_of[static_cast<size_t>(b)],
                                              key[static_cast<size_t>(b)]);
                           }))
      .order;
}

// Finishes a branch before it starts another: blocks that became ready last go first.
std::vector<int32_t> DepthFirstOrder(const StageIndex& index) {
  std::vector<int32_t> last_first(static_cast<size_t>(index.num_blocks()));
  std::iota(last_first.rbegin(), last_first.rend(), 0);
  const auto backwards = [&](int32_t b, const auto& visit) {
    const absl::Span<const int32_t> after = index.After(b);
    std::for_each(after.rbegin(), after.rend(), visit);
  };
  return SortTopologically(last_first, last_first.size(), backwards, LastFirst<int32_t>()).order;
}

}  // namespace

Solution ToSolution(const StageProblem& problem, const StageChain& chain,
                    const ProblemGraph& graph) {
  Solution solution{Placement(graph.topological.size()), graph.topological};
  std::vector<size_t> used(problem.classes.size(), 0);
  for (const StageChain::Stage& stage : chain.stages) {
    const auto c = static_cast<size_t>(stage.cls);
    const DeviceId device = problem.classes[c].devices[used[c]++];
    for (const int32_t block : stage.blocks) {
      for (const ItemId item : problem.blocks[static_cast<size_t>(block)].items) {
        solution.device_of[item] = device;
      }
    }
  }
  return solution;
}

std::optional<StageChain> BestChainAlong(const StageIndex& index, const std::vector<int32_t>& order,
                                         int32_t stride, Picos upper, int64_t& work) {
  const StageProblem& problem = index.problem();
  const DeviceCounts counts(problem);
  const auto n = static_cast<size_t>(index.num_blocks());
  const auto num_classes = static_cast<size_t>(index.num_classes());
  const auto num_nodes = static_cast<size_t>(counts.num_nodes);
  struct Cell {
    Picos value = kNever;
    int32_t begin = 0, node = 0, cls = 0;  // of the last stage, and where it starts from
  };
  IdTable<size_t, int32_t, Cell> cells(n + 1, num_nodes);  // [blocks done][node]
  cells(0, 0).value = 0;
  std::vector<uint64_t> inside(static_cast<size_t>(index.words()));
  std::vector<Picos> load(num_classes), compute(num_classes);
  std::vector<char> open(num_classes);
  for (size_t begin = 0; begin < n; begin += static_cast<size_t>(stride)) {
    const absl::Span<const Cell> from = std::as_const(cells).row(begin);
    if (std::ranges::all_of(from, [](const Cell& c) { return c.value == kNever; })) continue;
    std::fill(inside.begin(), inside.end(), 0);
    std::fill(open.begin(), open.end(), 1);
    for (size_t c = 0; c < num_classes; ++c) load[c] = compute[c] = problem.classes[c].launch;
    Bytes memory = 0;
    for (size_t end = begin; end < n; ++end) {
      const int32_t block = order[end];
      memory += index.MemoryJoining(inside.data(), block);
      const bool cut = end + 1 == n || (end + 1) % static_cast<size_t>(stride) == 0;
      bool any = false;
      ++work;
      for (size_t c = 0; c < num_classes; ++c) {
        if (!open[c]) continue;
        const auto cls = static_cast<int32_t>(c);
        const Picos time = index.Time(block, cls);
        // Times and memory only grow; loads need not.
        if (time < 0 || memory > problem.classes[c].memory || compute[c] + time >= upper) {
          open[c] = 0;
          continue;
        }
        any = true;
        compute[c] += time;
        load[c] += index.Joining(inside.data(), block, cls);
        if (load[c] >= upper || !cut) continue;
        const absl::Span<Cell> to = cells.row(end + 1);
        for (const DeviceCounts::Step& step : counts.steps[c]) {
          const Picos before = from[step.from].value;
          if (before == kNever) continue;
          const Picos value = std::max(before, load[c]);
          if (value >= to[step.to].value) continue;
          to[step.to] = {value, static_cast<int32_t>(begin), step.from, cls};
        }
      }
      if (!any) break;
      AddBlock(inside.data(), block);
    }
  }
  const absl::Span<const Cell> last = std::as_const(cells).row(n);
  const auto best = std::min_element(
      last.begin(), last.end(), [](const Cell& a, const Cell& b) { return a.value < b.value; });
  if (best->value >= upper) return std::nullopt;
  StageChain chain;
  chain.value = best->value;
  size_t end = n;
  auto node = static_cast<int32_t>(best - last.begin());
  while (end > 0) {
    const Cell& cell = cells(end, node);
    chain.stages.push_back(
        {cell.cls, std::vector<int32_t>(order.begin() + cell.begin,
                                        order.begin() + static_cast<std::ptrdiff_t>(end))});
    end = static_cast<size_t>(cell.begin);
    node = cell.node;
  }
  std::reverse(chain.stages.begin(), chain.stages.end());
  return chain;
}

int32_t StrideWithin(int64_t work, int32_t num_blocks) {
  const int64_t stages = int64_t{num_blocks} * num_blocks;
  const int64_t stride = stages / std::max<int64_t>(work, 1) + 1;
  return static_cast<int32_t>(std::clamp<int64_t>(stride, 1, std::max(num_blocks, 1)));
}

std::optional<StageChain> SearchChains(const StageIndex& index, Picos upper, uint64_t seed,
                                       int patience, int64_t work, int64_t& spent) {
  const auto n = static_cast<size_t>(index.num_blocks());
  // Two orders should be possible.
  const int32_t stride = StrideWithin((work - spent) / 2, index.num_blocks());
  std::optional<StageChain> best;
  const auto attempt = [&](const std::vector<int32_t>& order) {
    std::optional<StageChain> chain = BestChainAlong(index, order, stride, upper, spent);
    if (!chain.has_value()) return false;
    upper = chain->value;
    best = std::move(chain);
    return true;
  };
  std::vector<int32_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = static_cast<int32_t>(i);
  attempt(order);
  order = DepthFirstOrder(index);
  if (spent < work) attempt(order);
  Random random(seed);
  for (int failures = 0; failures < patience && spent < work && best.has_value();) {
    std::vector<int32_t> stage_of(n, 0);
    for (size_t s = 0; s < best->stages.size(); ++s) {
      for (const int32_t block : best->stages[s].blocks) {
        stage_of[static_cast<size_t>(block)] = static_cast<int32_t>(s);
      }
    }
    std::vector<uint64_t> key;
    for (size_t i = 0; i < n; ++i) key.push_back(random.Next());
    failures = attempt(OrderWithin(index, stage_of, key)) ? 0 : failures + 1;
  }
  return best;
}

}  // namespace allot
