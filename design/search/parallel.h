// The same work on many things, by several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace allot::design {

// work(i, thread) for each i below `count`, in any order; what it writes must be its own.
template <typename Work>
void ForEachParallel(size_t count, int threads, const Work& work) {
  std::atomic<size_t> next = 0;
  const auto run = [&](size_t thread) {
    for (size_t i = next++; i < count; i = next++) work(i, thread);
  };
  const size_t others = std::min(count, static_cast<size_t>(std::max(1, threads)));
  std::vector<std::thread> running;
  for (size_t thread = 1; thread < others; ++thread) running.emplace_back(run, thread);
  run(0);
  for (std::thread& thread : running) thread.join();
}

}  // namespace allot::design
