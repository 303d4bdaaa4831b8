// What a word that nobody knows may have been meant to say.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace allot {

// The spelling nearest to `word` among `known` (edit distance at most half its length), or "".
std::string NearestName(absl::string_view word, const std::vector<std::string>& known);

// For the end of a message: "; did you mean 'NAME'?", or "" if no name is near.
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& known,
                       absl::string_view before = "; ");

}  // namespace allot
