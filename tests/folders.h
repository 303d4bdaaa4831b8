// Where tests find files of the project, and where they may write: absolute paths without a slash
// at the end.
#pragma once

namespace allot {

extern const char kSourceFolder[], kBuildFolder[];

}  // namespace allot
