#include "placement/kinds/chips/formats/answer_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "placement/kinds/chips/model/evaluate.h"
#include "placement/kinds/chips/search/proposer.h"

namespace allot::chips {

Json AssignmentJson(const Problem& problem, const Assignment& assignment) {
  const Compiled compiled(problem);
  const Assignment reduced = compiled.Reduce(assignment);
  const Loads loads = LoadsOf(compiled, reduced);
  const std::vector<Bytes> memory = PeakMemory(compiled, reduced);
  const auto used = static_cast<size_t>(*std::max_element(reduced.begin(), reduced.end())) + 1;
  // Copies stand wherever something reads them; readers come later.
  std::vector<uint64_t> on(problem.nodes.size());
  Json::Array chips(used), compute, link, peak;
  for (size_t v = problem.nodes.size(); v-- > 0;) {
    if (!problem.nodes[v].copied) on[v] = uint64_t{1} << assignment[v];
    for (const int32_t from : problem.nodes[v].reads) {
      if (problem.nodes[static_cast<size_t>(from)].copied) on[static_cast<size_t>(from)] |= on[v];
    }
  }
  for (size_t c = 0; c < used; ++c) {
    Json::Array names;
    for (size_t v = 0; v < on.size(); ++v) {
      if ((on[v] >> c & 1) != 0) names.push_back(problem.nodes[v].name);
    }
    chips[c] = std::move(names);
    compute.push_back(ToMillis(loads.chips[c]));
    peak.push_back(memory[c]);
  }
  for (const Picos load : loads.links) {
    if (load > 0) link.push_back(ToMillis(load));
  }
  Workshop workshop(compiled);
  const std::optional<Cutting> plain = PlainSlices(workshop);
  return Json::Object{{"chips", std::move(chips)},
                      {"compute_ms", std::move(compute)},
                      {"link_ms", std::move(link)},
                      {"memory", std::move(peak)},
                      {kSliceDpKey, plain.has_value() ? Json(ToMillis(plain->value)) : Json()}};
}

}  // namespace allot::chips
