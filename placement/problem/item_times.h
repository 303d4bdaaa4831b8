// A time for each item and device.
#pragma once

#include "placement/problem/workload.h"
#include "support/id_table.h"
#include "target/target.h"

namespace allot {

// Something that takes, begins or ends at a time: an item on a device.
using ItemTimes = IdTable<ItemId, DeviceId, Picos>;

}  // namespace allot
