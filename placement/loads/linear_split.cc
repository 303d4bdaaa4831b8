#include "placement/loads/linear_split.h"

#include <algorithm>
#include <set>
#include <utility>

#include "placement/loads/load_reduction.h"
#include "support/id_table.h"

namespace allot {
namespace {

constexpr Picos kForbidden = BoundaryCosts::kForbidden;

size_t Size(int32_t i) { return static_cast<size_t>(i); }

class Splitter {
 public:
  Splitter(const LoadModel& model, const std::vector<int32_t>& order)
      : model_(model),
        order_(order),
        n_(order.size()),
        costs_(MakeBoundaryCosts(model)),
        position_(n_),
        in_(n_),
        out_(n_) {
    for (size_t i = 0; i < n_; ++i) position_[Size(order[i])] = i;
    for (size_t f = 0; f < model.flows.size(); ++f) {
      out_[Size(model.flows[f].from)].push_back(f);
      for (const int32_t to : model.flows[f].to) in_[Size(to)].push_back(f);
    }
  }

  std::vector<int32_t> Run(const std::vector<int32_t>& devices, int64_t& work) {
    std::vector<Loads> loads(Size(model_.num_devices));
    for (const int32_t d : devices) {
      Loads& load = loads[Size(model_.device_class[Size(d)])];
      if (load.empty()) load = LoadsOn(model_.device_class[Size(d)], work);
    }
    // best[e]: with all devices so far, units before e placed; cut[s][e]: where the last one
    // begins.
    std::vector<Picos> best(n_ + 1, kForbidden), next;
    best[0] = 0;
    std::vector<std::vector<size_t>> cut;
    for (const int32_t d : devices) {
      const Loads& load = loads[Size(model_.device_class[Size(d)])];
      next = best;
      std::vector<size_t>& from = cut.emplace_back(n_ + 1);
      for (size_t e = 0; e <= n_; ++e) {
        from[e] = e;
        for (size_t b = 0; b < e; ++b) {
          const Picos most = std::max(best[b], load(b, e - 1));
          if (most >= next[e]) continue;
          next[e] = most;
          from[e] = b;
        }
      }
      work += static_cast<int64_t>(n_ * n_ / 16);
      best.swap(next);
    }
    if (best[n_] >= kForbidden) return {};
    std::vector<int32_t> device(n_);
    size_t end = n_;
    for (size_t s = devices.size(); s-- > 0;) {
      const size_t begin = cut[s][end];
      for (size_t i = begin; i < end; ++i) device[Size(order_[i])] = devices[s];
      end = begin;
    }
    return device;
  }

 private:
  // By [first][last], the load of a stretch on a device.
  using Loads = IdTable<size_t, size_t, Picos>;
  Loads LoadsOn(int32_t d, int64_t& work) {
    Loads loads(n_, n_, kForbidden);
    std::vector<size_t> inside(model_.flows.size());
    for (size_t first = 0; first < n_; ++first) {
      std::fill(inside.begin(), inside.end(), 0);
      Picos load = model_.once[Size(d)];
      Bytes memory = 0;
      for (size_t last = first; last < n_; ++last) {
        const int32_t unit = order_[last];
        const Picos time = model_.Time(unit, d);
        memory += model_.memory[Size(unit)];
        if (time == kNotAllowed || memory > model_.capacity[Size(d)]) break;
        load += time;
        for (const size_t f : out_[Size(unit)]) {
          if (inside[f] > 0) load -= costs_.receive(f, d);
          if (inside[f] < model_.flows[f].to.size()) load += costs_.send(f, d);
          ++work;
        }
        for (const size_t f : in_[Size(unit)]) {
          const size_t from = position_[Size(model_.flows[f].from)];
          ++inside[f];
          ++work;
          if (from < first || from > last) {
            if (inside[f] == 1) load += costs_.receive(f, d);
          } else if (inside[f] == model_.flows[f].to.size()) {
            load -= costs_.send(f, d);
          }
        }
        loads(first, last) = std::min(load, kForbidden);
      }
    }
    return loads;
  }

  const LoadModel& model_;
  const std::vector<int32_t>& order_;
  const size_t n_;
  const BoundaryCosts costs_;
  std::vector<size_t> position_;               // by unit
  std::vector<std::vector<size_t>> in_, out_;  // flows by unit
};

// Items so that predecessors come first, those with the longest paths behind them before others,
// and each as late as what it feeds allows. Forward items lead.
std::vector<ItemId> DepthFirstItems(const PlacementProblem& problem, const ProblemGraph& graph) {
  IdVector<ItemId, int32_t> depth(problem.items.size());
  for (const ItemId item : graph.topological) {
    for (const ItemId p : graph.predecessors[item]) {
      depth[item] = std::max(depth[item], depth[p] + 1);
    }
  }
  IdVector<ItemId, char> seen(problem.items.size());
  std::vector<ItemId> order;
  struct Frame {
    ItemId item;
    std::vector<ItemId> rest;  // predecessors, the next one last
  };
  std::vector<Frame> stack;
  const auto open = [&](ItemId item) {
    seen[item] = 1;
    std::vector<ItemId> rest = graph.predecessors[item];
    std::stable_sort(rest.begin(), rest.end(),
                     [&](ItemId a, ItemId b) { return depth[a] < depth[b]; });
    stack.push_back({item, std::move(rest)});
  };
  const auto visit = [&](ItemId root) {
    if (!seen[root]) open(root);
    while (!stack.empty()) {
      std::vector<ItemId>& rest = stack.back().rest;
      if (rest.empty()) {
        order.push_back(stack.back().item);
        stack.pop_back();
        continue;
      }
      const ItemId next = rest.back();
      rest.pop_back();
      if (!seen[next]) open(next);
    }
  };
  for (const ItemId item : graph.topological) {
    const std::vector<ItemId>& after = graph.successors[item];
    const bool last = std::all_of(after.begin(), after.end(),
                                  [&](ItemId to) { return problem.items[to].backward; });
    if (last && !problem.items[item].backward) visit(item);
  }
  for (const ItemId item : graph.topological) visit(item);
  return order;
}

}  // namespace

std::vector<int32_t> DepthFirstOrder(const PlacementProblem& problem, const ProblemGraph& graph,
                                     const LoadModel& model) {
  // Where each unit stands, and where those of backward items alone follow.
  constexpr int64_t kNowhere = -1;
  std::vector<int64_t> rank(Size(model.num_units), kNowhere);
  std::vector<int32_t> order;
  const std::vector<ItemId> items = DepthFirstItems(problem, graph);
  for (const ItemId item : items) {
    const int32_t unit = model.unit_of[Size(item.index())];
    if (problem.items[item].backward || rank[Size(unit)] != kNowhere) continue;
    rank[Size(unit)] = static_cast<int64_t>(order.size());
    order.push_back(unit);
  }
  std::vector<std::vector<std::pair<int32_t, Picos>>> near(Size(model.num_units));
  for (const LoadModel::Flow& flow : model.flows) {
    Picos cost = 0;
    for (const Picos time : flow.staging) cost = std::max(cost, time);
    for (const Picos time : flow.time.cells()) cost = std::max(cost, time);
    for (const int32_t to : flow.to) {
      near[Size(flow.from)].emplace_back(to, cost);
      near[Size(to)].emplace_back(flow.from, cost);
    }
  }
  const auto forward = static_cast<int64_t>(order.size());
  // In rounds, since such units may hang on each other; what hangs on nothing comes last.
  for (bool any = true; any;) {
    any = false;
    for (auto item = items.rbegin(); item != items.rend(); ++item) {
      const size_t unit = Size(model.unit_of[Size(item->index())]);
      if (rank[unit] != kNowhere) continue;
      Picos most = -1;
      int64_t following = 0;
      for (const auto& [other, cost] : near[unit]) {
        if (rank[Size(other)] == kNowhere || cost <= most) continue;
        most = cost;
        following = rank[Size(other)];
      }
      if (most < 0) continue;
      rank[unit] = following;
      // Behind the unit it follows: equal ranks keep the order in which they were found.
      order.push_back(static_cast<int32_t>(unit));
      any = true;
    }
  }
  for (int32_t unit = 0; unit < model.num_units; ++unit) {
    if (rank[Size(unit)] != kNowhere) continue;
    rank[Size(unit)] = forward;
    order.push_back(unit);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return rank[Size(a)] < rank[Size(b)]; });
  return order;
}

int64_t SplitEffort(const LoadModel& model) {
  const std::set<int32_t> classes(model.device_class.begin(), model.device_class.end());
  int64_t ends = 0;
  for (const LoadModel::Flow& flow : model.flows) ends += 1 + static_cast<int64_t>(flow.to.size());
  const int64_t units = model.num_units;
  return units * (static_cast<int64_t>(classes.size()) * ends + units * model.num_devices / 16);
}

std::vector<int32_t> SplitInOrder(const LoadModel& model, const std::vector<int32_t>& order,
                                  const std::vector<int32_t>& devices, int64_t& work) {
  return Splitter(model, order).Run(devices, work);
}

}  // namespace allot
