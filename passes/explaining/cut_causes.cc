#include "passes/explaining/cut_causes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/explaining/barrier.h"
#include "passes/problem/memory_needs.h"

namespace allot {
namespace {

using ir::Cut;
using ir::CutCause;

// What speaks against moving one end of a cut to the other.
struct Verdict {
  std::optional<CutCause> blocked;  // support, pin or memory; nullopt: it may move
  std::optional<Picos> change;      // of the objective, also if it does not fit
  std::string why;
};

class CutFinder {
 public:
  explicit CutFinder(const CutCausesInput& input)
      : plan_(input.plan),
        target_(input.target),
        built_(input.built),
        problem_(input.built.problem),
        constraints_(input.constraints),
        moves_(input.moves),
        objective_(problem_.objective == PlacementObjective::kLatency ? "latency" : "period"),
        successors_(plan_.parts.size()) {
    for (const ItemId item : problem_.items.ids()) {
      for (const ItemId next : input.built.graph.successors[item]) {
        if (PartOf(item) != PartOf(next)) successors_[PartOf(item)].push_back(PartOf(next));
      }
    }
  }

  std::vector<Cut> Run() {
    std::vector<Cut> cuts;
    for (const FlowId flow : problem_.flows.ids()) {
      const ir::PartId from = PartOf(problem_.flows[flow].from);
      // Readers by device; on the producer's own device by part.
      std::map<std::pair<DeviceId, ir::PartId>, std::vector<ItemId>> readers;
      for (const ItemId to : problem_.flows[flow].to) {
        const ir::PartId part = PartOf(to);
        if (part == from) continue;
        const DeviceId device = plan_.parts[part].device;
        const bool same = device == plan_.parts[from].device;
        readers[{device, same ? part : ir::PartId()}].push_back(to);
      }
      for (auto& [place, items] : readers) {
        Cut cut{built_.values[flow], from, {}, problem_.flows[flow].bytes, {}, ""};
        for (const ItemId item : items) cut.to.push_back(PartOf(item));
        std::sort(cut.to.begin(), cut.to.end());
        cut.to.erase(std::unique(cut.to.begin(), cut.to.end()), cut.to.end());
        if (place.first == plan_.parts[from].device) {
          ExplainWithinDevice(cut);
        } else {
          ExplainBetweenDevices(problem_.flows[flow].from, items, place.first, cut);
        }
        cuts.push_back(std::move(cut));
      }
    }
    std::stable_sort(cuts.begin(), cuts.end(),
                     [](const Cut& a, const Cut& b) { return a.value < b.value; });
    return cuts;
  }

 private:
  ir::PartId PartOf(ItemId item) const { return plan_.part_of[ir::ClusterId(item.index())]; }
  const std::string& DeviceName(DeviceId device) const { return target_.devices[device].name; }
  static ItemId Item(ir::PartId part) { return ItemId(part.index()); }

  // "'conv1 +2'", "'conv1' and 3 others".
  std::string Named(const std::vector<ItemId>& items) const {
    const std::string first = absl::StrCat("'", problem_.items[items.front()].name, "'");
    if (items.size() == 1) return first;
    return absl::StrCat(first, " and ", items.size() - 1, items.size() == 2 ? " other" : " others");
  }

  // A part by its first cluster: numbers of parts are not those of files.
  std::string FirstOf(ir::PartId part) const {
    for (const ItemId item : problem_.items.ids()) {
      if (PartOf(item) == part) return Named({item});
    }
    return "";
  }

  std::string Overfull(const MoveOutcome& outcome) const {
    return absl::StrCat(DeviceName(outcome.full), " would have to hold ",
                        MemoryText(outcome.needed), " of ",
                        MemoryText(target_.devices[outcome.full].memory));
  }

  Verdict Judge(const std::vector<ItemId>& items, DeviceId device) {
    for (const ItemId item : items) {
      if (problem_.items[item].time[device].has_value()) continue;
      const std::optional<Barrier> barrier = FindBarrier(constraints_, built_.nodes[item], device);
      ALLOT_CHECK(barrier.has_value());
      return {barrier->cause, std::nullopt,
              absl::StrCat("'", plan_.features[barrier->node].name, "' cannot be on ",
                           DeviceName(device), ": ", barrier->why)};
    }
    const std::string what = absl::StrCat(Named(items), " on ", DeviceName(device));
    if (moves_ == nullptr)
      return {std::nullopt, std::nullopt, absl::StrCat(what, " was not tried")};
    const MoveOutcome outcome = moves_->Move(items, device);
    if (!outcome.routed) {
      return {CutCause::kSupport, std::nullopt,
              absl::StrCat(what, " has no route to all that it exchanges tensors with")};
    }
    const Picos change = outcome.value - moves_->value();
    if (outcome.feasible) {
      return {std::nullopt, change, absl::StrCat(what, " would ", ChangeText(change))};
    }
    return {CutCause::kMemory, change,
            absl::StrCat(what, " would ", ChangeText(change),
                         " but does not fit: ", Overfull(outcome))};
  }

  // The end that decides, see the header; nullptr: none.
  static const Verdict* Deciding(const Verdict& producer, const Verdict& readers) {
    if (producer.blocked.has_value() && readers.blocked.has_value()) {
      for (const CutCause liftable : {CutCause::kPin, CutCause::kMemory, CutCause::kSupport}) {
        if (readers.blocked == liftable) return &readers;
        if (producer.blocked == liftable) return &producer;
      }
    }
    for (const Verdict* end : {&readers, &producer}) {
      if (!end->blocked.has_value()) continue;
      if (*end->blocked != CutCause::kMemory || *end->change <= 0) return end;
    }
    return nullptr;
  }

  void ExplainBetweenDevices(ItemId producer, const std::vector<ItemId>& readers, DeviceId there,
                             Cut& cut) {
    const Verdict producer_end = Judge({producer}, there);
    const Verdict readers_end = Judge(readers, plan_.parts[cut.from].device);
    if (const Verdict* deciding = Deciding(producer_end, readers_end)) {
      const Verdict& other = deciding == &producer_end ? readers_end : producer_end;
      cut.cause = *deciding->blocked;
      cut.why = absl::StrCat(deciding->why, "; ", other.why);
      return;
    }
    cut.cause = CutCause::kObjective;
    std::optional<Picos> least;
    for (const Verdict* end : {&producer_end, &readers_end}) {
      if (end->blocked.has_value() || !end->change.has_value()) continue;
      least = least.has_value() ? std::min(*least, *end->change) : *end->change;
    }
    std::string gain = absl::StrCat("placed for the least ", objective_);
    if (least.has_value() && *least > 0) {
      gain = absl::StrCat("cheaper by ", AmountText(*least), " of ", AmountText(moves_->value()));
    } else if (least.has_value()) {
      // Nothing is gained by this one cut; the search weighs others with it, and may miss some.
      gain = *least == 0 ? "no dearer" : "not the best that is known";
    }
    cut.why = absl::StrCat(gain, ": ", producer_end.why, "; ", readers_end.why);
  }

  // Parts on a way from `from` to `to`, without both, ascending.
  std::vector<ir::PartId> Between(ir::PartId from, ir::PartId to) const {
    IdVector<ir::PartId, bool> after(plan_.parts.size(), false), before = after;
    after[from] = before[to] = true;
    // Parts are in topological order.
    for (const ir::PartId part : plan_.parts.ids()) {
      if (!after[part]) continue;
      for (const ir::PartId next : successors_[part]) after[next] = true;
    }
    std::vector<ir::PartId> between;
    for (int32_t i = to.index() - 1; i > from.index(); --i) {
      const ir::PartId part(i);
      for (const ir::PartId next : successors_[part]) before[part] = before[part] || before[next];
      if (before[part] && after[part]) between.push_back(part);
    }
    std::reverse(between.begin(), between.end());
    return between;
  }

  void ExplainWithinDevice(Cut& cut) {
    const ir::PartId to = cut.to.front();
    const DeviceId device = plan_.parts[to].device;
    std::vector<ItemId> joined = {Item(cut.from), Item(to)};
    for (const ir::PartId part : Between(cut.from, to)) {
      if (plan_.parts[part].device == device) {
        joined.push_back(Item(part));
        continue;
      }
      cut.cause = CutCause::kCycle;
      cut.why = absl::StrCat("one part would wait for itself: ", FirstOf(part), " on ",
                             DeviceName(plan_.parts[part].device), " has to run in between");
      return;
    }
    const std::optional<MoveOutcome> outcome =
        moves_ == nullptr ? std::nullopt : moves_->Join(joined);
    cut.cause = CutCause::kObjective;
    const std::string what = joined.size() == 2 ? "joining the two parts"
                                                : absl::StrCat("joining ", joined.size(), " parts");
    if (!outcome.has_value()) {
      cut.why = absl::StrCat("placed for the least ", objective_, ": ", what, " was not tried");
      return;
    }
    const Picos change = outcome->value - moves_->value();
    cut.why = absl::StrCat(what, " would ", ChangeText(change));
    if (!outcome->feasible) {
      if (change <= 0) cut.cause = CutCause::kMemory;
      absl::StrAppend(&cut.why, " but does not fit: ", Overfull(*outcome));
    }
  }

  const ir::Plan& plan_;
  const Target& target_;
  const BuiltProblem& built_;
  const PlacementProblem& problem_;
  const DeviceConstraints& constraints_;
  Moves* const moves_;
  const absl::string_view objective_;
  IdVector<ir::PartId, std::vector<ir::PartId>> successors_;  // with repeats
};

}  // namespace

std::vector<Cut> FindCuts(const CutCausesInput& input) { return CutFinder(input).Run(); }

}  // namespace allot
