// Golden files: one text file holds the command, the input and what it must print.
//
//   // RUN: allot-opt --dead-nodes
//   <input>
//   // OUTPUT
//   <standard output>
//   // STDERR
//   // <each line of standard error>
//
// usage: allot-golden FOLDER PROGRAM... [--rebase] [--mlir-opt=PROGRAM]
// The first line names one of the programs. --rebase rewrites what differs; a person reads the
// diff. --mlir-opt also has stock MLIR read every .mlir file. Wall times are masked.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr const char* kRun = "// RUN: ";
constexpr const char* kOutput = "// OUTPUT\n";
constexpr const char* kErrors = "// STDERR\n";

std::string ReadAll(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

void WriteAll(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

struct Case {
  std::string program, options, input;
};

// The part of a golden file that a person writes: everything before what is printed.
bool Split(const std::string& text, Case& result) {
  if (text.rfind(kRun, 0) != 0) return false;
  const size_t line_end = text.find('\n');
  size_t end = std::min(text.find(kOutput), text.find(kErrors));
  if (line_end == std::string::npos) return false;
  const std::string command =
      text.substr(std::string(kRun).size(), line_end - std::string(kRun).size());
  const size_t space = std::min(command.find(' '), command.size());
  result.program = command.substr(0, space);
  result.options = command.substr(space);
  result.input = text.substr(line_end + 1, end == std::string::npos ? end : end - line_end - 1);
  return true;
}

class Runner {
 public:
  Runner(std::map<std::string, std::string> programs, fs::path scratch)
      : programs_(std::move(programs)), scratch_(std::move(scratch)) {
    fs::create_directories(scratch_);
  }
  ~Runner() {
    std::error_code error;
    fs::remove_all(scratch_, error);
  }

  bool Knows(const std::string& program) const { return programs_.count(program) > 0; }

  // The whole golden file as it should be.
  std::string Expected(const Case& test) const {
    // The input goes through standard input, so that no message names a folder.
    WriteAll(scratch_ / "in", test.input);
    const std::string command = Quoted(programs_.at(test.program)) + test.options + " - < " +
                                Quoted((scratch_ / "in").string()) + " > " +
                                Quoted((scratch_ / "out").string()) + " 2> " +
                                Quoted((scratch_ / "err").string());
    const int status = std::system(command.c_str());
    std::string text = kRun + test.program + test.options + "\n" + test.input;
    const std::string out = WithoutTimes(ReadAll(scratch_ / "out"));
    const std::string err = ReadAll(scratch_ / "err");
    if (!out.empty()) text += kOutput + out;
    if (!err.empty() || status != 0) {
      text += kErrors;
      std::istringstream lines(err);
      for (std::string line; std::getline(lines, line);) text += "// " + line + "\n";
      if (status != 0) text += "// [fails]\n";
    }
    return text;
  }

 private:
  // What no two runs have in common.
  static std::string WithoutTimes(const std::string& text) {
    return std::regex_replace(text, std::regex("\"wall_s\": [-+.0-9e]+"), "\"wall_s\": 0.0");
  }

  std::map<std::string, std::string> programs_;  // paths by name
  fs::path scratch_;
};

void ShowFirstDifference(const std::string& have, const std::string& want) {
  std::istringstream a(have), b(want);
  std::string x, y;
  for (int line = 1;; ++line) {
    const bool more_x = static_cast<bool>(std::getline(a, x));
    const bool more_y = static_cast<bool>(std::getline(b, y));
    if (!more_x && !more_y) return;
    if (more_x == more_y && x == y) continue;
    std::printf("  line %d\n    file: %s\n    now:  %s\n", line, more_x ? x.c_str() : "<end>",
                more_y ? y.c_str() : "<end>");
    return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool rebase = false;
  std::string mlir_opt;
  std::vector<std::string> positional;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--rebase") {
      rebase = true;
    } else if (argument.rfind("--mlir-opt=", 0) == 0) {
      mlir_opt = argument.substr(11);
    } else {
      positional.push_back(argument);
    }
  }
  if (positional.size() < 2) {
    std::fprintf(stderr, "usage: allot-golden FOLDER PROGRAM... [--rebase] [--mlir-opt=PROGRAM]\n");
    return 1;
  }
  std::map<std::string, std::string> programs;
  for (size_t i = 1; i < positional.size(); ++i) {
    programs[fs::path(positional[i]).filename().string()] = positional[i];
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(positional[0])) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  char scratch[] = "/tmp/allot-golden-XXXXXX";
  if (mkdtemp(scratch) == nullptr) return 1;
  const Runner runner(std::move(programs), scratch);

  int passed = 0, failed = 0;
  for (const fs::path& file : files) {
    const std::string have = ReadAll(file);
    Case test;
    if (!Split(have, test) || !runner.Knows(test.program)) {
      std::printf("FAILED %s: the first line must be '%s<program> <options>'\n", file.c_str(),
                  kRun);
      ++failed;
      continue;
    }
    const std::string want = runner.Expected(test);
    bool ok = have == want;
    if (!ok && rebase) {
      WriteAll(file, want);
      std::printf("rebased %s\n", file.c_str());
      ok = true;
    }
    if (!ok) {
      std::printf("FAILED %s\n", file.c_str());
      ShowFirstDifference(have, want);
    }
    // Files whose input is wrong on purpose are no MLIR.
    const bool input_is_wrong = want.find("// [fails]\n") != std::string::npos;
    const bool is_mlir = file.extension() == ".mlir";
    if (ok && !mlir_opt.empty() && is_mlir && !input_is_wrong) {
      const std::string command = Quoted(mlir_opt) +
                                  " --allow-unregistered-dialect --verify-roundtrip " +
                                  Quoted(file.string()) + " -o /dev/null";
      if (std::system(command.c_str()) != 0) {
        std::printf("FAILED %s: %s does not read it\n", file.c_str(), mlir_opt.c_str());
        ok = false;
      }
    }
    ++(ok ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
