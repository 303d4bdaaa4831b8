// Files that may be compressed: published instances are large, and come as .json.gz.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace allot {

// As ReadText(); what is compressed by gzip is unpacked, recognized by its first bytes and not by
// its name. Errors name the file: one that ends early or is damaged, or unpacks to more than 4 GiB.
absl::StatusOr<std::string> ReadPlainOrGzip(const std::string& path);

}  // namespace allot
