#include "tools/text_file.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "support/status.h"

namespace allot {

std::string InputName(const std::string& path) { return path == "-" ? "<stdin>" : path; }

absl::StatusOr<std::string> ReadText(const std::string& path) {
  using Chars = std::istreambuf_iterator<char>;
  if (path == "-") return std::string(Chars(std::cin), Chars());
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return InputError(path, ": is a folder, not a file");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return InputError(path, ": cannot be read; does the file exist?");
  return std::string(Chars(stream), Chars());
}

absl::Status WriteText(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return absl::OkStatus();
  }
  std::error_code error;
  // A device or a pipe is written to: put a file in its place, and a superuser's "-o /dev/null"
  // would take /dev/null from the whole machine.
  const std::filesystem::file_status there = std::filesystem::status(path, error);
  const bool in_place = std::filesystem::exists(there) && !std::filesystem::is_regular_file(there);
  const std::string temporary = in_place ? path : path + ".tmp";
  std::ofstream stream(temporary, std::ios::binary);
  stream << text;
  stream.close();
  error.clear();
  if (stream && !in_place) std::filesystem::rename(temporary, path, error);
  if (!stream || error) {
    if (!in_place) std::filesystem::remove(temporary, error);
    return InputError(path, ": cannot be written");
  }
  return absl::OkStatus();
}

}  // namespace allot
