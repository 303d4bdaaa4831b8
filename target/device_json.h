// A device of a target file.
#pragma once

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "target/target.h"

namespace allot::target_json {

// Reads all that a device says of itself but its `host`, and reports what is wrong. Whoever calls
// this declares the name, reads what else may stand there, and finishes the reader. `diagnostics`
// is what the reader reports to.
Device ReadDevice(JsonReader& reader, const Diagnostics& diagnostics);

}  // namespace allot::target_json
