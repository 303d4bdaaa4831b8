// A folder that looks like the root of some machine: /proc, /sys and programs.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/scratch_folder.h"

namespace allot {

class FakeMachine {
 public:
  const std::string& root() const { return folder_.path(); }

  // `path` starts with '/'.
  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root() + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }
  void WriteProgram(const std::string& path, const std::string& script) {
    Write(path, "#!/bin/sh\n" + script);
    std::filesystem::permissions(root() + path, std::filesystem::perms::owner_all);
  }
  // `count` cores; `section` describes each, but for its number.
  void WriteCores(int count, const std::string& section) {
    std::string text;
    for (int i = 0; i < count; ++i) {
      text += "processor\t: " + std::to_string(i) + "\n" + section + "\n";
    }
    Write("/proc/cpuinfo", text);
  }
  void WriteMemory(int64_t gibibytes) {
    Write("/proc/meminfo", "MemTotal:       " + std::to_string(gibibytes << 20) +
                               " kB\nMemFree:        21109524 kB\n");
  }

 private:
  ScratchFolder folder_;
};

}  // namespace allot
