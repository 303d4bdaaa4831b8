#include "tools/program.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "onnx_import/model_file.h"
#include "support/one_line.h"
#include "support/status.h"
#include "tools/terminal.h"
#include "tools/text_file.h"

namespace allot {
namespace {

// Allocates nothing, so that it works when memory is exhausted and in handlers of signals.
void Say(const char* text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

constexpr char kNoMemory[] =
    "error: memory is exhausted; give this process more (ulimit -v, the container's limit), or it "
    "less to do (a smaller model or problem, a smaller --work)\n";

// A file that is opened gets the lowest number that is free: where a standard stream is closed,
// what is printed would go into it. Here it fails, as on a closed stream.
void OccupyStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1) continue;
    [[maybe_unused]] const int opened =
        ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// Of several threads that come to an end, one says so.
void BeTheOne() {
  static std::atomic_flag ending = ATOMIC_FLAG_INIT;
  while (ending.test_and_set()) ::pause();
}

// Not by an exception: threads, destructors and libraries would not pass it on.
[[noreturn]] void EndWithoutMemory() {
  BeTheOne();
  Say(kNoMemory);
  ::_exit(1);
}

[[noreturn]] void EndOnException() {
  BeTheOne();
  if (const std::exception_ptr error = std::current_exception()) {
    try {
      std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
      Say(kNoMemory);
    } catch (const std::exception& exception) {
      Say("error: ");
      Say(exception.what());
      Say("\n");
    } catch (...) {
      Say("error: an unknown exception\n");
    }
  } else {
    Say("error: the program had to be ended\n");
  }
  ::_exit(1);
}

}  // namespace

extern "C" void AllotEndOnLostPage(int) {
  BeTheOne();
  const char* const path = MappedModelPath();
  Say("error: ");
  Say(path == nullptr ? "a file" : path);
  Say(path == nullptr ? " was shortened, or its disk failed, while it was read\n"
                      : ": was shortened, or its disk failed, while it was read\n");
  ::_exit(1);
}

int RunProgram(int argc, char** argv,
               const std::function<absl::Status(int argc, char** argv, int& exit_status)>& run) {
  OccupyStandardStreams();
  // What is large goes back to the system when it is freed; else it stays between what is small.
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
  std::set_new_handler(EndWithoutMemory);
  std::set_terminate(EndOnException);
  struct sigaction action = {};
  action.sa_handler = AllotEndOnLostPage;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
  int exit_status = 0;
  absl::Status status;
  try {
    status = run(argc, argv, exit_status);
  } catch (const std::exception& exception) {
    status = absl::InternalError(exception.what());
  } catch (...) {
    status = absl::InternalError("an unknown exception");
  }
  const absl::Status printed = FlushStdout();
  if (status.ok()) status = printed;
  if (status.ok()) return exit_status;
  const std::string label = InTone(Tone::kError, "error:", HasColour(stderr));
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    lines.push_back(OneLine(line));
  }
  std::fprintf(stderr, "%s %s\n", label.c_str(), absl::StrJoin(lines, "\n").c_str());
  return 1;
}

}  // namespace allot
