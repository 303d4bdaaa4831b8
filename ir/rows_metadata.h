// Where a module keeps how its rows were divided.
#pragma once

namespace allot::ir {

// The key of Module::metadata whose value is that, as JSON. It is of the whole model, so files of
// parts do not have it.
inline constexpr char kRowsMetadata[] = "allot.rows";

}  // namespace allot::ir
