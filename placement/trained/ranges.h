// What every range of a chain takes and holds, looked up by search.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "placement/trained/chain.h"
#include "support/id_table.h"

namespace allot {

// Devices that cannot be told apart: the same times, memories, and routes to all others and among
// themselves. Classes and their devices ascend. O(devices^2 * (devices + cells)).
std::vector<std::vector<DeviceId>> AlikeDevices(const TrainedChain& chain);

// What of a range a plan asks for.
struct RangePrice {
  Picos forward = 0, backward = 0;
  bool recomputes = false;
  Picos Load() const { return SaturatingAdd(forward, backward); }
};

class TrainedRanges {
 public:
  // Keeps references. `places`: where ranges may begin and end, ascending, from 0 to the number of
  // cells. O(places * all that the chain has).
  TrainedRanges(const TrainedChain& chain, const std::vector<std::vector<DeviceId>>& classes,
                std::vector<int32_t> places);

  size_t num_places() const { return places_.size(); }
  int32_t CellAt(size_t place) const { return places_[place]; }
  // The range between two places on a device of the class with so many microbatches in flight;
  // nullopt where it cannot be. O(1).
  std::optional<RangePrice> Price(size_t of_class, size_t begin, size_t end,
                                  int64_t in_flight) const;
  // What of its load is for copying what crosses at its end; 0 unless devices copy themselves.
  Picos CopyAtEnd(size_t of_class, size_t end) const {
    return SaturatingAdd(copy_forward_(of_class, end), copy_backward_(of_class, end));
  }
  // What its update takes at least.
  Picos Update(size_t of_class, size_t begin, size_t end) const;
  // Cells before the place, each on the device that is fastest at it.
  Picos LeastForward(size_t place) const { return least_forward_[place]; }
  Picos LeastBackward(size_t place) const { return least_backward_[place]; }
  // The most that crossing at a place takes a direction of the fastest route from a class to
  // another; nullopt: there is none. 0 where devices copy themselves.
  std::optional<Picos> Crossing(size_t from, size_t to, size_t place) const;

 private:
  void SumTimes();
  void SumHeld();

  const TrainedChain& chain_;
  const std::vector<std::vector<DeviceId>>& classes_;
  const std::vector<int32_t> places_;
  IdTable<size_t, size_t, Picos> forward_, backward_;  // [class][place]: of the cells before it
  IdTable<size_t, size_t, int32_t> cannot_;            // likewise: cells that cannot run there
  IdTable<size_t, size_t, Picos> copy_forward_, copy_backward_;  // [class][place]
  std::vector<Picos> least_forward_, least_backward_;
  // [begin][end]: weights with gradient and state, what updates move, what a microbatch keeps, the
  // largest working set.
  IdTable<size_t, size_t, Bytes> resident_, updated_, kept_, working_;
};

}  // namespace allot
