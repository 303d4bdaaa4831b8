// How long the items between two others keep the devices busy: a bound on the time from the end of
// the one to the end of the other.
// For a time T, what the windows of the devices (device_windows.h) between the two have no room for
// shows that T is too short.
#pragma once

#include <cstdint>
#include <vector>

#include "placement/bounds/device_windows.h"
#include "placement/bounds/part_bounds.h"
#include "placement/bounds/path_bounds.h"
#include "placement/problem/allowed_times.h"

namespace allot {

class RegionBound {
 public:
  static constexpr size_t kMostItems = kMostWindowRows;
  // `lambda`: weights of the devices, as BoundLoad() finds them; empty: loads do not count.
  RegionBound(const PathCosts& costs, int32_t entry, int32_t exit, std::vector<int32_t> items,
              const std::vector<int64_t>& lambda = {});

  // No schedule that ends the entry on device k ends the exit on device l earlier than this
  // afterwards, to a part in 4096. Nothing beyond `cutoff` is looked for. kNever if there is no
  // way. O(items * devices * constant).
  Picos Between(int32_t k, int32_t l, Picos cutoff = kNever) const;
  // At least `known`, which is such a bound, and of launched parts the exact value but for
  // contention of transfers, as far as it is below `cutoff`. Costs `work`, steps tried, which it
  // counts down; nothing more is known if these do not suffice, or beyond kMostSearched items.
  Picos Search(int32_t k, int32_t l, Picos known, Picos cutoff, int64_t& work) const;
  static constexpr size_t kMostSearched = 12;
  // The same from paths alone: weaker, and quick.
  Picos Path(int32_t k, int32_t l) const;

 private:
  struct Input {
    int32_t flow, from;
  };
  std::vector<std::vector<Input>> Inputs() const;
  RowTimes Ends(PartRows& rows, DeviceId device, Picos time,
                const std::vector<int64_t>& lambda) const;
  void FindSends(const std::vector<std::vector<Input>>& inputs);
  void FindStarts(const std::vector<std::vector<Input>>& inputs,
                  const std::vector<int64_t>& lambda);
  void FindTails(const std::vector<std::vector<Input>>& inputs, const std::vector<int64_t>& lambda);
  int32_t ItemOf(size_t row) const { return row < items_.size() ? items_[row] : exit_; }

  static Picos Needed(const WindowRows& rows, const std::vector<int32_t>& set, Picos low,
                      Picos high);

  // One of the ways in which parts can lie; by [row][device] and by device, as in WindowRows.
  struct Case {
    RowTimes time, start, tail;
    std::vector<Picos> taken;
  };
  std::vector<Case> Cases(int32_t k, int32_t l) const;

  const PathCosts& costs_;
  const int32_t entry_, exit_;
  const std::vector<int32_t> items_;
  RowTimes time_;  // without the exit
  // By device, the least crossing from it to an item elsewhere, and the least transfer to that or
  // the exit.
  std::vector<Picos> away_, send_;
  // By device of the entry: the earliest start; the exit is the last row.
  std::vector<RowTimes> start_;
  // By device of the exit: from an item's end to the end of the exit, at least.
  std::vector<RowTimes> tail_;
};

}  // namespace allot
