// One line on the terminal that says what runs: the stage, the best value that a search knows, the
// bound, the gap between them, and the time since the beginning, which goes on by itself.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "support/units.h"

namespace allot {

// "[6/9] place  best 3.2000 ms  bound 2.9000 ms  gap 9.4 %  12.3 s", of `width` characters at most.
// Values that are 0 or less are not known and left out.
std::string ProgressText(const std::string& stage, Picos value, Picos bound, double seconds,
                         int width);

class ProgressLine {
 public:
  // Without `shown`, nothing is ever printed and no thread started.
  explicit ProgressLine(bool shown) : shown_(shown) {}
  ~ProgressLine() { Finish(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const std::string& stage);
  // A bound of 0 or less is none; the one before it stays.
  void Reached(Picos value, Picos bound);
  // Takes the line away. Show() brings it back.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;

  void Keep();   // what the thread does
  void Paint();  // with the lock held

  const bool shown_;
  const Clock::time_point began_ = Clock::now();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::thread thread_;
  bool over_ = false;
  std::string stage_;
  Picos value_ = 0, bound_ = 0;
};

}  // namespace allot
