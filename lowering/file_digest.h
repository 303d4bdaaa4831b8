// What a file will hold, before it is written: its size and SHA-256, so that whoever gets the files
// can tell whether they are whole and unchanged.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lowering/emitter.h"

namespace allot {

// Of a file made of `chunks`. Ranges of other files are streamed: linear in the bytes, constant
// memory. Errors name the file that could not be read, or `shown`, whose bytes they are.
absl::StatusOr<FileDigest> DigestOf(const std::string& shown, const std::vector<FileChunk>& chunks);

// Of a file that is there already.
absl::StatusOr<FileDigest> DigestOfFile(const std::string& path);

// The size alone, of a file that is there already.
absl::StatusOr<FileDigest> SizeOnly(const std::string& path);

}  // namespace allot
