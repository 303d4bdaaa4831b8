#include "placement/lanes/lane_search.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "placement/bounds/load_bound.h"
#include "placement/lanes/whole_shares.h"
#include "placement/parts/filled_chains.h"
#include "placement/parts/ordered_cuts.h"
#include "placement/parts/part_price.h"
#include "placement/patterns/pattern_master.h"
#include "placement/problem/device_symmetry.h"

namespace allot {
namespace {

// How many parts lanes may have at most: what an expert would draw, more, and any number.
constexpr size_t kPartsOfLanes[] = {2, 3, 5, 9, OrderedCuts::kManyParts + 1};

class LaneSearch {
 public:
  LaneSearch(const PlacementProblem& problem, const ProblemGraph& graph,
             const LaneSearchOptions& options)
      : problem_(problem),
        options_(options),
        like_(DeviceClasses(problem)),
        alike_(DevicesAlike(problem)),
        num_resources_(problem.devices.size() + problem.num_channels) {
    for (std::vector<ItemId>& order : OrdersToCut(problem, graph)) {
      cuts_.emplace_back(problem, graph, std::move(order));
    }
  }

  LaneSearchResult Run(const std::vector<PartedSolution>& known) {
    for (const PartedSolution& solution : known) AddWithImages(solution);
    for (const DeviceId d : problem_.devices.ids()) {
      if (!cuts_[0].Time(0, cuts_[0].size(), d).has_value()) continue;
      Add(cuts_[0].Parts(std::vector<DeviceId>(cuts_[0].size(), d)));
    }
    SetWorst();
    if (!options_.single) {
      AddRangesOfGroups();
      if (!HasEnough()) GenerateColumns();
    }
    for (size_t c = 0; c < columns_.size(); ++c) OfferSingle(c);
    if (!options_.single) {
      OfferMixtures(1);
      for (const size_t parts : kPartsOfLanes) {
        if (!Spent()) OfferMixtures(parts);
      }
      // The program may spread what equal groups do over more lanes than there are groups, of which
      // none can be left out alone.
      for (const std::vector<size_t>& group : apart_) OfferReduced(Mix(group, SlackOf(group)));
    }
    LaneSearchResult result;
    result.work = work_;
    if (!best_.feasible) return result;
    result.best = least_;
    if (single_.has_value()) result.single = columns_[*single_].solution;
    result.lanes = std::move(best_.lanes);
    result.score = std::move(best_.score);
    return result;
  }

 private:
  struct Column {
    PartedSolution solution;
    std::vector<Picos> loads;  // by device, then by channel
  };

  // Columns with whole shares.
  struct Mixture {
    std::vector<size_t> columns;
    Lanes lanes;
    LanesScore score;
    bool feasible = false;
  };

  bool Spent() const { return options_.work > 0 && work_ >= options_.work && !columns_.empty(); }

  // Whether whole copies, or ranges, leave nothing to look for.
  bool HasEnough() {
    for (const size_t parts : {size_t{1}, OrderedCuts::kManyParts + 1}) {
      const std::vector<size_t> columns =
          parts > OrderedCuts::kManyParts ? AllColumns() : WithParts(parts);
      const Mixture mixture = Mix(columns, 0);
      if (mixture.feasible && mixture.score.period <= options_.enough) return true;
    }
    return false;
  }

  // What an answer may take at most: the slack on top of what is known without a search.
  void SetWorst() {
    std::optional<Picos> known;
    const auto note = [&](const Mixture& mixture) {
      if (!mixture.feasible) return;
      known = std::min(known.value_or(mixture.score.period), mixture.score.period);
    };
    for (const size_t column : AllColumns()) note(Combine({column}, {1}));
    if (!options_.single) note(Mix(WithParts(1), 0));
    if (known.has_value()) {
      worst_ = WithSlack(*known);
    }
  }

  // Of lanes with at most so many parts; of any number if these are many.
  void OfferMixtures(size_t parts) {
    const std::vector<size_t> columns =
        parts > OrderedCuts::kManyParts ? AllColumns() : WithParts(parts);
    if (columns.empty()) return;
    OfferReduced(Mix(columns, SlackOf(columns)));
    for (const size_t anchor : Anchors(columns)) {
      const std::vector<size_t> beside = Beside(anchor, columns);
      OfferReduced(Mix(beside, SlackOf(beside)));
    }
  }

  // "One of four" is understood where "42 of 170" is not, and lanes that hardly take part go: a
  // short cycle may cost a tenth of the price of parts. Copies are what one would do by hand, where
  // nothing is given away.
  int64_t SlackOf(const std::vector<size_t>& columns) const {
    const bool copies = std::all_of(columns.begin(), columns.end(), [&](size_t c) {
      return columns_[c].solution.parts.num_parts == 1;
    });
    return copies ? 0 : options_.part_price / 10;
  }

  bool Add(PartedSolution solution) {
    work_ += static_cast<int64_t>(problem_.items.size());
    if (!solution.score.feasible) return false;
    if (options_.latency_limit > 0 && solution.score.makespan > options_.latency_limit) {
      return false;
    }
    if (options_.max_parts > 0 &&
        static_cast<int64_t>(solution.parts.num_parts) > options_.max_parts) {
      return false;
    }
    std::vector<int32_t> key;
    for (const ItemId item : problem_.items.ids()) {
      key.push_back(solution.items.device_of[item].index());
      key.push_back(solution.parts.part_of[item].index());
    }
    if (!seen_.insert(std::move(key)).second) return false;
    Column column;
    for (const Picos load : solution.score.load) column.loads.push_back(load);
    for (const Picos load : solution.score.channel_load) column.loads.push_back(load);
    column.solution = std::move(solution);
    columns_.push_back(std::move(column));
    return true;
  }

  // The same with other devices of each class: what one can do, its equals can do as well. Each in
  // turn, and as many as it has of a class at once, so that images share no device.
  bool AddWithImages(const PartedSolution& solution) {
    bool added = false;
    std::map<int32_t, std::vector<DeviceId>> equals;  // by class
    std::map<int32_t, size_t> used;
    for (const DeviceId d : problem_.devices.ids()) equals[alike_[Index(d)]].push_back(d);
    std::set<DeviceId> devices(solution.items.device_of.begin(), solution.items.device_of.end());
    for (const DeviceId d : devices) ++used[alike_[Index(d)]];
    size_t most = 0, groups = problem_.devices.size();
    for (const auto& [like, members] : equals) most = std::max(most, members.size());
    for (const auto& [like, count] : used) groups = std::min(groups, equals[like].size() / count);
    const auto add = [&](auto shift) {
      PartedSolution moved = solution;
      for (DeviceId& device : moved.items.device_of) {
        const int32_t like = alike_[Index(device)];
        const std::vector<DeviceId>& members = equals[like];
        const auto at = std::find(members.begin(), members.end(), device) - members.begin();
        device = members[(static_cast<size_t>(at) + shift(like)) % members.size()];
      }
      moved.score = EvaluateParts(problem_, moved.items, moved.parts);
      added = Add(std::move(moved)) || added;
    };
    std::vector<size_t> apart;
    for (size_t group = 0; group < groups; ++group) {
      const size_t before = columns_.size();
      add([&](int32_t like) { return group * used[like]; });
      if (columns_.size() > before) apart.push_back(before);
    }
    for (size_t turn = 1; turn < most; ++turn) add([&](int32_t) { return turn; });
    if (apart.size() > 1) apart_.push_back(std::move(apart));
    return added;
  }

  // What one would do by hand: the devices in equal groups, or those of one kind, a chain of ranges
  // on each.
  void AddRangesOfGroups() {
    std::map<int32_t, size_t> members;
    for (const int32_t like : alike_) ++members[like];
    size_t most = 0;
    for (const auto& [like, count] : members) most = std::max(most, count);
    for (size_t groups = 2; groups <= most && 2 * groups <= problem_.devices.size(); ++groups) {
      std::map<int32_t, size_t> taken = members;
      for (auto& [like, count] : taken) count /= groups;
      AddRangesOf(taken);
    }
    for (const auto& [like, count] : members) {
      for (size_t groups = 1; members.size() > 1 && 2 * groups <= count; ++groups) {
        AddRangesOf({{like, count / groups}});
      }
    }
  }

  // With so many devices of each class.
  void AddRangesOf(const std::map<int32_t, size_t>& group) {
    IdVector<DeviceId, bool> use(problem_.devices.size(), false);
    std::map<int32_t, size_t> left = group;
    for (const DeviceId d : problem_.devices.ids()) {
      const auto of_class = left.find(alike_[Index(d)]);
      if (of_class == left.end() || of_class->second == 0) continue;
      use[d] = true;
      --of_class->second;
    }
    for (const OrderedCuts& cuts : cuts_) {
      if (Spent()) return;
      work_ += static_cast<int64_t>(cuts.size() * cuts.size());
      for (const std::vector<DeviceId>& chain : BalancedRanges(problem_, cuts, like_, use)) {
        AddWithImages(cuts.Parts(chain));
      }
    }
  }

  void GenerateColumns() {
    constexpr int kRounds = 48;
    constexpr int64_t kMostPivots = 1000;
    if (columns_.empty()) {  // whatever the devices can do together
      Price(std::vector<double>(num_resources_, 1.0 / static_cast<double>(num_resources_)));
      if (columns_.empty()) return;
    }
    PatternMaster master(static_cast<int32_t>(num_resources_), {1});
    const Picos most = MostLoad(AllColumns());
    for (size_t given = 0, round = 0; round < kRounds && given < columns_.size() && !Spent();
         ++round) {
      for (; given < columns_.size(); ++given) master.Add(0, Spare(columns_[given], most));
      master.Solve(kMostPivots);
      Price(master.Worths());
    }
  }

  // Chains that are cheap where a resource costs what it is worth to the program.
  void Price(const std::vector<double>& worths) {
    std::vector<int64_t> weight;
    for (const double worth : worths) {
      weight.push_back(static_cast<int64_t>(worth * static_cast<double>(kLoadWeight)));
    }
    std::vector<IdVector<DeviceId, bool>> uses = {
        IdVector<DeviceId, bool>(problem_.devices.size(), true)};
    // Without the devices of one class: what is left is a chain that does not rely on it.
    const std::set<int32_t> classes(like_.begin(), like_.end());
    for (const int32_t without : classes) {
      if (classes.size() < 2) break;
      uses.push_back(uses[0]);
      for (const DeviceId d : problem_.devices.ids()) {
        if (like_[Index(d)] == without) uses.back()[d] = false;
      }
    }
    for (const OrderedCuts& cuts : cuts_) {
      for (const IdVector<DeviceId, bool>& use : uses) {
        for (const size_t parts : kPartsOfLanes) {
          if (Spent()) return;
          const size_t levels = parts > OrderedCuts::kManyParts ? 1 : parts;
          work_ += static_cast<int64_t>(cuts.size() * levels);
          const std::vector<DeviceId> chain = cuts.CheapestChain(weight, use, parts);
          if (!chain.empty()) AddWithImages(cuts.Parts(chain));
        }
      }
    }
  }

  static std::vector<double> Spare(const Column& column, Picos most) {
    std::vector<double> spare;
    for (const Picos load : column.loads) {
      spare.push_back(1 - static_cast<double>(load) / static_cast<double>(most));
    }
    return spare;
  }

  Picos MostLoad(const std::vector<size_t>& columns) const {
    Picos most = 1;
    for (const size_t c : columns) {
      most = std::max(most, *std::max_element(columns_[c].loads.begin(), columns_[c].loads.end()));
    }
    return most;
  }

  std::vector<size_t> AllColumns() const {
    std::vector<size_t> all(columns_.size());
    for (size_t c = 0; c < all.size(); ++c) all[c] = c;
    return all;
  }

  std::vector<size_t> WithParts(size_t most) const {
    std::vector<size_t> columns;
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].solution.parts.num_parts <= most) columns.push_back(c);
    }
    return columns;
  }

  void SortByValue(std::vector<size_t>& columns) const {
    std::stable_sort(columns.begin(), columns.end(), [&](size_t a, size_t b) {
      return columns_[a].solution.score.objective < columns_[b].solution.score.objective;
    });
  }

  // Where memory binds, what is good for the program need not fit together. So the best columns by
  // themselves, each with what fits beside it.
  std::vector<size_t> Anchors(std::vector<size_t> columns) const {
    constexpr size_t kMostAnchors = 4;
    SortByValue(columns);
    if (columns.size() > kMostAnchors) columns.resize(kMostAnchors);
    return columns;
  }

  std::vector<size_t> Beside(size_t anchor, std::vector<size_t> columns) {
    constexpr size_t kMostTried = 48;
    SortByValue(columns);
    if (columns.size() > kMostTried) columns.resize(kMostTried);
    std::vector<size_t> chosen = {anchor};
    for (const size_t c : columns) {
      if (c == anchor) continue;
      chosen.push_back(c);
      if (!Combine(chosen, std::vector<int64_t>(chosen.size(), 1)).feasible) chosen.pop_back();
    }
    return chosen;
  }

  Mixture Combine(const std::vector<size_t>& columns, const std::vector<int64_t>& shares) {
    Mixture mixture;
    std::vector<std::pair<int64_t, size_t>> by_share;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (shares[i] > 0) by_share.emplace_back(-shares[i], columns[i]);
    }
    std::sort(by_share.begin(), by_share.end());
    for (const auto& [share, column] : by_share) {
      mixture.columns.push_back(column);
      mixture.lanes.lanes.push_back(columns_[column].solution);
      mixture.lanes.shares.push_back(-share);
    }
    work_ += static_cast<int64_t>(problem_.items.size() * by_share.size());
    mixture.score = CombineScores(problem_, mixture.lanes);
    mixture.feasible = mixture.score.feasible &&
                       (options_.max_parts == 0 ||
                        static_cast<int64_t>(mixture.score.num_parts) <= options_.max_parts);
    return mixture;
  }

  // The program over these columns alone, in whole shares of the shortest cycle that is within
  // `slack` thousandths of the one that rounds best.
  Mixture Mix(const std::vector<size_t>& columns, int64_t slack) {
    if (columns.empty()) return {};
    PatternMaster master(static_cast<int32_t>(num_resources_), {1});
    const Picos most = MostLoad(columns);
    for (const size_t c : columns) master.Add(0, Spare(columns_[c], most));
    master.Solve(4000);
    const std::vector<double> uses = master.Uses();
    double sum = 0;
    for (const double use : uses) sum += use;
    if (sum <= 0) return {};
    // A cycle takes a few operations for each of the columns on each resource.
    constexpr int64_t kOperationsPerItem = 16;
    work_ +=
        static_cast<int64_t>(columns.size() * num_resources_) * kMaxLaneCycle / kOperationsPerItem;
    return Combine(columns, WholeShares(uses, sum, CycleFor(columns, uses, sum, slack)));
  }

  int64_t CycleFor(const std::vector<size_t>& columns, const std::vector<double>& uses, double sum,
                   int64_t slack) const {
    std::vector<Int128> loads = {0};  // by cycle
    const auto longer = [&](int64_t a, int64_t b, int64_t permille) {
      return loads[static_cast<size_t>(a)] * b * 1000 >
             loads[static_cast<size_t>(b)] * a * (1000 + permille);
    };
    int64_t best = 1;
    for (int64_t cycle = 1; cycle <= kMaxLaneCycle; ++cycle) {
      loads.push_back(LargestLoad(columns, WholeShares(uses, sum, cycle)));
      if (longer(best, cycle, 0)) best = cycle;
    }
    int64_t simple = 1;
    while (longer(simple, best, slack)) ++simple;
    return simple;
  }

  // Of all resources in a cycle.
  Int128 LargestLoad(const std::vector<size_t>& columns, const std::vector<int64_t>& shares) const {
    Int128 largest = 0;
    for (size_t r = 0; r < num_resources_; ++r) {
      Int128 carried = 0;
      for (size_t i = 0; i < columns.size(); ++i) {
        carried += static_cast<Int128>(columns_[columns[i]].loads[r]) * shares[i];
      }
      largest = std::max(largest, carried);
    }
    return largest;
  }

  Int128 Priced(const Mixture& mixture) const {
    return PricedValue(mixture.score.period, static_cast<int64_t>(mixture.score.num_parts),
                       options_.part_price);
  }

  bool Better(const Mixture& a, const Mixture& b) const {
    if (a.feasible != b.feasible) return a.feasible;
    if (Priced(a) != Priced(b)) return Priced(a) < Priced(b);
    if (a.score.num_parts != b.score.num_parts) return a.score.num_parts < b.score.num_parts;
    return a.score.transfers < b.score.transfers;
  }

  void Offer(Mixture mixture) {
    if (!mixture.feasible) return;
    if (least_ == 0 || mixture.score.period < least_) least_ = mixture.score.period;
    if (worst_.has_value() && mixture.score.period > *worst_) return;
    if (Better(mixture, best_)) best_ = std::move(mixture);
  }

  void OfferSingle(size_t column) {
    Mixture mixture = Combine({column}, {1});
    if (!mixture.feasible) return;
    const auto of = [&](size_t c) { return columns_[c].solution.score.objective; };
    if (!single_.has_value() || of(column) < of(*single_)) single_ = column;
    Offer(std::move(mixture));
  }

  Int128 WithSlack(Picos period) const {
    return static_cast<Int128>(period) * (1000 + options_.slack_permille) / 1000;
  }

  // The mixture, and what is left of it when one lane after the other goes that costs more than it
  // brings.
  void OfferReduced(Mixture now) {
    if (!now.feasible || !reduced_.insert(now.columns).second) return;
    Offer(now);
    while (now.columns.size() > 1) {
      Mixture next;
      std::set<std::vector<Picos>> tried;
      for (size_t i = 0; i < now.columns.size(); ++i) {
        if (!tried.insert(Likeness(now, i)).second) continue;
        std::vector<size_t> fewer = now.columns;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        Mixture mixture = Mix(fewer, SlackOf(fewer));
        if (Better(mixture, next)) next = std::move(mixture);
      }
      if (!Better(next, now)) return;
      now = std::move(next);
      Offer(now);
    }
  }

  // Lanes of a mixture that load devices of the same classes as much, as often, can be left out in
  // turn: one stands for all.
  std::vector<Picos> Likeness(const Mixture& mixture, size_t lane) const {
    const Column& column = columns_[mixture.columns[lane]];
    std::vector<std::pair<int32_t, Picos>> loads;
    for (const DeviceId d : problem_.devices.ids()) {
      const Picos load = column.loads[Index(d)];
      if (load > 0) loads.emplace_back(like_[Index(d)], load);
    }
    std::sort(loads.begin(), loads.end());
    std::vector<Picos> likeness = {mixture.lanes.shares[lane],
                                   static_cast<Picos>(column.solution.parts.num_parts)};
    for (const auto& [like, load] : loads) {
      likeness.push_back(like);
      likeness.push_back(load);
    }
    return likeness;
  }

  static size_t Index(DeviceId device) { return static_cast<size_t>(device.index()); }

  const PlacementProblem& problem_;
  const LaneSearchOptions& options_;
  const std::vector<int32_t> like_;   // by device: the smallest of its equals
  const std::vector<int32_t> alike_;  // by device: the smallest that computes as fast
  const size_t num_resources_;
  std::vector<OrderedCuts> cuts_;
  std::vector<Column> columns_;
  std::set<std::vector<int32_t>> seen_;
  std::vector<std::vector<size_t>>
      apart_;  // columns that are images of one, without a device in common
  std::set<std::vector<size_t>> reduced_;  // the columns of mixtures that were
  std::optional<Int128> worst_;
  Mixture best_;
  std::optional<size_t> single_;  // a column
  Picos least_ = 0;
  int64_t work_ = 0;
};

}  // namespace

LaneSearchResult SearchLanes(const PlacementProblem& problem, const ProblemGraph& graph,
                             const std::vector<PartedSolution>& known,
                             const LaneSearchOptions& options) {
  if (problem.items.empty()) return {};
  return LaneSearch(problem, graph, options).Run(known);
}

}  // namespace allot
