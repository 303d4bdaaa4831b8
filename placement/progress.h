// What a search passes on to a ProgressHook: improvements only.
#pragma once

#include <algorithm>

#include "placement/solver.h"

namespace allot {

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
