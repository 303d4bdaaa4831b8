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
  const std::string temporary = path + ".tmp";
  std::ofstream stream(temporary, std::ios::binary);
  stream << text;
  stream.close();
  std::error_code error;
  if (stream) std::filesystem::rename(temporary, path, error);
  if (!stream || error) {
    std::filesystem::remove(temporary, error);
    return InputError(path, ": cannot be written");
  }
  return absl::OkStatus();
}

}  // namespace allot
