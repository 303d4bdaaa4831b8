// Several inputs in one file, apart by lines such as "// -----".
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace allot {

inline constexpr char kDefaultSplitMarker[] = "// -----";

struct InputChunk {
  absl::string_view text;  // into the whole
  std::string name;        // what messages call it; mlir-opt's "within split at FILE:LINE offset "
};

// Lines of a chunk count from the rest of its marker's line. Linear. `warnings` receives a message
// for each marker that is not a line of its own, as mlir-opt words them.
std::vector<InputChunk> SplitInput(absl::string_view text, absl::string_view file_name,
                                   absl::string_view marker, std::vector<std::string>& warnings);

}  // namespace allot
