#include "placement/kinds/chips/bounds/triangle_bound.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace allot::chips {
namespace {

constexpr Picos kNever = std::numeric_limits<Picos>::max();
// Larger insides are cut anywhere, which is what is proved of them.
constexpr size_t kMostPairs = 1'000;

// An edge of the chain: what its tail sends, what lies inside, and its head.
struct Link {
  Picos transfer = 0, inside = 0, head = 0;
  // Open intervals, ascending and apart: the work inside and before a cut is in none of them.
  std::vector<std::pair<Picos, Picos>> gaps;
};

// Work that a cut of the inside cannot have before it. A node is before the cut with all that leads
// to it, or behind it with all that it leads to.
std::vector<std::pair<Picos, Picos>> GapsOf(const Compiled& problem, std::vector<int32_t> inside) {
  if (inside.size() > kMostPairs) return {};
  std::sort(inside.begin(), inside.end());
  const size_t n = inside.size(), words = (n + 63) / 64;
  std::vector<int32_t> place(static_cast<size_t>(problem.size()), -1);
  Picos all = 0;
  for (size_t i = 0; i < n; ++i) {
    place[static_cast<size_t>(inside[i])] = static_cast<int32_t>(i);
    all += problem.work()[static_cast<size_t>(inside[i])];
  }
  // By node: the work of it and all inside that leads to it, or that it leads to.
  const auto closed = [&](bool downwards) {
    std::vector<uint64_t> rows(n * words);
    std::vector<Picos> work(n);
    for (size_t step = 0; step < n; ++step) {
      const size_t i = downwards ? step : n - 1 - step;
      uint64_t* const row = rows.data() + i * words;
      row[i / 64] |= uint64_t{1} << (i % 64);
      const int32_t v = inside[i];
      for (const int32_t u :
           downwards ? problem.graph().predecessors(v) : problem.graph().successors(v)) {
        if (place[static_cast<size_t>(u)] < 0) continue;
        const uint64_t* const other =
            rows.data() + static_cast<size_t>(place[static_cast<size_t>(u)]) * words;
        for (size_t w = 0; w < words; ++w) row[w] |= other[w];
      }
      for (size_t w = 0; w < words; ++w) {
        for (uint64_t bits = row[w]; bits != 0; bits &= bits - 1) {
          const size_t at = w * 64 + static_cast<size_t>(__builtin_ctzll(bits));
          work[i] += problem.work()[static_cast<size_t>(inside[at])];
        }
      }
    }
    return work;
  };
  const std::vector<Picos> before = closed(true), behind = closed(false);
  std::vector<std::pair<Picos, Picos>> gaps;
  for (size_t i = 0; i < n; ++i) {
    if (all - behind[i] < before[i]) gaps.emplace_back(all - behind[i], before[i]);
  }
  std::sort(gaps.begin(), gaps.end());
  std::vector<std::pair<Picos, Picos>> apart;
  for (const auto& gap : gaps) {
    if (!apart.empty() && gap.first < apart.back().second) {
      apart.back().second = std::max(apart.back().second, gap.second);
    } else {
      apart.push_back(gap);
    }
  }
  return apart;
}

class Chain {
 public:
  // Of all chains of edges the one that covers the most work, and of those one of the fewest edges:
  // a cut inside an edge says more than one beside it.
  explicit Chain(const RuleGraph& rules) : chips_(rules.chips()) {
    const Compiled& problem = rules.problem();
    const auto n = static_cast<size_t>(problem.size());
    if (n == 0) return;
    std::vector<Picos> inside;
    for (const Shortcut& shortcut : rules.shortcuts()) {
      inside.push_back(0);
      for (const int32_t w : shortcut.inside) {
        inside.back() += problem.work()[static_cast<size_t>(w)];
      }
    }
    std::vector<Picos> covered(n);
    // The node before, the shortcut between, and the edges so far.
    std::vector<int32_t> from(n, -1), by(n, -1), edges(n);
    for (int32_t v = 0; v < problem.size(); ++v) {
      const auto i = static_cast<size_t>(v);
      Picos most = 0;
      const auto reach = [&](int32_t u, Picos work, int32_t shortcut) {
        const Picos all = covered[static_cast<size_t>(u)] + work;
        const int32_t length = edges[static_cast<size_t>(u)] + 1;
        if (from[i] >= 0 && std::pair(-all, length) >= std::pair(-most, edges[i])) return;
        most = all;
        from[i] = u;
        by[i] = shortcut;
        edges[i] = length;
      };
      for (const int32_t u : problem.graph().predecessors(v)) reach(u, 0, -1);
      for (const int32_t s : rules.EndsOf(v)) {
        const Shortcut& shortcut = rules.shortcuts()[static_cast<size_t>(s)];
        if (shortcut.to == v) reach(shortcut.from, inside[static_cast<size_t>(s)], s);
      }
      covered[i] = most + problem.work()[i];
    }
    auto v =
        static_cast<int32_t>(std::max_element(covered.begin(), covered.end()) - covered.begin());
    for (; from[static_cast<size_t>(v)] >= 0; v = from[static_cast<size_t>(v)]) {
      const int32_t u = from[static_cast<size_t>(v)], s = by[static_cast<size_t>(v)];
      Link link;
      link.transfer = problem.transfer()[static_cast<size_t>(u)];
      link.head = problem.work()[static_cast<size_t>(v)];
      if (s >= 0) {
        link.inside = inside[static_cast<size_t>(s)];
        link.gaps = GapsOf(problem, rules.shortcuts()[static_cast<size_t>(s)].inside);
      }
      links_.push_back(std::move(link));
    }
    std::reverse(links_.begin(), links_.end());
    first_ = problem.work()[static_cast<size_t>(v)];
  }

  Picos total() const {
    Picos sum = first_;
    for (const Link& link : links_) sum += link.inside + link.head;
    return sum;
  }

  // Whether no cuts of the chain have chips and links that take at most `most`.
  bool Refutes(Picos most) const {
    if (first_ > most) return true;
    // By the number of chips in use: the least load of the last one.
    std::vector<Picos> least(static_cast<size_t>(chips_), kNever), next;
    least[0] = first_;
    for (const Link& link : links_) {
      next.assign(least.size(), kNever);
      bool fits = false;
      for (size_t used = 0; used < least.size(); ++used) {
        if (least[used] == kNever) continue;
        const auto take = [&](size_t chip, Picos load) {
          if (load > most) return;
          next[chip] = std::min(next[chip], load);
          fits = true;
        };
        take(used, least[used] + link.inside + link.head);
        if (used + 1 == least.size() || link.transfer > most) continue;
        take(used + 1, link.inside - Before(link, most - least[used]) + link.head);
      }
      if (!fits) return true;
      std::swap(least, next);
    }
    return false;
  }

 private:
  // The most work inside that can be before a cut, of at most `room`.
  static Picos Before(const Link& link, Picos room) {
    const Picos most = std::min(link.inside, room);
    for (const auto& [low, high] : link.gaps) {
      if (low < most && most < high) return low;
    }
    return most;
  }

  int32_t chips_;
  Picos first_ = 0;
  std::vector<Link> links_;
};

}  // namespace

Picos TriangleBound(const RuleGraph& rules) {
  const Chain chain(rules);
  Picos low = 0, high = chain.total();  // all on one chip
  while (low < high) {
    const Picos middle = low + (high - low) / 2;
    if (chain.Refutes(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return high;
}

}  // namespace allot::chips
