#include "placement/blocks/chain_search.h"

#include <algorithm>
#include <numeric>

namespace allot {
namespace {

// Sets of devices by how many they have of each kind, numbered such that subsets come first.
class CountedSets {
 public:
  explicit CountedSets(std::vector<size_t> counts) : counts_(std::move(counts)) {
    for (const size_t count : counts_) {
      stride_.push_back(size_);
      size_ *= count + 1;
    }
  }
  size_t size() const { return size_; }
  size_t num_kinds() const { return counts_.size(); }
  size_t Used(size_t set, size_t kind) const { return set / stride_[kind] % (counts_[kind] + 1); }
  size_t Without(size_t set, size_t kind, size_t devices = 1) const {
    return set - devices * stride_[kind];
  }
  size_t NumDevices(size_t set) const {
    size_t devices = 0;
    for (size_t kind = 0; kind < counts_.size(); ++kind) devices += Used(set, kind);
    return devices;
  }

 private:
  std::vector<size_t> counts_, stride_;
  size_t size_ = 1;
};

// A device takes a position at least.
std::vector<size_t> UsefulCounts(const BlockChain& chain, std::vector<size_t> counts) {
  for (size_t& count : counts) count = std::min(count, chain.size());
  return counts;
}

class PeriodSearch {
 public:
  PeriodSearch(const PlacementProblem& problem, const BlockChain& chain,
               const ChainQuestion& question)
      : problem_(problem),
        chain_(chain),
        question_(question),
        sets_(UsefulCounts(chain, question.counts)),
        reach_(sets_.size(), 0) {
    for (size_t kind = 0; kind < sets_.num_kinds(); ++kind) {
      widths_.push_back(AllowedWidths(chain, question, kind));
    }
    least_crossing_ = kMaxPicos;
    for (size_t i = 1; i < chain.size(); ++i) {
      if (chain.IsStart(i) && chain.MayCut(i)) {
        least_crossing_ = std::min(least_crossing_, chain.Crossing(i));
      }
    }
  }

  std::optional<PeriodChain> Run(int64_t slack_permille) {
    Picos high = kMaxPicos, low = 0;
    for (size_t kind = 0; kind < sets_.num_kinds(); ++kind) {
      const std::optional<Picos> alone = chain_.Time(kind, 0, chain_.size());
      if (alone.has_value() && question_.counts[kind] > 0) high = std::min(high, *alone);
    }
    // On one device alone nothing has to be cut, but its memory may not suffice.
    if (!Reaches(high) && (high == kMaxPicos || !Reaches(high = kMaxPicos))) return std::nullopt;
    while (high - low > std::max<Picos>(high / 10'000, 1)) {
      const Picos middle = low + (high - low) / 2;
      (Reaches(middle) ? high : low) = middle;
    }
    PeriodChain found;
    found.bound = low;
    found.period = high;
    const Picos slack = static_cast<Picos>(static_cast<Int128>(high) * slack_permille / 1000);
    found.ranges = Fewest(high + slack);
    // Where devices copy, a range that begins later may have more to receive.
    if (found.ranges.empty()) found.ranges = Fewest(high);
    if (found.ranges.empty()) return std::nullopt;
    for (const ChainRange& range : found.ranges) {
      if (!chain_.IsStart(range.end)) ++found.inner_cuts;
    }
    return found;
  }

 private:
  Bytes Room(size_t kind) const {
    const Bytes memory = problem_.devices[chain_.kinds()[kind][0]].memory;
    return static_cast<Bytes>(static_cast<Int128>(memory) * question_.room_permille / 1000);
  }

  bool Fits(size_t kind, size_t width, size_t begin, size_t end, Picos period) const {
    const std::optional<Picos> time = chain_.Load(kind, width, begin, end);
    return time.has_value() && *time <= period &&
           chain_.Resident(kind, width, begin, end) <= Room(kind);
  }

  // Between blocks whatever a transfer may take; within them where it is cheap, since all cuts
  // together may share a channel.
  bool MayEnd(size_t end, bool whole, Picos period) const {
    if (!chain_.MayCut(end)) return false;
    if (chain_.IsStart(end)) return chain_.Crossing(end) <= period;
    return !whole && chain_.Crossing(end) <= std::max(2 * least_crossing_, period / 50);
  }

  // The furthest end of a range; `begin` if there is none.
  size_t End(size_t kind, size_t width, size_t begin, Picos period, bool whole) const {
    if (width > 1) return EndOfDivided(kind, width, begin, period);
    const size_t n = chain_.size();
    const Picos received = begin > 0 && begin < n ? chain_.Copying(begin) : 0;
    size_t low = begin, high = n + 1;
    while (high - low > 1) {
      const size_t middle = low + (high - low) / 2;
      (Fits(kind, 1, begin, middle, period - received) ? low : high) = middle;
    }
    if (low == n) return n;
    for (size_t end = low; end > begin; --end) {
      if (MayEnd(end, whole, period) &&
          Fits(kind, 1, begin, end, period - received - chain_.Copying(end))) {
        return end;
      }
    }
    return begin;
  }

  // Of blocks.
  size_t EndOfDivided(size_t kind, size_t width, size_t begin, Picos period) const {
    if (!chain_.IsStart(begin)) return begin;
    const size_t n = chain_.size();
    const Picos received = begin > 0 && begin < n ? chain_.Copying(begin) : 0;
    const size_t first = chain_.BlockAt(begin);
    size_t low = first, high = chain_.num_blocks() + 1;
    while (high - low > 1) {
      const size_t middle = low + (high - low) / 2;
      (Fits(kind, width, begin, chain_.StartOf(middle), period - received) ? low : high) = middle;
    }
    for (size_t block = low; block > first; --block) {
      const size_t end = chain_.StartOf(block);
      if (end == n || (MayEnd(end, true, period) &&
                       Fits(kind, width, begin, end, period - received - chain_.Copying(end)))) {
        return end;
      }
    }
    return begin;
  }

  // Calls visit(kind, width, rest) for each range that may be the last of the set.
  template <typename Visit>
  void ForEachLast(size_t set, Visit visit) const {
    for (size_t kind = 0; kind < sets_.num_kinds(); ++kind) {
      for (const size_t width : widths_[kind]) {
        if (sets_.Used(set, kind) >= width) visit(kind, width, sets_.Without(set, kind, width));
      }
    }
  }

  bool Reaches(Picos period) {
    bool all = false;
    for (size_t set = 1; set < sets_.size() && !all; ++set) {
      size_t furthest = 0;
      ForEachLast(set, [&](size_t kind, size_t width, size_t rest) {
        furthest =
            std::max(furthest, End(kind, width, reach_[rest], period, question_.whole_blocks));
      });
      reach_[set] = furthest;
      all = furthest == chain_.size();
    }
    return all || chain_.size() == 0;
  }

  // With the fewest cuts within blocks, then the fewest devices: how far each set gets with so many
  // of those cuts. Empty if that takes more than kMostInnerCuts.
  static constexpr size_t kMostInnerCuts = 64;
  std::vector<ChainRange> Fewest(Picos period) {
    const size_t n = chain_.size();
    const size_t most = question_.whole_blocks ? 0 : kMostInnerCuts;
    std::vector<std::vector<size_t>> reach;  // [cuts within blocks][set]
    for (size_t cuts = 0; cuts <= most; ++cuts) {
      reach.push_back(cuts > 0 ? reach.back() : std::vector<size_t>(sets_.size(), 0));
      std::optional<size_t> best;
      for (size_t set = 1; set < sets_.size(); ++set) {
        size_t& furthest = reach[cuts][set];
        ForEachLast(set, [&](size_t kind, size_t width, size_t rest) {
          furthest = std::max(furthest, End(kind, width, reach[cuts][rest], period, true));
          if (cuts == 0 || width > 1) return;
          furthest = std::max(furthest, End(kind, 1, reach[cuts - 1][rest], period, false));
        });
        const bool fewer = !best.has_value() || sets_.NumDevices(set) < sets_.NumDevices(*best);
        if (furthest == n && fewer) best = set;
      }
      if (best.has_value()) return Trace(reach, cuts, *best, period);
    }
    return {};
  }

  std::vector<ChainRange> Trace(const std::vector<std::vector<size_t>>& reach, size_t cuts,
                                size_t set, Picos period) const {
    std::vector<ChainRange> ranges;
    size_t end = reach[cuts][set];
    while (end > 0) {
      const size_t before = end;
      while (cuts > 0 && reach[cuts - 1][set] == end) --cuts;
      // Devices of the same kind follow each other where that is as good: they are near.
      std::vector<size_t> kinds(sets_.num_kinds());
      std::iota(kinds.begin(), kinds.end(), size_t{0});
      if (!ranges.empty()) std::swap(kinds[0], kinds[ranges.back().kind]);
      bool found = false;
      for (size_t i = 0; i < kinds.size() && !found; ++i) {
        for (const size_t width : widths_[kinds[i]]) {
          if (found || !TakeLast(reach, kinds[i], width, period, cuts, set, end)) continue;
          ranges.push_back({kinds[i], end, before, width});
          found = true;
        }
      }
      // A set that gets no further than one of its subsets does without a device.
      size_t less = set;
      ForEachLast(set, [&](size_t, size_t, size_t rest) {
        if (!found && less == set && reach[cuts][rest] == end) less = rest;
      });
      ALLOT_CHECK(found || less != set);
      if (!found) set = less;
    }
    std::reverse(ranges.begin(), ranges.end());
    return ranges;
  }

  // Takes such a range from the end of what the set reaches, if one is there.
  bool TakeLast(const std::vector<std::vector<size_t>>& reach, size_t kind, size_t width,
                Picos period, size_t& cuts, size_t& set, size_t& end) const {
    if (sets_.Used(set, kind) < width) return false;
    const size_t rest = sets_.Without(set, kind, width);
    for (const bool whole : {true, false}) {
      if (!whole && (cuts == 0 || width > 1)) continue;
      const size_t begin = reach[whole ? cuts : cuts - 1][rest];
      if (begin >= end || End(kind, width, begin, period, whole) != end) continue;
      set = rest;
      end = begin;
      cuts -= whole ? 0 : 1;
      return true;
    }
    return false;
  }

  const PlacementProblem& problem_;
  const BlockChain& chain_;
  const ChainQuestion& question_;
  const CountedSets sets_;
  std::vector<std::vector<size_t>> widths_;  // by kind
  std::vector<size_t> reach_;                // by set
  Picos least_crossing_ = 0;
};

}  // namespace

std::vector<size_t> AllowedWidths(const BlockChain& chain, const ChainQuestion& question,
                                  size_t kind) {
  std::vector<size_t> dealt, allowed;
  for (const size_t width : chain.WidthsOf(kind)) {
    if (question.counts[kind] % width == 0) dealt.push_back(width);
  }
  for (const size_t width : dealt) {
    if (width >= question.least_width || width == dealt.back()) allowed.push_back(width);
  }
  return allowed;
}

int64_t CountDeviceSets(const BlockChain& chain, const std::vector<size_t>& counts) {
  int64_t sets = 1;
  for (const size_t count : UsefulCounts(chain, counts)) {
    sets = SaturatingMultiply(sets, static_cast<int64_t>(count) + 1);
  }
  return std::min(sets, kMostDeviceSets + 1);
}

std::optional<PeriodChain> LeastPeriodChain(const PlacementProblem& problem,
                                            const BlockChain& chain, const ChainQuestion& question,
                                            int64_t slack_permille) {
  if (CountDeviceSets(chain, question.counts) > kMostDeviceSets) return std::nullopt;
  return PeriodSearch(problem, chain, question).Run(slack_permille);
}

std::optional<std::vector<ChainRange>> LeastLatencyChain(const PlacementProblem& problem,
                                                         const BlockChain& chain,
                                                         const ChainQuestion& question) {
  constexpr int64_t kMostSteps = 40'000'000;
  const auto divides = [&](size_t kind) { return chain.WidthsOf(kind).size() > 1; };
  const size_t blocks = chain.num_blocks();
  std::vector<Bytes> room;
  int64_t more = 1;
  std::vector<size_t> counts = question.counts;
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    const Bytes memory = problem.devices[chain.kinds()[kind][0]].memory;
    room.push_back(static_cast<Bytes>(static_cast<Int128>(memory) * question.room_permille / 1000));
    // More than hold all, and one for what is left at the edges, make nothing faster.
    const Bytes all = chain.Memory(0, chain.size());
    const int64_t enough = room[kind] > 0 ? all / room[kind] + 2 : 0;
    if (divides(kind)) {
      more = 10;
    } else {
      counts[kind] = std::min({counts[kind], blocks, static_cast<size_t>(enough)});
    }
  }
  const int64_t num_sets = CountDeviceSets(chain, counts);
  const auto steps = static_cast<int64_t>(blocks * blocks * counts.size());
  if (num_sets > kMostDeviceSets || SaturatingMultiply(num_sets, steps) > more * kMostSteps) {
    return std::nullopt;
  }
  const CountedSets sets(counts);
  struct Cell {
    Picos end = kMaxPicos;
    size_t kind = 0, width = 1, begin = 0;
  };
  IdTable<size_t, size_t, Cell> cells(sets.size(), blocks + 1);  // [set][block behind the last]
  cells(0, 0).end = 0;
  size_t best = 0;
  const auto extend = [&](size_t set, size_t kind, size_t width) {
    const size_t rest = sets.Without(set, kind, width);
    for (size_t begin = 0; begin < blocks; ++begin) {
      if (cells(rest, begin).end >= kMaxPicos) continue;
      const size_t first = chain.StartOf(begin);
      if (begin > 0 && !chain.MayCut(first)) continue;
      const Picos start =
          SaturatingAdd(cells(rest, begin).end, begin > 0 ? chain.Crossing(first) : 0);
      for (size_t end = begin + 1; end <= blocks; ++end) {
        const size_t last = chain.StartOf(end);
        const std::optional<Picos> time = chain.Latency(kind, width, first, last);
        if (!time.has_value() || chain.Resident(kind, width, first, last) > room[kind]) break;
        Cell& cell = cells(set, end);
        if (SaturatingAdd(start, *time) < cell.end) {
          cell = {SaturatingAdd(start, *time), kind, width, begin};
        }
      }
    }
  };
  std::vector<std::vector<size_t>> widths;
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    widths.push_back(AllowedWidths(chain, question, kind));
  }
  for (size_t set = 1; set < sets.size(); ++set) {
    for (size_t kind = 0; kind < counts.size(); ++kind) {
      for (const size_t width : widths[kind]) {
        if (sets.Used(set, kind) >= width) extend(set, kind, width);
      }
    }
    if (cells(set, blocks).end < cells(best, blocks).end) best = set;
  }
  if (cells(best, blocks).end >= kMaxPicos) return std::nullopt;
  std::vector<ChainRange> ranges;
  for (size_t set = best, end = blocks; end > 0;) {
    const Cell& cell = cells(set, end);
    ranges.push_back({cell.kind, chain.StartOf(cell.begin), chain.StartOf(end), cell.width});
    set = sets.Without(set, cell.kind, cell.width);
    end = cell.begin;
  }
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

}  // namespace allot
