#include "support/child_output.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace allot {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kMostBytes = size_t{1} << 20;
// How long a killed child may take to go before it is left to itself.
constexpr std::chrono::milliseconds kPatience{500};

// Starts the program in a process group of its own, writing to `output`. 0 if that fails.
pid_t Start(const std::string& path, const std::vector<std::string>& arguments, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (posix_spawn_file_actions_init(&actions) != 0) return 0;
  if (posix_spawnattr_init(&attributes) != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return 0;
  }
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const bool started =
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
      posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0 &&
      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
      posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP) == 0 &&
      posix_spawn(&child, path.c_str(), &actions, &attributes, argv.data(), environ) == 0;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return started ? child : 0;
}

// Everything up to the end of the stream; false at the deadline, on errors and if it is too much.
bool ReadUntil(Clock::time_point deadline, int input, std::string& text) {
  char buffer[4096];
  while (text.size() <= kMostBytes) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting = {input, POLLIN, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    const ssize_t count = read(input, buffer, sizeof buffer);
    if (count == 0) return true;
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) text.append(buffer, static_cast<size_t>(count));
  }
  return false;
}

// Whether the child ended by the deadline; then with `status`.
bool WaitUntil(Clock::time_point deadline, pid_t child, int& status) {
  for (;;) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return true;
    if (ended < 0 && errno != EINTR) return false;
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

std::optional<std::string> ChildOutput(const std::string& path,
                                       const std::vector<std::string>& arguments,
                                       std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  const pid_t child = Start(path, arguments, ends[1]);
  close(ends[1]);
  std::string text;
  int status = 0;
  bool done = false;
  if (child != 0) {
    done = ReadUntil(deadline, ends[0], text) && WaitUntil(deadline, child, status);
    if (!done) {
      kill(-child, SIGKILL);
      WaitUntil(Clock::now() + kPatience, child, status);
    }
  }
  close(ends[0]);
  if (!done || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return std::nullopt;
  return text;
}

}  // namespace allot
