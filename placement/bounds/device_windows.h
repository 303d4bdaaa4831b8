// Whether devices can serve items within a time: each device serves those of a set only from the
// earliest start of any of them there until the shortest of what follows them there must begin.
//
// For a time T, an item can be on a device if what lies before, it and what lies behind take at
// most T there. With w_d the length of a device's window and A_x the devices of item x, a set
// cannot be done within T if for some weights lambda >= 0
//   sum_x min_{d in A_x} lambda_d p_xd > sum_d lambda_d w_d.
// Devices that are far away have short windows, which plain loads do not see. The weights are
// guessed; the inequality is checked in whole numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "placement/bounds/path_bounds.h"
#include "placement/problem/allowed_times.h"
#include "support/id_table.h"

namespace allot {

// By [row][device]; kNever (or kNotAllowed as a time) where a row cannot be.
struct WindowRows {
  using Times = IdTableView<int32_t, DeviceId, Picos>;
  size_t num_devices() const { return time.num_columns(); }

  Times time;
  Times start;  // no row starts there earlier
  Times tail;   // from its end there to the end of all, at least
  // By device, what of the time goes into other things, whenever that is. Empty: nothing.
  absl::Span<const Picos> taken;
};

// As many rows as a set may have.
inline constexpr size_t kMostWindowRows = size_t{1} << 14;

// Sets worth a look, of `n` rows: those that start latest, that have most behind them, or that are
// farthest from being anywhere else than on their best device: more and more of each, the whole at
// the end.
std::vector<std::vector<int32_t>> WindowSets(const WindowRows& rows, size_t n);

// True is a proof that the set cannot be done within the time; false says nothing. O(set * devices
// * constant).
bool Overloaded(const WindowRows& rows, const std::vector<int32_t>& set, Picos within);

}  // namespace allot
