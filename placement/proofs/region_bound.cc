#include "placement/proofs/region_bound.h"

#include <algorithm>
#include <map>
#include <utility>

#include "placement/bounds/device_windows.h"
#include "placement/problem/allowed_times.h"
#include "placement/sequences/sequence_search.h"

namespace allot {
namespace {

// How many rows back parts are looked for.
constexpr int32_t kMostLookedBack = 64;

}  // namespace

RegionBound::RegionBound(const PathCosts& costs, int32_t entry, int32_t exit,
                         std::vector<int32_t> items, const std::vector<int64_t>& lambda)
    : costs_(costs),
      entry_(entry),
      exit_(exit),
      items_(std::move(items)),
      time_(0, static_cast<size_t>(costs.num_devices)) {
  for (const int32_t item : items_) time_.AddRow(costs.times.row(ItemId(item)));
  const std::vector<std::vector<Input>> inputs = Inputs();
  FindSends(inputs);
  FindStarts(inputs, lambda);
  FindTails(inputs, lambda);
}

// By row (the items, then the exit): what it reads of the others and of the entry, which is -1.
std::vector<std::vector<RegionBound::Input>> RegionBound::Inputs() const {
  std::vector<std::pair<int32_t, int32_t>> row_of;
  for (size_t i = 0; i < items_.size(); ++i) {
    row_of.emplace_back(items_[i], static_cast<int32_t>(i));
  }
  std::sort(row_of.begin(), row_of.end());
  std::vector<std::vector<Input>> inputs(items_.size() + 1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (const FlowId flow : costs_.graph.inputs[ItemId(ItemOf(i))]) {
      const int32_t producer = costs_.producer[static_cast<size_t>(flow.index())];
      const auto it = std::lower_bound(row_of.begin(), row_of.end(), std::pair(producer, 0));
      const bool within = it != row_of.end() && it->first == producer;
      if (within || producer == entry_) {
        inputs[i].push_back({flow.index(), within ? it->second : -1});
      }
    }
  }
  return inputs;
}

void RegionBound::FindSends(const std::vector<std::vector<Input>>& inputs) {
  away_.assign(static_cast<size_t>(costs_.num_devices), kNever);
  send_ = away_;
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (const Input& input : inputs[i]) {
      for (int32_t k = 0; k < costs_.num_devices; ++k) {
        for (int32_t d = 0; d < costs_.num_devices; ++d) {
          if (d == k || costs_.Time(ItemOf(i), d) == kNotAllowed) continue;
          const Picos crossing = costs_.Crossing(input.flow, k, d);
          if (crossing >= kNever) continue;
          Picos& send = send_[static_cast<size_t>(k)];
          send = std::min(send, crossing - costs_.arrival[static_cast<size_t>(d)]);
          Picos& away = away_[static_cast<size_t>(k)];
          if (i < items_.size()) away = std::min(away, crossing);
        }
      }
    }
  }
}

// The ends of all rows if the first is on a device, where it takes some time.
RowTimes RegionBound::Ends(PartRows& rows, DeviceId device, Picos time,
                           const std::vector<int64_t>& lambda) const {
  // Without launches parts say nothing that paths do not.
  const int32_t span = costs_.LaunchesParts() ? kMostLookedBack : 0;
  const absl::Span<const Picos> reach = rows.reach.row(device);
  rows.first.assign(reach.begin(), reach.end());
  rows.time(0, device) = time;
  RowTimes ends(rows.time.num_rows(), rows.time.num_columns(), 0);
  PartEnds(costs_, rows, lambda, span, ends).All();
  rows.time(0, device) = kNotAllowed;
  return ends;
}

// start_: from the entry, which ends at instant 0.
void RegionBound::FindStarts(const std::vector<std::vector<Input>>& inputs,
                             const std::vector<int64_t>& lambda) {
  const auto width = static_cast<size_t>(costs_.num_devices);
  PartRows rows;
  rows.time.Assign(1, width, kNotAllowed);
  for (const int32_t item : items_) rows.time.AddRow(costs_.times.row(ItemId(item)));
  rows.time.AddRow(costs_.times.row(ItemId(exit_)));
  rows.inputs.resize(inputs.size() + 1);
  // Flows of a row are together.
  std::vector<std::vector<std::pair<int32_t, int32_t>>> outputs(inputs.size() + 1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (const Input& input : inputs[i]) {
      outputs[static_cast<size_t>(input.from + 1)].emplace_back(input.flow,
                                                                static_cast<int32_t>(i + 1));
    }
  }
  for (size_t from = 0; from < outputs.size(); ++from) {
    std::sort(outputs[from].begin(), outputs[from].end());
    for (size_t o = 0; o < outputs[from].size(); ++o) {
      const auto& [flow, reader] = outputs[from][o];
      if (o == 0 || outputs[from][o - 1].first != flow) {
        rows.flows.push_back({flow, static_cast<int32_t>(from)});
      }
      rows.inputs[static_cast<size_t>(reader)].push_back(static_cast<int32_t>(rows.flows.size()) -
                                                         1);
    }
  }
  rows.reach = LeastCrossings(costs_, rows);
  for (const DeviceId k : IdRange<DeviceId>(width)) {
    const RowTimes ends = Ends(rows, k, 0, lambda);
    RowTimes& start = start_.emplace_back(inputs.size(), width, kNever);
    for (int32_t row = 0; row < static_cast<int32_t>(inputs.size()); ++row) {
      for (const DeviceId d : IdRange<DeviceId>(width)) {
        const Picos end = ends(row + 1, d);
        if (end < kNever) start(row, d) = end - rows.time(row + 1, d);
      }
    }
  }
}

// tail_: backwards from the exit, which is the first row there.
void RegionBound::FindTails(const std::vector<std::vector<Input>>& inputs,
                            const std::vector<int64_t>& lambda) {
  const auto width = static_cast<size_t>(costs_.num_devices);
  const size_t n = items_.size();
  PartRows rows;
  rows.backwards = true;
  rows.time.Assign(1, width, kNotAllowed);
  rows.inputs.resize(n + 1);
  for (size_t i = n + 1; i-- > 0;) {
    if (i < n) rows.time.AddRow(costs_.times.row(ItemId(items_[i])));
    for (const Input& input : inputs[i]) {
      if (input.from < 0) continue;
      rows.inputs[n - static_cast<size_t>(input.from)].push_back(
          static_cast<int32_t>(rows.flows.size()));
      rows.flows.push_back({input.flow, static_cast<int32_t>(n - i)});
    }
  }
  rows.reach = LeastCrossings(costs_, rows);
  const auto last = static_cast<int32_t>(n);
  for (const DeviceId l : IdRange<DeviceId>(width)) {
    const RowTimes ends = Ends(rows, l, costs_.Time(exit_, l.index()), lambda);
    RowTimes& tail = tail_.emplace_back(n + 1, width, kNever);
    tail(last, l) = 0;
    for (int32_t row = 1; row <= last; ++row) {
      for (const DeviceId d : IdRange<DeviceId>(width)) {
        const Picos end = ends(row, d);
        if (end < kNever) tail(last - row, d) = end - rows.time(row, d);
      }
    }
  }
}

Picos RegionBound::Path(int32_t k, int32_t l) const {
  const RowTimes& starts = start_[static_cast<size_t>(k)];
  const RowTimes& tails = tail_[static_cast<size_t>(l)];
  const auto n = static_cast<int32_t>(items_.size());
  const Picos last = starts(n, DeviceId(l));
  if (last >= kNever) return kNever;
  Picos path = last + costs_.Time(exit_, l);
  for (int32_t i = 0; i < n; ++i) {
    const absl::Span<const Picos> start = starts.row(i), time = time_.row(i), tail = tails.row(i);
    Picos least = kNever;
    for (size_t d = 0; d < time.size(); ++d) {
      if (start[d] >= kNever || tail[d] >= kNever) continue;
      least = std::min(least, start[d] + time[d] + tail[d]);
    }
    path = std::max(path, least);
  }
  return path;
}

// What launches take of the devices, by cases. Parts of u (the entry, on k) and of v (the exit, on
// l) are P_u and P_v; `send` is the least transfer that leaves k.
//
// k = l: If all is on k, it is done there one after the other. If not, P_v is launched after what
// comes back; and k launches a third part in between or waits meanwhile, for a transfer and a
// launch elsewhere at least. k != l: P_v starts after all that is not in it, and nothing elsewhere
// starts before P_u has sent. If l has no part between, its items follow those of k; if k has none,
// those of l follow its own: one after the other either way. Else k launches once more, and l
// twice.
std::vector<RegionBound::Case> RegionBound::Cases(int32_t k, int32_t l) const {
  const size_t from = static_cast<size_t>(k), to = static_cast<size_t>(l);
  Case all{time_, start_[from], tail_[to], std::vector<Picos>(costs_.first.size(), 0)};
  const Picos last = costs_.Time(exit_, l);
  const bool launches = std::any_of(costs_.first.begin(), costs_.first.end(),
                                    [](Picos launch) { return launch > 0; });
  if (!launches) return {std::move(all)};
  if (k == l) {
    all.taken[from] = last + costs_.first[from] + std::min(costs_.first[from], away_[from]);
    return {std::move(all)};
  }
  Case joined = all;
  joined.taken[from] = send_[from] + costs_.first[to] + last;
  for (int32_t i = 0; i < static_cast<int32_t>(items_.size()); ++i) {
    const absl::Span<Picos> time = joined.time.row(i);
    const absl::Span<Picos> start = joined.start.row(i), tail = joined.tail.row(i);
    if (time[to] == kNotAllowed) continue;
    if (time[from] == kNotAllowed) time[from] = kNever;
    time[from] = std::min(time[from], time[to]);
    start[from] = std::min(start[from], start[to]);
    tail[from] = std::min(tail[from], tail[to]);
    time[to] = kNotAllowed;
  }
  all.taken[from] = costs_.first[from] + send_[from] + costs_.first[to] + last;
  all.taken[to] = send_[from] + 2 * costs_.first[to] + last;
  return {std::move(joined), std::move(all)};
}

Picos RegionBound::Between(int32_t k, int32_t l, Picos cutoff) const {
  const Picos path = Path(k, l);
  if (path >= cutoff) return path;
  // Everything on its best device, one after the other, is an end to the search.
  Picos high = path, alone = costs_.Time(exit_, k);
  for (int32_t i = 0; i < static_cast<int32_t>(items_.size()); ++i) {
    Picos best = kNever;
    for (const Picos time : time_.row(i)) {
      if (time != kNotAllowed) best = std::min(best, time);
    }
    high += best;
    const Picos time = time_(i, DeviceId(k));
    alone = time == kNotAllowed || alone >= kNever ? kNever : alone + time;
  }
  if (k == l && alone < kNever) high = alone;
  high = std::min(high, cutoff);
  // The least of the cases; of each, what the worst of the sets needs. A set that can be done
  // within what another needs is not looked at closer, and the whole, which needs most, comes
  // first.
  Picos least = high;
  for (const Case& c : Cases(k, l)) {
    const WindowRows rows{WindowRows::Times(c.time), WindowRows::Times(c.start),
                          WindowRows::Times(c.tail), c.taken};
    const std::vector<std::vector<int32_t>> sets = WindowSets(rows, items_.size());
    Picos bound = path;
    for (auto set = sets.rbegin(); set != sets.rend() && bound < least; ++set) {
      if (Overloaded(rows, *set, bound)) bound = Needed(rows, *set, bound + 1, least);
    }
    least = std::min(least, bound);
  }
  return least;
}

// What a set needs at least, if that is from `low` to `high`; to a part in 4096.
Picos RegionBound::Needed(const WindowRows& rows, const std::vector<int32_t>& set, Picos low,
                          Picos high) {
  if (low >= high || Overloaded(rows, set, high - 1)) return high;
  constexpr Picos kFine = 4096;
  while (high - low > low / kFine) {
    const Picos middle = low + (high - low) / 2;
    if (Overloaded(rows, set, middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// A schedule of everything, with all else left out: the part of the entry begins with it, and what
// it launched before is not counted; all other parts launch for themselves.
Picos RegionBound::Search(int32_t k, int32_t l, Picos known, Picos cutoff, int64_t& work) const {
  if (items_.size() > kMostSearched) return known;
  const auto num_devices = static_cast<size_t>(costs_.num_devices);
  std::vector<int32_t> all = {entry_};
  all.insert(all.end(), items_.begin(), items_.end());
  all.push_back(exit_);
  SequenceInstance instance;
  instance.size = StepSize::kAny;
  instance.num_items = static_cast<int32_t>(all.size());
  instance.num_devices = costs_.num_devices;
  instance.step_cost = costs_.first;
  instance.time.Assign(all.size(), num_devices, kNotAllowed);
  std::map<int32_t, SequenceInstance::Flow> flows;
  for (size_t i = 0; i < all.size(); ++i) {
    for (int32_t d = 0; d < costs_.num_devices; ++d) {
      const bool allowed = i == 0 ? d == k : i + 1 < all.size() || d == l;
      if (!allowed) continue;
      instance.time(static_cast<int32_t>(i), DeviceId(d)) = i == 0 ? 0 : costs_.Time(all[i], d);
    }
    instance.item_of.push_back(ItemId(all[i]));
    for (const FlowId id : costs_.graph.inputs[ItemId(all[i])]) {
      const int32_t producer = costs_.producer[static_cast<size_t>(id.index())];
      const auto from = std::find(all.begin(), all.end(), producer);
      if (from == all.end()) continue;
      SequenceInstance::Flow& flow = flows[id.index()];
      flow.from = static_cast<int32_t>(from - all.begin());
      flow.to |= uint64_t{1} << i;
      flow.id = id.index();
    }
  }
  for (auto& [id, flow] : flows) {
    flow.crossing.Assign(num_devices, num_devices, kNever);
    for (const DeviceId from : IdRange<DeviceId>(num_devices)) {
      for (const DeviceId to : IdRange<DeviceId>(num_devices)) {
        const Picos crossing = costs_.Crossing(id, from.index(), to.index());
        const Picos launch = from == to ? 0 : costs_.arrival[static_cast<size_t>(to.index())];
        if (crossing < kNever) flow.crossing(from, to) = crossing - launch;
      }
    }
    instance.flows.push_back(std::move(flow));
  }
  const Picos launched = costs_.first[static_cast<size_t>(k)];
  SequenceSearchLimits limits;
  limits.upper = std::min(kNever, cutoff + launched);
  limits.goal = known + launched;
  limits.work = work;
  const SequenceSearchResult result = SearchSequences(instance, limits);
  work -= result.work;
  if (!result.complete) return known;
  if (result.found) return std::max(known, result.value - launched);
  return limits.upper >= kNever ? kNever : std::max(known, cutoff);
}

}  // namespace allot
