// Servers and racks of a target file: a short form of devices, switches and links.
#pragma once

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "target/json_fields.h"
#include "target/target.h"

namespace allot::target_json {

// Reads "servers", "racks" and "network", and adds to the target what they stand for: device D of
// server S becomes "S.D" with host S, switches and channels likewise, and every server reaches its
// network by one link, which all its transfers to others share. Where that is more than
// kMaxDevices, and there are no devices besides, the target is one of equal shares of the machine,
// which a note says. `diagnostics` is what the reader reports to. Does nothing where none of the
// three is there. False after an error: then names that the rest of the file speaks of may be
// missing.
bool ReadServers(JsonReader& reader, Diagnostics& diagnostics, Endpoints& endpoints,
                 Target& target);

}  // namespace allot::target_json
