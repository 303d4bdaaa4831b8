#include "placement/bounds/part_bounds.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "placement/bounds/load_bound.h"
#include "placement/problem/allowed_times.h"

namespace allot {

PartEnds::PartEnds(const PathCosts& costs, const PartRows& rows, const std::vector<int64_t>& lambda,
                   int32_t span, RowTimes& ends)
    : costs_(costs),
      rows_(rows),
      num_devices_(Size(costs.num_devices)),
      span_(span),
      ends_(ends),
      wait_(rows.size(), num_devices_),
      direct_(rows.flows.size(), num_devices_),
      carried_(rows.flows.size(), num_devices_),
      load_(rows.size(), 0) {
  open_.Resize(std::min(Size(span), rows.size()) + 1);
  if (!lambda.empty()) FindWindows(lambda);
}

void PartEnds::FindWindows(const std::vector<int64_t>& lambda) {
  const LoadRows loads{IdTable<size_t, DeviceId, Picos>(rows_.time), {}};
  for (size_t row = 0; row < loads.size(); ++row) load_[row] = WeightedTime(loads, row, lambda);
  for (size_t d = 0; d < num_devices_; ++d) {
    std::vector<Window>& windows = windows_.emplace_back();
    for (size_t e = 0; e < num_devices_; ++e) {
      const Picos back = d == e ? costs_.again[d] : rows_.reach(DeviceId(e), DeviceId(d));
      if (back >= kNever || rows_.first[e] >= kNever || lambda[e] == 0) continue;
      windows.push_back({rows_.first[e] + back, lambda[e]});
    }
    std::sort(windows.begin(), windows.end(),
              [](const Window& a, const Window& b) { return a.from < b.from; });
  }
}

void PartEnds::Next() {
  const int32_t row = next_;
  FindAncestors();
  for (size_t d = 0; d < num_devices_; ++d) Raise(row, d);
  ++next_;
  while (next_flow_ < rows_.flows.size() && rows_.flows[next_flow_].from == row) {
    Send(next_flow_++);
  }
}

Picos PartEnds::Crossing(int32_t id, size_t from, size_t to) const {
  if (rows_.backwards) std::swap(from, to);
  return costs_.Crossing(id, static_cast<int32_t>(from), static_cast<int32_t>(to));
}

// direct_: when a new part on each device can start with what a flow brings; carried_: when a
// reader there can, which may be in the part of its producer.
void PartEnds::Send(size_t flow) {
  const auto id = static_cast<int32_t>(flow);
  const absl::Span<const Picos> ends = std::as_const(ends_).row(From(id));
  const absl::Span<Picos> direct = direct_.row(id), carried = carried_.row(id);
  for (size_t d = 0; d < num_devices_; ++d) {
    Picos start = kNever;
    for (size_t k = 0; k < num_devices_; ++k) {
      const Picos end = ends[k];
      if (end >= start) continue;
      const Picos between = k == d ? costs_.again[d] : Crossing(rows_.flows[flow].id, k, d);
      if (between < kNever) start = std::min(start, end + between);
    }
    direct[d] = start;
    carried[d] = std::min(start, ends[d]);
  }
}

// Makes a row an ancestor of the next one, unless it is too far back.
bool PartEnds::Reach(int32_t from) {
  const int32_t back = next_ - from;
  if (back > span_) return false;
  if (open_.Has(back)) return true;
  open_.Set(back);
  for (Wait& wait : wait_.row(from)) wait = {0, kNever, -1};
  return true;
}

// ancestors_: of the next row, as far back as is looked, last ones first; and when its part can
// start at the earliest if they are not in it.
void PartEnds::FindAncestors() {
  ancestors_.clear();
  elsewhere_ = 0;
  for (const int32_t flow : rows_.inputs[Size(next_)]) {
    if (!Reach(From(flow))) continue;
    const absl::Span<Wait> wait = wait_.row(From(flow));
    const absl::Span<const Picos> direct = direct_.row(flow);
    for (size_t d = 0; d < num_devices_; ++d) wait[d].known = std::max(wait[d].known, direct[d]);
  }
  // Readers come before what they read. Of an ancestor outside, either some reader is inside, so
  // that the part waits for the flow; or all are outside, and it waits for the last of them.
  open_.ForEach([this](int32_t back) {
    open_.Reset(back);
    const int32_t reader = next_ - back;
    ancestors_.push_back(reader);
    elsewhere_ += load_[Size(reader)];
    const absl::Span<Wait> own = wait_.row(reader);
    for (size_t d = 0; d < num_devices_; ++d) {
      own[d].known = std::max(own[d].known, std::min(own[d].inside, own[d].outside));
    }
    for (const int32_t flow : rows_.inputs[Size(reader)]) {
      const int32_t from = From(flow);
      if (!Reach(from)) continue;
      const absl::Span<Wait> wait = wait_.row(from);
      const absl::Span<const Picos> direct = direct_.row(flow);
      for (size_t d = 0; d < num_devices_; ++d) {
        wait[d].inside = std::min(wait[d].inside, direct[d]);
        wait[d].outside = std::max(wait[d].outside, own[d].known);
      }
    }
  });
}

// The earliest instant by which the devices can have done a load, and made it known on one.
Picos PartEnds::AfterLoad(Int128 load, size_t d) const {
  if (load == 0) return 0;
  Int128 weight = 0, before = 0;
  for (const Window& window : windows_[d]) {
    // Until the next one joins in.
    if (weight > 0 && weight * window.from - before >= load) break;
    weight += window.weight;
    before += static_cast<Int128>(window.weight) * window.from;
  }
  return weight == 0 ? kNever : static_cast<Picos>((load + before + weight - 1) / weight);
}

void PartEnds::Raise(int32_t row, size_t d) {
  const Picos time = rows_.time(row, DeviceId(d));
  Picos& end = ends_(row, DeviceId(d));
  if (time == kNotAllowed) {
    end = kNever;
    return;
  }
  for (const int32_t flow : rows_.inputs[Size(row)]) {
    const Picos start = carried_(flow, DeviceId(d));
    end = start >= kNever ? kNever : std::max(end, start + time);
  }
  if (end >= kNever) return;
  end = std::max(end, LeastEnd(row, d, end));
}

// The least end of a row on a device over all starts of its part; any that is at most `known`, if
// it is.
Picos PartEnds::LeastEnd(int32_t row, size_t d, Picos known) {
  Int128 elsewhere = elsewhere_;
  const DeviceId device(d);
  Picos together = rows_.time(row, device), least = kNever;
  const auto start_at = [&](Picos start) {
    start = std::max(start, rows_.first[d]);
    if (start >= kNever || start + together >= least) return;
    start = std::max(start, AfterLoad(elsewhere, d));
    if (start < kNever) least = std::min(least, start + together);
  };
  // From the latest start, which waits for everything, to earlier ones. To take more into the part
  // than must be there saves less load than it takes.
  Picos latest = 0;
  waits_.resize(ancestors_.size());
  for (size_t i = 0; i < ancestors_.size(); ++i) {
    waits_[i] = {wait_(ancestors_[i], device).known, ancestors_[i]};
    latest = std::max(latest, waits_[i].first);
  }
  start_at(latest);
  if (together >= least || least <= known) return least;
  // Few are looked at, so that they are not sorted beforehand.
  std::make_heap(waits_.begin(), waits_.end());
  while (!waits_.empty()) {
    const int32_t next = waits_.front().second;
    const Picos alone = rows_.time(next, device);
    if (alone == kNotAllowed) break;
    together += alone;
    elsewhere -= load_[Size(next)];
    if (together >= least) break;
    std::pop_heap(waits_.begin(), waits_.end());
    waits_.pop_back();
    start_at(waits_.empty() ? 0 : waits_.front().first);
    if (least <= known) break;
  }
  return least;
}

PartRows RowsOf(const PathCosts& costs) {
  PartRows rows;
  std::vector<int32_t> local(costs.producer.size());
  rows.first = costs.first;
  for (const ItemId id : costs.graph.topological) {
    const auto row = static_cast<int32_t>(rows.inputs.size());
    rows.time.AddRow(costs.times.row(id));
    std::vector<int32_t>& inputs = rows.inputs.emplace_back();
    for (const FlowId flow : costs.graph.inputs[id]) {
      inputs.push_back(local[static_cast<size_t>(flow.index())]);
    }
    for (const FlowId flow : costs.graph.outputs[id]) {
      local[static_cast<size_t>(flow.index())] = static_cast<int32_t>(rows.flows.size());
      rows.flows.push_back({flow.index(), row});
    }
  }
  rows.reach = LeastCrossings(costs, rows);
  return rows;
}

IdTable<DeviceId, DeviceId, Picos> LeastCrossings(const PathCosts& costs, const PartRows& rows) {
  const auto width = static_cast<size_t>(costs.num_devices);
  IdTable<DeviceId, DeviceId, Picos> least(width, width, kNever);
  const IdRange<DeviceId> devices(width);
  for (const DeviceId k : devices) {
    least(k, k) = 0;
    for (const DeviceId d : devices) {
      const DeviceId from = rows.backwards ? d : k, to = rows.backwards ? k : d;
      for (const PartRows::Flow& flow : rows.flows) {
        least(k, d) = std::min(least(k, d), costs.Crossing(flow.id, from.index(), to.index()));
      }
    }
  }
  for (const DeviceId via : devices) {
    for (const DeviceId k : devices) {
      for (const DeviceId d : devices) {
        const Picos there = least(k, via), on = least(via, d);
        if (there >= kNever || on >= kNever) continue;
        least(k, d) = std::min(least(k, d), there + on);
      }
    }
  }
  return least;
}

int32_t SpanWithin(const PathCosts& costs, int64_t work) {
  const int64_t cells = std::max<int64_t>(int64_t{costs.num_items} * costs.num_devices, 1);
  return static_cast<int32_t>(std::min<int64_t>(work / cells, costs.num_items));
}

int64_t RaiseEndsByParts(const PathCosts& costs, const std::vector<int64_t>& lambda, int64_t work,
                         ItemTimes& ends) {
  RaiseEnds(costs, ends);
  const int32_t span = SpanWithin(costs, work);
  const int64_t cells = int64_t{costs.num_items} * costs.num_devices;
  if (span < 2) return cells;
  RowTimes ordered(0, ends.num_columns());
  for (const ItemId item : costs.graph.topological) ordered.AddRow(std::as_const(ends).row(item));
  const PartRows rows = RowsOf(costs);
  PartEnds(costs, rows, lambda, span, ordered).All();
  int32_t row = 0;
  for (const ItemId item : costs.graph.topological) {
    std::ranges::copy(ordered.row(row++), ends.row(item).begin());
  }
  return cells * span;
}

void RaiseByParts(const PathCosts& costs, const std::vector<int64_t>& lambda, int64_t work,
                  PathBounds& paths) {
  RaiseEndsByParts(costs, lambda, work / 2, paths.head);
  const ProblemGraph reversed = ReversedGraph(costs);
  ItemTimes rests(paths.tail.num_rows(), paths.tail.num_columns(), 0);
  const absl::Span<const Picos> times = costs.times.cells();
  const absl::Span<Picos> tail = paths.tail.cells(), rest = rests.cells();
  for (size_t cell = 0; cell < times.size(); ++cell) {
    if (times[cell] != kNotAllowed) rest[cell] = std::min(kNever, tail[cell] + times[cell]);
  }
  RaiseEndsByParts(PathCosts(costs, reversed), lambda, work - work / 2, rests);
  for (size_t cell = 0; cell < times.size(); ++cell) {
    if (times[cell] == kNotAllowed) continue;
    tail[cell] = rest[cell] >= kNever ? kNever : rest[cell] - times[cell];
  }
}

}  // namespace allot
