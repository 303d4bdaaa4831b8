#include "passes/problem/search_points.h"

#include <vector>

namespace allot {

void AddSearchPoint(int64_t work, Picos value, Picos bound, ir::Summary& summary) {
  std::vector<ir::SearchPoint>& points = summary.search;
  const ir::SearchPoint next{work, value, bound};
  const auto same = [&](const ir::SearchPoint& point) {
    return point.value == value && point.bound == bound;
  };
  if (!points.empty() && points.back().work == work) points.pop_back();
  const size_t n = points.size();
  if (n >= 2 && same(points[n - 1]) && same(points[n - 2])) points.pop_back();
  points.push_back(next);
}

}  // namespace allot
