#include "placement/parts/parts.h"

#include <algorithm>
#include <limits>

#include "placement/parts/part_evaluator.h"

namespace allot {
namespace {

// Merging of parts that run one after the other on a device.
class Merger {
 public:
  Merger(const PlacementProblem& problem, const ProblemGraph& graph, const Solution& solution,
         int64_t effort)
      : problem_(problem),
        graph_(graph),
        solution_(solution),
        evaluator_(problem, graph),
        effort_(std::max<int64_t>(effort, 1)) {
    for (const DeviceId device : solution.device_of) device_.push_back(device.index());
  }

  PartedSolution Run() {
    State best;
    // Two ways to start: what never waits for a launch, and as few steps as there can be.
    for (std::vector<int32_t> start : {Runs(), Steps()}) {
      State state;
      if (!Number(std::move(start), state)) continue;
      const int64_t limit = best.part_of.empty() ? (effort_ + 1) / 2 : effort_;
      Merge(state, limit);
      if (best.part_of.empty() || state.value < best.value) best = std::move(state);
    }
    return MakeParted(problem_, device_, best.part_of, best.num_parts, solution_.order);
  }

 private:
  struct State {
    std::vector<int32_t> part_of;
    int32_t num_parts = 0;
    SearchValue value;
  };

  // Runs of a device's sequence that cost nothing to launch as one: only the first item of a run
  // has inputs from elsewhere, and only the last has outputs that go elsewhere. Such runs cannot
  // close a cycle: a path out of a run and back would lead from its last item to its first.
  std::vector<int32_t> Runs() const {
    std::vector<int32_t> label(device_.size());
    std::vector<int32_t> open(problem_.devices.size(), -1);
    int32_t num_labels = 0;
    for (const ItemId item : solution_.order) {
      const int32_t d = device_[item.index()];
      bool receives = false, sends = false;
      for (const ItemId p : graph_.predecessors[item]) receives |= device_[p.index()] != d;
      for (const ItemId s : graph_.successors[item]) sends |= device_[s.index()] != d;
      if (receives || open[d] < 0) open[d] = num_labels++;
      label[item.index()] = open[d];
      if (sends) open[d] = -1;
    }
    return label;
  }

  // Parts by device and by how many times a path to an item changes devices at most: every device
  // waits for a whole step, but there are as few steps as possible.
  std::vector<int32_t> Steps() const {
    std::vector<int32_t> step(device_.size()), label(device_.size());
    std::vector<std::vector<int32_t>> known;  // [step][device]
    int32_t num_labels = 0;
    for (const ItemId item : solution_.order) {
      const int32_t d = device_[item.index()];
      int32_t& own = step[item.index()];
      for (const ItemId p : graph_.predecessors[item]) {
        own = std::max(own, step[p.index()] + (device_[p.index()] != d ? 1 : 0));
      }
      if (static_cast<size_t>(own) >= known.size()) {
        known.resize(own + 1, std::vector<int32_t>(problem_.devices.size(), -1));
      }
      if (known[own][d] < 0) known[own][d] = num_labels++;
      label[item.index()] = known[own][d];
    }
    return label;
  }

  // Turns labels into parts in launch order and evaluates them; false if they have a cycle. Parts
  // launch in the order of their first items.
  bool Number(std::vector<int32_t> label, State& state) {
    ++spent_;
    rank_.clear();
    dense_.assign(device_.size(), -1);
    for (size_t i = 0; i < solution_.order.size(); ++i) {
      const int32_t item = solution_.order[i].index();
      if (dense_[label[item]] >= 0) continue;
      dense_[label[item]] = static_cast<int32_t>(rank_.size());
      rank_.push_back(static_cast<int64_t>(i));
    }
    for (int32_t& l : label) l = dense_[l];
    const auto num_parts = static_cast<int32_t>(rank_.size());
    if (!evaluator_.NumberParts(rank_, num_parts, label.data())) return false;
    state.value = evaluator_.Value(device_.data(), label.data(), num_parts);
    state.part_of = std::move(label);
    state.num_parts = num_parts;
    return true;
  }

  // Merges neighbours until nothing helps: all of them at once, else each half for itself. Most
  // merges help or all of a stretch do not, so this needs far fewer evaluations than one by one.
  void Merge(State& state, int64_t limit) {
    while (spent_ < limit) {
      std::vector<std::pair<int32_t, int32_t>> neighbours;
      std::vector<int32_t> last(problem_.devices.size(), -1);
      std::vector<int32_t> device_of_part(state.num_parts);
      for (size_t i = 0; i < device_.size(); ++i) device_of_part[state.part_of[i]] = device_[i];
      for (int32_t part = 0; part < state.num_parts; ++part) {
        int32_t& before = last[device_of_part[part]];
        if (before >= 0) neighbours.emplace_back(before, part);
        before = part;
      }
      // Labels of this round: a part's label is the first part that it has been merged with.
      std::vector<int32_t> merged_into(state.num_parts);
      for (int32_t part = 0; part < state.num_parts; ++part) merged_into[part] = part;
      const std::vector<int32_t> before = state.part_of;
      const int32_t num_before = state.num_parts;
      MergeRange(before, neighbours, 0, neighbours.size(), limit, merged_into, state);
      if (state.num_parts == num_before) return;
    }
  }

  void MergeRange(const std::vector<int32_t>& base,
                  const std::vector<std::pair<int32_t, int32_t>>& neighbours, size_t begin,
                  size_t end, int64_t limit, std::vector<int32_t>& merged_into, State& state) {
    if (begin == end || spent_ >= limit) return;
    std::vector<int32_t> trial = merged_into;
    for (size_t i = begin; i < end; ++i) {
      // Neighbours ascend, so the first of a pair has its final label before the second gets it.
      trial[neighbours[i].second] = trial[neighbours[i].first];
    }
    std::vector<int32_t> label(base.size());
    for (size_t i = 0; i < base.size(); ++i) label[i] = trial[base[i]];
    State next;
    if (Number(std::move(label), next) && !(state.value < next.value)) {
      merged_into = std::move(trial);
      state = std::move(next);
      return;
    }
    if (end - begin == 1) return;
    const size_t middle = begin + (end - begin) / 2;
    MergeRange(base, neighbours, begin, middle, limit, merged_into, state);
    MergeRange(base, neighbours, middle, end, limit, merged_into, state);
  }

  const PlacementProblem& problem_;
  const ProblemGraph& graph_;
  const Solution& solution_;
  PartEvaluator evaluator_;
  const int64_t effort_;
  int64_t spent_ = 0;
  std::vector<int32_t> device_;
  std::vector<int64_t> rank_;
  std::vector<int32_t> dense_;
};

}  // namespace

PartedSolution FormParts(const PlacementProblem& problem, const ProblemGraph& graph,
                         const Solution& solution, int64_t effort) {
  return Merger(problem, graph, solution, effort).Run();
}

Score EvaluateParts(const PlacementProblem& problem, const Solution& solution,
                    const Partition& parts) {
  Score none;
  none.objective = none.makespan = std::numeric_limits<Picos>::max();
  if (parts.part_of.size() != problem.items.size() ||
      solution.device_of.size() != problem.items.size()) {
    return none;
  }
  const PlacementProblem contracted =
      Contract(problem, parts.part_of, parts.num_parts, Launch::kPerGroup);
  for (const PlacementProblem::Flow& flow : contracted.flows) {
    for (const ItemId to : flow.to) {
      if (to < flow.from) return none;
    }
  }
  Solution launches;
  launches.device_of.resize(parts.num_parts, DeviceId(0));
  std::vector<char> placed(parts.num_parts);
  for (const ItemId item : problem.items.ids()) {
    const ItemId part = parts.part_of[item];
    const DeviceId device = solution.device_of[item];
    char& known = placed[static_cast<size_t>(part.index())];
    if (known && launches.device_of[part] != device) return none;
    known = 1;
    launches.device_of[part] = device;
  }
  for (const ItemId part : contracted.items.ids()) launches.order.push_back(part);
  Score score = Evaluate(contracted, BuildGraph(contracted), launches);
  IdVector<DeviceId, int64_t> count(problem.devices.size());
  for (const DeviceId device : launches.device_of) {
    const int64_t most = problem.devices[device].max_parts;
    if (++count[device] > most && most > 0) score.feasible = false;
  }
  return score;
}

}  // namespace allot
