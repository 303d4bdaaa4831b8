// Files of the command line: "-" stands for standard input and output.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace allot {

// What messages call it: the path, or "<stdin>".
std::string InputName(const std::string& path);

// "-" is standard input. See ReadTextFile() for what is refused.
absl::StatusOr<std::string> ReadText(const std::string& path);

// Renames a finished file into place, so that a failure leaves no half-written one; until then it
// has a name that no other file had. What is there and no regular file, such as /dev/null, stays
// and is written to, and so does a symbolic link.
absl::Status WriteText(const std::string& path, const std::string& text);

// An error where WriteText() would fail now: for what takes long before there is a text. Leaves
// nothing behind.
absl::Status CheckWritable(const std::string& path);

// An error if anything that was printed did not arrive.
absl::Status FlushStdout();

}  // namespace allot
