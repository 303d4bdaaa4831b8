// From wires to routes.
#pragma once

#include "target/target.h"

namespace allot {

// The size of the transfer for which routes are chosen.
inline constexpr Bytes kRoutedBytes = Bytes{1} << 20;

// Fills target.channels and target.routes from its devices, switches and links. For every ordered
// pair of devices the route is the path that moves kRoutedBytes in the least time, nullopt if no
// path joins them. A path stops at every device that it passes (store and forward) and nowhere
// else (switches cut through): between two stops is one segment, whose latency is the sum and whose
// bandwidth is the least of its links'. Ties go to fewer segments, then fewer links, then the
// earlier links.
//
// A link has one channel per direction, or one for both if it is half duplex; links that name the
// same channel share it, each direction with the same direction of the others. Every end of every
// link must be the name of a device or a switch.
//
// Exact, though a segment's time is not a sum over its links: the search for segments keeps, per
// switch, every undominated pair of latency and bandwidth. O(devices * links * bandwidths) at
// worst, for `bandwidths` distinct values.
void BuildRoutes(Target& target);

}  // namespace allot
