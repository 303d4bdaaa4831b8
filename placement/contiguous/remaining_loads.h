// Whether devices that are left can carry what is left: for each set of devices a weight of each
// block, such that blocks that weigh more than Limit() together overload some device.
//
// For multipliers lambda >= 0 of devices, sum_d lambda_d load_d >= sum_b min_d lambda_d time(b, d);
// if every load is at most U, the left side is at most U sum_d lambda_d. The multipliers are those
// of load_bound.h; any would do.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "placement/contiguous/stages/stage_index.h"

namespace allot {

class RemainingLoads {
 public:
  // Keeps a reference.
  explicit RemainingLoads(const StageIndex& index);

  // Numbers of sets of devices, found as they are asked for. Without() is -1 if no device of the
  // class is left.
  int32_t All() const { return 0; }
  int32_t Without(int32_t devices, int32_t cls);
  // How many devices of each class.
  const std::vector<int32_t>& Counts(int32_t devices) const { return Get(devices).counts; }
  // Whether a set has at least as many devices of each class as another.
  bool Includes(int32_t devices, int32_t others) const;

  // By block. Sums of these that stay below kForbidden cannot overflow with one more.
  const std::vector<int64_t>& Weights(int32_t devices) const { return Get(devices).weight; }
  // Of the upset of a block, which is given, too; at most kForbidden. Remembered.
  int64_t UpsetWeight(int32_t devices, int32_t block, const uint64_t* upset);
  int64_t TotalWeight(int32_t devices) const { return Get(devices).total; }
  // Below kForbidden.
  int64_t Limit(int32_t devices, Picos upper) const;
  // No division over these devices has all loads below this.
  Picos LowerBound(int32_t devices) const { return Get(devices).bound; }

  // Spent on finding weights, in units of about one block.
  int64_t work() const { return work_; }

  static constexpr int64_t kForbidden = int64_t{1} << 61;

 private:
  struct Set {
    std::vector<int32_t> counts, next;
    std::vector<int64_t> weight;
    std::vector<int64_t> upset;  // -1: not known yet
    int64_t total = 0;
    int shift = 0;  // weights are lambda times time, divided by 2^shift
    Picos bound = 0;
  };
  const Set& Get(int32_t devices) const { return sets_[static_cast<size_t>(devices)]; }
  int32_t Find(std::vector<int32_t> counts);

  const StageIndex& index_;
  int64_t work_ = 0;
  std::map<std::vector<int32_t>, int32_t> known_;
  std::vector<Set> sets_;
};

}  // namespace allot
