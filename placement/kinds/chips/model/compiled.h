// A problem as searches see it: the nodes that the rules are for, numbered from 0 in the order of
// the problem, each with the copies that it alone needs; and the copies that several read.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/kinds/chips/model/problem.h"
#include "support/graph/csr_graph.h"

namespace allot::chips {

// A copied node that a chip computes once if it has any of the readers.
struct SharedCopy {
  Picos work = 0;
  Bytes weights = 0;
  std::vector<int32_t> readers;  // compiled nodes that need it, at whatever remove
};

class Compiled {
 public:
  // The problem must pass Check() and outlive this. O(n + m) and the sizes of shared cones.
  explicit Compiled(const Problem& problem);

  const Problem& problem() const { return *problem_; }
  int32_t chips() const { return problem_->chips; }
  const CsrGraph& graph() const { return graph_; }  // between compiled nodes
  int32_t size() const { return graph_.num_vertices(); }
  // By compiled node: with what is copied for it alone.
  const std::vector<Picos>& work() const { return work_; }
  const std::vector<Bytes>& weights() const { return weights_; }
  const std::vector<Picos>& transfer() const { return transfer_; }
  const std::vector<SharedCopy>& shared() const { return shared_; }
  // By compiled node: the shared copies that it needs.
  const std::vector<std::vector<int32_t>>& needs() const { return needs_; }
  // All work, with copies once.
  Picos total_work() const { return total_work_; }

  // From compiled nodes to the problem's and back.
  int32_t node(int32_t v) const { return nodes_[static_cast<size_t>(v)]; }
  Assignment Expand(const Assignment& compiled) const;
  Assignment Reduce(const Assignment& assignment) const;

  // The links on the way from a chip to a later one. Links are numbered from 0.
  const std::vector<int32_t>& Route(int32_t from, int32_t to) const {
    return routes_[static_cast<size_t>(from * chips() + to)];
  }
  int32_t num_links() const { return num_links_; }

 private:
  void AddCopies();
  void AddRoutes();

  const Problem* problem_;
  CsrGraph graph_;
  std::vector<int32_t> nodes_;
  std::vector<Picos> work_, transfer_;
  std::vector<Bytes> weights_;
  std::vector<SharedCopy> shared_;
  std::vector<std::vector<int32_t>> needs_;
  std::vector<std::vector<int32_t>> routes_;
  int32_t num_links_ = 0;
  Picos total_work_ = 0;
};

}  // namespace allot::chips
