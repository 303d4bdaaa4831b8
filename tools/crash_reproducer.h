// Leaves a file behind when the process crashes: a reproducer written down before the pass that may
// crash, because afterwards nothing can be trusted.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace allot {

struct PreparedCrash;

// While it lives, SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT (a failed ALLOT_CHECK) write the text
// to `path` (as WriteText() does), say so on standard error, and end the process with status 1. One
// at a time.
class CrashReproducer {
 public:
  explicit CrashReproducer(const std::string& path);
  ~CrashReproducer();
  CrashReproducer(const CrashReproducer&) = delete;
  CrashReproducer& operator=(const CrashReproducer&) = delete;

  // What is written; until it is set, crashes are none of our business.
  void SetText(std::string text);
  // Named in the message.
  void SetPass(absl::string_view name);

 private:
  std::unique_ptr<PreparedCrash> prepared_;
};

}  // namespace allot
