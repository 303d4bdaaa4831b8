// Ends of items that are launched in parts, from when their parts can start.
//
// An item that ends on a device is in a part that has started there at some instant s. Whatever of
// its ancestors could not be known there by s, had it been in another part, is in the same part,
// and is done after s and before the item, one after the other. So the item ends no earlier than
//
//   min over s of  s + its time + the times of those ancestors there,
//
// and s is no earlier than the devices can have done the other ancestors and made them known there,
// however these are shared out (load_bound.h).
//
// Where much lies in parallel, an early part has to do much of it by itself, and a late one waits.
// With messages instead of launches, and devices that are all alike, this is the bound of
// Papadimitriou and Yannakakis (Towards an architecture-independent analysis of parallel
// algorithms, SIAM Journal on Computing 19, 1990).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "placement/bounds/path_bounds.h"
#include "support/bits.h"
#include "support/id_table.h"

namespace allot {

// Something that takes or ends at a time, for each row and device.
using RowTimes = IdTable<int32_t, DeviceId, Picos>;

// What runs after what: rows in an order in which each comes after all that it reads.
struct PartRows {
  struct Flow {
    int32_t id, from;  // of the costs, and the row that makes it
  };
  RowTimes time;                             // kNotAllowed where it cannot be
  std::vector<Flow> flows;                   // those of a row one after the other
  std::vector<std::vector<int32_t>> inputs;  // by row: the flows that it reads
  std::vector<Picos> first;                  // by device: no part starts earlier
  IdTable<DeviceId, DeviceId, Picos> reach;  // LeastCrossings()
  bool backwards = false;                    // rows read what reads them in the costs

  size_t size() const { return inputs.size(); }
};

// All items in topological order.
PartRows RowsOf(const PathCosts& costs);

// The least time, by [from][to], until what is on one device can be known on another.
IdTable<DeviceId, DeviceId, Picos> LeastCrossings(const PathCosts& costs, const PartRows& rows);

// Raises known ends, by [row][device], row after row; keeps references. Backwards, ends of parts
// take the place of their starts. Where parts are not launched (PathCosts::again is 0) ends are
// those of paths.
class PartEnds {
 public:
  // `lambda`: weights of the devices, as BoundLoad() finds them, or none. `span`: how many rows
  // back it looks.
  PartEnds(const PathCosts& costs, const PartRows& rows, const std::vector<int64_t>& lambda,
           int32_t span, RowTimes& ends);

  // Raises the ends of the next row; those of the rows before it must not change afterwards.
  // O(devices
  // * ancestors * (inputs + log ancestors)).
  void Next();
  void All() {
    while (next_ < static_cast<int32_t>(rows_.size())) Next();
  }
  int32_t next() const { return next_; }

 private:
  // What a device can do counts from some instant on.
  struct Window {
    Picos from;
    int64_t weight;
  };
  // For an ancestor that is not in the part: when the part can start at the earliest; if some
  // reader of it is in the part; and if none is.
  struct Wait {
    Picos known, inside, outside;
  };

  static size_t Size(int32_t i) { return static_cast<size_t>(i); }
  int32_t From(int32_t flow) const { return rows_.flows[Size(flow)].from; }
  Picos Crossing(int32_t id, size_t from, size_t to) const;
  void FindWindows(const std::vector<int64_t>& lambda);
  void Send(size_t flow);
  bool Reach(int32_t from);
  void FindAncestors();
  Picos AfterLoad(Int128 load, size_t d) const;
  void Raise(int32_t row, size_t d);
  Picos LeastEnd(int32_t row, size_t d, Picos known);

  const PathCosts& costs_;
  const PartRows& rows_;
  const size_t num_devices_;
  const int32_t span_;
  RowTimes& ends_;
  IdTable<int32_t, DeviceId, Wait> wait_;     // by [ancestor][device]
  RowTimes direct_, carried_;                 // by [flow][device]
  std::vector<std::vector<Window>> windows_;  // by device, earliest first
  std::vector<Int128> load_;                  // by row, weighted
  Bits open_;                                 // ancestors to come: how many rows back they are
  std::vector<int32_t> ancestors_;
  Int128 elsewhere_ = 0;                          // their load
  std::vector<std::pair<Picos, int32_t>> waits_;  // of each ancestor: known, and its row
  int32_t next_ = 0;
  size_t next_flow_ = 0;
};

// The ends of all items over a graph or the reversed one; at least as RaiseEnds(). `work`, in rows
// and devices for which an ancestor is looked at, limits the span. Returns about what it took.
int64_t RaiseEndsByParts(const PathCosts& costs, const std::vector<int64_t>& lambda, int64_t work,
                         ItemTimes& ends);
// How far back `work` reaches.
int32_t SpanWithin(const PathCosts& costs, int64_t work);

// Raises both ends of the paths so.
void RaiseByParts(const PathCosts& costs, const std::vector<int64_t>& lambda, int64_t work,
                  PathBounds& paths);

}  // namespace allot
