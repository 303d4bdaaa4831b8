// How many copies of a pipeline are best.
#pragma once

#include <cstdint>

namespace allot::pipelines {

struct DataDegree {
  int64_t copies = 1;
  int64_t value = 0;  // of the batch, in ticks
};

// What exchanging the parameters between copies takes, of `update` between infinitely many.
inline int64_t UpdateTicks(int64_t update, int64_t copies) { return update - update / copies; }

inline int64_t BatchTicks(int64_t load, int64_t stages, int64_t update, int64_t microbatches,
                          int64_t copies) {
  const int64_t share = (microbatches + copies - 1) / copies;
  return load * (share + stages - 1) + UpdateTicks(update, copies);
}

// The best of 1 to `most` copies, the fewest of several, for a pipeline of so many stages with that
// largest load. Usually looks at a few; at most 2 sqrt(microbatches).
DataDegree BestDataDegree(int64_t load, int64_t stages, int64_t update, int64_t microbatches,
                          int64_t most);

}  // namespace allot::pipelines
