// How long things took, nested, as mlir-opt reports it. The only place that looks at a clock.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace allot {

struct TimingOptions {
  bool report = false;
  std::string display = "tree";  // tree | list: by time, equal names together
  std::string format = "text";   // text | json
};

class Timing {
 public:
  Timing() : started_(Clock::now()) {}

  // Inside of what runs now.
  void Begin(absl::string_view name);
  // Of what began last and still runs; nothing if nothing does.
  void End();
  // Of everything that still runs.
  void EndAll();

  // Wall seconds and their share of the time since construction, whose remainder is called Rest.
  std::string Report(const TimingOptions& options) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Timer {
    std::string name;
    double seconds = 0;
    Clock::time_point started;
    std::vector<std::unique_ptr<Timer>> inside;
  };
  static void CollectByName(const Timer& timer, std::vector<std::pair<std::string, double>>& sums);

  Clock::time_point started_;
  Timer root_;
  std::vector<Timer*> running_;  // innermost last
};

}  // namespace allot
