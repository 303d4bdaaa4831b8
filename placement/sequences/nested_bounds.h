// What must come before and after each step of a single item, found by solving the smaller problems
// that lie inside the whole one ("Russian doll search"; Verfaillie, Lemaitre and Schiex, 1996).
//
// All descendants of an item have to run after it. How long they take from its end on a device, at
// least, is a problem of its own with fewer items, and the answers of the descendants serve as
// bounds in it: so they are solved from the last item to the first. Read backwards the same holds
// of ancestors and starts. Unlike longest paths these see that the descendants compete for devices.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/sequences/sequence_search.h"
#include "support/id_table.h"

namespace allot {

// [item][device], numbered as the instance: what is proven of one side of each item. Empty:
// nothing.
struct NestedBounds {
  SequenceInstance::Times least;
  IdTable<int32_t, DeviceId, char> solved;  // raising `least` again is of no use
  bool complete = false;                    // all are solved
};

// What lies between the end of an item and the end of everything, at least. Depends on the item's
// descendants alone. Single items, steps that cost nothing. May be called again with more work to
// raise what was cut off. About `work` steps are tried; returns how many.
int64_t RaiseAfter(const SequenceInstance& instance, int64_t work, NestedBounds& after);

// When an item starts, at least. Depends on its ancestors alone.
int64_t RaiseBefore(const SequenceInstance& instance, int64_t work, NestedBounds& before);

// Lets a search of the instance know.
void Impose(const NestedBounds& after, const NestedBounds& before, SequenceInstance& instance);

}  // namespace allot
