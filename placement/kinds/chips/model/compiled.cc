#include "placement/kinds/chips/model/compiled.h"

#include <algorithm>
#include <utility>

namespace allot::chips {

Compiled::Compiled(const Problem& problem) : problem_(&problem) {
  std::vector<int32_t> number(problem.nodes.size(), -1);
  for (size_t v = 0; v < problem.nodes.size(); ++v) {
    const Node& node = problem.nodes[v];
    total_work_ += node.work;
    if (node.copied) continue;
    number[v] = static_cast<int32_t>(nodes_.size());
    nodes_.push_back(static_cast<int32_t>(v));
    work_.push_back(node.work);
    weights_.push_back(node.weights);
    transfer_.push_back(node.transfer);
  }
  std::vector<WeightedEdge> edges;
  for (const int32_t v : nodes_) {
    for (const int32_t from : problem.nodes[static_cast<size_t>(v)].reads) {
      if (number[static_cast<size_t>(from)] < 0) continue;
      edges.push_back({number[static_cast<size_t>(from)], number[static_cast<size_t>(v)], 1});
    }
  }
  graph_ = CsrGraph(static_cast<int32_t>(nodes_.size()), std::move(edges));
  needs_.resize(nodes_.size());
  AddCopies();
  AddRoutes();
}

void Compiled::AddCopies() {
  const std::vector<Node>& nodes = problem_->nodes;
  // By copied node: the compiled nodes that need it. Backwards, since readers come later.
  std::vector<std::vector<int32_t>> readers(nodes.size());
  size_t next = nodes_.size();
  for (size_t v = nodes.size(); v-- > 0;) {
    std::vector<int32_t>& own = readers[v];
    if (!nodes[v].copied) {
      own = {static_cast<int32_t>(--next)};
    } else {
      std::sort(own.begin(), own.end());
      own.erase(std::unique(own.begin(), own.end()), own.end());
      if (own.size() == 1) {
        work_[static_cast<size_t>(own[0])] += nodes[v].work;
        weights_[static_cast<size_t>(own[0])] += nodes[v].weights;
      } else if (nodes[v].work > 0 || nodes[v].weights > 0) {
        for (const int32_t reader : own) {
          needs_[static_cast<size_t>(reader)].push_back(static_cast<int32_t>(shared_.size()));
        }
        shared_.push_back({nodes[v].work, nodes[v].weights, own});
      }
    }
    for (const int32_t from : nodes[v].reads) {
      std::vector<int32_t>& of = readers[static_cast<size_t>(from)];
      if (nodes[static_cast<size_t>(from)].copied) of.insert(of.end(), own.begin(), own.end());
    }
    own = {};
  }
}

void Compiled::AddRoutes() {
  const int32_t n = chips();
  routes_.resize(static_cast<size_t>(n) * static_cast<size_t>(n));
  const int32_t columns = problem_->columns;
  // Links of a grid by the chip that they leave and their direction: right, left, down, up.
  const auto column = [&](int32_t chip) {
    const int32_t row = chip / columns, at = chip % columns;
    return row % 2 == 0 ? at : columns - 1 - at;
  };
  for (int32_t a = 0; a < n; ++a) {
    for (int32_t b = a + 1; b < n; ++b) {
      std::vector<int32_t>& route = routes_[static_cast<size_t>(a * n + b)];
      switch (problem_->topology) {
        case Topology::kOneWayRing:
          for (int32_t i = a; i < b; ++i) route.push_back(i);
          break;
        case Topology::kTwoWayRing:
          if (2 * (b - a) <= n) {
            for (int32_t i = a; i < b; ++i) route.push_back(i);
          } else {
            for (int32_t i = a; i != b; i = (i + n - 1) % n) route.push_back(n + i);
          }
          break;
        case Topology::kGrid: {
          int32_t row = a / columns, at = column(a);
          const auto leave = [&](int32_t direction) {
            route.push_back(4 * (row * columns + at) + direction);
          };
          for (; at < column(b); ++at) leave(0);
          for (; at > column(b); --at) leave(1);
          for (; row < b / columns; ++row) leave(2);
          break;
        }
      }
    }
  }
  num_links_ = problem_->topology == Topology::kGrid ? 4 * n : 2 * n;
}

Assignment Compiled::Expand(const Assignment& compiled) const {
  Assignment all(problem_->nodes.size());
  for (size_t v = 0; v < nodes_.size(); ++v) all[static_cast<size_t>(nodes_[v])] = compiled[v];
  return all;
}

Assignment Compiled::Reduce(const Assignment& assignment) const {
  Assignment compiled;
  for (const int32_t v : nodes_) compiled.push_back(assignment[static_cast<size_t>(v)]);
  return compiled;
}

}  // namespace allot::chips
