#include "tests/models/random_chips.h"

#include "absl/strings/str_cat.h"

#include "placement/kinds/chips/model/copies.h"
#include "support/random.h"

namespace allot::testing {

chips::Problem RandomChips(uint64_t seed, const RandomChipsOptions& options) {
  Random random(seed);
  chips::Problem problem;
  problem.name = "random";
  problem.chips = options.chips;
  problem.topology = options.topology;
  for (int32_t divisor = 1; divisor <= options.chips; ++divisor) {
    if (options.chips % divisor == 0 && divisor * divisor <= options.chips)
      problem.columns = divisor;
  }
  Bytes all = 0;
  for (int32_t v = 0; v < options.nodes; ++v) {
    chips::Node node;
    node.name = absl::StrCat("n", v);
    node.work = random.Below(4) == 0 ? random.Below(3) : random.Below(40);
    node.output = random.Below(20);
    node.transfer = random.Below(30);
    node.weights = random.Below(20);
    for (int32_t u = 0; u < v; ++u) {
      if (random.Below(100) < options.percent_edges) node.reads.push_back(u);
    }
    all += node.output + node.weights;
    problem.nodes.push_back(std::move(node));
  }
  if (options.memory) problem.memory = random.Between(all / options.chips, all);
  if (options.copies) chips::MarkCopies({4, 1'000}, problem);
  return problem;
}

}  // namespace allot::testing
