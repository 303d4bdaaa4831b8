// What a search tells those who wait for it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "support/units.h"

namespace allot {

// What a search has reached: the objective of the best feasible solution that it knows (negative:
// none), the best proven bound (0: none), and the work that it has spent.
using ProgressHook = std::function<void(Picos value, Picos bound, int64_t work)>;

// What a search passes on to a ProgressHook: improvements only.
class Progress {
 public:
  // Keeps a reference to the hook, which may be empty.
  explicit Progress(const ProgressHook& hook) : hook_(hook) {}

  // `value` negative: none is known; `bound` 0: none is proved.
  void Report(Picos value, Picos bound, int64_t work) {
    if (!hook_) return;
    const bool better = value >= 0 && (value_ < 0 || value < value_);
    if (!better && bound <= bound_) return;
    if (better) value_ = value;
    bound_ = std::max(bound_, bound);
    hook_(value_, bound_, work);
  }

 private:
  const ProgressHook& hook_;
  Picos value_ = -1, bound_ = 0;
};

}  // namespace allot
