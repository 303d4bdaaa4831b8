// What another program prints, for questions that only that program can answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace allot {

// Runs the program at `path` with `arguments` and returns what it wrote to standard output, at most
// 1 MiB. It gets no input, and its standard error is dropped. nullopt if it cannot be started, is
// not done within `limit`, writes more, or ends with another status than 0. What is not done in
// time is killed with all that it started in its process group. Returns within about a second of
// `limit` even if the program cannot be killed (a driver that hangs).
std::optional<std::string> ChildOutput(const std::string& path,
                                       const std::vector<std::string>& arguments,
                                       std::chrono::milliseconds limit);

}  // namespace allot
