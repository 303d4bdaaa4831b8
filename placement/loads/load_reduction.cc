#include "placement/loads/load_reduction.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "support/graph/min_cut.h"
#include "support/graph/union_find.h"

namespace allot {
namespace {

constexpr Picos kForbidden = BoundaryCosts::kForbidden;

size_t Size(int32_t i) { return static_cast<size_t>(i); }

// Least loads of one device over sets of units.
class DeviceCuts {
 public:
  DeviceCuts(const LoadModel& model, const BoundaryCosts& costs, int32_t device)
      : model_(model), device_(device), source_(model.num_units), sink_(model.num_units + 1) {
    nodes_ = model.num_units + 2;
    for (int32_t unit = 0; unit < model.num_units; ++unit) {
      const Picos time = model.Time(unit, device);
      arcs_.push_back({unit, sink_, time == kNotAllowed ? kForbidden : time});
    }
    for (size_t f = 0; f < model.flows.size(); ++f) {
      const LoadModel::Flow& flow = model.flows[f];
      const Picos send = costs.send(f, device);
      const Picos receive = costs.receive(f, device);
      communicates_ = communicates_ || send > 0 || receive > 0;
      if (flow.to.size() == 1) {
        if (send > 0) arcs_.push_back({flow.from, flow.to[0], send});
        if (receive > 0) arcs_.push_back({flow.to[0], flow.from, receive});
        continue;
      }
      if (send > 0) {
        arcs_.push_back({flow.from, nodes_, send});
        for (const int32_t to : flow.to) arcs_.push_back({nodes_, to, kForbidden});
        ++nodes_;
      }
      if (receive > 0) {
        arcs_.push_back({nodes_, flow.from, receive});
        for (const int32_t to : flow.to) arcs_.push_back({to, nodes_, kForbidden});
        ++nodes_;
      }
    }
  }

  // The least load of the device if it holds `unit`, and not `without` (none if negative).
  Picos Least(int32_t unit, int32_t without, int64_t& spent) {
    const Picos alone = model_.Time(unit, device_);
    if (alone == kNotAllowed) return kForbidden;
    const Picos once = model_.once[Size(device_)];
    if (!communicates_) return alone + once;
    const size_t size = arcs_.size();
    arcs_.push_back({source_, unit, kForbidden});
    if (without >= 0) arcs_.push_back({without, sink_, kForbidden});
    spent += 2 * static_cast<int64_t>(arcs_.size());
    const MinCut cut = MinimumCut(nodes_, arcs_, source_, sink_);
    arcs_.resize(size);
    return std::min(cut.value + once, kForbidden);
  }

 private:
  const LoadModel& model_;
  const int32_t device_, source_, sink_;
  int32_t nodes_ = 0;
  bool communicates_ = false;
  std::vector<CapacityArc> arcs_;
};

// Pairs with a flow between them, heaviest first.
std::vector<std::pair<int32_t, int32_t>> Neighbours(const LoadModel& model) {
  std::map<std::pair<int32_t, int32_t>, Picos> weight;
  for (const LoadModel::Flow& flow : model.flows) {
    Picos most = 0;
    for (const Picos time : flow.staging) most = std::max(most, time);
    for (const Picos time : flow.time.cells()) most = std::max(most, time);
    for (const int32_t to : flow.to) weight[std::minmax(flow.from, to)] += most;
  }
  std::vector<std::pair<Picos, std::pair<int32_t, int32_t>>> sorted;
  for (const auto& [pair, sum] : weight) sorted.emplace_back(-sum, pair);
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::pair<int32_t, int32_t>> pairs;
  for (const auto& [sum, pair] : sorted) pairs.push_back(pair);
  return pairs;
}

class Reducer {
 public:
  Reducer(const LoadModel& model, Picos cutoff, int64_t work) : cutoff_(cutoff), work_(work) {
    result_.model = model;
    result_.joined.resize(Size(model.num_units));
    std::iota(result_.joined.begin(), result_.joined.end(), 0);
  }

  LoadReduction Run(int64_t& spent) {
    for (bool again = true; again && result_.possible && spent_ < work_;) {
      again = Round();
    }
    spent += spent_;
    return std::move(result_);
  }

 private:
  LoadModel& model() { return result_.model; }

  // One pass over units and neighbours; true if it has joined any.
  bool Round() {
    const BoundaryCosts costs = MakeBoundaryCosts(model());
    TakeDevicesAway(costs);
    if (!result_.possible || spent_ >= work_) return false;
    // Times have changed, and with them what the cuts are made of.
    std::vector<DeviceCuts> cuts;
    for (int32_t d = 0; d < model().num_devices; ++d) cuts.emplace_back(model(), costs, d);
    UnionFind sets(Size(model().num_units));
    bool any = false;
    for (const auto& [a, b] : Neighbours(model())) {
      if (spent_ >= work_) break;
      if (sets.Find(a) == sets.Find(b)) continue;
      if (Inseparable(a, b, costs, cuts)) any = sets.Merge(a, b) || any;
    }
    if (!any) return false;
    const auto [joined, num_joined] = sets.Number();
    for (int32_t& unit : result_.joined) unit = joined[Size(unit)];
    result_.model = JoinUnits(model(), joined, num_joined);
    result_.least.assign(Size(num_joined), 0);
    return true;
  }

  void TakeDevicesAway(const BoundaryCosts& costs) {
    const int32_t num_devices = model().num_devices;
    result_.least.assign(Size(model().num_units), kForbidden);
    IdTable<int32_t, int32_t, Picos> time = model().time;
    for (int32_t d = 0; d < num_devices; ++d) {
      const int32_t like = model().device_class[Size(d)];
      if (like != d) {
        for (int32_t unit = 0; unit < model().num_units; ++unit) {
          if (time(unit, like) == kNotAllowed) time(unit, d) = kNotAllowed;
        }
        continue;
      }
      DeviceCuts cuts(model(), costs, d);
      for (int32_t unit = 0; unit < model().num_units; ++unit) {
        Picos& least = result_.least[Size(unit)];
        if (spent_ >= work_) {
          least = 0;
          continue;
        }
        const Picos load = cuts.Least(unit, -1, spent_);
        if (load >= cutoff_) time(unit, d) = kNotAllowed;
        least = std::min(least, load);
      }
    }
    for (int32_t unit = 0; unit < model().num_units; ++unit) {
      const absl::Span<const Picos> row = time.row(unit);
      if (std::all_of(row.begin(), row.end(), [](Picos t) { return t == kNotAllowed; })) {
        result_.possible = false;
      }
    }
    model().time = std::move(time);
  }

  // A bound on the load of device d with a and without b from the two and what is between them.
  Picos Between(int32_t a, int32_t b, int32_t d, const BoundaryCosts& costs) {
    Picos load = model().Time(a, d);
    if (load == kNotAllowed) return kForbidden;
    load += model().once[Size(d)];
    spent_ += static_cast<int64_t>(model().flows.size() / 8) + 1;
    for (size_t f = 0; f < model().flows.size(); ++f) {
      const LoadModel::Flow& flow = model().flows[f];
      const auto has = [&](int32_t unit) {
        return std::binary_search(flow.to.begin(), flow.to.end(), unit);
      };
      if (flow.from == a && has(b)) load += costs.send(f, d);
      if (flow.from == b && has(a)) load += costs.receive(f, d);
    }
    return std::min(load, kForbidden);
  }

  bool Inseparable(int32_t a, int32_t b, const BoundaryCosts& costs,
                   std::vector<DeviceCuts>& cuts) {
    const int32_t num_devices = model().num_devices;
    for (const bool exact : {false, true}) {
      // By device: whether a can be there without b, and b without a.
      std::vector<char> a_alone(Size(num_devices)), b_alone(Size(num_devices));
      for (int32_t d = 0; d < num_devices; ++d) {
        const int32_t like = model().device_class[Size(d)];
        if (like != d) {
          a_alone[Size(d)] = a_alone[Size(like)];
          b_alone[Size(d)] = b_alone[Size(like)];
          continue;
        }
        const auto least = [&](int32_t in, int32_t out) {
          const Picos bound = Between(in, out, d, costs);
          if (!exact || bound >= cutoff_) return bound;
          return std::max(bound, cuts[Size(d)].Least(in, out, spent_));
        };
        a_alone[Size(d)] = least(a, b) < cutoff_;
        b_alone[Size(d)] = least(b, a) < cutoff_;
      }
      bool separable = false;
      for (int32_t k = 0; k < num_devices && !separable; ++k) {
        for (int32_t l = 0; l < num_devices && !separable; ++l) {
          separable = k != l && a_alone[Size(k)] && b_alone[Size(l)];
        }
      }
      if (!separable) return true;
    }
    return false;
  }

  const Picos cutoff_;
  const int64_t work_;
  int64_t spent_ = 0;
  LoadReduction result_;
};

}  // namespace

BoundaryCosts MakeBoundaryCosts(const LoadModel& model) {
  const size_t num_devices = Size(model.num_devices);
  BoundaryCosts costs;
  costs.send.Assign(model.flows.size(), num_devices, 0);
  costs.receive.Assign(model.flows.size(), num_devices, 0);
  for (size_t f = 0; f < model.flows.size(); ++f) {
    const LoadModel::Flow& flow = model.flows[f];
    for (int32_t d = 0; d < model.num_devices; ++d) {
      Picos& send = costs.send(f, d);
      Picos& receive = costs.receive(f, d);
      if (!flow.staging.empty()) {
        send = receive = flow.staging[Size(d)];
        continue;
      }
      send = receive = kForbidden;
      for (int32_t other = 0; other < model.num_devices; ++other) {
        if (other == d) continue;
        const Picos out = flow.time(d, other);
        const Picos in = flow.time(other, d);
        if (out != LoadModel::kNoRoute) send = std::min(send, model.blocking ? out : 0);
        if (in != LoadModel::kNoRoute) receive = std::min(receive, model.blocking ? in : 0);
      }
    }
  }
  return costs;
}

DeviceReduction ReduceLoadsOn(const LoadModel& model, int32_t device, Picos cutoff, int64_t work,
                              int64_t& spent) {
  DeviceReduction result;
  result.model = model;
  result.joined.resize(Size(model.num_units));
  std::iota(result.joined.begin(), result.joined.end(), 0);
  const int64_t until = spent + work;
  const auto costs_here = [&](const IdTable<size_t, int32_t, Picos>& costs) {
    std::vector<Picos> here;
    for (size_t f = 0; f < result.model.flows.size(); ++f) {
      here.push_back(costs(f, device));
    }
    return here;
  };
  // By pair (in, out): whether a set with the one and without the other stays below the cutoff.
  std::map<std::pair<int32_t, int32_t>, bool> apart;
  for (bool again = true; again;) {
    again = false;
    const BoundaryCosts costs = MakeBoundaryCosts(result.model);
    result.send = costs_here(costs.send);
    result.receive = costs_here(costs.receive);
    DeviceCuts cuts(result.model, costs, device);
    UnionFind sets(Size(result.model.num_units));
    apart.clear();
    const auto can = [&](int32_t in, int32_t out) {
      const bool below = cuts.Least(in, out, spent) < cutoff;
      apart[{in, out}] = below;
      return below;
    };
    for (const auto& [a, b] : Neighbours(result.model)) {
      if (spent >= until) break;
      const bool a_alone = can(a, b), b_alone = can(b, a);
      if (!a_alone && !b_alone) again = sets.Merge(a, b) || again;
    }
    if (!again) break;
    const auto [joined, num_joined] = sets.Number();
    for (int32_t& unit : result.joined) unit = joined[Size(unit)];
    result.model = JoinUnits(result.model, joined, num_joined);
  }
  const auto impossible = [&](int32_t in, int32_t out) {
    const auto it = apart.find({in, out});
    return it != apart.end() && !it->second;
  };
  for (size_t f = 0; f < result.model.flows.size(); ++f) {
    const LoadModel::Flow& flow = result.model.flows[f];
    const auto all = [&](const auto& holds) {
      return std::all_of(flow.to.begin(), flow.to.end(), holds);
    };
    if (all([&](int32_t to) { return impossible(flow.from, to); })) result.send[f] = kForbidden;
    if (all([&](int32_t to) { return impossible(to, flow.from); })) result.receive[f] = kForbidden;
  }
  return result;
}

LoadReduction ReduceLoads(const LoadModel& model, Picos cutoff, int64_t work, int64_t& spent) {
  return Reducer(model, cutoff, work).Run(spent);
}

Picos BoundByUnitCuts(const LoadModel& model, int64_t work, int64_t& spent) {
  const BoundaryCosts costs = MakeBoundaryCosts(model);
  const int64_t until = spent + work;
  std::vector<Picos> least(Size(model.num_units), kForbidden);
  for (int32_t d = 0; d < model.num_devices; ++d) {
    if (model.device_class[Size(d)] != d) continue;
    DeviceCuts cuts(model, costs, d);
    for (int32_t unit = 0; unit < model.num_units; ++unit) {
      least[Size(unit)] =
          spent < until ? std::min(least[Size(unit)], cuts.Least(unit, -1, spent)) : 0;
    }
  }
  Picos bound = 0;
  for (const Picos load : least) {
    // Nowhere at all: infeasible, and nothing is claimed of it.
    if (load < kForbidden) bound = std::max(bound, load);
  }
  return bound;
}

}  // namespace allot
