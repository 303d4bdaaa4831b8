#include "tools/crash_reproducer.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/check.h"

namespace allot {

// Everything that the handler needs, ready made: it may not allocate.
struct PreparedCrash {
  std::string path, temporary, text, message, failure;
  std::vector<char> stack;  // a stack that overflowed leaves none to run on
  stack_t previous_stack;
  std::array<struct sigaction, 5> previous;
};

namespace {

constexpr std::array<int, 5> kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// A signal handler gets no argument of ours, so this is where it finds what to write.
std::atomic<const PreparedCrash*> armed{nullptr};

bool WriteAll(int file, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(file, text.data() + done, text.size() - done);
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

// A device or a pipe is written to; a file appears whole, under a name that no other file had till
// then.
bool Write(const PreparedCrash& crash) {
  struct stat there = {};
  const bool in_place = ::stat(crash.path.c_str(), &there) == 0 && !S_ISREG(there.st_mode);
  const int file = in_place ? ::open(crash.path.c_str(), O_WRONLY | O_NOCTTY)
                            : ::open(crash.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (file < 0) return false;
  bool written = WriteAll(file, crash.text);
  written = ::close(file) == 0 && written;
  if (in_place) return written;
  written = written && ::rename(crash.temporary.c_str(), crash.path.c_str()) == 0;
  if (!written) ::unlink(crash.temporary.c_str());
  return written;
}

}  // namespace

// Makes only calls that POSIX allows in signal handlers.
extern "C" void AllotWriteCrashReproducer(int) {
  const PreparedCrash* const crash = armed.exchange(nullptr);
  if (crash != nullptr && !crash->text.empty()) {
    WriteAll(STDERR_FILENO, Write(*crash) ? crash->message : crash->failure);
  }
  ::_exit(1);
}

CrashReproducer::CrashReproducer(const std::string& path)
    : prepared_(std::make_unique<PreparedCrash>()) {
  ALLOT_CHECK(armed.load() == nullptr);
  prepared_->path = path;
  prepared_->temporary = absl::StrCat(path, ".", ::getpid(), ".", std::random_device()());
  SetPass("");
  prepared_->stack.resize(size_t{1} << 16);
  stack_t stack = {};
  stack.ss_sp = prepared_->stack.data();
  stack.ss_size = prepared_->stack.size();
  ::sigaltstack(&stack, &prepared_->previous_stack);
  struct sigaction action = {};
  action.sa_handler = AllotWriteCrashReproducer;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  armed.store(prepared_.get());
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &action, &prepared_->previous[i]);
  }
}

CrashReproducer::~CrashReproducer() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &prepared_->previous[i], nullptr);
  }
  armed.store(nullptr);
  ::sigaltstack(&prepared_->previous_stack, nullptr);
}

void CrashReproducer::SetText(std::string text) { prepared_->text = std::move(text); }

void CrashReproducer::SetPass(absl::string_view name) {
  const std::string what =
      absl::StrCat("error: crashed", name.empty() ? "" : absl::StrCat(" in pass '", name, "'"));
  prepared_->message = absl::StrCat(what, "; reproducer generated at `", prepared_->path, "`\n");
  prepared_->failure =
      absl::StrCat(what, "; no reproducer, `", prepared_->path, "` cannot be written\n");
}

}  // namespace allot
