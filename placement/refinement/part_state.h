// Where a search over parts stands: a device and a stage for each item; a part is what shares both.
//
// Stages must not fall along a flow and must rise where it changes devices, so parts are acyclic by
// construction, and every acyclic partition can be written so: give each part its own stage. A move
// asks for devices and stages (Send(), Ask()); Decode() lifts the stages that are too low; then the
// move is taken back (Reject()) or stays (Accept()). Between moves all stages are even, so that a
// move can put a new stage before or after any other.
//
// A device at a stage is a cell. What an evaluation needs is kept by cell and by flow, and a move
// touches it only around the items whose cell it changes: most moves change few.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "placement/lanes/migration.h"
#include "placement/parts/part_evaluator.h"
#include "support/bits.h"

namespace allot {

class PartState {
 public:
  // Keeps references to both. `start` need not be feasible.
  // With `migration` its price is part of the objective; each part beyond `max_parts` (0: any
  // number) is a violation.
  PartState(const PlacementProblem& problem, const ProblemGraph& graph, const PartedSolution& start,
            const Migration* migration = nullptr, int64_t max_parts = 0);

  int32_t num_items() const { return n_; }
  int32_t num_devices() const { return num_devices_; }
  int32_t num_parts() const { return num_parts_; }
  int32_t device(int32_t item) const { return device_[item]; }
  int32_t part(int32_t item) const { return part_of_[item]; }
  // The stage that the item has asked for; of a settled state, that of its part.
  int32_t stage(int32_t item) const { return wish_[item]; }
  // Devices that can run the item and all that must share its device; ascending.
  const std::vector<int32_t>& choices(int32_t item) const { return choices_[unit_of_[item]]; }
  // Of the parts as settled last: items in topological order, stage, device.
  const std::vector<int32_t>& members(int32_t part) const { return members_[part]; }
  int32_t part_stage(int32_t part) const { return part_stage_[part]; }
  int32_t part_device(int32_t part) const { return part_device_[part]; }
  const ProblemGraph& graph() const { return graph_; }

  // Requests of a move. Send() moves what must share a device along, and does nothing where one of
  // them cannot run on `device`.
  void Ask(int32_t item, int32_t stage);
  void Send(int32_t item, int32_t device, int32_t stage);
  // Makes room for `count` stages behind `stage`.
  void Spread(int32_t stage, int32_t count);

  // Makes parts of what was asked for; false if they are the same as before, and then the requests
  // are taken back. O(items / 64 + what lies around the items that change), and a word per item
  // where any does.
  bool Decode();
  // Of the decoded state. O(items + flows between parts).
  SearchValue Evaluate();
  // What the last evaluation counts as, in item evaluations: as EvaluationWork(), or more where
  // thousands of tensors leave their parts, each of which takes as long as several items.
  int64_t evaluation_work() const;
  void Accept();
  void Reject();

  // For throughput what the eighth powers of all loads come to: unlike the largest it shows the way
  // where that does not change. For latency the mean end of all items, each weighing what it takes
  // on its best device. Of the state that was evaluated last and is not settled yet.
  Picos Smooth() const;
  // For throughput: fits the unit of loads to the state that was evaluated last, settled or not.
  // Values of Smooth() before and after cannot be compared. False for latency, where there is none.
  bool Rescale() { return evaluator_.RescaleLoads(); }

  struct Snapshot {
    std::vector<int32_t> device, wish, part_of;
    int32_t num_parts = 0;
  };
  Snapshot Save() const { return {device_, wish_, part_of_, num_parts_}; }
  void Restore(const Snapshot& snapshot);
  // The saved state in full, items of a part in the order in which they stood in `start`.
  PartedSolution Solution(const Snapshot& snapshot) const;

 private:
  struct Request {
    int32_t item, device, wish;  // as they were
  };
  struct Change {
    int32_t item, stage, cell;  // as they were
  };

  void LiftAll();
  void Lift();
  void MoveTo(int32_t item, int32_t stage, int32_t cell);
  void UpdateLeaving();
  void UpdateLeaving(int32_t flow);
  void FillCells();
  void NumberParts();
  void Settle();
  void ListParts();
  void UndoRequests();
  Picos TimeOf(int32_t item, int32_t device) const {
    return std::max<Picos>(evaluator_.items().Time(item, device), 0);
  }
  int32_t DeviceOf(int32_t cell, int32_t stage) const { return cell - stage * num_devices_; }

  const PlacementProblem& problem_;
  const Migration* const migration_;
  const int64_t max_parts_;
  const ProblemGraph& graph_;
  PartEvaluator evaluator_;
  const int32_t n_, num_devices_;
  const int64_t items_work_;   // what items and tensors count as, wherever they are
  std::vector<ItemId> order_;  // within parts, for the answer

  std::vector<int32_t> unit_of_;
  std::vector<std::vector<int32_t>> units_;    // items that must share a device
  std::vector<std::vector<int32_t>> choices_;  // by unit: devices
  std::vector<int32_t> topological_, at_;      // items by position, positions by item
  std::vector<int32_t> before_begin_, before_, after_begin_, after_;  // by position: neighbours
  std::vector<int32_t> touch_begin_, touch_;                          // by item: flows
  std::vector<Picos> weight_;                                         // by item, for Smooth()
  Int128 all_weight_ = 0;

  std::vector<int32_t> device_, wish_;           // the state
  std::vector<int32_t> stage_, cell_, part_of_;  // decoded
  int32_t num_parts_ = 0;
  std::vector<int32_t> now_device_;  // by part
  std::vector<Picos> now_time_;      // by part
  // By cell: its items, their time, and whether there are any.
  std::vector<int32_t> count_;
  std::vector<Picos> time_;
  Bits used_;
  Bits leaving_;  // flows that leave their part, and results
  Bits dirty_;    // positions whose stage may have to change

  // Before the move.
  std::vector<int32_t> kept_part_;
  int32_t kept_parts_ = 0;
  std::vector<Request> requests_;
  std::vector<Change> changes_;
  std::vector<int32_t> turned_;   // flows that began or ceased to leave their part
  std::vector<int64_t> seen_at_;  // by flow: the last move for which it was looked at
  int64_t move_ = 0;

  std::vector<int32_t> part_stage_, part_device_, next_stage_, part_at_;
  std::vector<std::vector<int32_t>> members_;
};

}  // namespace allot
