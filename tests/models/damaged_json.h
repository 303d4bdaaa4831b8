// JSON text with random damage, for readers that must survive anything.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>

#include "support/random.h"

namespace allot::testing {

// One or two edits: a byte of any value, a gap of up to twelve bytes, another value in the place of
// one, another digit. `name` is one of the values: something that the text refers to.
inline std::string DamagedJson(const std::string& text, const std::string& name, Random& random) {
  const std::string values[] = {
      "0", "-1", "1e400", "\"\"", "null", "{}", "[]", "2.5", "\"" + name + "\"", "true"};
  std::string damaged = text;
  for (int64_t edits = random.Between(1, 2); edits > 0 && !damaged.empty(); --edits) {
    const auto at = static_cast<size_t>(random.Below(static_cast<int64_t>(damaged.size())));
    switch (random.Below(4)) {
      case 0:
        damaged[at] = static_cast<char>(random.Between(1, 255));
        break;
      case 1:
        damaged.erase(at, static_cast<size_t>(random.Between(1, 12)));
        break;
      case 2: {
        const size_t colon = damaged.find(':', at), end = damaged.find_first_of(",}]\n", colon);
        if (end == std::string::npos) break;
        damaged.replace(colon + 1, end - colon - 1, values[random.Below(std::size(values))]);
        break;
      }
      default:
        damaged[at] = static_cast<char>('0' + random.Below(10));
    }
  }
  return damaged;
}

}  // namespace allot::testing
