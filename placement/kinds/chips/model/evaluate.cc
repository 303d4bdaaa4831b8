#include "placement/kinds/chips/model/evaluate.h"

#include <algorithm>

namespace allot::chips {

Loads LoadsOf(const Compiled& problem, const Assignment& compiled) {
  Loads loads;
  loads.chips.resize(static_cast<size_t>(problem.chips()));
  loads.links.resize(static_cast<size_t>(problem.num_links()));
  for (size_t v = 0; v < compiled.size(); ++v) {
    loads.chips[static_cast<size_t>(compiled[v])] += problem.work()[v];
  }
  for (const SharedCopy& copy : problem.shared()) {
    uint64_t on = 0;
    for (const int32_t reader : copy.readers) {
      on |= uint64_t{1} << compiled[static_cast<size_t>(reader)];
    }
    for (; on != 0; on &= on - 1) {
      loads.chips[static_cast<size_t>(__builtin_ctzll(on))] += copy.work;
    }
  }
  std::vector<int32_t> passed(loads.links.size(), -1);
  for (int32_t v = 0; v < problem.size(); ++v) {
    const Picos transfer = problem.transfer()[static_cast<size_t>(v)];
    if (transfer == 0) continue;
    const int32_t from = compiled[static_cast<size_t>(v)];
    for (const int32_t to : problem.graph().successors(v)) {
      const int32_t chip = compiled[static_cast<size_t>(to)];
      if (chip <= from) continue;
      for (const int32_t link : problem.Route(from, chip)) {
        if (passed[static_cast<size_t>(link)] == v) continue;
        passed[static_cast<size_t>(link)] = v;
        loads.links[static_cast<size_t>(link)] += transfer;
      }
    }
  }
  return loads;
}

Picos Bottleneck(const Compiled& problem, const Assignment& compiled) {
  const Loads loads = LoadsOf(problem, compiled);
  return std::max(*std::max_element(loads.chips.begin(), loads.chips.end()),
                  *std::max_element(loads.links.begin(), loads.links.end()));
}

Bytes PeakMemoryOf(const Compiled& problem, const std::vector<int32_t>& nodes,
                   const std::vector<bool>& inside) {
  const std::vector<Node>& all = problem.problem().nodes;
  // The problem's nodes that run here: with copies, in the order of the problem.
  std::vector<int32_t> run;
  for (const int32_t v : nodes) run.push_back(problem.node(v));
  std::vector<int32_t> step(all.size(), -1);
  for (const int32_t v : run) step[static_cast<size_t>(v)] = 0;
  for (size_t i = 0; i < run.size(); ++i) {
    for (const int32_t from : all[static_cast<size_t>(run[i])].reads) {
      if (!all[static_cast<size_t>(from)].copied || step[static_cast<size_t>(from)] == 0) continue;
      step[static_cast<size_t>(from)] = 0;
      run.push_back(from);
    }
  }
  std::sort(run.begin(), run.end());
  Bytes weights = 0;
  for (size_t i = 0; i < run.size(); ++i) {
    step[static_cast<size_t>(run[i])] = static_cast<int32_t>(i);
    weights += all[static_cast<size_t>(run[i])].weights;
  }
  // Changes of what is live, by step; first and last reader of each output from elsewhere.
  std::vector<Bytes> change(run.size() + 1);
  std::vector<int32_t> last(all.size(), -1);
  std::vector<int32_t> foreign;
  for (size_t i = 0; i < run.size(); ++i) {
    for (const int32_t from : all[static_cast<size_t>(run[i])].reads) {
      if (step[static_cast<size_t>(from)] < 0 && last[static_cast<size_t>(from)] < 0) {
        foreign.push_back(from);
        change[i] += all[static_cast<size_t>(from)].output;
      }
      last[static_cast<size_t>(from)] = static_cast<int32_t>(i);
    }
  }
  for (const int32_t from : foreign) {
    change[static_cast<size_t>(last[static_cast<size_t>(from)]) + 1] -=
        all[static_cast<size_t>(from)].output;
  }
  for (size_t i = 0; i < run.size(); ++i) {
    const auto v = static_cast<size_t>(run[i]);
    change[i] += all[v].output;
    if (last[v] >= 0) change[static_cast<size_t>(last[v]) + 1] -= all[v].output;
    if (last[v] < 0) change[i + 1] -= all[v].output;
  }
  // What others read stays: it is not taken away before the end.
  for (const int32_t v : nodes) {
    const auto& readers = problem.graph().successors(v);
    const bool leaves = std::any_of(readers.begin(), readers.end(), [&](int32_t reader) {
      return !inside[static_cast<size_t>(reader)];
    });
    if (!leaves) continue;
    const auto node = static_cast<size_t>(problem.node(v));
    const int32_t end = last[node] >= 0 ? last[node] : step[node];
    change[static_cast<size_t>(end) + 1] += all[node].output;
  }
  Bytes live = 0, peak = 0;
  for (size_t i = 0; i < run.size(); ++i) peak = std::max(peak, live += change[i]);
  return weights + peak;
}

std::vector<Bytes> PeakMemory(const Compiled& problem, const Assignment& compiled) {
  std::vector<Bytes> peaks(static_cast<size_t>(problem.chips()));
  for (int32_t chip = 0; chip < problem.chips(); ++chip) {
    std::vector<int32_t> nodes;
    std::vector<bool> inside(compiled.size());
    for (int32_t v = 0; v < problem.size(); ++v) {
      if (compiled[static_cast<size_t>(v)] != chip) continue;
      nodes.push_back(v);
      inside[static_cast<size_t>(v)] = true;
    }
    if (!nodes.empty()) peaks[static_cast<size_t>(chip)] = PeakMemoryOf(problem, nodes, inside);
  }
  return peaks;
}

bool FitsMemory(const Compiled& problem, const Assignment& compiled) {
  if (!problem.problem().memory.has_value()) return true;
  const std::vector<Bytes> peaks = PeakMemory(problem, compiled);
  return *std::max_element(peaks.begin(), peaks.end()) <= *problem.problem().memory;
}

}  // namespace allot::chips
