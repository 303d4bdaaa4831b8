#include "support/graph/strong_components.h"

#include <algorithm>

namespace allot {

StrongComponents FindStrongComponents(const CsrGraph& graph) {
  return FindStrongComponents(graph.num_vertices(), [&](int32_t v) { return graph.successors(v); });
}

StrongComponents FindStrongComponents(
    int32_t n, absl::FunctionRef<absl::Span<const int32_t>(int32_t)> successors_of) {
  StrongComponents result;
  result.component_of.assign(n, -1);
  std::vector<int32_t> number(n, -1), low(n, 0), next(n, 0), open, path;
  int32_t count = 0;
  for (int32_t root = 0; root < n; ++root) {
    if (number[root] >= 0) continue;
    path.push_back(root);
    while (!path.empty()) {
      const int32_t v = path.back();
      if (number[v] < 0) {
        number[v] = low[v] = count++;
        open.push_back(v);
      }
      const absl::Span<const int32_t> successors = successors_of(v);
      bool descends = false;
      while (next[v] < static_cast<int32_t>(successors.size())) {
        const int32_t w = successors[next[v]];
        if (number[w] < 0) {
          path.push_back(w);  // `next` stays: low[v] takes low[w] when w is done
          descends = true;
          break;
        }
        if (result.component_of[w] < 0) low[v] = std::min(low[v], low[w]);
        ++next[v];
      }
      if (descends) continue;
      path.pop_back();
      if (low[v] != number[v]) continue;
      int32_t w = -1;
      do {
        w = open.back();
        open.pop_back();
        result.component_of[w] = result.num_components;
      } while (w != v);
      ++result.num_components;
    }
  }
  // Components are closed from the sinks up.
  for (int32_t& component : result.component_of) {
    component = result.num_components - 1 - component;
  }
  return result;
}

}  // namespace allot
