#include "placement/trained/range_search.h"

#include <algorithm>
#include <limits>

namespace allot {
namespace {

constexpr Picos kNever = std::numeric_limits<Picos>::max();

class Search {
 public:
  Search(const TrainedChain& chain, const TrainedRanges& ranges, const DeviceSets& sets,
         RangeMeasure measure)
      : chain_(chain),
        ranges_(ranges),
        sets_(sets),
        measure_(measure),
        last_(ranges.num_places() - 1) {}

  std::vector<std::optional<RangeChain>> Run() {
    size_t ways = 0, most = 0;
    for (const DeviceSets::Set& set : sets_.sets) {
      first_way_.push_back(ways);
      ways += set.ways.size();
      if (!set.ways.empty()) most = std::max(most, set.num_devices);
    }
    states_.assign(ways * ranges_.num_places(), State());
    for (size_t set = 1; set < sets_.sets.size(); ++set) {
      for (size_t way = 0; way < sets_.sets[set].ways.size(); ++way) Grow(set, way);
    }
    std::vector<std::optional<RangeChain>> best(most);
    for (size_t set = 1; set < sets_.sets.size(); ++set) {
      for (size_t way = 0; way < sets_.sets[set].ways.size(); ++way) {
        const State& state = At(set, way, 0);
        std::optional<RangeChain>& known = best[sets_.sets[set].num_devices - 1];
        if (state.worst == kNever || (known.has_value() && known->worst <= state.worst)) continue;
        known = Trace(set, way);
      }
    }
    return best;
  }

 private:
  // Of the stages from a place on, where the first of them is of the way's class.
  struct State {
    Picos worst = kNever;
    int32_t end = 0;        // of its first stage
    int32_t next_way = -1;  // of the stages behind it
  };

  State& At(size_t set, size_t way, size_t place) {
    return states_[(first_way_[set] + way) * ranges_.num_places() + place];
  }

  Picos CrossingCost(Picos time) const {
    return measure_ == RangeMeasure::kPeriod ? time : SaturatingMultiply(time, chain_.microbatches);
  }

  // What a range costs that takes `load`, copies at its end left out.
  Picos Floor(size_t of_class, size_t begin, size_t end, Picos load) const {
    if (measure_ == RangeMeasure::kPeriod) return load;
    return SaturatingAdd(Around(of_class, begin, end),
                         SaturatingMultiply(load, chain_.microbatches));
  }

  // With so many stages behind it.
  Picos Cost(size_t of_class, size_t begin, size_t end, const RangePrice& price,
             size_t behind) const {
    const Picos busy = Floor(of_class, begin, end, price.Load());
    if (measure_ == RangeMeasure::kPeriod) return busy;
    // It waits for the first microbatch to come back from there, once it has sent forward one for
    // each of them.
    const int64_t ahead = std::min<int64_t>(chain_.microbatches, static_cast<int64_t>(behind));
    const Picos there = ranges_.LeastForward(last_) - ranges_.LeastForward(end);
    const Picos back = ranges_.LeastBackward(last_) - ranges_.LeastBackward(end);
    const Picos forward =
        SaturatingMultiply(price.forward, std::max<int64_t>(1, chain_.microbatches - ahead));
    const Picos backward = SaturatingMultiply(price.backward, chain_.microbatches);
    Picos waits = Around(of_class, begin, end);
    for (const Picos time : {there, back, forward, backward}) waits = SaturatingAdd(waits, time);
    return std::max(busy, waits);
  }

  // Before the first microbatch comes, and after the last has gone.
  Picos Around(size_t of_class, size_t begin, size_t end) const {
    const Picos after =
        std::max(ranges_.LeastBackward(begin), ranges_.Update(of_class, begin, end));
    return SaturatingAdd(ranges_.LeastForward(begin), after);
  }

  // All places of a set whose first stage is of the way's class.
  void Grow(size_t set, size_t way) {
    const DeviceSets::Way grown = sets_.sets[set].ways[way];
    const size_t num = ranges_.num_places();
    const bool is_last = grown.from == 0;
    // What is behind a range that ends at a place.
    std::vector<State> behind(num);
    if (is_last) {
      behind[last_].worst = 0;
    } else {
      for (size_t next = 0; next < sets_.sets[grown.from].ways.size(); ++next) {
        const size_t to = sets_.sets[grown.from].ways[next].of_class;
        for (size_t place = 1; place < last_; ++place) {
          const State& known = At(grown.from, next, place);
          if (known.worst == kNever) continue;
          const std::optional<Picos> crossing = ranges_.Crossing(grown.of_class, to, place);
          if (!crossing.has_value()) continue;
          const Picos worst = std::max(known.worst, CrossingCost(*crossing));
          if (worst >= behind[place].worst) continue;
          behind[place] = {worst, 0, static_cast<int32_t>(next)};
        }
      }
    }
    const int64_t in_flight = InFlight(chain_.microbatches, 0, sets_.sets[set].num_devices);
    for (size_t begin = 0; begin < last_; ++begin) {
      State& state = At(set, way, begin);
      for (size_t end = begin + 1; end <= last_; ++end) {
        const std::optional<RangePrice> price =
            ranges_.Price(grown.of_class, begin, end, in_flight);
        if (!price.has_value()) break;  // nor does a longer one fit
        const Picos load = price->Load();
        const Picos floor = load - ranges_.CopyAtEnd(grown.of_class, end);
        if (state.worst != kNever && Floor(grown.of_class, begin, end, floor) >= state.worst) break;
        if (behind[end].worst == kNever) continue;
        const Picos worst = std::max(behind[end].worst, Cost(grown.of_class, begin, end, *price,
                                                             sets_.sets[set].num_devices - 1));
        if (worst >= state.worst) continue;
        state = {worst, static_cast<int32_t>(end), behind[end].next_way};
      }
    }
  }

  RangeChain Trace(size_t set, size_t way) {
    RangeChain chain;
    chain.worst = At(set, way, 0).worst;
    size_t place = 0;
    while (true) {
      const State& state = At(set, way, place);
      const DeviceSets::Way grown = sets_.sets[set].ways[way];
      const auto end = static_cast<size_t>(state.end);
      const int64_t in_flight = InFlight(chain_.microbatches, 0, sets_.sets[set].num_devices);
      const std::optional<RangePrice> price = ranges_.Price(grown.of_class, place, end, in_flight);
      chain.ranges.push_back({grown.of_class, place, end, price->recomputes});
      if (state.next_way < 0) return chain;
      set = grown.from;
      way = static_cast<size_t>(state.next_way);
      place = end;
    }
  }

  const TrainedChain& chain_;
  const TrainedRanges& ranges_;
  const DeviceSets& sets_;
  const RangeMeasure measure_;
  const size_t last_;
  std::vector<size_t> first_way_;  // by set
  std::vector<State> states_;      // [way of a set][place]
};

}  // namespace

std::vector<std::optional<RangeChain>> BestChains(const TrainedChain& chain,
                                                  const TrainedRanges& ranges,
                                                  const DeviceSets& sets, RangeMeasure measure) {
  return Search(chain, ranges, sets, measure).Run();
}

}  // namespace allot
