#include "tests/models/stages_oracle.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <vector>

#include "placement/kinds/stages/problem/verify.h"

namespace allot::testing {
namespace {

// Grows plans stage by stage, in all ways.
class AllPlans {
 public:
  explicit AllPlans(const StagesProblem& problem) : problem_(problem) {}

  std::optional<int64_t> Best() {
    std::vector<bool> done(problem_.layers.size(), false);
    AddStage(done, problem_.devices);
    return best_;
  }

 private:
  void AddStage(const std::vector<bool>& done, int64_t devices) {
    std::vector<int32_t> left;
    for (size_t v = 0; v < done.size(); ++v) {
      if (!done[v]) left.push_back(static_cast<int32_t>(v));
    }
    if (left.empty()) return Value();
    for (uint32_t mask = 1; mask < uint32_t{1} << left.size(); ++mask) {
      PipelineStage stage;
      std::vector<bool> then = done;
      for (size_t i = 0; i < left.size(); ++i) {
        if ((mask >> i & 1) == 0) continue;
        stage.layers.push_back(left[i]);
        then[static_cast<size_t>(left[i])] = true;
      }
      for (const int64_t width : {1, 2}) {
        for (int64_t replicas = 1; replicas * width <= devices; ++replicas) {
          stage.width = width;
          stage.replicas = replicas;
          plan_.push_back(stage);
          AddVariants(then, devices - replicas * width, 0);
          plan_.pop_back();
        }
      }
    }
  }

  void AddVariants(const std::vector<bool>& done, int64_t devices, size_t i) {
    const size_t at = plan_.size() - 1;
    if (i == plan_[at].layers.size()) return AddStage(done, devices);
    const StageLayer& layer = problem_.layers[static_cast<size_t>(plan_[at].layers[i])];
    for (const LayerWidth& width : layer.widths) {
      if (width.devices != plan_[at].width) continue;
      for (size_t number = 0; number < width.variants.size(); ++number) {
        plan_[at].variants.push_back(static_cast<int32_t>(number));
        AddVariants(done, devices, i + 1);
        plan_[at].variants.pop_back();
      }
    }
  }

  void Value() {
    const absl::StatusOr<int64_t> value = VerifyStages(problem_, plan_);
    if (value.ok() && (!best_.has_value() || *value < *best_)) best_ = *value;
  }

  const StagesProblem& problem_;
  StagePlan plan_;
  std::optional<int64_t> best_;
};

using Set = std::vector<bool>;

class Straightforward {
 public:
  explicit Straightforward(const StagesProblem& problem) : problem_(problem) {
    for (const LayerEdge& edge : problem.edges) edges_.emplace(edge.from, edge.to);
    for (const StageLayer& layer : problem.layers) {
      for (const LayerWidth& width : layer.widths) widths_.insert(width.devices);
    }
    Enumerate();
  }

  std::optional<double> Best() {
    const int64_t most = std::min(problem_.devices, problem_.samples);
    // Of what lies behind a downset, with exactly so many devices and replicas.
    using Table = std::vector<std::vector<double>>;
    const double never = std::numeric_limits<double>::infinity();
    std::vector<Table> best(sets_.size(),
                            Table(static_cast<size_t>(problem_.devices) + 1,
                                  std::vector<double>(static_cast<size_t>(most) + 1, never)));
    best.back()[0][0] = 0;
    for (size_t to = sets_.size(); to-- > 0;) {
      for (size_t from = 0; from < to; ++from) {
        if (!Within(sets_[from], sets_[to])) continue;
        for (const int64_t width : widths_) {
          const Stage stage = MakeStage(from, to, width);
          if (!stage.possible) continue;
          std::map<int64_t, double> times;  // by samples in flight
          for (int64_t r = 1; r <= most && r * width <= problem_.devices; ++r) {
            if (problem_.samples % r != 0) continue;
            for (int64_t k = 0; k + r * width <= problem_.devices; ++k) {
              for (int64_t s = 0; s + r <= most; ++s) {
                const double rest = best[to][static_cast<size_t>(k)][static_cast<size_t>(s)];
                if (rest == never) continue;
                const int64_t in_flight = (s + r + r - 1) / r;
                const auto [at, added] = times.emplace(in_flight, 0);
                if (added) at->second = GreedyTime(stage, in_flight);
                const double replicas = static_cast<double>(r);
                const double load = (at->second + (replicas - 1) * stage.update) / replicas;
                double& mine =
                    best[from][static_cast<size_t>(k + r * width)][static_cast<size_t>(s + r)];
                mine = std::min(mine, std::max(rest, load));
              }
            }
          }
        }
      }
    }
    double least = never;
    for (const std::vector<double>& row : best[0]) {
      for (const double each : row) least = std::min(least, each);
    }
    if (least == never) return std::nullopt;
    return least;
  }

 private:
  struct Way {
    double time = 0, per_in_flight = 0, resident = 0;
  };
  struct Stage {
    bool possible = true;
    double boundary = 0, update = 0;
    std::vector<std::vector<Way>> ways;  // of each layer
  };

  static bool Within(const Set& inner, const Set& outer) {
    for (size_t v = 0; v < inner.size(); ++v) {
      if (inner[v] && !outer[v]) return false;
    }
    return inner != outer;
  }

  // By size, so that what a set lies within comes later.
  void Enumerate() {
    std::set<Set> level = {Set(problem_.layers.size(), false)};
    while (!level.empty()) {
      sets_.insert(sets_.end(), level.begin(), level.end());
      std::set<Set> next;
      for (const Set& set : level) {
        for (size_t v = 0; v < set.size(); ++v) {
          bool ready = !set[v];
          for (const LayerEdge& edge : problem_.edges) {
            ready = ready &&
                    (edge.to != static_cast<int32_t>(v) || set[static_cast<size_t>(edge.from)]);
          }
          if (!ready) continue;
          Set more = set;
          more[v] = true;
          next.insert(more);
        }
      }
      level.swap(next);
    }
  }

  double Seconds(double millibytes) const {
    return millibytes / 1000 / static_cast<double>(problem_.bandwidth);
  }

  Stage MakeStage(size_t from, size_t to, int64_t width) const {
    Stage stage;
    const auto inside = [&](int32_t v) {
      return !sets_[from][static_cast<size_t>(v)] && sets_[to][static_cast<size_t>(v)];
    };
    for (const LayerEdge& edge : problem_.edges) {
      if (inside(edge.from) != inside(edge.to)) {
        stage.boundary += Seconds(2.0 * static_cast<double>(edge.bytes));
      }
    }
    for (size_t v = 0; v < problem_.layers.size(); ++v) {
      if (!inside(static_cast<int32_t>(v))) continue;
      const LayerWidth* found = nullptr;
      for (const LayerWidth& each : problem_.layers[v].widths) {
        if (each.devices == width) found = &each;
      }
      stage.possible = stage.possible && found != nullptr;
      if (found == nullptr) continue;
      std::vector<Way>& ways = stage.ways.emplace_back();
      for (const LayerVariant& variant : found->variants) {
        double time =
            static_cast<double>(variant.time) / static_cast<double>(problem_.ticks_per_second);
        for (const BoundarySync& sync : variant.before) {
          const bool pays = edges_.count({sync.neighbour, static_cast<int32_t>(v)}) > 0 &&
                            !inside(sync.neighbour);
          if (pays) time += Seconds(2.0 * static_cast<double>(sync.bytes));
        }
        for (const BoundarySync& sync : variant.after) {
          const bool pays = edges_.count({static_cast<int32_t>(v), sync.neighbour}) > 0 &&
                            !inside(sync.neighbour);
          if (pays) time += Seconds(2.0 * static_cast<double>(sync.bytes));
        }
        ways.push_back({time, static_cast<double>(variant.per_in_flight),
                        static_cast<double>(variant.resident)});
      }
      stage.update += Seconds(4.0 * static_cast<double>(found->variants[0].parameters) /
                              static_cast<double>(problem_.samples));
    }
    return stage;
  }

  // Infinite if nothing fits.
  double GreedyTime(const Stage& stage, int64_t in_flight) const {
    const auto memory = [&](const Way& way) {
      return way.per_in_flight * static_cast<double>(in_flight) + way.resident;
    };
    double time = stage.boundary, needed = 0;
    struct Saving {
      double ratio = 0, time = 0, memory = 0;
    };
    std::vector<Saving> savings;
    for (const std::vector<Way>& ways : stage.ways) {
      Way fast = ways[0], slow = ways.back();
      if (slow.time < fast.time) std::swap(fast, slow);
      time += fast.time;
      needed += memory(fast);
      const double saved = memory(fast) - memory(slow);
      if (saved > 0)
        savings.push_back({(slow.time - fast.time) / saved, slow.time - fast.time, saved});
    }
    std::stable_sort(savings.begin(), savings.end(),
                     [](const Saving& a, const Saving& b) { return a.ratio < b.ratio; });
    const auto most = problem_.has_memory ? static_cast<double>(problem_.memory)
                                          : std::numeric_limits<double>::infinity();
    for (const Saving& saving : savings) {
      if (needed <= most) break;
      needed -= saving.memory;
      time += saving.time;
    }
    return needed <= most ? time : std::numeric_limits<double>::infinity();
  }

  const StagesProblem& problem_;
  std::set<std::pair<int32_t, int32_t>> edges_;
  std::set<int64_t> widths_;
  std::vector<Set> sets_;
};

}  // namespace

std::optional<int64_t> BestOfAllPlans(const StagesProblem& problem) {
  return AllPlans(problem).Best();
}

std::optional<double> StraightforwardPiper(const StagesProblem& problem) {
  return Straightforward(problem).Best();
}

}  // namespace allot::testing
