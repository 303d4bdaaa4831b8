// What a search has found out so far, in a file, so that one that was interrupted can go on.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "design/search/search.h"

namespace allot::design {

// The first line of a file: it says what was asked, all that an outcome depends on. Ends with a
// newline.
std::string CheckpointHeader(const Question& question);

// A line for an outcome: JSON, numbers in the shortest form that reads back equal.
std::string CheckpointLine(size_t configuration, const Outcome& outcome);

// The outcomes in a file. A last line without an end was being written when the search was killed,
// and does not count. Errors: another question's file, or one that is damaged.
absl::StatusOr<std::map<size_t, Outcome>> ReadCheckpoint(absl::string_view text,
                                                         const std::string& file,
                                                         const Question& question);

}  // namespace allot::design
