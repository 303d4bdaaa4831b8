// The graph algorithms against definitions worked out by brute force on random DAGs.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/graph/contraction.h"
#include "support/graph/csr_graph.h"
#include "support/graph/cut_vertices.h"
#include "support/graph/modularity.h"
#include "support/graph/reachability.h"
#include "support/graph/strong_components.h"
#include "support/graph/topo_order.h"
#include "support/id.h"
#include "support/random.h"

namespace allot {
namespace {

using ::testing::ElementsAre;

using Matrix = std::vector<std::vector<bool>>;

// Edges go from smaller to larger labels of a random relabelling, mostly short ones.
CsrGraph RandomDag(Random& random, int32_t n, int64_t percent, int32_t reach) {
  std::vector<int32_t> label(static_cast<size_t>(n));
  std::iota(label.begin(), label.end(), 0);
  for (size_t i = label.size(); i > 1; --i) {
    std::swap(label[i - 1], label[static_cast<size_t>(random.Below(static_cast<int64_t>(i)))]);
  }
  std::vector<WeightedEdge> edges;
  for (int32_t u = 0; u < n; ++u) {
    for (int32_t v = u + 1; v < std::min(n, u + 1 + reach); ++v) {
      if (random.Below(100) >= percent) continue;
      edges.push_back(
          {label[static_cast<size_t>(u)], label[static_cast<size_t>(v)], random.Between(0, 20)});
    }
  }
  return CsrGraph(n, edges);
}

Matrix Closure(const CsrGraph& graph) {
  const size_t n = static_cast<size_t>(graph.num_vertices());
  Matrix reaches(n, std::vector<bool>(n, false));
  for (size_t v = 0; v < n; ++v) {
    reaches[v][v] = true;
    for (int32_t next : graph.successors(static_cast<int32_t>(v))) {
      reaches[v][static_cast<size_t>(next)] = true;
    }
  }
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        if (reaches[i][k] && reaches[k][j]) reaches[i][j] = true;
      }
    }
  }
  return reaches;
}

TEST(CsrGraphTest, AddsParallelEdgesAndDropsLoops) {
  const CsrGraph graph(3, {{2, 1, 4}, {0, 1, 2}, {0, 1, 3}, {1, 1, 9}});
  EXPECT_EQ(graph.num_edges(), 2);
  ASSERT_EQ(graph.successors(0).size(), 1u);
  EXPECT_EQ(graph.out_weights(0)[0], 5);
  ASSERT_EQ(graph.predecessors(1).size(), 2u);
  EXPECT_EQ(graph.predecessors(1)[0], 0);
  EXPECT_EQ(graph.in_weights(1)[1], 4);
}

TEST(TopologicalOrderTest, TakesTheSmallestReadyVertexAndFindsCycles) {
  const CsrGraph graph(5, {{4, 0}, {3, 1}, {1, 2}});
  EXPECT_EQ(TopologicalOrder(graph), (std::vector<int32_t>{3, 1, 2, 4, 0}));
  EXPECT_EQ(TopologicalOrder(CsrGraph(2, {{0, 1}, {1, 0}})), std::nullopt);
  EXPECT_EQ(TopologicalOrder(CsrGraph(0, {})), std::vector<int32_t>{});
}

TEST(SortTopologicallyTest, TakesNextWhatItIsTold) {
  // 0 -> 2 -> 3, 1 -> 3 twice
  const std::vector<std::vector<int>> successors = {{2}, {3, 3}, {3}, {}};
  EXPECT_THAT(SortTopologically(4, SuccessorsIn(successors)).order, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(SortTopologically(4, SuccessorsIn(successors), LastFirst<int>()).order,
              ElementsAre(1, 0, 2, 3));
  EXPECT_THAT(SortTopologically(4, SuccessorsIn(successors),
                                BySmallestKey<int>([](int v) { return v == 1 ? 9 : 0; }))
                  .order,
              ElementsAre(0, 2, 1, 3));
}

TEST(SortTopologicallyTest, TakesIdsAndSomeOfThem) {
  using Vertex = Id<struct VertexTag>;
  IdVector<Vertex, std::vector<Vertex>> successors(4);
  successors[Vertex(3)] = {Vertex(0)};
  const std::vector<Vertex> some = {Vertex(0), Vertex(3)};
  EXPECT_THAT(SortTopologically(some, 4, SuccessorsIn(successors)).order,
              ElementsAre(Vertex(3), Vertex(0)));
  EXPECT_EQ(SortTopologically(successors.ids(), 4, SuccessorsIn(successors)).order.size(), 4u);
}

TEST(SortTopologicallyTest, CountsWhatCyclesHoldUp) {
  // 0 -> 1 <-> 2 -> 3, and 4 in a loop
  const std::vector<std::vector<int>> successors = {{1}, {2}, {1, 3}, {}, {4}};
  const TopologicalSort<int> sort = SortTopologically(5, SuccessorsIn(successors));
  EXPECT_THAT(sort.order, ElementsAre(0));
  EXPECT_THAT(sort.missing, ElementsAre(0, 1, 1, 1, 1));
}

TEST(StrongComponentsTest, AreWhatReachesEachOther) {
  Random random(8);
  for (int round = 0; round < 200; ++round) {
    const int32_t n = static_cast<int32_t>(random.Between(1, 12));
    std::vector<WeightedEdge> edges;
    std::vector<std::vector<int32_t>> lists(static_cast<size_t>(n));  // with repeats and loops
    for (int64_t e = random.Between(0, 2 * n); e > 0; --e) {
      const auto from = static_cast<int32_t>(random.Below(n));
      const auto to = static_cast<int32_t>(random.Below(n));
      edges.push_back({from, to});
      lists[static_cast<size_t>(from)].push_back(to);
    }
    const CsrGraph graph(n, edges);
    const Matrix reaches = Closure(graph);
    for (const StrongComponents& found :
         {FindStrongComponents(graph), FindStrongComponents(n, [&](int32_t v) {
            return absl::MakeConstSpan(lists[static_cast<size_t>(v)]);
          })}) {
      for (size_t u = 0; u < reaches.size(); ++u) {
        for (size_t v = 0; v < reaches.size(); ++v) {
          EXPECT_EQ(found.component_of[u] == found.component_of[v], reaches[u][v] && reaches[v][u]);
          EXPECT_TRUE(!reaches[u][v] || found.component_of[u] <= found.component_of[v]);
        }
      }
    }
  }
}

TEST(ReachabilityTest, BothFormsAgreeWithTheClosure) {
  Random random(7);
  for (int round = 0; round < 60; ++round) {
    const int32_t n = static_cast<int32_t>(random.Between(1, 40));
    const CsrGraph graph = RandomDag(random, n, random.Between(3, 30), n);
    const Matrix closure = Closure(graph);
    const Reachability small(graph), large(graph, /*bitset_limit=*/0);
    for (int32_t u = 0; u < n; ++u) {
      for (int32_t v = 0; v < n; ++v) {
        const bool expected = closure[static_cast<size_t>(u)][static_cast<size_t>(v)];
        ASSERT_EQ(small.Reaches(u, v), expected) << u << " " << v;
        ASSERT_EQ(large.Reaches(u, v), expected) << u << " " << v;
      }
    }
  }
}

TEST(CutVerticesTest, EqualTheDefinition) {
  Random random(11);
  int found = 0;
  for (int round = 0; round < 400; ++round) {
    const int32_t n = static_cast<int32_t>(random.Between(1, 14));
    const CsrGraph graph = RandomDag(random, n, random.Between(30, 90), 4);
    const Matrix closure = Closure(graph);
    std::vector<int32_t> expected;
    const std::vector<int32_t> order = TopologicalOrder(graph).value();
    for (int32_t v : order) {
      bool cut = true;
      const size_t at = static_cast<size_t>(v);
      for (size_t u = 0; u < static_cast<size_t>(n); ++u) {
        if (!closure[u][at] && !closure[at][u]) cut = false;
        if (u == at || !closure[u][at]) continue;
        for (int32_t next : graph.successors(static_cast<int32_t>(u))) {
          if (next != v && closure[at][static_cast<size_t>(next)]) cut = false;
        }
      }
      if (cut) expected.push_back(v);
    }
    ASSERT_EQ(CutVertices(graph), expected);
    found += static_cast<int>(expected.size());
  }
  EXPECT_GT(found, 100);
}

TEST(AcyclicContractionTest, MergesExactlyWhenNoCycleAppears) {
  Random random(3);
  int merged = 0, refused = 0;
  for (int round = 0; round < 200; ++round) {
    const int32_t n = static_cast<int32_t>(random.Between(2, 16));
    const CsrGraph graph = RandomDag(random, n, random.Between(10, 50), n);
    AcyclicContraction contraction(graph);
    for (int step = 0; step < 30; ++step) {
      const int32_t a = contraction.Find(static_cast<int32_t>(random.Below(n)));
      const int32_t b = contraction.Find(static_cast<int32_t>(random.Below(n)));
      if (a == b) continue;
      std::vector<int32_t> together(static_cast<size_t>(n));
      for (int32_t v = 0; v < n; ++v) {
        const int32_t group = contraction.Find(v);
        together[static_cast<size_t>(v)] = group == b ? a : group;
      }
      const bool acyclic = IsAcyclicQuotient(graph, together, n);
      ASSERT_EQ(contraction.TryMerge(a, b, 1'000'000), acyclic);
      (acyclic ? merged : refused) += 1;
      if (acyclic) {
        for (int32_t v = 0; v < n; ++v) {
          ASSERT_EQ(contraction.Find(v), together[static_cast<size_t>(v)]);
        }
      }
    }
    // Edge weights of the groups equal those of the quotient built anew.
    std::vector<int32_t> group_of(static_cast<size_t>(n));
    for (int32_t v = 0; v < n; ++v) group_of[static_cast<size_t>(v)] = contraction.Find(v);
    const CsrGraph quotient = QuotientGraph(graph, group_of, n);
    for (int32_t g = 0; g < n; ++g) {
      if (contraction.Find(g) != g) continue;
      ASSERT_EQ(contraction.out(g).size(), quotient.successors(g).size());
      size_t e = 0;
      for (const auto& [to, weight] : contraction.out(g)) {
        EXPECT_EQ(to, quotient.successors(g)[e]);
        EXPECT_EQ(weight, quotient.out_weights(g)[e++]);
      }
    }
  }
  EXPECT_GT(merged, 100);
  EXPECT_GT(refused, 100);
}

double DefinitionOfModularity(const CsrGraph& graph, const std::vector<int32_t>& of, double gamma) {
  const size_t n = static_cast<size_t>(graph.num_vertices());
  std::vector<std::vector<double>> a(n, std::vector<double>(n, 0));
  std::vector<double> out(n, 0), in(n, 0);
  double m = 0;
  for (int32_t u = 0; u < graph.num_vertices(); ++u) {
    for (size_t e = 0; e < graph.successors(u).size(); ++e) {
      const size_t i = static_cast<size_t>(u), j = static_cast<size_t>(graph.successors(u)[e]);
      a[i][j] = static_cast<double>(graph.out_weights(u)[e]);
      out[i] += a[i][j];
      in[j] += a[i][j];
      m += a[i][j];
    }
  }
  if (m == 0) return 0;
  double q = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      if (of[i] == of[j]) q += a[i][j] - gamma * out[i] * in[j] / m;
    }
  }
  return q / m;
}

// The best Q over all partitions with an acyclic quotient and communities of at most `cap`.
double BestModularity(const CsrGraph& graph, int64_t cap, std::vector<int32_t>& of, int32_t used) {
  const int32_t n = graph.num_vertices();
  if (static_cast<int32_t>(of.size()) == n) {
    for (int32_t c = 0; c < used; ++c) {
      if (std::count(of.begin(), of.end(), c) > cap) return -1;
    }
    if (!IsAcyclicQuotient(graph, of, used)) return -1;
    return Modularity(graph, of, 1.0);
  }
  double best = -1;
  for (int32_t c = 0; c <= used; ++c) {
    of.push_back(c);
    best = std::max(best, BestModularity(graph, cap, of, std::max(used, c + 1)));
    of.pop_back();
  }
  return best;
}

TEST(ModularityTest, IsLegalAndNearTheBestOnSmallGraphs) {
  Random random(5);
  double sum = 0, sum_best = 0;
  for (int round = 0; round < 60; ++round) {
    const int32_t n = static_cast<int32_t>(random.Between(2, 8));
    const CsrGraph graph = RandomDag(random, n, 50, 4);
    const int64_t cap = random.Between(2, 5);
    ModularityOptions options;
    options.max_size = cap;
    const Communities communities = AcyclicCommunities(graph, {}, options);
    ASSERT_TRUE(IsAcyclicQuotient(graph, communities.of, communities.count));
    for (int32_t u = 0; u < n; ++u) {
      for (int32_t v : graph.successors(u)) {
        ASSERT_LE(communities.of[static_cast<size_t>(u)], communities.of[static_cast<size_t>(v)]);
      }
    }
    for (int32_t c = 0; c < communities.count; ++c) {
      const auto size = std::count(communities.of.begin(), communities.of.end(), c);
      ASSERT_GE(size, 1);
      ASSERT_LE(size, cap);
    }
    EXPECT_NEAR(communities.modularity, DefinitionOfModularity(graph, communities.of, 1.0), 1e-9);
    std::vector<int32_t> scratch;
    const double best = BestModularity(graph, cap, scratch, 0);
    EXPECT_LE(communities.modularity, best + 1e-9);
    sum += communities.modularity;
    sum_best += best;
  }
  EXPECT_GT(sum, 0.85 * sum_best);
}

TEST(ModularityTest, SeparatesTwoBlobsJoinedByAThread) {
  std::vector<WeightedEdge> edges;
  for (int32_t base : {0, 5}) {
    for (int32_t u = 0; u < 5; ++u) {
      for (int32_t v = u + 1; v < 5; ++v) edges.push_back({base + u, base + v, 10});
    }
  }
  edges.push_back({4, 5, 1});
  const Communities communities = AcyclicCommunities(CsrGraph(10, edges), {}, {});
  EXPECT_EQ(communities.of, (std::vector<int32_t>{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}));
}

TEST(ModularityTest, TwentyThousandVerticesAreFewSteps) {
  Random random(9);
  const CsrGraph graph = RandomDag(random, 20'000, 12, 20);
  ModularityOptions options;
  options.max_size = 24;
  const Communities communities = AcyclicCommunities(graph, {}, options);
  EXPECT_TRUE(IsAcyclicQuotient(graph, communities.of, communities.count));
  EXPECT_LT(communities.count, 10'000);
  EXPECT_GT(communities.modularity, 0.3);
}

}  // namespace
}  // namespace allot
