#include "placement/loads/load_state.h"

#include <algorithm>

namespace allot {
namespace {

size_t Size(int32_t i) { return static_cast<size_t>(i); }

// Rows of `items[i]` for each row it names.
void MakeRows(size_t num_rows, const std::vector<std::pair<int32_t, int32_t>>& pairs,
              std::vector<int32_t>& begin, std::vector<int32_t>& values) {
  begin.assign(num_rows + 1, 0);
  for (const auto& [row, value] : pairs) ++begin[Size(row) + 1];
  for (size_t row = 0; row < num_rows; ++row) begin[row + 1] += begin[row];
  values.resize(pairs.size());
  std::vector<int32_t> next = begin;
  for (const auto& [row, value] : pairs) values[Size(next[Size(row)]++)] = value;
}

}  // namespace

LoadState::LoadState(const LoadModel& model, std::vector<int32_t> device)
    : model_(model), device_(std::move(device)) {
  const size_t n = Size(model.num_units), num_devices = Size(model.num_devices);
  load_.assign(num_devices + Size(model.num_channels), 0);
  is_touched_.assign(load_.size(), 0);
  resident_.assign(num_devices, 0);
  units_on_.resize(num_devices);
  position_.resize(n);
  count_.Assign(model.flows.size(), num_devices, 0);
  places_.assign(model.flows.size(), 0);
  shared_count_.Assign(model.shared.size(), num_devices, 0);
  std::vector<std::pair<int32_t, int32_t>> out, in, shared;
  for (size_t f = 0; f < model.flows.size(); ++f) {
    out.emplace_back(model.flows[f].from, static_cast<int32_t>(f));
    for (const int32_t to : model.flows[f].to) in.emplace_back(to, static_cast<int32_t>(f));
  }
  for (size_t s = 0; s < model.shared.size(); ++s) {
    for (const int32_t unit : model.shared[s].units) {
      shared.emplace_back(unit, static_cast<int32_t>(s));
    }
  }
  MakeRows(n, out, out_begin_, out_);
  MakeRows(n, in, in_begin_, in_);
  MakeRows(n, shared, shared_begin_, shared_);
  for (int32_t unit = 0; unit < model.num_units; ++unit) Occupy(unit, device_[Size(unit)], 1);
  for (size_t f = 0; f < model.flows.size(); ++f) {
    const auto flow = static_cast<int32_t>(f);
    for (const int32_t to : model.flows[f].to) {
      if (Count(flow, device_[Size(to)])++ == 0) ++places_[f];
    }
    Send(flow, device_[Size(model.flows[f].from)], 1);
  }
  Settle();
}

Picos LoadState::Largest() const { return *std::max_element(load_.begin(), load_.end()); }

void LoadState::Settle() {
  for (const auto& [resource, load] : touched_) is_touched_[Size(resource)] = 0;
  touched_.clear();
}

void LoadState::Add(int32_t resource, Picos amount) {
  if (amount == 0) return;
  Picos& load = load_[Size(resource)];
  if (!is_touched_[Size(resource)]) {
    is_touched_[Size(resource)] = 1;
    touched_.emplace_back(resource, load);
  }
  load += amount;
}

// One direct transfer.
void LoadState::Transfer(const LoadModel::Flow& flow, int32_t from, int32_t to, int32_t sign) {
  Picos time = flow.time(from, to);
  if (time == LoadModel::kNoRoute) {
    missing_ += sign;
    return;
  }
  time *= sign;
  for (const int32_t channel : model_.Channels(from, to)) Add(model_.num_devices + channel, time);
  if (!model_.blocking) return;
  Add(from, time);
  Add(to, time);
}

void LoadState::Send(int32_t flow, int32_t from, int32_t sign) {
  const LoadModel::Flow& f = model_.flows[Size(flow)];
  ++work_;
  if (!f.staging.empty()) {
    // Receivers load whether they are here or there, but for the one on the producer's device.
    const bool here = Count(flow, from) > 0;
    if (places_[Size(flow)] > (here ? 1 : 0)) Add(from, sign * f.staging[Size(from)]);
    for (int32_t d = 0; d < model_.num_devices; ++d) {
      if (d != from && Count(flow, d) > 0) Add(d, sign * f.staging[Size(d)]);
    }
    return;
  }
  for (int32_t d = 0; d < model_.num_devices; ++d) {
    if (d != from && Count(flow, d) > 0) Transfer(f, from, d, sign);
  }
}

void LoadState::AddConsumer(int32_t flow, int32_t d) {
  ++work_;
  if (Count(flow, d)++ != 0) return;
  ++places_[Size(flow)];
  const LoadModel::Flow& f = model_.flows[Size(flow)];
  const int32_t from = device_[Size(f.from)];
  if (d == from) return;
  if (f.staging.empty()) return Transfer(f, from, d, 1);
  Add(d, f.staging[Size(d)]);
  const int32_t elsewhere = places_[Size(flow)] - (Count(flow, from) > 0 ? 1 : 0);
  if (elsewhere == 1) Add(from, f.staging[Size(from)]);
}

void LoadState::RemoveConsumer(int32_t flow, int32_t d) {
  ++work_;
  if (--Count(flow, d) != 0) return;
  --places_[Size(flow)];
  const LoadModel::Flow& f = model_.flows[Size(flow)];
  const int32_t from = device_[Size(f.from)];
  if (d == from) return;
  if (f.staging.empty()) return Transfer(f, from, d, -1);
  Add(d, -f.staging[Size(d)]);
  const int32_t elsewhere = places_[Size(flow)] - (Count(flow, from) > 0 ? 1 : 0);
  if (elsewhere == 0) Add(from, -f.staging[Size(from)]);
}

void LoadState::Hold(int32_t d, Bytes bytes) {
  const Bytes capacity = model_.capacity[Size(d)];
  Bytes& resident = resident_[Size(d)];
  excess_ -= std::max<Bytes>(resident - capacity, 0);
  resident += bytes;
  excess_ += std::max<Bytes>(resident - capacity, 0);
}

// What a unit brings to a device by itself.
void LoadState::Occupy(int32_t unit, int32_t d, int32_t sign) {
  std::vector<int32_t>& units = units_on_[Size(d)];
  if (sign > 0) {
    if (units.empty()) Add(d, model_.once[Size(d)]);
    position_[Size(unit)] = static_cast<int32_t>(units.size());
    units.push_back(unit);
  } else {
    const int32_t last = units.back();
    units[Size(position_[Size(unit)])] = last;
    position_[Size(last)] = position_[Size(unit)];
    units.pop_back();
    if (units.empty()) Add(d, -model_.once[Size(d)]);
  }
  Add(d, sign * model_.Time(unit, d));
  if (model_.memory[Size(unit)] != 0) Hold(d, sign * model_.memory[Size(unit)]);
  for (int32_t i = shared_begin_[Size(unit)]; i < shared_begin_[Size(unit) + 1]; ++i) {
    const int32_t shared = shared_[Size(i)];
    int32_t& count = shared_count_(shared, d);
    const bool had = count > 0;
    count += sign;
    if (had != (count > 0)) Hold(d, sign * model_.shared[Size(shared)].bytes);
  }
}

void LoadState::Move(int32_t unit, int32_t to) {
  const int32_t from = device_[Size(unit)];
  ++work_;
  if (from == to) return;
  Occupy(unit, from, -1);
  Occupy(unit, to, 1);
  for (int32_t i = in_begin_[Size(unit)]; i < in_begin_[Size(unit) + 1]; ++i) {
    RemoveConsumer(in_[Size(i)], from);
    AddConsumer(in_[Size(i)], to);
  }
  for (int32_t i = out_begin_[Size(unit)]; i < out_begin_[Size(unit) + 1]; ++i) {
    const int32_t flow = out_[Size(i)];
    const LoadModel::Flow& f = model_.flows[Size(flow)];
    if (f.staging.empty()) {
      Send(flow, from, -1);
      Send(flow, to, 1);
      continue;
    }
    // Only what happens on the two devices changes.
    ++work_;
    const int32_t on_from = Count(flow, from) > 0 ? 1 : 0, on_to = Count(flow, to) > 0 ? 1 : 0;
    const int32_t places = places_[Size(flow)];
    Picos less = places > on_from ? f.staging[Size(from)] : 0;  // its store
    Picos more = places > on_to ? f.staging[Size(to)] : 0;
    if (on_from != 0) less -= f.staging[Size(from)];  // consumers left behind load
    if (on_to != 0) more -= f.staging[Size(to)];      // consumers there need not load any more
    Add(from, -less);
    Add(to, more);
  }
  device_[Size(unit)] = to;
}

}  // namespace allot
