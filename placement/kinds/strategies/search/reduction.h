// What is left of a problem once all is taken away that can be decided, or follows from something
// else, without losing the best answer: forbidden strategies, dominated ones, nodes whose choice
// follows from a neighbour's, times that cannot bind. What is left can be reduced again when a
// search has found out that strategies are too expensive for any better answer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "placement/kinds/strategies/model/problem.h"

namespace allot::strategies {

// What a node uses in moments [begin, end) beyond the least that it uses whatever it does: by
// {begin, end}, by strategy.
using Usages = std::map<std::pair<int32_t, int32_t>, std::vector<int64_t>>;

class Reduction {
 public:
  // The problem must have passed Check().
  explicit Reduction(const Problem& problem);

  struct Node {
    bool present = true;  // not decided by others
    std::vector<int64_t> cost;
    Usages usages;
    std::map<int32_t, int32_t> edges;  // by neighbour: its edge
    int32_t strategies() const { return static_cast<int32_t>(cost.size()); }
  };
  struct Edge {
    int32_t a = 0, b = 0;
    std::vector<int64_t> cost;  // rows are a's strategies
  };

  // Whether it is known that there is no answer (that is good enough).
  bool infeasible() const { return infeasible_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Edge>& edges() const {
    return edges_;
  }  // those of present nodes mean something
  // What may be used at each moment; moments are the times at which usages may be too much.
  const std::vector<int64_t>& capacity() const { return capacity_; }
  // By moment: its number among all that there were at first, num_moments().
  const std::vector<int32_t>& moments() const { return moments_; }
  int32_t num_moments() const { return num_moments_; }
  int64_t constant() const { return constant_; }  // costs of what is decided

  // Applies all rules until none helps. Never leaves out all best answers. `stop`: as in
  // SolveLimits; may be empty.
  void Reduce(const std::function<bool()>& stop);
  // Leaves only strategies with keep[s], which are known to suffice. Reduce() follows from it.
  void Keep(int32_t node, const std::vector<char>& keep);
  // The same for pairs, by edge, row by row.
  void Forbid(int32_t edge, const std::vector<char>& forbidden);
  // The answer of the problem that follows from the strategies of present nodes (others' mean
  // nothing).
  Choice Expand(const Choice& reduced) const;

  struct Part;
  // What is left where all nodes but the free ones do as `fixed`, a choice of this reduction, says.
  // Linear in what is free and in the number of nodes and moments.
  Part PartOf(const std::vector<int32_t>& free, const Choice& fixed) const;

 private:
  Reduction() = default;

  // How the strategy of a node that was taken out follows from those of one or two others. All
  // numbers are those of the problem.
  struct Consequence {
    int32_t node = 0, a = 0, c = -1;                  // c < 0: from a alone
    std::vector<int32_t> strategies_a, strategies_c;  // that there were
    std::vector<int32_t> best;                        // by both, row by row
  };

  void MakeNodes(const Problem& problem);
  void MakeEdges(const Problem& problem);
  void MakeMoments(const Problem& problem);
  void DropSlackMoments();
  void DropTooLarge();
  void Touch(int32_t node);
  void Visit(int32_t node);
  bool DropForbidden(int32_t node);
  bool DropDominated(int32_t node);
  bool Dominates(const Node& node, int32_t index, int32_t better, int32_t worse) const;
  bool DecideSingle(int32_t node);
  void ForbidDominatedPairsOfLeaf(int32_t leaf);
  bool FollowNeighbour(int32_t node);
  bool FoldLeaf(int32_t node);
  bool FoldBetween(int32_t node);
  void Contract(int32_t into, int32_t node, const std::vector<int32_t>& value);
  // row[s * columns + t]: edge costs with `node` as the rows.
  std::vector<int64_t> MatrixFrom(int32_t node, const Edge& edge) const;
  void AddEdge(int32_t a, int32_t c, std::vector<int64_t> matrix);
  void RemoveEdge(int32_t edge);
  void Remove(int32_t node);

  bool infeasible_ = false, untouched_ = true;
  int64_t constant_ = 0;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_;
  std::vector<int64_t> capacity_;
  std::vector<int32_t> moments_;
  int32_t num_moments_ = 0;
  std::vector<std::vector<int32_t>> original_;  // by node and strategy: its number in the problem
  std::vector<int32_t> decided_;                // by node: the number in the problem, if decided
  std::vector<Consequence> consequences_;       // in the order in which they were found
  std::vector<int32_t> touched_;
  std::vector<char> is_touched_;
};

// A problem of its own: its nodes and moments are numbered anew, strategies are those of the whole.
struct Reduction::Part {
  Reduction reduction;           // Expand() gives strategies of the whole, by node of the part
  std::vector<int32_t> nodes;    // of the whole, by node of the part
  std::vector<int32_t> moments;  // of the whole, by moment of the part
};

}  // namespace allot::strategies
