#include "placement/kinds/pipelines/search/data_degree.h"

#include <algorithm>

#include "support/units.h"

namespace allot::pipelines {

DataDegree BestDataDegree(int64_t load, int64_t stages, int64_t update, int64_t microbatches,
                          int64_t most) {
  most = std::min(most, microbatches);
  // With n microbatches for the busiest copy, the fewest copies are ceil(N / n). So few cost
  // load * (n + s - 1) + update * (1 - n / N) at least, which is linear in n: from its better end
  // on, the first n at which this reaches what is known ends the search.
  const int64_t fewest = (microbatches + most - 1) / most;
  const Int128 slope = static_cast<Int128>(load) * microbatches - update;
  DataDegree best;
  bool found = false;
  const auto reaches = [&](int64_t n) {
    const Int128 least = static_cast<Int128>(load) * (n + stages - 1) + update -
                         static_cast<Int128>(update) * n / microbatches - 1;
    return least > best.value;
  };
  const auto consider = [&](int64_t copies) {
    const int64_t value = BatchTicks(load, stages, update, microbatches, copies);
    if (found && (value > best.value || (value == best.value && copies >= best.copies))) return;
    best = {copies, value};
    found = true;
  };
  if (slope >= 0) {
    for (int64_t n = fewest; n <= microbatches && !(found && reaches(n));) {
      const int64_t copies = (microbatches + n - 1) / n;
      consider(copies);
      if (copies == 1) break;
      n = (microbatches + copies - 2) / (copies - 1);  // the next that fewer copies lead to
    }
    return best;
  }
  for (int64_t n = microbatches; n >= fewest && !(found && reaches(n));) {
    const int64_t copies = (microbatches + n - 1) / n;
    if (copies > most) break;
    consider(copies);
    n = (microbatches + copies) / (copies + 1);  // of one copy more
    if (n < fewest) break;
    // Several numbers of copies may leave the same share; the fewest comes first.
    if ((microbatches + n - 1) / n <= copies) --n;
  }
  return best;
}

}  // namespace allot::pipelines
