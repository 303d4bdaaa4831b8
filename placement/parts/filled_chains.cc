#include "placement/parts/filled_chains.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "placement/parts/device_kinds.h"

namespace allot {
namespace {

constexpr size_t kMostKinds = 6;        // 720 orders
constexpr size_t kMostPositions = 256;  // looked at for one cut
// What a chain may lose for fewer kinds of devices, and for cheaper cuts: a two-hundredth.
constexpr Picos kSlack = 200;

using Kind = std::vector<DeviceId>;

class ChainFilling {
 public:
  // `room`: thousandths of each memory that weights may take.
  ChainFilling(const PlacementProblem& problem, const OrderedCuts& cuts, int64_t room)
      : problem_(problem),
        cuts_(cuts),
        room_(room),
        blocking_(problem.communication == Communication::kBlocking) {}

  // The fastest kind first.
  std::vector<Kind> Kinds(const IdVector<DeviceId, bool>& use) const {
    std::vector<Kind> kinds = DeviceKinds(problem_, use);
    std::stable_sort(kinds.begin(), kinds.end(),
                     [&](const Kind& a, const Kind& b) { return Slowness(a[0]) < Slowness(b[0]); });
    return kinds;
  }

  // The least load with which the sequence takes all, below `limit`; nullopt if there is none.
  std::optional<Picos> LeastLoad(const std::vector<DeviceId>& sequence, Picos limit) const {
    if (!Fits(sequence, limit)) return std::nullopt;
    Picos low = 0, high = limit;  // not enough, enough
    while (high - low > std::max<Picos>(high / 10'000, 1)) {
      const Picos middle = low + (high - low) / 2;
      (Fits(sequence, middle) ? high : low) = middle;
    }
    return high;
  }

  // The cheapest cuts within that load.
  std::vector<DeviceId> Fill(const std::vector<DeviceId>& sequence, Picos load) const {
    const size_t n = cuts_.size();
    const std::vector<size_t> latest = LatestStarts(sequence, load);
    std::vector<DeviceId> chain;
    std::optional<DeviceId> before;
    for (size_t k = 0; k < sequence.size() && chain.size() < n; ++k) {
      const size_t begin = chain.size();
      const size_t end = End(begin, before, sequence, k, load, latest[k + 1]);
      if (end == begin) continue;
      chain.insert(chain.end(), end - begin, sequence[k]);
      before = sequence[k];
    }
    return chain.size() == n ? chain : std::vector<DeviceId>();
  }

 private:
  std::pair<size_t, Picos> Slowness(DeviceId d) const {
    std::pair<size_t, Picos> slowness;
    for (const auto& item : problem_.items) {
      if (!item.time[d].has_value()) ++slowness.first;
      slowness.second = std::min(kMaxPicos, slowness.second + item.time[d].value_or(0));
    }
    return slowness;
  }

  bool Fits(const std::vector<DeviceId>& sequence, Picos load) const {
    std::optional<DeviceId> before;
    size_t begin = 0;
    for (size_t k = 0; k < sequence.size() && begin < cuts_.size(); ++k) {
      const size_t end = End(begin, before, sequence, k, load, cuts_.size());
      if (end > begin) before = sequence[k];
      begin = end;
    }
    return begin == cuts_.size();
  }

  Bytes Room(DeviceId device) const {
    return static_cast<Bytes>(static_cast<Int128>(problem_.devices[device].memory) * room_ / 1000);
  }

  // What a device spends on receiving, or on sending.
  Picos Share(Picos transfer) const { return blocking_ ? transfer / 2 : 0; }

  // As far as items from `begin` on fit on the device, without what is sent. O(log(items)).
  size_t Reach(size_t begin, DeviceId device, Picos load) const {
    size_t low = begin, high = cuts_.size() + 1;
    while (high - low > 1) {
      const size_t middle = low + (high - low) / 2;
      const std::optional<Picos> time = cuts_.Time(begin, middle, device);
      const bool fits = time.has_value() && *time + problem_.devices[device].part_cost <= load &&
                        cuts_.Memory(begin, middle) <= Room(device);
      (fits ? low : high) = middle;
    }
    return low;
  }

  // Where the range of device k ends that begins there: the cheapest cut from `enough` on, else
  // the furthest. `begin` if it takes nothing.
  size_t End(size_t begin, std::optional<DeviceId> before, const std::vector<DeviceId>& sequence,
             size_t k, Picos load, size_t enough) const {
    const size_t n = cuts_.size();
    const DeviceId device = sequence[k];
    Picos spent = 0;
    if (before.has_value()) {
      if (!cuts_.MayCut(begin, *before, device)) return begin;
      const Picos received = cuts_.Transfer(begin, *before, device);
      if (received > load) return begin;
      spent = Share(received);
    }
    const size_t reach = Reach(begin, device, load - spent);
    if (reach == n) return n;
    if (k + 1 == sequence.size()) return begin;
    const DeviceId next = sequence[k + 1];
    std::optional<size_t> best;
    const size_t least = reach > kMostPositions ? reach - kMostPositions : 0;
    for (size_t end = reach; end > std::max(begin, least); --end) {
      if (best.has_value() && end < enough) break;
      if (!cuts_.MayCut(end, device, next)) continue;
      const Picos sent = cuts_.Transfer(end, device, next);
      if (sent > load) continue;
      const std::optional<Picos> time = cuts_.Time(begin, end, device);
      if (*time + problem_.devices[device].part_cost + spent + Share(sent) > load) continue;
      if (!best.has_value() || sent < cuts_.Transfer(*best, device, next)) best = end;
    }
    return best.value_or(begin);
  }

  // By k: from where on the devices from k on take all that is left; size() + 1: nowhere.
  std::vector<size_t> LatestStarts(const std::vector<DeviceId>& sequence, Picos load) const {
    std::vector<size_t> starts(sequence.size() + 1, cuts_.size());
    for (size_t k = sequence.size(); k-- > 0;) {
      const size_t end = starts[k + 1];
      const DeviceId device = sequence[k];
      const Picos sent = k + 1 < sequence.size() && end < cuts_.size() &&
                                 cuts_.MayCut(end, device, sequence[k + 1])
                             ? Share(cuts_.Transfer(end, device, sequence[k + 1]))
                             : 0;
      size_t begin = end;
      while (begin > 0) {
        const std::optional<Picos> time = cuts_.Time(begin - 1, end, device);
        const Picos received =
            k > 0 && begin > 1 && cuts_.MayCut(begin - 1, sequence[k - 1], device)
                ? Share(cuts_.Transfer(begin - 1, sequence[k - 1], device))
                : 0;
        if (!time.has_value() || cuts_.Memory(begin - 1, end) > Room(device) ||
            *time + problem_.devices[device].part_cost + sent + received > load) {
          break;
        }
        --begin;
      }
      starts[k] = begin;
    }
    return starts;
  }

  const PlacementProblem& problem_;
  const OrderedCuts& cuts_;
  const int64_t room_;
  const bool blocking_;
};

std::vector<DeviceId> Sequence(const std::vector<Kind>& kinds) {
  std::vector<DeviceId> sequence;
  for (const Kind& kind : kinds) sequence.insert(sequence.end(), kind.begin(), kind.end());
  return sequence;
}

// The orders of so many kinds that are tried.
std::vector<std::vector<DeviceId>> Sequences(std::vector<Kind> kinds) {
  std::vector<std::vector<DeviceId>> sequences;
  if (kinds.size() > kMostKinds) {
    sequences.push_back(Sequence(kinds));
    std::reverse(kinds.begin(), kinds.end());
    sequences.push_back(Sequence(kinds));
    sequences.push_back(sequences[0]);
    std::sort(sequences.back().begin(), sequences.back().end());
    return sequences;
  }
  std::vector<size_t> order(kinds.size());
  std::iota(order.begin(), order.end(), size_t{0});
  do {
    std::vector<Kind> ordered;
    for (const size_t k : order) ordered.push_back(kinds[k]);
    sequences.push_back(Sequence(ordered));
  } while (std::next_permutation(order.begin(), order.end()));
  return sequences;
}

std::vector<DeviceId> LeastLoadedChain(const ChainFilling& filling,
                                       const IdVector<DeviceId, bool>& use) {
  std::vector<Kind> kinds = filling.Kinds(use);
  Picos least = kMaxPicos;
  std::vector<DeviceId> best;
  // With all kinds, then without the slowest ones.
  for (; !kinds.empty(); kinds.pop_back()) {
    const bool fewer = !best.empty();
    Picos limit = fewer ? least + least / kSlack : kMaxPicos;
    bool found = false;
    for (std::vector<DeviceId>& sequence : Sequences(kinds)) {
      const std::optional<Picos> load = filling.LeastLoad(sequence, limit);
      if (!load.has_value()) continue;
      found = true;
      limit = *load - 1;
      best = std::move(sequence);
    }
    if (!found) break;
    if (!fewer || limit + 1 < least) least = limit + 1;
  }
  return best.empty() ? best : filling.Fill(best, least + least / kSlack);
}

// With as much room as leaves what fits; else with the least.
template <typename Make>
std::vector<DeviceId> WithRoom(const PlacementProblem& problem, const OrderedCuts& cuts,
                               const Make& make) {
  std::vector<DeviceId> chain;
  if (cuts.size() == 0) return chain;
  for (const int64_t room : {1000, 990, 970, 940, 900, 800}) {
    chain = make(ChainFilling(problem, cuts, room));
    if (chain.empty() || cuts.Parts(chain).score.feasible) break;
  }
  return chain;
}

}  // namespace

std::vector<DeviceId> FilledChain(const PlacementProblem& problem, const OrderedCuts& cuts,
                                  const IdVector<DeviceId, bool>& use) {
  return WithRoom(problem, cuts,
                  [&](const ChainFilling& filling) { return LeastLoadedChain(filling, use); });
}

std::vector<DeviceId> ChainByMemory(const PlacementProblem& problem, const OrderedCuts& cuts,
                                    const IdVector<DeviceId, bool>& use) {
  return WithRoom(problem, cuts, [&](const ChainFilling& filling) {
    // No more devices than it takes.
    std::vector<DeviceId> sequence;
    for (const DeviceId device : Sequence(filling.Kinds(use))) {
      sequence.push_back(device);
      std::vector<DeviceId> chain = filling.Fill(sequence, kMaxPicos);
      if (!chain.empty()) return chain;
    }
    return std::vector<DeviceId>();
  });
}

std::vector<std::vector<DeviceId>> BalancedRanges(const PlacementProblem& problem,
                                                  const OrderedCuts& cuts,
                                                  const std::vector<int32_t>& like,
                                                  const IdVector<DeviceId, bool>& use) {
  std::vector<std::vector<DeviceId>> chains;
  chains.push_back(cuts.BalancedChain(like, use, OrderedCuts::kMostDeviceSets));
  std::vector<int64_t> members(problem.devices.size(), 0);
  int64_t sets = 1;
  for (const DeviceId d : problem.devices.ids()) {
    if (use[d]) ++members[static_cast<size_t>(like[static_cast<size_t>(d.index())])];
  }
  for (const int64_t count : members) {
    sets = std::min(sets * (count + 1), OrderedCuts::kMostDeviceSets + 1);
  }
  if (sets > OrderedCuts::kMostDeviceSets) chains.push_back(FilledChain(problem, cuts, use));
  chains.erase(std::remove_if(chains.begin(), chains.end(),
                              [](const std::vector<DeviceId>& chain) { return chain.empty(); }),
               chains.end());
  return chains;
}

}  // namespace allot
