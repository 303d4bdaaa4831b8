// Files of /proc and /sys. Their sizes are not known before they are read.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace allot {

// nullopt if it cannot be read.
inline std::optional<std::string> ReadKernelFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  using Chars = std::istreambuf_iterator<char>;
  std::string text{Chars(stream), Chars()};
  if (!stream.is_open() || stream.bad()) return std::nullopt;
  return text;
}

}  // namespace allot
