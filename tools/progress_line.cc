#include "tools/progress_line.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/terminal.h"
#include "tools/text_table.h"

namespace allot {
namespace {

// Often enough for a clock with tenths of a second.
constexpr auto kBetween = std::chrono::milliseconds(100);

}  // namespace

std::string ProgressText(const std::string& stage, Picos value, Picos bound, double seconds,
                         int width) {
  std::vector<std::string> facts;  // the most important first
  if (value > 0) facts.push_back(absl::StrCat("  best ", Milliseconds(value)));
  if (bound > 0) facts.push_back(absl::StrCat("  bound ", Milliseconds(bound)));
  if (value > 0 && bound > 0) {
    const double gap = static_cast<double>(value - bound) / static_cast<double>(value);
    facts.push_back(absl::StrFormat("  gap %.1f %%", 100 * std::max(gap, 0.0)));
  }
  const std::string time = absl::StrFormat("  %.1f s", seconds);
  // A line that wraps could not be taken back, and half a number would be another one.
  const size_t room = width > 1 ? static_cast<size_t>(width) - 1 : 0;
  std::string text = stage.substr(0, room > time.size() ? room - time.size() : 0);
  for (const std::string& fact : facts) {
    if (text.size() + fact.size() + time.size() > room) break;
    text += fact;
  }
  return (text + time).substr(0, room);
}

void ProgressLine::Paint() {
  const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  const std::string text = ProgressText(stage_, value_, bound_, seconds, TerminalWidth(stderr));
  std::fprintf(stderr, "\r\033[K%s", InTone(Tone::kFaint, text, HasColour(stderr)).c_str());
  std::fflush(stderr);
}

void ProgressLine::Keep() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    Paint();
    wake_.wait_for(lock, kBetween);
  }
}

void ProgressLine::Show(const std::string& stage) {
  if (!shown_) return;
  const std::scoped_lock lock(mutex_);
  stage_ = stage;
  if (thread_.joinable()) return;
  over_ = false;
  thread_ = std::thread([this] { Keep(); });
}

void ProgressLine::Reached(Picos value, Picos bound) {
  if (!shown_ || value < 0) return;
  const std::scoped_lock lock(mutex_);
  value_ = value;
  if (bound > 0) bound_ = bound;
}

void ProgressLine::Finish() {
  {
    const std::scoped_lock lock(mutex_);
    if (!thread_.joinable()) return;
    over_ = true;
  }
  wake_.notify_all();
  thread_.join();
  thread_ = std::thread();
  std::fprintf(stderr, "\r\033[K");
  std::fflush(stderr);
}

}  // namespace allot
