#include "placement/kinds/strategies/search/reduction.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace allot::strategies {
namespace {

constexpr int kMostRounds = 8;

size_t Index(int32_t i) { return static_cast<size_t>(i); }

}  // namespace

Reduction::Reduction(const Problem& problem)
    : nodes_(problem.nodes.size()),
      original_(problem.nodes.size()),
      decided_(problem.nodes.size()),
      is_touched_(problem.nodes.size()) {
  MakeNodes(problem);
  MakeEdges(problem);
  MakeMoments(problem);
}

void Reduction::MakeNodes(const Problem& problem) {
  for (size_t n = 0; n < nodes_.size(); ++n) {
    const strategies::Node& node = problem.nodes[n];
    const auto first = problem.costs.begin() + static_cast<std::ptrdiff_t>(node.first);
    nodes_[n].cost.assign(first, first + node.strategies);
    for (int32_t s = 0; s < node.strategies; ++s) original_[n].push_back(s);
  }
}

void Reduction::MakeEdges(const Problem& problem) {
  for (const strategies::Edge& edge : problem.edges) {
    Node& a = nodes_[Index(edge.a)];
    const int32_t rows = a.strategies(), columns = nodes_[Index(edge.b)].strategies();
    if (edge.a == edge.b) {
      for (int32_t s = 0; s < rows; ++s) {
        a.cost[Index(s)] = AddCosts(a.cost[Index(s)], problem.EdgeCost(edge, s, s));
      }
      continue;
    }
    const auto first = problem.edge_costs.begin() + static_cast<std::ptrdiff_t>(edge.first);
    AddEdge(edge.a, edge.b,
            std::vector<int64_t>(first, first + static_cast<int64_t>(rows) * columns));
  }
}

void Reduction::Remove(int32_t index) {
  nodes_[Index(index)] = Node();
  nodes_[Index(index)].present = false;
}

void Reduction::AddEdge(int32_t a, int32_t c, std::vector<int64_t> matrix) {
  const auto [found, added] =
      nodes_[Index(a)].edges.try_emplace(c, static_cast<int32_t>(edges_.size()));
  if (added) {
    nodes_[Index(c)].edges[a] = found->second;
    edges_.push_back({a, c, std::move(matrix)});
    return;
  }
  Edge& edge = edges_[Index(found->second)];
  const size_t rows = nodes_[Index(a)].cost.size(), columns = nodes_[Index(c)].cost.size();
  for (size_t s = 0; s < rows; ++s) {
    for (size_t t = 0; t < columns; ++t) {
      int64_t& cost = edge.cost[edge.a == a ? s * columns + t : t * rows + s];
      cost = AddCosts(cost, matrix[s * columns + t]);
    }
  }
}

void Reduction::RemoveEdge(int32_t edge) {
  const int32_t a = edges_[Index(edge)].a, b = edges_[Index(edge)].b;
  nodes_[Index(a)].edges.erase(b);
  nodes_[Index(b)].edges.erase(a);
  std::vector<int64_t>().swap(edges_[Index(edge)].cost);  // returns the memory
}

std::vector<int64_t> Reduction::MatrixFrom(int32_t node, const Edge& edge) const {
  if (edge.a == node) return edge.cost;
  const size_t rows = nodes_[Index(edge.a)].cost.size(), columns = nodes_[Index(node)].cost.size();
  std::vector<int64_t> matrix(edge.cost.size());
  for (size_t s = 0; s < rows; ++s) {
    for (size_t t = 0; t < columns; ++t) matrix[t * rows + s] = edge.cost[s * columns + t];
  }
  return matrix;
}

void Reduction::Touch(int32_t node) {
  if (is_touched_[Index(node)]) return;
  is_touched_[Index(node)] = 1;
  touched_.push_back(node);
}

void Reduction::Keep(int32_t index, const std::vector<char>& keep) {
  Node& node = nodes_[Index(index)];
  const auto filter = [&keep](auto& values) {
    size_t kept = 0;
    for (size_t s = 0; s < keep.size(); ++s) {
      if (keep[s]) values[kept++] = values[s];
    }
    values.resize(kept);
  };
  for (const auto& [other, e] : node.edges) {
    Edge& edge = edges_[Index(e)];
    const size_t others = nodes_[Index(other)].cost.size();
    std::vector<int64_t> left;
    for (size_t s = 0; s < keep.size(); ++s) {
      if (edge.a == index && keep[s]) {
        const auto row = edge.cost.begin() + static_cast<std::ptrdiff_t>(s * others);
        left.insert(left.end(), row, row + static_cast<std::ptrdiff_t>(others));
      }
    }
    if (edge.b == index) {
      for (size_t i = 0; i < edge.cost.size(); ++i) {
        if (keep[i % keep.size()]) left.push_back(edge.cost[i]);
      }
    }
    edge.cost = std::move(left);
    Touch(other);
  }
  filter(node.cost);
  for (auto& [interval, used] : node.usages) filter(used);
  filter(original_[Index(index)]);
  Touch(index);
  if (node.cost.empty()) infeasible_ = true;
}

void Reduction::Forbid(int32_t index, const std::vector<char>& forbidden) {
  Edge& edge = edges_[Index(index)];
  for (size_t i = 0; i < forbidden.size(); ++i) {
    if (forbidden[i]) edge.cost[i] = kForbidden;
  }
  Touch(edge.a);
  Touch(edge.b);
}

void Reduction::Reduce(const std::function<bool()>& stop) {
  // Later on only what something has happened to, or around.
  for (size_t n = 0; n < nodes_.size() && untouched_; ++n) {
    if (nodes_[n].present) Touch(static_cast<int32_t>(n));
  }
  untouched_ = false;
  for (int round = 0; round < kMostRounds; ++round) {
    // First in, first out, so that a node is looked at again only after all others.
    for (size_t next = 0; next < touched_.size() && !infeasible_; ++next) {
      const int32_t node = touched_[next];
      is_touched_[Index(node)] = 0;
      if (!nodes_[Index(node)].present) continue;
      Visit(node);
      if (next % 256 == 0 && stop && stop()) break;
    }
    for (const int32_t node : touched_) is_touched_[Index(node)] = 0;
    touched_.clear();
    if (infeasible_) return;
    DropSlackMoments();
    if (!infeasible_) DropTooLarge();
    if (infeasible_ || touched_.empty() || (stop && stop())) return;
  }
}

void Reduction::Visit(int32_t node) {
  DropForbidden(node);
  if (infeasible_ || DecideSingle(node)) return;
  if (nodes_[Index(node)].edges.size() == 1) ForbidDominatedPairsOfLeaf(node);
  DropDominated(node);
  if (DecideSingle(node) || FollowNeighbour(node) || FoldLeaf(node)) return;
  FoldBetween(node);
}

// Those that are forbidden with whatever a neighbour does.
bool Reduction::DropForbidden(int32_t index) {
  const Node& node = nodes_[Index(index)];
  std::vector<char> keep(node.cost.size(), 1);
  for (size_t s = 0; s < keep.size(); ++s) keep[s] = node.cost[s] < kForbidden;
  for (const auto& [other, e] : node.edges) {
    const Edge& edge = edges_[Index(e)];
    const size_t others = nodes_[Index(other)].cost.size();
    std::vector<char> possible(keep.size());
    for (size_t i = 0; i < edge.cost.size(); ++i) {
      if (edge.cost[i] >= kForbidden) continue;
      possible[edge.a == index ? i / others : i % keep.size()] = 1;
    }
    for (size_t s = 0; s < keep.size(); ++s) keep[s] = keep[s] && possible[s];
  }
  if (std::find(keep.begin(), keep.end(), 0) == keep.end()) return false;
  Keep(index, keep);
  return true;
}

// Whether `worse` can be replaced by `better` in any answer, edge by edge.
bool Reduction::Dominates(const Node& node, int32_t index, int32_t better, int32_t worse) const {
  const size_t s = Index(better), w = Index(worse);
  for (const auto& [interval, used] : node.usages) {
    if (used[s] > used[w]) return false;
  }
  int64_t most = node.cost[s] - node.cost[w];  // by which better may cost more
  for (const auto& [other, e] : node.edges) {
    const Edge& edge = edges_[Index(e)];
    const size_t others = nodes_[Index(other)].cost.size(), own = node.cost.size();
    const size_t step = edge.a == index ? 1 : own;
    const int64_t* const of_s = edge.cost.data() + (edge.a == index ? s * others : s);
    const int64_t* const of_w = edge.cost.data() + (edge.a == index ? w * others : w);
    int64_t worst = std::numeric_limits<int64_t>::min();
    for (size_t t = 0; t < others; ++t) {
      if (of_w[t * step] >= kForbidden) continue;
      if (of_s[t * step] >= kForbidden) return false;
      worst = std::max(worst, of_s[t * step] - of_w[t * step]);
    }
    if (worst == std::numeric_limits<int64_t>::min()) return true;  // worse is forbidden
    most += worst;
    if (most >= kForbidden) return false;
  }
  return most <= 0;
}

bool Reduction::DropDominated(int32_t index) {
  const Node& node = nodes_[Index(index)];
  const int32_t count = node.strategies();
  // What a strategy costs at least, edge by edge: who costs more so does not dominate.
  std::vector<int64_t> least = node.cost;
  for (const auto& [other, e] : node.edges) {
    const Edge& edge = edges_[Index(e)];
    const size_t others = nodes_[Index(other)].cost.size(), own = node.cost.size();
    std::vector<int64_t> of_edge(own, kForbidden);
    for (size_t i = 0; i < edge.cost.size(); ++i) {
      int64_t& low = of_edge[edge.a == index ? i / others : i % own];
      low = std::min(low, edge.cost[i]);
    }
    for (size_t s = 0; s < own; ++s) least[s] = AddCosts(least[s], of_edge[s]);
  }
  std::vector<char> keep(node.cost.size(), 1);
  bool dropped = false;
  for (int32_t worse = 0; worse < count; ++worse) {
    for (int32_t better = 0; better < count && keep[Index(worse)]; ++better) {
      if (better == worse || !keep[Index(better)]) continue;
      if (least[Index(better)] > least[Index(worse)]) continue;
      if (!Dominates(node, index, better, worse)) continue;
      keep[Index(worse)] = 0;
      dropped = true;
    }
  }
  if (dropped) Keep(index, keep);
  return dropped;
}

bool Reduction::DecideSingle(int32_t index) {
  Node& node = nodes_[Index(index)];
  if (node.cost.size() != 1) return false;
  constant_ = AddCosts(constant_, node.cost[0]);
  if (constant_ >= kForbidden) infeasible_ = true;
  while (!node.edges.empty()) {
    const auto [other, e] = *node.edges.begin();
    std::vector<int64_t>& cost = nodes_[Index(other)].cost;
    for (size_t t = 0; t < cost.size(); ++t) {
      cost[t] = AddCosts(cost[t], edges_[Index(e)].cost[t]);
    }
    RemoveEdge(e);
    Touch(other);
  }
  for (const auto& [interval, used] : node.usages) {
    for (int32_t m = interval.first; m < interval.second; ++m) capacity_[Index(m)] -= used[0];
  }
  decided_[Index(index)] = original_[Index(index)][0];
  Remove(index);
  return true;
}

// With one neighbour, a pair is dominated by another of the same strategy of the neighbour.
void Reduction::ForbidDominatedPairsOfLeaf(int32_t index) {
  const Node& node = nodes_[Index(index)];
  const auto [other, e] = *node.edges.begin();
  const size_t others = nodes_[Index(other)].cost.size(), own = node.cost.size();
  Edge& edge = edges_[Index(e)];
  const auto pair = [&](size_t s, size_t t) -> int64_t& {
    return edge.cost[edge.a == index ? s * others + t : t * own + s];
  };
  const auto uses_no_more = [&](size_t s, size_t w) {
    return std::all_of(node.usages.begin(), node.usages.end(),
                       [&](const auto& usage) { return usage.second[s] <= usage.second[w]; });
  };
  for (size_t better = 0; better < own; ++better) {
    for (size_t worse = 0; worse < own; ++worse) {
      if (better == worse || !uses_no_more(better, worse)) continue;
      for (size_t t = 0; t < others; ++t) {
        if (pair(better, t) >= kForbidden || pair(worse, t) >= kForbidden) continue;
        if (pair(better, t) - pair(worse, t) <= node.cost[worse] - node.cost[better]) {
          pair(worse, t) = kForbidden;
        }
      }
    }
  }
}

// A node whose strategy follows from a neighbour's becomes part of it, unless that makes the
// matrices much larger.
bool Reduction::FollowNeighbour(int32_t index) {
  const Node& node = nodes_[Index(index)];
  for (const auto& [into, e] : node.edges) {
    const Edge& edge = edges_[Index(e)];
    const size_t rows = nodes_[Index(into)].cost.size(), own = node.cost.size();
    std::vector<int32_t> value(rows, -1), inverse(own, -1);
    bool follows = true, one_to_one = rows == own;
    for (size_t i = 0; i < edge.cost.size() && follows; ++i) {
      if (edge.cost[i] >= kForbidden) continue;
      const size_t s = edge.a == index ? i % rows : i / own;
      const size_t t = edge.a == index ? i / rows : i % own;
      follows = value[s] < 0;
      one_to_one &= inverse[t] < 0;
      value[s] = static_cast<int32_t>(t), inverse[t] = static_cast<int32_t>(s);
    }
    if (!follows) continue;
    one_to_one &= std::find(inverse.begin(), inverse.end(), -1) == inverse.end();
    if (one_to_one && node.edges.size() > nodes_[Index(into)].edges.size()) {
      Contract(index, into, inverse);  // fewer edges move
      return true;
    }
    size_t others = 0;
    for (const auto& [other, unused] : node.edges) {
      static_cast<void>(unused);
      if (other != into) others += nodes_[Index(other)].cost.size();
    }
    if (rows > own && (rows - own) * others > 2 * rows * own) continue;
    for (int32_t& t : value) t = std::max(t, 0);  // forbidden with all: left to the neighbour
    Contract(into, index, value);
    return true;
  }
  return false;
}

bool Reduction::FoldLeaf(int32_t index) {
  const Node& node = nodes_[Index(index)];
  if (!node.usages.empty()) return false;
  if (node.edges.empty()) {
    std::vector<char> keep(node.cost.size());
    keep[static_cast<size_t>(std::min_element(node.cost.begin(), node.cost.end()) -
                             node.cost.begin())] = 1;
    Keep(index, keep);
    return DecideSingle(index);
  }
  if (node.edges.size() > 1) return false;
  const auto [into, e] = *node.edges.begin();
  const std::vector<int64_t> matrix = MatrixFrom(into, edges_[Index(e)]);
  const size_t own = node.cost.size();
  std::vector<int32_t> value(nodes_[Index(into)].cost.size());
  for (size_t s = 0; s < value.size(); ++s) {
    int64_t best = kForbidden;
    for (size_t t = 0; t < own; ++t) {
      const int64_t cost = AddCosts(matrix[s * own + t], node.cost[t]);
      if (cost < best) best = cost, value[s] = static_cast<int32_t>(t);
    }
  }
  Contract(into, index, value);
  return true;
}

// A node that uses nothing, between two neighbours: what is best for each pair of theirs.
bool Reduction::FoldBetween(int32_t index) {
  const Node& node = nodes_[Index(index)];
  if (!node.usages.empty() || node.edges.size() != 2) return false;
  const auto [a, edge_a] = *node.edges.begin();
  const auto [c, edge_c] = *node.edges.rbegin();
  const std::vector<int64_t> of_a = MatrixFrom(a, edges_[Index(edge_a)]);
  const std::vector<int64_t> of_c = MatrixFrom(c, edges_[Index(edge_c)]);
  const size_t rows = nodes_[Index(a)].cost.size(), columns = nodes_[Index(c)].cost.size();
  const size_t own = node.cost.size();
  const bool joined = nodes_[Index(a)].edges.count(c) > 0;
  if (!joined && rows * columns > 2 * own * (rows + columns)) return false;
  std::vector<int64_t> matrix(rows * columns, kForbidden);
  Consequence record{index, a, c, original_[Index(a)], original_[Index(c)], {}};
  record.best.resize(matrix.size());
  for (size_t s = 0; s < rows; ++s) {
    for (size_t t = 0; t < own; ++t) {
      const int64_t half = AddCosts(of_a[s * own + t], node.cost[t]);
      if (half >= kForbidden) continue;
      for (size_t u = 0; u < columns; ++u) {
        const int64_t cost = AddCosts(half, of_c[u * own + t]);
        if (cost >= matrix[s * columns + u]) continue;
        matrix[s * columns + u] = cost;
        record.best[s * columns + u] = original_[Index(index)][t];
      }
    }
  }
  consequences_.push_back(std::move(record));
  RemoveEdge(edge_a);
  RemoveEdge(edge_c);
  Remove(index);
  Touch(a);
  Touch(c);
  AddEdge(a, c, std::move(matrix));
  return true;
}

// `node` takes value[s] where `into` takes s.
void Reduction::Contract(int32_t into, int32_t index, const std::vector<int32_t>& value) {
  Node& node = nodes_[Index(index)];
  Node& target = nodes_[Index(into)];
  const size_t rows = target.cost.size(), own = node.cost.size();
  {
    const int32_t e = target.edges.at(index);
    const std::vector<int64_t> matrix = MatrixFrom(into, edges_[Index(e)]);
    for (size_t s = 0; s < rows; ++s) {
      const int64_t cost = AddCosts(matrix[s * own + Index(value[s])], node.cost[Index(value[s])]);
      target.cost[s] = AddCosts(target.cost[s], cost);
    }
    RemoveEdge(e);
  }
  while (!node.edges.empty()) {
    const auto [other, e] = *node.edges.begin();
    const std::vector<int64_t> matrix = MatrixFrom(index, edges_[Index(e)]);
    const size_t columns = nodes_[Index(other)].cost.size();
    std::vector<int64_t> mapped(rows * columns);
    for (size_t s = 0; s < rows; ++s) {
      const auto row = matrix.begin() + static_cast<std::ptrdiff_t>(Index(value[s]) * columns);
      std::copy(row, row + static_cast<std::ptrdiff_t>(columns),
                mapped.begin() + static_cast<std::ptrdiff_t>(s * columns));
    }
    RemoveEdge(e);
    AddEdge(into, other, std::move(mapped));
    Touch(other);
  }
  for (const auto& [interval, used] : node.usages) {
    std::vector<int64_t>& sum = target.usages[interval];
    sum.resize(rows);
    for (size_t s = 0; s < rows; ++s) sum[s] += used[Index(value[s])];
  }
  Consequence record{index, into, -1, original_[Index(into)], {}, {}};
  for (const int32_t t : value) record.best.push_back(original_[Index(index)][Index(t)]);
  consequences_.push_back(std::move(record));
  Remove(index);
  Touch(into);
}

Choice Reduction::Expand(const Choice& reduced) const {
  Choice choice = decided_;
  for (size_t n = 0; n < nodes_.size(); ++n) {
    if (nodes_[n].present) choice[n] = original_[n][Index(reduced[n])];
  }
  const auto place = [](const std::vector<int32_t>& strategies, int32_t strategy) {
    return static_cast<size_t>(std::lower_bound(strategies.begin(), strategies.end(), strategy) -
                               strategies.begin());
  };
  for (auto record = consequences_.rbegin(); record != consequences_.rend(); ++record) {
    size_t index = place(record->strategies_a, choice[Index(record->a)]);
    if (record->c >= 0) {
      index = index * record->strategies_c.size() +
              place(record->strategies_c, choice[Index(record->c)]);
    }
    choice[Index(record->node)] = record->best[index];
  }
  return choice;
}

}  // namespace allot::strategies
