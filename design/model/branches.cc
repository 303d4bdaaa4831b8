#include "design/model/branches.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <set>

namespace allot::design {
namespace {

constexpr int32_t kNone = -1;

// Sets of runs, each known by its first node.
class Runs {
 public:
  explicit Runs(size_t nodes) : of_(nodes) { std::iota(of_.begin(), of_.end(), 0); }

  int32_t Of(int32_t node) {
    int32_t root = node;
    while (of_[static_cast<size_t>(root)] != root) root = of_[static_cast<size_t>(root)];
    while (of_[static_cast<size_t>(node)] != root) {
      node = std::exchange(of_[static_cast<size_t>(node)], root);
    }
    return root;
  }
  void Join(int32_t a, int32_t b) {
    a = Of(a), b = Of(b);
    of_[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
  }

 private:
  std::vector<int32_t> of_;
};

// By run: the runs that it reads, or that read it. Empty for what is no run's first node.
struct Neighbours {
  std::vector<std::set<int32_t>> before, after;
};

Neighbours NeighboursOf(const Stretch& stretch, Runs& runs) {
  const size_t n = stretch.before.size();
  Neighbours found{std::vector<std::set<int32_t>>(n), std::vector<std::set<int32_t>>(n)};
  for (size_t node = 0; node < n; ++node) {
    const int32_t to = runs.Of(static_cast<int32_t>(node));
    for (const int32_t source : stretch.before[node]) {
      const int32_t from = runs.Of(source);
      if (from == to) continue;
      found.before[static_cast<size_t>(to)].insert(from);
      found.after[static_cast<size_t>(from)].insert(to);
    }
  }
  return found;
}

void JoinRuns(const Stretch& stretch, Runs& runs) {
  const size_t n = stretch.before.size();
  std::vector<int32_t> users(n, 0);
  for (const std::vector<int32_t>& sources : stretch.before) {
    for (const int32_t source : sources) ++users[static_cast<size_t>(source)];
  }
  std::vector<bool> product = stretch.product;  // by first node of a run
  for (size_t node = 0; node < n; ++node) {
    const std::vector<int32_t>& sources = stretch.before[node];
    if (sources.size() != 1 || users[static_cast<size_t>(sources[0])] != 1) continue;
    const auto run = static_cast<size_t>(runs.Of(sources[0]));
    if (product[run] && product[node]) continue;
    product[run] = product[run] || product[node];
    runs.Join(sources[0], static_cast<int32_t>(node));
  }
}

// Nothing lies between a run and its only source, nor its only user, so no cycle can arise.
void JoinThoseWithoutProducts(const Stretch& stretch, Runs& runs) {
  const size_t n = stretch.before.size();
  constexpr int kRounds = 16;  // a run can become one that is joined; few do
  for (int round = 0; round < kRounds; ++round) {
    const Neighbours neighbours = NeighboursOf(stretch, runs);
    std::vector<bool> product(n, false), joined(n, false);
    for (size_t node = 0; node < n; ++node) {
      if (stretch.product[node]) {
        product[static_cast<size_t>(runs.Of(static_cast<int32_t>(node)))] = true;
      }
    }
    bool any = false;
    for (size_t run = 0; run < n; ++run) {
      const auto& [before, after] = std::pair(neighbours.before[run], neighbours.after[run]);
      if (product[run] || (before.empty() && after.empty())) continue;
      const int32_t other = before.size() == 1  ? *before.begin()
                            : after.size() == 1 ? *after.begin()
                                                : kNone;
      // Each run once in a round: neighbours are those of its beginning.
      if (other == kNone || joined[run] || joined[static_cast<size_t>(other)]) continue;
      joined[run] = joined[static_cast<size_t>(other)] = true;
      runs.Join(other, static_cast<int32_t>(run));
      any = true;
    }
    if (!any) return;
  }
}

}  // namespace

Branches FindBranches(const Stretch& stretch) {
  const size_t n = stretch.before.size();
  Branches found;
  found.branch_of.assign(n, 0);
  if (n == 0) return found;
  Runs runs(n);
  JoinRuns(stretch, runs);
  JoinThoseWithoutProducts(stretch, runs);
  Neighbours neighbours = NeighboursOf(stretch, runs);

  // In an order in which edges lead forward, by their first nodes where there is a choice.
  std::vector<int32_t> number(n, kNone);
  std::priority_queue<int32_t, std::vector<int32_t>, std::greater<>> ready;
  for (size_t node = 0; node < n; ++node) {
    const auto run = static_cast<int32_t>(node);
    const bool alone = neighbours.before[node].empty() && neighbours.after[node].empty();
    if (runs.Of(run) == run && !alone && neighbours.before[node].empty()) ready.push(run);
  }
  std::vector<size_t> left(n);
  for (size_t node = 0; node < n; ++node) left[node] = neighbours.before[node].size();
  while (!ready.empty()) {
    const auto run = static_cast<size_t>(ready.top());
    ready.pop();
    number[run] = static_cast<int32_t>(found.size++);
    for (const int32_t user : neighbours.after[run]) {
      if (--left[static_cast<size_t>(user)] == 0) ready.push(user);
    }
  }
  if (found.size == 0) found.size = 1;
  for (size_t node = 0; node < n; ++node) {
    const int32_t branch = number[static_cast<size_t>(runs.Of(static_cast<int32_t>(node)))];
    found.branch_of[node] = std::max(branch, 0);
  }
  for (size_t run = 0; run < n; ++run) {
    for (const int32_t user : neighbours.after[run]) {
      found.edges.emplace_back(number[run], number[static_cast<size_t>(user)]);
    }
  }
  std::sort(found.edges.begin(), found.edges.end());
  return found;
}

Branches InOneOrder(const Stretch& stretch, const Branches& branches, size_t most) {
  std::vector<double> work(branches.size, 0);
  double all = 0;
  for (size_t node = 0; node < stretch.work.size(); ++node) {
    const auto each = static_cast<double>(stretch.work[node]);
    work[static_cast<size_t>(branches.branch_of[node])] += each;
    all += each;
  }
  std::vector<int32_t> piece_of(branches.size, 0);
  Branches found;
  double done = 0;
  for (size_t branch = 0; branch < branches.size; ++branch) {
    // A branch is in the piece in which its middle lies.
    const double middle = done + work[branch] / 2;
    const auto wanted =
        all > 0 ? static_cast<size_t>(middle / all * static_cast<double>(most)) : size_t{0};
    const bool next = branch > 0 && wanted >= found.size && found.size < most;
    if (branch == 0 || next) ++found.size;
    piece_of[branch] = static_cast<int32_t>(found.size) - 1;
    done += work[branch];
  }
  for (const int32_t branch : branches.branch_of) {
    found.branch_of.push_back(piece_of[static_cast<size_t>(branch)]);
  }
  for (size_t piece = 1; piece < found.size; ++piece) {
    found.edges.emplace_back(static_cast<int32_t>(piece) - 1, static_cast<int32_t>(piece));
  }
  return found;
}

}  // namespace allot::design
