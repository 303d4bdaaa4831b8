#include "placement/bounds/part_bounds.h"

#include <algorithm>
#include <functional>

#include "placement/bounds/load_bound.h"
#include "placement/problem/allowed_times.h"

namespace allot {

PartEnds::PartEnds(const PathCosts& costs, const PartRows& rows, const std::vector<int64_t>& lambda,
                   int32_t span, std::vector<Picos>& ends)
    : costs_(costs),
      rows_(rows),
      num_devices_(Size(costs.num_devices)),
      span_(span),
      ends_(ends),
      known_(ends.size()),
      inside_(ends.size()),
      outside_(ends.size()),
      direct_(rows.flows.size(), num_devices_),
      carried_(rows.flows.size(), num_devices_),
      load_(rows.size(), 0),
      mark_(rows.size(), -1) {
  if (!lambda.empty()) FindWindows(lambda);
}

void PartEnds::FindWindows(const std::vector<int64_t>& lambda) {
  LoadRows loads;
  loads.num_devices = num_devices_;
  loads.time = rows_.time;
  for (size_t row = 0; row < loads.size(); ++row) load_[row] = WeightedTime(loads, row, lambda);
  for (size_t d = 0; d < num_devices_; ++d) {
    std::vector<Window>& windows = windows_.emplace_back();
    for (size_t e = 0; e < num_devices_; ++e) {
      const Picos back = d == e ? costs_.again[d] : rows_.reach[e * num_devices_ + d];
      if (back >= kNever || rows_.first[e] >= kNever || lambda[e] == 0) continue;
      windows.push_back({rows_.first[e] + back, lambda[e]});
    }
    std::sort(windows.begin(), windows.end(),
              [](const Window& a, const Window& b) { return a.from < b.from; });
  }
}

void PartEnds::Next() {
  const int32_t row = next_++;
  FindAncestors(row);
  for (size_t d = 0; d < num_devices_; ++d) Raise(row, d);
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
  const int32_t from = rows_.flows[flow].from;
  for (size_t d = 0; d < num_devices_; ++d) {
    Picos start = kNever;
    for (size_t k = 0; k < num_devices_; ++k) {
      const Picos end = ends_[Cell(from, k)];
      if (end >= start) continue;
      const Picos between = k == d ? costs_.again[d] : Crossing(rows_.flows[flow].id, k, d);
      if (between < kNever) start = std::min(start, end + between);
    }
    direct_(flow, d) = start;
    carried_(flow, d) = std::min(start, ends_[Cell(from, d)]);
  }
}

// ancestors_: of the row, as far back as is looked, last ones first; and known_: by device, when
// its part there can start at the earliest if they are not in it.
void PartEnds::FindAncestors(int32_t row) {
  ancestors_.clear();
  mark_[Size(row)] = row;
  MarkInputs(row, row);
  for (size_t i = 0; i < ancestors_.size(); ++i) MarkInputs(ancestors_[i], row);
  std::sort(ancestors_.begin(), ancestors_.end(), std::greater<>());
  for (const int32_t flow : rows_.inputs[Size(row)]) {
    if (mark_[Size(From(flow))] != row) continue;
    for (size_t d = 0; d < num_devices_; ++d) {
      Picos& known = known_[Cell(From(flow), d)];
      known = std::max(known, direct_(flow, d));
    }
  }
  // Readers come before what they read. Of an ancestor outside, either some reader is inside, so
  // that the part waits for the flow; or all are outside, and it waits for the last of them.
  for (const int32_t reader : ancestors_) {
    for (size_t d = 0; d < num_devices_; ++d) {
      const size_t cell = Cell(reader, d);
      known_[cell] = std::max(known_[cell], std::min(inside_[cell], outside_[cell]));
    }
    for (const int32_t flow : rows_.inputs[Size(reader)]) {
      const int32_t from = From(flow);
      if (mark_[Size(from)] != row) continue;
      for (size_t d = 0; d < num_devices_; ++d) {
        const size_t cell = Cell(from, d);
        inside_[cell] = std::min(inside_[cell], direct_(flow, d));
        outside_[cell] = std::max(outside_[cell], known_[Cell(reader, d)]);
      }
    }
  }
}

void PartEnds::MarkInputs(int32_t reader, int32_t row) {
  for (const int32_t flow : rows_.inputs[Size(reader)]) {
    const int32_t from = From(flow);
    if (mark_[Size(from)] == row || from < row - span_) continue;
    mark_[Size(from)] = row;
    ancestors_.push_back(from);
    for (size_t d = 0; d < num_devices_; ++d) {
      known_[Cell(from, d)] = 0;
      inside_[Cell(from, d)] = kNever;
      outside_[Cell(from, d)] = -1;
    }
  }
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
  const Picos time = rows_.time[Cell(row, d)];
  Picos& end = ends_[Cell(row, d)];
  if (time == kNotAllowed) {
    end = kNever;
    return;
  }
  for (const int32_t flow : rows_.inputs[Size(row)]) {
    const Picos start = carried_(flow, d);
    end = start >= kNever ? kNever : std::max(end, start + time);
  }
  if (end >= kNever) return;
  waits_.clear();
  Int128 elsewhere = 0;
  for (const int32_t ancestor : ancestors_) {
    waits_.emplace_back(known_[Cell(ancestor, d)], ancestor);
    elsewhere += load_[Size(ancestor)];
  }
  std::sort(waits_.begin(), waits_.end(), std::greater<>());
  // From the latest start, which waits for everything, to earlier ones. To take more into the part
  // than must be there saves less load than it takes.
  Picos together = time, least = kNever;
  for (size_t i = 0; together < least; ++i) {
    Picos start = i < waits_.size() ? waits_[i].first : 0;
    if (start < kNever) {
      start = std::max({start, rows_.first[d], AfterLoad(elsewhere, d)});
      if (start < kNever) least = std::min(least, start + together);
    }
    if (i == waits_.size()) break;
    const Picos alone = rows_.time[Cell(waits_[i].second, d)];
    if (alone == kNotAllowed) break;
    together += alone;
    elsewhere -= load_[Size(waits_[i].second)];
  }
  end = std::max(end, least);
}

PartRows RowsOf(const PathCosts& costs) {
  PartRows rows;
  std::vector<int32_t> local(costs.producer.size());
  rows.first = costs.first;
  for (const ItemId id : costs.graph.topological) {
    const auto row = static_cast<int32_t>(rows.inputs.size());
    for (int32_t d = 0; d < costs.num_devices; ++d) rows.time.push_back(costs.Time(id.index(), d));
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

std::vector<Picos> LeastCrossings(const PathCosts& costs, const PartRows& rows) {
  const auto width = static_cast<size_t>(costs.num_devices);
  std::vector<Picos> least(width * width, kNever);
  for (size_t k = 0; k < width; ++k) {
    least[k * width + k] = 0;
    for (size_t d = 0; d < width; ++d) {
      const auto from = static_cast<int32_t>(rows.backwards ? d : k);
      const auto to = static_cast<int32_t>(rows.backwards ? k : d);
      for (const PartRows::Flow& flow : rows.flows) {
        least[k * width + d] = std::min(least[k * width + d], costs.Crossing(flow.id, from, to));
      }
    }
  }
  for (size_t via = 0; via < width; ++via) {
    for (size_t k = 0; k < width; ++k) {
      for (size_t d = 0; d < width; ++d) {
        const Picos there = least[k * width + via], on = least[via * width + d];
        if (there >= kNever || on >= kNever) continue;
        least[k * width + d] = std::min(least[k * width + d], there + on);
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
                         std::vector<Picos>& ends) {
  RaiseEnds(costs, ends);
  const int32_t span = SpanWithin(costs, work);
  const int64_t cells = int64_t{costs.num_items} * costs.num_devices;
  if (span < 2) return cells;
  const auto width = static_cast<ptrdiff_t>(costs.num_devices);
  const auto row = [width](std::vector<Picos>& of, size_t at) {
    return of.begin() + static_cast<ptrdiff_t>(at) * width;
  };
  std::vector<Picos> ordered(ends.size());
  const std::vector<ItemId>& order = costs.graph.topological;
  for (size_t at = 0; at < order.size(); ++at) {
    std::copy_n(row(ends, static_cast<size_t>(order[at].index())), width, row(ordered, at));
  }
  const PartRows rows = RowsOf(costs);
  PartEnds(costs, rows, lambda, span, ordered).All();
  for (size_t at = 0; at < order.size(); ++at) {
    std::copy_n(row(ordered, at), width, row(ends, static_cast<size_t>(order[at].index())));
  }
  return cells * span;
}

void RaiseByParts(const PathCosts& costs, const std::vector<int64_t>& lambda, int64_t work,
                  PathBounds& paths) {
  RaiseEndsByParts(costs, lambda, work / 2, paths.head);
  const ProblemGraph reversed = ReversedGraph(costs);
  std::vector<Picos> rests(paths.tail.size(), 0);
  for (size_t cell = 0; cell < rests.size(); ++cell) {
    if (costs.times[cell] == kNotAllowed) continue;
    rests[cell] = std::min(kNever, paths.tail[cell] + costs.times[cell]);
  }
  RaiseEndsByParts(PathCosts(costs, reversed), lambda, work - work / 2, rests);
  for (size_t cell = 0; cell < rests.size(); ++cell) {
    if (costs.times[cell] == kNotAllowed) continue;
    paths.tail[cell] = rests[cell] >= kNever ? kNever : rests[cell] - costs.times[cell];
  }
}

}  // namespace allot
