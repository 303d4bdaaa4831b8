#include "ir/text/syntax.h"

#include <algorithm>

namespace allot::ir::text {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Dictionary::const_iterator LowerBound(const Dictionary& dictionary, absl::string_view name) {
  return std::lower_bound(
      dictionary.begin(), dictionary.end(), name,
      [](const NamedAttr& entry, absl::string_view wanted) { return entry.name < wanted; });
}

}  // namespace

void Set(Dictionary& dictionary, absl::string_view name, Attr value) {
  const auto at = LowerBound(dictionary, name);
  dictionary.insert(at, NamedAttr{std::string(name), std::move(value)});
}

const Attr* Find(const Dictionary& dictionary, absl::string_view name) {
  const auto at = LowerBound(dictionary, name);
  return at != dictionary.end() && at->name == name ? &at->value : nullptr;
}

const Attr* Op::FindAttr(absl::string_view attr) const {
  const Attr* found = Find(attributes, attr);
  return found != nullptr ? found : Find(properties, attr);
}

std::string HexOf(absl::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kHexDigits[byte >> 4];
    hex += kHexDigits[byte & 15];
  }
  return hex;
}

std::optional<std::string> BytesOfHex(absl::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexDigit(hex[i]);
    const int low = HexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace allot::ir::text
