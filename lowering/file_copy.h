// Files made from chunks, streamed: no chunk that lies in another file is held in memory.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "lowering/emitter.h"

namespace allot {

// Creates `path`, which must not exist. Errors name the file that could not be read or `shown`, the
// name under which the user knows the new one. A partly written file stays behind.
absl::Status WriteChunks(const std::string& path, const std::string& shown,
                         const std::vector<FileChunk>& chunks);

// Makes `path`, which must not exist, a copy of `source` (of what it points at, if it is a symbolic
// link) that shares its blocks on disk where the file system can do that, and never the file
// itself: writing to one does not change the other.
absl::Status CopyFile(const std::string& source, const std::string& path, const std::string& shown);

}  // namespace allot
