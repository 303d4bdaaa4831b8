#include "placement/kinds/chips/model/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "support/status.h"

namespace allot::chips {
namespace {

using Cell = std::pair<int32_t, int32_t>;  // row and column

// The directed links that an output takes from a chip to another, as pairs of places.
class Ways {
 public:
  explicit Ways(const Problem& problem) : problem_(problem) {}

  std::vector<std::pair<Cell, Cell>> From(int32_t a, int32_t b) const {
    std::vector<std::pair<Cell, Cell>> links;
    Cell at = Place(a);
    while (at != Place(b)) {
      const Cell next = Step(at, Place(b));
      links.emplace_back(at, next);
      at = next;
    }
    return links;
  }

 private:
  Cell Place(int32_t chip) const {
    if (problem_.topology != Topology::kGrid) return {0, chip};
    const int32_t row = chip / problem_.columns, rest = chip - row * problem_.columns;
    return {row, row % 2 == 1 ? problem_.columns - rest - 1 : rest};
  }
  Cell Step(Cell at, Cell goal) const {
    if (problem_.topology == Topology::kGrid) {
      if (at.second != goal.second)
        return {at.first, at.second + (at.second < goal.second ? 1 : -1)};
      return {at.first + (at.first < goal.first ? 1 : -1), at.second};
    }
    const int32_t n = problem_.chips, forward = ((goal.second - at.second) % n + n) % n;
    if (problem_.topology == Topology::kOneWayRing || forward <= n - forward) {
      return {0, (at.second + 1) % n};
    }
    return {0, (at.second + n - 1) % n};
  }

  const Problem& problem_;
};

class Verifier {
 public:
  Verifier(const Problem& problem, const Assignment& assignment)
      : problem_(problem), chip_(assignment) {}

  absl::StatusOr<Picos> Run() {
    ALLOT_RETURN_IF_ERROR(CheckOrder());
    ALLOT_RETURN_IF_ERROR(CheckPrefix());
    ALLOT_RETURN_IF_ERROR(CheckTriangle());
    FindWhatRuns();
    ALLOT_RETURN_IF_ERROR(CheckMemory());
    return Value();
  }

 private:
  const Node& node(int32_t v) const { return problem_.nodes[static_cast<size_t>(v)]; }
  int32_t chip(int32_t v) const { return chip_[static_cast<size_t>(v)]; }
  int32_t size() const { return static_cast<int32_t>(problem_.nodes.size()); }

  // visit(u, v) for every edge between nodes that are not copied.
  template <typename Visit>
  void ForEachEdge(Visit visit) const {
    for (int32_t v = 0; v < size(); ++v) {
      if (node(v).copied) continue;
      for (const int32_t u : node(v).reads) {
        if (!node(u).copied) visit(u, v);
      }
    }
  }

  absl::Status CheckOrder() const {
    if (chip_.size() != problem_.nodes.size()) {
      return InputError("chips: there are chips for ", chip_.size(), " nodes of ",
                        problem_.nodes.size());
    }
    for (int32_t v = 0; v < size(); ++v) {
      if (!node(v).copied && (chip(v) < 0 || chip(v) >= problem_.chips)) {
        return InputError("chips: node '", node(v).name, "' is on chip ", chip(v), " of ",
                          problem_.chips);
      }
    }
    absl::Status status;
    ForEachEdge([&](int32_t u, int32_t v) {
      if (chip(u) <= chip(v) || !status.ok()) return;
      status = InputError("order: node '", node(v).name, "' on chip ", chip(v), " reads '",
                          node(u).name, "' on the later chip ", chip(u));
    });
    return status;
  }

  absl::Status CheckPrefix() const {
    std::set<int32_t> used;
    for (int32_t v = 0; v < size(); ++v) {
      if (!node(v).copied) used.insert(chip(v));
    }
    int32_t expected = 0;
    for (const int32_t c : used) {
      if (c != expected)
        return InputError("prefix: chip ", expected, " is skipped, chip ", c, " used");
      ++expected;
    }
    return absl::OkStatus();
  }

  // The longest path between the chips of every edge has one edge.
  absl::Status CheckTriangle() const {
    const int32_t n = problem_.chips;
    std::set<std::pair<int32_t, int32_t>> edges;
    ForEachEdge([&](int32_t u, int32_t v) {
      if (chip(u) != chip(v)) edges.emplace(chip(u), chip(v));
    });
    for (int32_t from = 0; from < n; ++from) {
      std::vector<int32_t> longest(static_cast<size_t>(n), -1);
      longest[static_cast<size_t>(from)] = 0;
      for (const auto& [a, b] : edges) {  // sorted, so those into `a` come before those from it
        if (longest[static_cast<size_t>(a)] < 0) continue;
        longest[static_cast<size_t>(b)] =
            std::max(longest[static_cast<size_t>(b)], longest[static_cast<size_t>(a)] + 1);
      }
      for (const auto& [a, b] : edges) {
        if (a != from || longest[static_cast<size_t>(b)] == 1) continue;
        return InputError("triangle: there is an edge from chip ", a, " to chip ", b,
                          " and a way through others");
      }
    }
    return absl::OkStatus();
  }

  void FindWhatRuns() {
    runs_.resize(static_cast<size_t>(problem_.chips));
    for (int32_t v = size() - 1; v >= 0; --v) {
      if (node(v).copied) continue;
      std::vector<int32_t> open = {v};
      while (!open.empty()) {
        const int32_t at = open.back();
        open.pop_back();
        if (!runs_[static_cast<size_t>(chip(v))].insert(at).second) continue;
        for (const int32_t u : node(at).reads) {
          if (node(u).copied) open.push_back(u);
        }
      }
    }
  }

  // Step by step: what is live is counted anew at each.
  absl::Status CheckMemory() const {
    if (!problem_.memory.has_value()) return absl::OkStatus();
    std::map<int32_t, std::set<int32_t>> readers;  // not copied: whose chip says where
    ForEachEdge([&](int32_t u, int32_t v) { readers[u].insert(chip(v)); });
    for (int32_t c = 0; c < problem_.chips; ++c) {
      const std::set<int32_t>& run = runs_[static_cast<size_t>(c)];
      Bytes weights = 0;
      std::map<int32_t, std::pair<int32_t, int32_t>> life;  // by output: first and last node of it
      for (const int32_t v : run) {
        weights += node(v).weights;
        life.emplace(v, std::pair(v, v));
        for (const int32_t u : node(v).reads)
          life.emplace(u, std::pair(v, v)).first->second.second = v;
      }
      for (const int32_t v : run) {
        const auto found = readers.find(v);
        if (found == readers.end()) continue;
        for (const int32_t other : found->second) {
          if (other != c) life[v].second = size();
        }
      }
      for (const int32_t now : run) {
        Bytes held = weights;
        for (const auto& [v, span] : life) {
          if (span.first <= now && now <= span.second) held += node(v).output;
        }
        if (held > *problem_.memory) {
          return InputError("memory: chip ", c, " holds ", held, " bytes at node '", node(now).name,
                            "', and has ", *problem_.memory);
        }
      }
    }
    return absl::OkStatus();
  }

  Picos Value() const {
    Picos value = 0;
    for (const std::set<int32_t>& run : runs_) {
      Picos work = 0;
      for (const int32_t v : run) work += node(v).work;
      value = std::max(value, work);
    }
    std::map<int32_t, std::set<int32_t>> to;  // chips that an output goes to
    ForEachEdge([&](int32_t u, int32_t v) {
      if (chip(u) != chip(v)) to[u].insert(chip(v));
    });
    std::map<std::pair<Cell, Cell>, Picos> links;
    const Ways ways(problem_);
    for (const auto& [u, chips] : to) {
      std::set<std::pair<Cell, Cell>> passed;
      for (const int32_t c : chips) {
        for (const auto& link : ways.From(chip(u), c)) passed.insert(link);
      }
      for (const auto& link : passed) links[link] += node(u).transfer;
    }
    for (const auto& [link, load] : links) value = std::max(value, load);
    return value;
  }

  const Problem& problem_;
  const Assignment& chip_;
  std::vector<std::set<int32_t>> runs_;  // by chip: what it computes, with copies
};

}  // namespace

absl::StatusOr<Picos> Verify(const Problem& problem, const Assignment& assignment) {
  return Verifier(problem, assignment).Run();
}

}  // namespace allot::chips
