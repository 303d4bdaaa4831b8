#include "placement/proofs/interval_chain.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>

#include "placement/bounds/part_bounds.h"
#include "placement/problem/allowed_times.h"
#include "placement/proofs/region_bound.h"
#include "placement/proofs/region_choice.h"
#include "support/id_cube.h"

namespace allot {
namespace {

// Items by position in the topological order: every interval between two pivots lies in the
// stretch of positions between theirs.
class Chain {
 public:
  Chain(const PathCosts& costs, const PathBounds& paths, const LoadDual& dual)
      : costs_(costs),
        paths_(paths),
        n_(static_cast<size_t>(costs.num_items)),
        num_devices_(static_cast<size_t>(costs.num_devices)) {
    position_.resize(n_);
    for (const ItemId item : costs.graph.topological) {
      position_[Index(item)] = static_cast<int32_t>(items_.size());
      items_.push_back(item);
    }
    weights_ = {std::vector<int64_t>(num_devices_, kLoadWeight / costs.num_devices)};
    if (dual.lambda.size() == num_devices_) weights_.push_back(dual.lambda);
    const LoadRows rows{IdTable<size_t, DeviceId, Picos>(costs.times), {}};
    for (const std::vector<int64_t>& lambda : weights_) {
      std::vector<Int128>& least = least_.emplace_back();
      for (size_t i = 0; i < n_; ++i) least.push_back(WeightedTime(rows, i, lambda));
    }
    end_ = paths.head;
  }

  ChainBound Run(int64_t work) {
    // Parts are launched at their start, so nothing is searched backwards.
    const bool launches = std::any_of(costs_.first.begin(), costs_.first.end(),
                                      [](Picos launch) { return launch > 0; });
    if (launches) search_work_ = {work / 2, work / 2};
    regions_ = ChooseRegions(costs_, work / 2);
    regions_at_.resize(n_);
    for (size_t r = 0; r < regions_.size(); ++r) {
      regions_at_[static_cast<size_t>(regions_[r].entry)].push_back(r);
    }
    // What pivots are counted in are single additions, unlike the closer looks.
    ChoosePivots((work - work / 2) * 16);
    mark_.assign(n_, -1);
    seen_.assign(n_, -1);
    reach_.Assign(n_, num_devices_, num_devices_, kNever);
    best_ = CriticalPath(costs_, paths_);
    IntervalsFromStart();
    // What parts show of a pivot stands on what is known of all before it.
    const int32_t span = costs_.LaunchesParts() ? SpanWithin(costs_, work * 4) : 0;
    const PartRows rows = span > 1 ? RowsOf(costs_) : PartRows();
    RowTimes ordered;
    if (span > 1) ordered.Assign(n_, num_devices_, 0);
    std::optional<PartEnds> parts;
    if (span > 1) parts.emplace(costs_, rows, weights_.back(), span, ordered);
    for (size_t p = 0; p < pivots_.size(); ++p) {
      while (parts.has_value() && parts->next() <= pivots_[p]) RaiseNext(*parts, ordered);
      for (const size_t region : regions_at_[static_cast<size_t>(pivots_[p])])
        Cross(regions_[region]);
      IntervalsFrom(p);
    }
    for (int32_t pivot : pivots_) {
      const ItemId item = items_[static_cast<size_t>(pivot)];
      const absl::Span<const Picos> end = std::as_const(end_).row(item),
                                    tail = paths_.tail.row(item);
      Picos least = kNever;
      for (size_t d = 0; d < num_devices_; ++d) {
        if (end[d] < kNever) least = std::min(least, end[d] + tail[d]);
      }
      best_ = std::max(best_, least);
    }
    return {best_, std::move(end_)};
  }

 private:
  static size_t Index(ItemId item) { return static_cast<size_t>(item.index()); }

  // `ordered`: ends by position.
  void RaiseNext(PartEnds& parts, RowTimes& ordered) {
    const int32_t at = parts.next();
    const absl::Span<Picos> row = ordered.row(at), end = end_.row(items_[static_cast<size_t>(at)]);
    std::ranges::copy(end, row.begin());
    parts.Next();
    std::ranges::copy(row, end.begin());
  }

  // Carries the ends of a region's entry to its exit.
  void Cross(const Region& region) {
    const ItemId entry = items_[static_cast<size_t>(region.entry)];
    const ItemId exit = items_[static_cast<size_t>(region.exit)];
    const RegionBound bound(costs_, entry.index(), exit.index(), region.items, weights_.back());
    const absl::Span<const Picos> starts = std::as_const(end_).row(entry);
    const absl::Span<Picos> ends = end_.row(exit);
    for (size_t l = 0; l < num_devices_; ++l) {
      Picos& end = ends[l];
      if (end >= kNever) continue;
      const auto to = static_cast<int32_t>(l);
      // By what the paths say: those that cannot be the least any more need no closer look.
      std::vector<std::pair<Picos, size_t>> entries;
      for (size_t k = 0; k < num_devices_; ++k) {
        const Picos start = starts[k];
        const Picos path = start >= kNever ? kNever : bound.Path(static_cast<int32_t>(k), to);
        if (path < kNever) entries.emplace_back(start + path, k);
      }
      std::sort(entries.begin(), entries.end());
      Picos least = kNever;
      for (const auto& [path, k] : entries) {
        if (path >= least) break;
        const auto from = static_cast<int32_t>(k);
        const Picos start = starts[k];
        Picos between = bound.Between(from, to, least - start);
        if (start + between >= least) continue;
        if (int64_t& work = search_work_[region.overlaps ? 1 : 0]; work > 0) {
          // One search alone must not take it all.
          const int64_t limit = std::min<int64_t>(work, region.overlaps ? 10'000 : 50'000);
          int64_t left = limit;
          between = bound.Search(from, to, between, least - start, left);
          work -= limit - left;
        }
        least = std::min(least, start + between);
      }
      end = std::max(end, least);
    }
  }

  // Fills pivots_ (positions, ascending) and window_ (how far the intervals of each may reach).
  void ChoosePivots(int64_t work) {
    const int64_t d2 = static_cast<int64_t>(num_devices_ * num_devices_);
    int64_t edges = 0;
    std::vector<int32_t> jumps(n_ + 1, 0);  // edges over a position, by differences
    std::vector<int32_t> farthest(n_, 0);
    int32_t last_source = 0;
    size_t first_sink = n_;
    for (size_t at = 0; at < n_; ++at) {
      if (costs_.graph.predecessors[items_[at]].empty()) last_source = static_cast<int32_t>(at);
      if (costs_.graph.successors[items_[at]].empty()) first_sink = std::min(first_sink, at);
      for (const ItemId next : costs_.graph.successors[items_[at]]) {
        const int32_t to = position_[Index(next)];
        ++jumps[at + 1];
        --jumps[static_cast<size_t>(to)];
        ++edges;
      }
    }
    std::partial_sum(jumps.begin(), jumps.end(), jumps.begin());
    const int64_t cost =
        static_cast<int64_t>(n_) + (edges + 1) * d2 * static_cast<int64_t>(num_devices_);
    if (static_cast<Int128>(cost) * static_cast<Int128>(n_) <= work) {
      for (size_t at = 0; at < n_; ++at) pivots_.push_back(static_cast<int32_t>(at));
      window_.assign(n_, static_cast<int32_t>(n_));
      return;
    }
    // Cut vertices: no edge jumps over them, no sink is before and no source after them.
    std::vector<char> chosen(n_, 0);
    std::vector<int32_t> others;
    size_t num_cuts = 0;
    for (size_t at = 0; at < n_; ++at) {
      const bool cut =
          jumps[at] == 0 && at <= first_sink && static_cast<int32_t>(at) >= last_source;
      if (cut) {
        chosen[at] = 1;
        ++num_cuts;
      } else {
        others.push_back(static_cast<int32_t>(at));
      }
    }
    constexpr int64_t kWindow = 128;
    const int64_t per_pivot = kWindow * (d2 * (1 + edges / static_cast<int64_t>(n_)) + 32);
    const auto affordable = static_cast<size_t>(std::max<int64_t>(0, work / per_pivot));
    std::stable_sort(others.begin(), others.end(), [&jumps](int32_t a, int32_t b) {
      return jumps[static_cast<size_t>(a)] < jumps[static_cast<size_t>(b)];
    });
    for (size_t i = 0; i < others.size() && i < affordable; ++i) {
      chosen[static_cast<size_t>(others[i])] = 1;
    }
    for (const Region& region : regions_) {
      chosen[static_cast<size_t>(region.entry)] = chosen[static_cast<size_t>(region.exit)] = 1;
    }
    std::vector<int32_t> next_cut(n_ + 1, 0);
    for (size_t at = n_; at-- > 0;) {
      const bool cut =
          jumps[at] == 0 && at <= first_sink && static_cast<int32_t>(at) >= last_source;
      next_cut[at] = cut ? static_cast<int32_t>(at) : next_cut[at + 1];
    }
    for (size_t at = 0; at < n_; ++at) {
      if (!chosen[at]) continue;
      const bool cut = next_cut[at] == static_cast<int32_t>(at);
      pivots_.push_back(static_cast<int32_t>(at));
      // The stretches between cut vertices do not overlap: they may be as long as they are. Many of
      // them, as in a long chain, look no farther.
      const int32_t reach = cut ? next_cut[at + 1] : 0;
      const int32_t least = cut && num_cuts > affordable ? 1 : static_cast<int32_t>(kWindow);
      window_.push_back(std::max(reach, static_cast<int32_t>(at) + least));
    }
  }

  // What a set of items loads some device with.
  Picos LoadOf(const std::vector<Int128>& sums) const {
    Picos bound = 0;
    for (const Int128 sum : sums) bound = std::max(bound, DivideByLoadWeight(sum));
    return bound;
  }

  // Everything at or before a pivot, for pivots near the start or where nothing is beside.
  void IntervalsFromStart() {
    std::vector<Int128> sums(weights_.size(), 0);
    for (int32_t at : pivots_) {
      const ItemId item = items_[static_cast<size_t>(at)];
      if (!SumBackTo(at, /*mark=*/-1, sums)) continue;
      const Picos load = LoadOf(sums);
      const absl::Span<Picos> end = end_.row(item);
      const absl::Span<const Picos> time = costs_.times.row(item);
      for (size_t d = 0; d < num_devices_; ++d) {
        if (end[d] < kNever) end[d] = std::max(end[d], load + time[d]);
      }
    }
  }

  // Sums the least weighted times of what lies before the item at position `at` and carries the
  // mark (-1: of everything before it). False if that would be a long walk.
  bool SumBackTo(int32_t at, int32_t mark, std::vector<Int128>& sums) {
    constexpr size_t kLongWalk = 4096;
    ++walk_;
    stack_ = {at};
    seen_[static_cast<size_t>(at)] = walk_;
    std::fill(sums.begin(), sums.end(), 0);
    size_t steps = 0;
    while (!stack_.empty()) {
      const size_t here = static_cast<size_t>(stack_.back());
      stack_.pop_back();
      if (mark < 0 && ++steps > kLongWalk) return false;
      const ItemId item = items_[here];
      if (here != static_cast<size_t>(at)) {
        for (size_t w = 0; w < sums.size(); ++w) sums[w] += least_[w][Index(item)];
      }
      for (const ItemId before : costs_.graph.predecessors[item]) {
        const size_t to = static_cast<size_t>(position_[Index(before)]);
        if (seen_[to] == walk_ || (mark >= 0 && mark_[to] != mark)) continue;
        seen_[to] = walk_;
        stack_.push_back(static_cast<int32_t>(to));
      }
    }
    return true;
  }

  // Longest paths from pivot p, which ends at 0, for each device of it; then the ends of the pivots
  // that it precedes.
  void IntervalsFrom(size_t p) {
    const int32_t from = pivots_[p];
    const size_t last =
        std::min(n_, static_cast<size_t>(window_[p]) + 1);  // the pivot at the end takes part
    const ItemId pivot = items_[static_cast<size_t>(from)];
    std::ranges::fill(reach_.page(static_cast<size_t>(from)), kNever);
    for (const DeviceId k : IdRange<DeviceId>(num_devices_)) {
      reach_(static_cast<size_t>(from), k, k) = 0;
    }
    std::vector<Int128> sums(weights_.size(), 0), all(weights_.size(), 0);
    size_t next_pivot = p + 1;
    bool whole = last == n_;
    Spread(static_cast<size_t>(from), static_cast<int32_t>(p), last);
    for (size_t at = static_cast<size_t>(from) + 1; at < last; ++at) {
      const bool is_pivot =
          next_pivot < pivots_.size() && pivots_[next_pivot] == static_cast<int32_t>(at);
      if (is_pivot) ++next_pivot;
      if (mark_[at] != static_cast<int32_t>(p)) continue;
      const ItemId item = items_[at];
      const absl::Span<const Picos> time = costs_.times.row(item);
      for (const DeviceId k : IdRange<DeviceId>(num_devices_)) {
        const absl::Span<Picos> end = reach_.row(at, k);
        for (size_t d = 0; d < num_devices_; ++d) {
          end[d] = time[d] == kNotAllowed || end[d] >= kNever ? kNever : end[d] + time[d];
        }
      }
      for (size_t w = 0; w < all.size(); ++w) all[w] += least_[w][Index(item)];
      if (is_pivot) {
        SumBackTo(static_cast<int32_t>(at), static_cast<int32_t>(p), sums);
        // All of the interval ends before its last item starts.
        const Picos load = LoadOf(sums);
        const absl::Span<const Picos> start = std::as_const(end_).row(pivot);
        const absl::Span<Picos> end = end_.row(item);
        for (size_t d = 0; d < num_devices_; ++d) {
          if (end[d] >= kNever) continue;
          Picos least = kNever;
          for (size_t k = 0; k < num_devices_; ++k) {
            const Picos path = reach_(at, DeviceId(k), DeviceId(d));
            if (start[k] >= kNever || path >= kNever) continue;
            least = std::min(least, start[k] + std::max(path, load + time[d]));
          }
          end[d] = std::max(end[d], least);
        }
      }
      Spread(at, static_cast<int32_t>(p), last);
    }
    if (!whole) return;
    // Everything behind the pivot.
    Picos least = kNever;
    const Picos load = LoadOf(all);
    const absl::Span<const Picos> end = std::as_const(end_).row(pivot),
                                  tail = paths_.tail.row(pivot);
    for (size_t k = 0; k < num_devices_; ++k) {
      if (end[k] < kNever) least = std::min(least, end[k] + std::max(tail[k], load));
    }
    best_ = std::max(best_, least);
  }

  // Carries the reach of the item at a position to its consumers inside the stretch.
  void Spread(size_t at, int32_t mark, size_t last) {
    for (const FlowId flow : costs_.graph.outputs[items_[at]]) {
      const std::vector<int32_t>& consumers = costs_.consumers[static_cast<size_t>(flow.index())];
      bool any = false;
      for (int32_t consumer : consumers) {
        const size_t to = static_cast<size_t>(position_[static_cast<size_t>(consumer)]);
        if (to >= last) continue;
        any = true;
        if (mark_[to] == mark) continue;
        mark_[to] = mark;
        std::ranges::fill(reach_.page(to), 0);
      }
      if (!any) continue;
      for (const DeviceId k : IdRange<DeviceId>(num_devices_)) {
        const absl::Span<const Picos> reach = std::as_const(reach_).row(at, k);
        for (size_t d = 0; d < num_devices_; ++d) {
          Picos arrival = kNever;
          for (size_t via = 0; via < num_devices_; ++via) {
            const Picos end = reach[via];
            if (end >= arrival) continue;
            arrival =
                std::min(arrival, end + costs_.Crossing(flow.index(), static_cast<int32_t>(via),
                                                        static_cast<int32_t>(d)));
          }
          for (int32_t consumer : consumers) {
            const size_t to = static_cast<size_t>(position_[static_cast<size_t>(consumer)]);
            if (to >= last) continue;
            Picos& held = reach_(to, k, DeviceId(d));
            held = std::max(held, arrival);
          }
        }
      }
    }
  }

  const PathCosts& costs_;
  const PathBounds& paths_;
  const size_t n_, num_devices_;
  std::vector<ItemId> items_;      // by position
  std::vector<int32_t> position_;  // by item
  std::vector<std::vector<int64_t>> weights_;
  std::vector<std::vector<Int128>> least_;  // by weights, item
  // Left for exact searches of small regions: of forks and their joins, and of what overlaps.
  std::array<int64_t, 2> search_work_ = {0, 0};
  std::vector<Region> regions_;
  std::vector<std::vector<size_t>> regions_at_;  // by position of the entry
  std::vector<int32_t> pivots_, window_;
  ItemTimes end_;                                    // the recursion; starts as the heads
  IdCube<size_t, DeviceId, DeviceId, Picos> reach_;  // by [position][device of the pivot][device]
  std::vector<int32_t> mark_, seen_, stack_;
  int32_t walk_ = -1;
  Picos best_ = 0;
};

}  // namespace

ChainBound IntervalChain(const PathCosts& costs, const PathBounds& paths, const LoadDual& dual,
                         int64_t work) {
  if (costs.num_items == 0) return {};
  // The recursion keeps devices^2 numbers per item.
  constexpr int64_t kMaxCells = int64_t{1} << 24;
  const int64_t square = static_cast<int64_t>(costs.num_devices) * costs.num_devices;
  if (costs.num_items > kMaxCells / square) return {CriticalPath(costs, paths), paths.head};
  return Chain(costs, paths, dual).Run(work);
}

}  // namespace allot
