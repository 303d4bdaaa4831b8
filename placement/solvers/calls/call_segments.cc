#include "placement/solvers/calls/call_segments.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace allot {

CallSegments::CallSegments(const ProblemFacts& facts)
    : problem_(facts.problem()),
      graph_(facts.graph()),
      blocks_(BuildContiguityBlocks(problem_)),
      members_(blocks_.num_blocks),
      classes_(facts.device_classes()),
      num_devices_(static_cast<int32_t>(problem_.devices.size())),
      tail_(problem_.items.size()),
      there_(problem_.items.size()),
      inside_(problem_.flows.size()),
      loaded_(problem_.flows.size()) {
  const PlacementProblem& problem = problem_;
  const ProblemGraph& graph = graph_;
  ALLOT_CHECK(problem.execution == Execution::kCalls);
  for (const ItemId item : graph.topological) members_[blocks_.block_of[item]].push_back(item);
  for (const PlacementProblem::MachineDevice& device : problem.devices) {
    if (!device.pool) max_calls_ += problem.calls_per_device;
  }
  max_calls_ = std::min(max_calls_, blocks_.num_blocks);
  for (size_t t = problem.items.size(); t-- > 0;) {
    const ItemId item = graph.topological[t];
    for (const ItemId next : graph.successors[item]) {
      std::optional<Picos> least;
      for (const std::optional<Picos>& time : problem.items[next].time) {
        if (time.has_value() && (!least.has_value() || *time < *least)) least = time;
      }
      tail_[item] = std::max(tail_[item], *least + tail_[next]);
    }
  }
}

void CallSegments::CutIntoSteps(const std::vector<int32_t>& order, int32_t grain) {
  steps_.clear();
  IdVector<ItemId, size_t> step(problem_.items.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i % static_cast<size_t>(grain) == 0) steps_.emplace_back();
    for (const ItemId item : members_[order[i]]) {
      steps_.back().push_back(item);
      step[item] = steps_.size() - 1;
    }
  }
  live_.assign(steps_.size() + 1, {});
  for (const ItemId item : problem_.items.ids()) {
    size_t last = step[item];
    for (const ItemId next : graph_.successors[item]) last = std::max(last, step[next]);
    for (size_t length = step[item] + 1; length <= last; ++length) live_[length].push_back(item);
  }
}

void CallSegments::Load(const State& state, size_t length) {
  for (size_t i = 0; i < live_[length].size(); ++i) there_[live_[length][i]] = state.there[i];
}

// Keeps the state `after` whose items' times stand in there_, with `done` as its last end, if it is
// among the best. `change` fills in what the last segment has done to its devices.
template <typename Change>
void CallSegments::Offer(const State& after, size_t end, int32_t calls, Picos done,
                         const Target& target, Change change) {
  Picos estimate = done, spread = 0;
  for (const ItemId item : live_[end]) {
    estimate = std::max(estimate, there_[item] + tail_[item]);
    spread += there_[item];
  }
  if (estimate >= target.upper) return;
  Bucket& bucket = buckets_(end, calls);
  const auto key = std::make_pair(estimate, spread);
  const auto place =
      std::lower_bound(bucket.begin(), bucket.end(), key, [](const State& state, const auto& k) {
        return std::make_pair(state.estimate, state.spread) < k;
      });
  if (place == bucket.end() && static_cast<int32_t>(bucket.size()) >= target.width) return;
  if (place != bucket.end() && std::make_pair(place->estimate, place->spread) == key) return;
  State state;
  state.estimate = estimate;
  state.spread = spread;
  state.done = done;
  state.before = target.from;
  state.free = after.free;
  state.memory = after.memory;
  state.calls = after.calls;
  change(state);
  for (const ItemId item : live_[end]) state.there.push_back(there_[item]);
  bucket.insert(place, std::move(state));
  if (static_cast<int32_t>(bucket.size()) > target.width) bucket.pop_back();
}

void CallSegments::RunOnPools(const State& state, size_t length, int32_t calls,
                              const Target& target) {
  for (const DeviceId device : problem_.devices.ids()) {
    if (!problem_.devices[device].pool) continue;
    Picos done = state.done;
    Bytes memory = state.memory[device.index()];
    bool possible = true;
    for (const ItemId item : steps_[length]) {
      const std::optional<Picos>& time = problem_.items[item].time[device];
      memory += problem_.items[item].memory;
      possible = possible && time.has_value() && memory <= problem_.devices[device].memory;
      if (!possible) break;
      Picos start = 0;
      for (const ItemId before : graph_.predecessors[item]) start = std::max(start, there_[before]);
      there_[item] = start + *time;
      done = std::max(done, there_[item]);
    }
    if (!possible) continue;
    Offer(state, length + 1, calls, done, target, [&](State& next) {
      next.device = device.index();
      next.memory[device.index()] = memory;
    });
  }
}

// Whether it makes no difference which of two devices makes the next call.
bool CallSegments::SameDevice(const State& state, int32_t a, int32_t b) const {
  return classes_[a] == classes_[b] && state.memory[a] == state.memory[b] &&
         state.calls[a] == state.calls[b] && state.free[a] == state.free[b];
}

void CallSegments::RunAsCalls(const State& state, size_t length, int32_t calls,
                              const Target& target, int64_t& work) {
  if (calls == max_calls_) return;
  for (int32_t d = 0; d < num_devices_; ++d) {
    const DeviceId device(d);
    const PlacementProblem::MachineDevice& machine = problem_.devices[device];
    if (machine.pool || state.calls[d] == problem_.calls_per_device) continue;
    bool seen = false;
    for (int32_t other = 0; other < d && !seen; ++other) {
      seen = !problem_.devices[DeviceId(other)].pool && SameDevice(state, other, d);
    }
    if (seen) continue;
    Picos start = state.free[d], duration = machine.part_cost;
    Bytes memory = state.memory[d];
    std::vector<FlowId> touched;
    size_t end = length;
    bool possible = true;
    while (possible && end < steps_.size()) {
      for (const ItemId item : steps_[end]) {
        const std::optional<Picos>& time = problem_.items[item].time[device];
        memory += problem_.items[item].memory;
        possible = time.has_value() && memory <= machine.memory;
        if (!possible) break;
        duration += *time;
        for (const FlowId flow : graph_.inputs[item]) {
          const auto& f = problem_.flows[flow];
          touched.push_back(flow);
          if (inside_[flow] > 0) {  // made in this segment: nobody outside may be left
            if (--inside_[flow] == 0) duration -= f.staging[device];
          } else if (!loaded_[flow]) {
            loaded_[flow] = 1;
            duration += f.staging[device];
            start = std::max(start, there_[f.from]);
          }
        }
        for (const FlowId flow : graph_.outputs[item]) {
          if (problem_.flows[flow].to.empty()) continue;
          touched.push_back(flow);
          inside_[flow] = static_cast<int32_t>(problem_.flows[flow].to.size());
          duration += problem_.flows[flow].staging[device];
        }
      }
      if (!possible) break;
      work -= static_cast<int64_t>(steps_[end].size());
      ++end;
      const Picos finish = start + duration;
      for (size_t i = length; i < end; ++i) {
        for (const ItemId item : steps_[i]) there_[item] = finish;
      }
      // A call is over when its last store is; until then a longer segment may end earlier.
      Offer(state, end, calls + 1, std::max(state.done, finish), target, [&](State& next) {
        next.device = d;
        next.free[d] = finish;
        next.memory[d] = memory;
        ++next.calls[d];
      });
    }
    for (const FlowId flow : touched) {
      inside_[flow] = 0;
      loaded_[flow] = 0;
    }
  }
}

std::optional<Solution> CallSegments::Run(const std::vector<int32_t>& order, const Effort& effort,
                                          Picos upper, int64_t& work) {
  CutIntoSteps(order, effort.grain);
  const size_t n = steps_.size();
  buckets_.Assign(n + 1, static_cast<size_t>(max_calls_) + 1, {});
  State start;
  start.free.assign(num_devices_, 0);
  start.memory.assign(num_devices_, 0);
  start.calls.assign(num_devices_, 0);
  buckets_(0, 0).push_back(std::move(start));
  for (size_t length = 0; length < n; ++length) {
    for (int32_t calls = 0; calls <= max_calls_; ++calls) {
      const Bucket& bucket = buckets_(length, calls);
      for (size_t s = 0; s < bucket.size(); ++s) {
        if (work < 0) return std::nullopt;
        const Place from{static_cast<int32_t>(length), calls, static_cast<int32_t>(s)};
        const Target target{effort.width, upper, from};
        Load(bucket[s], length);
        RunOnPools(bucket[s], length, calls, target);
        RunAsCalls(bucket[s], length, calls, target, work);
        work -= static_cast<int64_t>(live_[length].size()) + 1;
      }
    }
  }
  int32_t best = -1;
  for (int32_t calls = 0; calls <= max_calls_; ++calls) {
    const Bucket& bucket = buckets_(n, calls);
    if (bucket.empty()) continue;
    if (best < 0 || bucket[0].done < buckets_(n, best)[0].done) best = calls;
  }
  if (best < 0) return std::nullopt;
  return Trace(n, best);
}

Solution CallSegments::Trace(size_t length, int32_t calls) const {
  Solution solution;
  solution.device_of = Placement(problem_.items.size());
  solution.call_of = IdVector<ItemId, int32_t>(problem_.items.size());
  solution.order = graph_.topological;
  const State* state = &buckets_(length, calls)[0];
  for (size_t end = length; state->before.index >= 0;) {
    const auto begin = static_cast<size_t>(state->before.length);
    const int32_t made = state->calls[state->device];
    for (size_t i = begin; i < end; ++i) {
      for (const ItemId item : steps_[i]) {
        solution.device_of[item] = DeviceId(state->device);
        solution.call_of[item] = std::max(made - 1, 0);
      }
    }
    end = begin;
    state = &buckets_(begin, state->before.calls)[state->before.index];
  }
  return solution;
}

}  // namespace allot
