#include "tools/timing.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace allot {
namespace {

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// The lines of a report, in either format.
class Lines {
 public:
  Lines(bool json, double total) : json_(json), total_(total) {}

  void Header() {
    if (json_) {
      text_ += "[\n";
      return;
    }
    text_ +=
        "===-------------------------------------------------------------------------===\n"
        "                         ... Execution time report ...\n"
        "===-------------------------------------------------------------------------===\n";
    absl::StrAppendFormat(&text_, "  Total Execution Time: %.4f seconds\n\n", total_);
    text_ += "  ----Wall Time----  ----Name----\n";
  }

  // A line by itself; in a tree, Open() and Close() stand around what is inside.
  void Add(absl::string_view name, double seconds, bool last) {
    Entry(name, seconds, 0);
    text_ += !json_ ? "\n" : last ? "}\n" : "},\n";
  }
  void Open(absl::string_view name, double seconds, size_t depth) {
    Entry(name, seconds, depth);
    text_ += json_ ? ", \"passes\": [\n" : "\n";
  }
  void Close(size_t depth) {
    if (json_) absl::StrAppend(&text_, std::string(2 * depth, ' '), "{}]},\n");
  }

  std::string Finish() && {
    if (json_) text_ += "]\n";
    return std::move(text_);
  }

 private:
  void Entry(absl::string_view name, double seconds, size_t depth) {
    const double share = total_ > 0 ? 100 * seconds / total_ : 0;
    const std::string indent(2 * depth, ' ');
    if (json_) {
      // Names are of passes and steps: nothing in them needs an escape.
      absl::StrAppendFormat(
          &text_, "%s{\"wall\": {\"duration\": %8.4f, \"percentage\": %5.1f}, \"name\": \"%s\"",
          indent, seconds, share, name);
    } else {
      absl::StrAppendFormat(&text_, "  %8.4f (%5.1f%%)  %s%s", seconds, share, indent, name);
    }
  }

  bool json_;
  double total_;
  std::string text_;
};

}  // namespace

void Timing::Begin(absl::string_view name) {
  Timer& outer = running_.empty() ? root_ : *running_.back();
  outer.inside.push_back(std::make_unique<Timer>());
  Timer& timer = *outer.inside.back();
  timer.name = std::string(name);
  timer.started = Clock::now();
  running_.push_back(&timer);
}

void Timing::End() {
  if (running_.empty()) return;
  running_.back()->seconds = Seconds(Clock::now() - running_.back()->started);
  running_.pop_back();
}

void Timing::EndAll() {
  while (!running_.empty()) End();
}

void Timing::CollectByName(const Timer& timer, std::vector<std::pair<std::string, double>>& sums) {
  for (const std::unique_ptr<Timer>& inner : timer.inside) {
    const auto same = std::find_if(sums.begin(), sums.end(),
                                   [&](const auto& sum) { return sum.first == inner->name; });
    if (same == sums.end()) {
      sums.emplace_back(inner->name, inner->seconds);
    } else {
      same->second += inner->seconds;
    }
    CollectByName(*inner, sums);
  }
}

std::string Timing::Report(const TimingOptions& options) const {
  const double total = Seconds(Clock::now() - started_);
  double rest = total;
  for (const std::unique_ptr<Timer>& timer : root_.inside) rest -= timer->seconds;
  Lines lines(options.format == "json", total);
  lines.Header();
  if (options.display == "list") {
    std::vector<std::pair<std::string, double>> sums;
    CollectByName(root_, sums);
    std::stable_sort(sums.begin(), sums.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    lines.Add("root", total, /*last=*/false);
    for (const auto& [name, seconds] : sums) lines.Add(name, seconds, /*last=*/false);
  } else {
    const auto add = [&lines](const auto& self, const Timer& timer, size_t depth) -> void {
      lines.Open(timer.name, timer.seconds, depth);
      for (const std::unique_ptr<Timer>& inner : timer.inside) self(self, *inner, depth + 1);
      lines.Close(depth);
    };
    for (const std::unique_ptr<Timer>& timer : root_.inside) add(add, *timer, 0);
  }
  lines.Add("Rest", rest, /*last=*/false);
  lines.Add("Total", total, /*last=*/true);
  return std::move(lines).Finish();
}

}  // namespace allot
