#include "placement/trained/ranges.h"

#include <algorithm>
#include <utility>

namespace allot {
namespace {

bool SameRoute(const std::optional<Route>& a, const std::optional<Route>& b) {
  return a.has_value() == b.has_value() && (!a.has_value() || a->segments == b->segments);
}

bool SameAlone(const TrainedChain& chain, DeviceId a, DeviceId b) {
  const Machine::MachineDevice &of_a = chain.devices[a], &of_b = chain.devices[b];
  if (of_a.memory != of_b.memory || of_a.part_cost != of_b.part_cost ||
      chain.memory_bandwidth[a] != chain.memory_bandwidth[b]) {
    return false;
  }
  return std::all_of(chain.cells.begin(), chain.cells.end(), [&](const TrainedChain::Cell& cell) {
    return cell.forward[a] == cell.forward[b] && cell.backward[a] == cell.backward[b];
  });
}

// Whether `b` can take the place of `a` beside the devices of the class of `a`, and beside all
// others.
bool SameRoutes(const TrainedChain& chain, const std::vector<DeviceId>& class_of_a, DeviceId b) {
  if (chain.routes.empty()) return true;
  const DeviceId a = class_of_a.front();
  const auto& routes = chain.routes;
  for (const DeviceId other : chain.devices.ids()) {
    if (other == a || other == b) continue;
    if (!SameRoute(routes[a][other], routes[b][other]) ||
        !SameRoute(routes[other][a], routes[other][b])) {
      return false;
    }
  }
  if (!SameRoute(routes[a][b], routes[b][a])) return false;
  // All pairs of a class are joined alike.
  return class_of_a.size() < 2 || SameRoute(routes[a][b], routes[a][class_of_a[1]]);
}

}  // namespace

std::vector<std::vector<DeviceId>> AlikeDevices(const TrainedChain& chain) {
  std::vector<std::vector<DeviceId>> classes;
  for (const DeviceId device : chain.devices.ids()) {
    const auto known = std::find_if(classes.begin(), classes.end(), [&](const auto& of_class) {
      return SameAlone(chain, of_class.front(), device) && SameRoutes(chain, of_class, device);
    });
    if (known == classes.end()) {
      classes.push_back({device});
    } else {
      known->push_back(device);
    }
  }
  return classes;
}

TrainedRanges::TrainedRanges(const TrainedChain& chain,
                             const std::vector<std::vector<DeviceId>>& classes,
                             std::vector<int32_t> places)
    : chain_(chain), classes_(classes), places_(std::move(places)) {
  SumTimes();
  SumHeld();
}

void TrainedRanges::SumTimes() {
  const size_t num = places_.size();
  forward_.Assign(classes_.size(), num, 0);
  backward_ = forward_;
  copy_forward_ = copy_backward_ = forward_;
  cannot_.Assign(classes_.size(), num, 0);
  for (size_t c = 0; c < classes_.size(); ++c) {
    const DeviceId device = classes_[c].front();
    for (size_t place = 0; place < num; ++place) {
      if (chain_.copies && place > 0 && place + 1 < num) {
        const TrainedChain::Cut& cut = chain_.cuts[static_cast<size_t>(places_[place])];
        copy_forward_(c, place) = CopyTime(chain_, device, cut.forward);
        copy_backward_(c, place) = CopyTime(chain_, device, cut.backward);
      }
      if (place == 0) continue;
      Picos forward = forward_(c, place - 1), backward = backward_(c, place - 1);
      int32_t cannot = cannot_(c, place - 1);
      for (int32_t i = places_[place - 1]; i < places_[place]; ++i) {
        const TrainedChain::Cell& cell = chain_.cells[static_cast<size_t>(i)];
        forward += cell.forward[device].value_or(0);
        backward += cell.backward[device].value_or(0);
        cannot += cell.forward[device].has_value() ? 0 : 1;
      }
      forward_(c, place) = forward;
      backward_(c, place) = backward;
      cannot_(c, place) = cannot;
    }
  }
  least_forward_.assign(num, 0);
  least_backward_.assign(num, 0);
  for (size_t place = 1; place < num; ++place) {
    Picos forward = 0, backward = 0;
    for (int32_t i = places_[place - 1]; i < places_[place]; ++i) {
      const TrainedChain::Cell& cell = chain_.cells[static_cast<size_t>(i)];
      Picos least_forward = kMaxPicos, least_backward = kMaxPicos;
      for (const std::vector<DeviceId>& of_class : classes_) {
        const DeviceId device = of_class.front();
        if (!cell.forward[device].has_value()) continue;
        least_forward = std::min(least_forward, *cell.forward[device]);
        least_backward = std::min(least_backward, *cell.backward[device]);
      }
      forward = SaturatingAdd(forward, least_forward);
      backward = SaturatingAdd(backward, least_backward);
    }
    least_forward_[place] = SaturatingAdd(least_forward_[place - 1], forward);
    least_backward_[place] = SaturatingAdd(least_backward_[place - 1], backward);
  }
}

void TrainedRanges::SumHeld() {
  const size_t num = places_.size();
  std::vector<size_t> piece_of(chain_.cells.size());  // which pair of places a cell is between
  for (size_t place = 0; place + 1 < num; ++place) {
    for (int32_t i = places_[place]; i < places_[place + 1]; ++i) {
      piece_of[static_cast<size_t>(i)] = place;
    }
  }
  // What is used in a piece, and the piece before it that used it last, plus one; 0: none.
  struct Use {
    size_t before = 0;
    Bytes resident = 0, updated = 0, kept = 0;
  };
  std::vector<std::vector<Use>> uses(num);
  const auto add = [&](const std::vector<int32_t>& cells, Use use) {
    size_t before = 0;
    for (const int32_t cell : cells) {
      const size_t piece = piece_of[static_cast<size_t>(cell)];
      if (before == piece + 1) continue;
      use.before = before;
      uses[piece].push_back(use);
      before = piece + 1;
    }
  };
  for (const TrainedChain::Parameter& of : chain_.parameters) {
    add(of.cells, {0, SaturatingAdd(of.weights, SaturatingAdd(of.gradient, of.state)), of.updated});
  }
  for (const TrainedChain::Kept& of : chain_.kept) add(of.cells, {0, 0, 0, of.bytes});
  for (auto* table : {&resident_, &updated_, &kept_, &working_}) table->Assign(num, num, 0);
  for (size_t begin = 0; begin < num; ++begin) {
    for (size_t piece = begin; piece + 1 < num; ++piece) {
      Bytes resident = resident_(begin, piece), updated = updated_(begin, piece);
      Bytes kept = kept_(begin, piece), working = working_(begin, piece);
      for (const Use& use : uses[piece]) {
        if (use.before > begin) continue;  // it is in the range already
        resident = SaturatingAdd(resident, use.resident);
        updated = SaturatingAdd(updated, use.updated);
        kept = SaturatingAdd(kept, use.kept);
      }
      for (int32_t i = places_[piece]; i < places_[piece + 1]; ++i) {
        working = std::max(working, chain_.cells[static_cast<size_t>(i)].working);
      }
      resident_(begin, piece + 1) = resident;
      updated_(begin, piece + 1) = updated;
      kept_(begin, piece + 1) = kept;
      working_(begin, piece + 1) = working;
    }
  }
}

std::optional<RangePrice> TrainedRanges::Price(size_t of_class, size_t begin, size_t end,
                                               int64_t in_flight) const {
  if (cannot_(of_class, end) != cannot_(of_class, begin)) return std::nullopt;
  const DeviceId device = classes_[of_class].front();
  const Bytes room = chain_.devices[device].memory;
  const Bytes fixed = SaturatingAdd(resident_(begin, end), working_(begin, end));
  const Bytes kept = kept_(begin, end);
  RangePrice price;
  price.recomputes = chain_.recompute == Recompute::kYes;
  if (!price.recomputes && SaturatingAdd(fixed, SaturatingMultiply(kept, in_flight)) > room) {
    if (chain_.recompute == Recompute::kNo) return std::nullopt;
    price.recomputes = true;
  }
  if (price.recomputes) {
    const Bytes inputs = chain_.cuts[static_cast<size_t>(places_[begin])].forward;
    const Bytes held = SaturatingAdd(SaturatingMultiply(inputs, in_flight), kept);
    if (SaturatingAdd(fixed, held) > room) return std::nullopt;
  }
  const Picos launch = chain_.devices[device].part_cost;
  price.forward = forward_(of_class, end) - forward_(of_class, begin) + launch;
  price.backward = backward_(of_class, end) - backward_(of_class, begin) + launch;
  if (price.recomputes) price.backward += price.forward;
  for (const size_t place : {begin, end}) {
    price.forward = SaturatingAdd(price.forward, copy_forward_(of_class, place));
    price.backward = SaturatingAdd(price.backward, copy_backward_(of_class, place));
  }
  return price;
}

Picos TrainedRanges::Update(size_t of_class, size_t begin, size_t end) const {
  const int64_t rate = chain_.memory_bandwidth[classes_[of_class].front()];
  return rate > 0 ? DurationAtRate(updated_(begin, end), rate) : 0;
}

std::optional<Picos> TrainedRanges::Crossing(size_t from, size_t to, size_t place) const {
  if (from == to && classes_[from].size() < 2) return std::nullopt;
  const DeviceId a = classes_[from].front();
  const DeviceId b = from == to ? classes_[from][1] : classes_[to].front();
  if (chain_.routes.empty()) return std::nullopt;
  const std::optional<Route>&there = chain_.routes[a][b], &back = chain_.routes[b][a];
  if (!there.has_value() || !back.has_value()) return std::nullopt;
  if (chain_.copies) return 0;
  const TrainedChain::Cut& cut = chain_.cuts[static_cast<size_t>(places_[place])];
  const Picos forward = cut.forward > 0 ? there->Time(cut.forward) : 0;
  const Picos backward = cut.backward > 0 ? back->Time(cut.backward) : 0;
  const bool shared =
      std::any_of(there->channels.begin(), there->channels.end(), [&](ChannelId channel) {
        return std::find(back->channels.begin(), back->channels.end(), channel) !=
               back->channels.end();
      });
  return shared ? SaturatingAdd(forward, backward) : std::max(forward, backward);
}

}  // namespace allot
