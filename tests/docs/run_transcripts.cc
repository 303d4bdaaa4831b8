// Runs the sessions that the documentation shows, and compares what they print.
//
// In a page, a block tagged ```console holds commands and their output, both streams together:
//
//   $ allot-opt a.mlir --csee
//   error: ...
//   [exit status 1]
//
// The last line is there if and only if the command fails. A command that ends in a backslash goes
// on in the next line, behind "> ". A line "..." stands for any lines, and
// "..." inside a line for any text in it. A block tagged ```LANGUAGE file=NAME is written to NAME
// when it is reached. <!-- setup: COMMAND --> runs a command that readers do not see; it must
// succeed. All commands of a page run in order in one empty folder, with `--programs` first on
// PATH.
//
// usage: allot-transcripts PAGE.md... --programs=FOLDER [--rebase]
// --rebase rewrites the output of commands that differ; a person reads the diff.

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

std::string ReadAll(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

Lines SplitLines(const std::string& text) {
  Lines lines;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

// "..." in `pattern` stands for any text.
bool LineMatches(const std::string& pattern, const std::string& line) {
  constexpr const char* kAny = "...";
  size_t piece_start = 0;
  size_t at = 0;
  while (true) {
    const size_t any = pattern.find(kAny, piece_start);
    const bool last = any == std::string::npos;
    const std::string piece = pattern.substr(piece_start, last ? any : any - piece_start);
    if (piece_start == 0) {
      if (last) return line == pattern;
      if (!StartsWith(line, piece)) return false;
      at = piece.size();
    } else if (last) {
      return line.size() >= at + piece.size() &&
             line.compare(line.size() - piece.size(), piece.size(), piece) == 0;
    } else {
      at = line.find(piece, at);
      if (at == std::string::npos) return false;
      at += piece.size();
    }
    piece_start = any + 3;
  }
}

// A line "..." of `patterns` stands for any lines. Greedy from the left is enough: what follows
// "..." is looked for from the nearest place on, backing up to the last "..." on a mismatch.
bool Matches(const Lines& patterns, const Lines& lines) {
  size_t p = 0, l = 0;
  std::optional<std::pair<size_t, size_t>> retry;  // pattern behind "...", line tried next
  while (l < lines.size() || p < patterns.size()) {
    if (p < patterns.size() && patterns[p] == "...") {
      retry = {{++p, l}};
    } else if (p < patterns.size() && l < lines.size() && LineMatches(patterns[p], lines[l])) {
      ++p;
      ++l;
    } else if (retry.has_value() && retry->second < lines.size()) {
      p = retry->first;
      l = ++retry->second;
    } else {
      return false;
    }
  }
  return true;
}

class Page {
 public:
  Page(fs::path path, std::string programs, bool rebase)
      : path_(std::move(path)), programs_(std::move(programs)), rebase_(rebase) {}

  // Returns whether every command printed what the page says, or the page was rewritten.
  bool Run() {
    char scratch[] = "/tmp/allot-transcripts-XXXXXX";
    if (mkdtemp(scratch) == nullptr) return false;
    scratch_ = fs::path(scratch) / "work";
    fs::create_directory(scratch_);
    lines_ = SplitLines(ReadAll(path_));
    while (at_ < lines_.size()) RunLine();
    if (commands_ == 0) Complain("there is no command in it");
    std::string text;
    for (const std::string& line : out_) text += line + "\n";
    if (rebased_ > 0) std::ofstream(path_, std::ios::binary) << text;
    std::error_code error;
    fs::remove_all(scratch, error);
    std::printf("%s: %d commands, %d failed, %d rebased\n", path_.c_str(), commands_, failed_,
                rebased_);
    return failed_ == 0;
  }

 private:
  // Copies the next line of the page to the new one, and acts on what begins there.
  void RunLine() {
    const std::string line = Take();
    const std::string setup = "<!-- setup: ", setup_end = " -->";
    if (StartsWith(line, setup) && line.size() > setup.size() + setup_end.size()) {
      const std::string command =
          line.substr(setup.size(), line.size() - setup.size() - setup_end.size());
      const Lines printed = Execute(command);
      if (!printed.empty() && StartsWith(printed.back(), "[exit status")) {
        Complain("setup fails: " + command + "\n    " + printed.front());
      }
      return;
    }
    if (!StartsWith(line, "```") || line.size() == 3) return;
    const std::string file = " file=";
    if (const size_t name = line.find(file); name != std::string::npos) {
      WriteBlock(line.substr(name + file.size()));
    } else if (StartsWith(line, "```console")) {
      RunBlock();
    } else {
      while (at_ < lines_.size() && lines_[at_] != "```") Take();
      if (at_ < lines_.size()) Take();
    }
  }

  void WriteBlock(const std::string& name) {
    std::string text;
    while (at_ < lines_.size() && lines_[at_] != "```") text += Take() + "\n";
    if (at_ < lines_.size()) Take();
    std::error_code error;
    fs::create_directories((scratch_ / name).parent_path(), error);
    std::ofstream(scratch_ / name, std::ios::binary) << text;
  }

  void RunBlock() {
    while (at_ < lines_.size() && lines_[at_] != "```") {
      const size_t line_number = at_ + 1;
      const std::string first = Take();
      if (!StartsWith(first, "$ ")) {
        Complain("line " + std::to_string(line_number) + ": expected a command, '$ ...'");
        continue;
      }
      std::string command = first.substr(2);
      while (at_ < lines_.size() && StartsWith(lines_[at_], "> ") && !command.empty() &&
             command.back() == '\\') {
        command.pop_back();
        command += Take().substr(2);
      }
      Lines expected;
      while (at_ < lines_.size() && lines_[at_] != "```" && !StartsWith(lines_[at_], "$ ")) {
        expected.push_back(lines_[at_++]);
      }
      ++commands_;
      const Lines printed = Execute(command);
      const bool matches = Matches(expected, printed);
      if (!matches && rebase_) {
        ++rebased_;
      } else if (!matches) {
        Complain("line " + std::to_string(line_number) + ": $ " + command);
        for (const std::string& line : printed) std::printf("    %s\n", line.c_str());
      }
      const Lines& shown = !matches && rebase_ ? printed : expected;
      out_.insert(out_.end(), shown.begin(), shown.end());
    }
    if (at_ < lines_.size()) Take();
  }

  // Both streams of the command, and its status if it is not 0.
  Lines Execute(const std::string& command) const {
    const fs::path script = scratch_.parent_path() / "command";
    const fs::path output = scratch_.parent_path() / "output";
    std::ofstream(script, std::ios::binary)
        << "export LC_ALL=C COLUMNS=80 PATH='" << programs_ << "':\"$PATH\"\n"
        << "cd '" << scratch_.string() << "' || exit 1\n"
        << command << "\n";
    const int status = std::system(
        ("bash '" + script.string() + "' > '" + output.string() + "' 2>&1 < /dev/null").c_str());
    Lines lines = SplitLines(ReadAll(output));
    // Outputs often end with an empty line, which no page shows.
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    if (status != 0) {
      const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      lines.push_back("[exit status " + std::to_string(code) + "]");
    }
    return lines;
  }

  std::string Take() {
    out_.push_back(lines_[at_]);
    return lines_[at_++];
  }

  void Complain(const std::string& what) {
    std::printf("FAILED %s: %s\n", path_.c_str(), what.c_str());
    ++failed_;
  }

  fs::path path_, scratch_;
  std::string programs_;
  bool rebase_;
  Lines lines_, out_;  // of the page as it is, and as it should be
  size_t at_ = 0;
  int commands_ = 0, failed_ = 0, rebased_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  bool rebase = false;
  std::string programs;
  std::vector<std::string> pages;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--rebase") {
      rebase = true;
    } else if (StartsWith(argument, "--programs=")) {
      programs = fs::absolute(argument.substr(11)).string();
    } else {
      pages.push_back(argument);
    }
  }
  if (pages.empty() || programs.empty()) {
    std::fprintf(stderr, "usage: allot-transcripts PAGE.md... --programs=FOLDER [--rebase]\n");
    return 1;
  }
  bool passed = true;
  for (const std::string& page : pages) passed = Page(page, programs, rebase).Run() && passed;
  return passed ? 0 : 1;
}
