// The loads of a placement of units, kept up to date from move to move: a move costs O(flows of the
// unit) for staged flows and O(flows * devices) for direct ones, whatever the size of the problem.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "placement/loads/load_model.h"
#include "support/id_table.h"

namespace allot {

class LoadState {
 public:
  // Keeps a reference. `device` by unit; allowed devices only.
  LoadState(const LoadModel& model, std::vector<int32_t> device);

  const std::vector<int32_t>& device() const { return device_; }
  int32_t device(int32_t unit) const { return device_[static_cast<size_t>(unit)]; }
  // By device, then by channel.
  const std::vector<Picos>& loads() const { return load_; }
  Picos Largest() const;
  // Bytes beyond memory, over all devices; and receivers that no route leads to.
  Bytes excess() const { return excess_; }
  int64_t missing_routes() const { return missing_; }
  const std::vector<int32_t>& UnitsOn(int32_t d) const { return units_on_[static_cast<size_t>(d)]; }

  void Move(int32_t unit, int32_t to);

  // Resources whose load has changed since the last Settle(), each once, with the load it had then.
  const std::vector<std::pair<int32_t, Picos>>& touched() const { return touched_; }
  void Settle();

  // Flow ends visited so far.
  int64_t work() const { return work_; }

 private:
  void Add(int32_t resource, Picos amount);
  void Transfer(const LoadModel::Flow& flow, int32_t from, int32_t to, int32_t sign);
  // Charges (sign 1) or takes back (-1) all of a flow as if its producer were on `from`.
  void Send(int32_t flow, int32_t from, int32_t sign);
  void AddConsumer(int32_t flow, int32_t d);
  void RemoveConsumer(int32_t flow, int32_t d);
  void Hold(int32_t d, Bytes bytes);
  void Occupy(int32_t unit, int32_t d, int32_t sign);
  int32_t& Count(int32_t flow, int32_t d) { return count_(flow, d); }

  const LoadModel& model_;
  std::vector<int32_t> device_;
  std::vector<Picos> load_;
  std::vector<Bytes> resident_;
  Bytes excess_ = 0;
  int64_t missing_ = 0;
  std::vector<int32_t> out_begin_, out_, in_begin_, in_;  // flows by unit
  std::vector<int32_t> shared_begin_, shared_;            // shared memory by unit
  IdTable<int32_t, int32_t, int32_t> count_;              // [flow][device]: consumers there
  std::vector<int32_t> places_;                           // by flow: devices with consumers
  IdTable<int32_t, int32_t, int32_t> shared_count_;       // [shared][device]
  std::vector<std::vector<int32_t>> units_on_;
  std::vector<int32_t> position_;  // by unit, in units_on_
  std::vector<std::pair<int32_t, Picos>> touched_;
  std::vector<char> is_touched_;
  int64_t work_ = 0;
};

}  // namespace allot
