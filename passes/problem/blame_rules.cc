#include "passes/problem/blame_rules.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/problem/memory_needs.h"

namespace allot {
namespace {

// About a second of work at most for the largest models.
constexpr int64_t kMostChecks = 20'000'000;

using Kept = std::vector<size_t>;

// Rules that say something about any of the nodes, ascending.
Kept Relevant(const DeviceConstraints& constraints, const std::vector<ir::NodeId>& nodes) {
  Kept relevant;
  for (size_t rule = 0; rule < constraints.rules().size(); ++rule) {
    if (std::any_of(nodes.begin(), nodes.end(),
                    [&](ir::NodeId node) { return constraints.RuleMatches(rule, node); })) {
      relevant.push_back(rule);
    }
  }
  return relevant;
}

int Budget(size_t checks_each) {
  return static_cast<int>(
      std::clamp<int64_t>(kMostChecks / static_cast<int64_t>(checks_each + 1), 1, 20'000));
}

class ProblemClash {
 public:
  ProblemClash(const DeviceConstraints& constraints, const Target& target,
               const BuiltProblem& built)
      : constraints_(constraints), target_(target), built_(built), problem_(built.problem) {}

  // The first flow that rules leave without a route.
  std::optional<RuleClash> MissingRoute(std::string& what) const {
    for (const FlowId flow : problem_.flows.ids()) {
      const ItemId producer = problem_.flows[flow].from;
      for (const ItemId reader : problem_.flows[flow].to) {
        const Kept rules = Together({producer, reader});
        const auto possible = [&](const Kept& kept) {
          return CanReach(flow, Devices(producer, kept), Devices(reader, kept));
        };
        if (possible(rules)) continue;
        std::optional<RuleClash> clash =
            FindRuleClash(rules, possible, Budget(target_.devices.size() * target_.devices.size()));
        if (clash.has_value()) {
          what = absl::StrCat("they leave no route from '", problem_.items[producer].name, "' to '",
                              problem_.items[reader].name, "'");
        }
        return clash;
      }
    }
    return std::nullopt;
  }

  // Weights that rules bring to devices which are too small for them together.
  std::optional<RuleClash> Memory(std::string& what) const {
    std::vector<ItemId> all;
    for (const ItemId item : problem_.items.ids()) all.push_back(item);
    const Kept rules = Together(all);
    std::string overfull;
    const auto possible = [&](const Kept& kept) {
      overfull = Overfull(kept);
      return overfull.empty();
    };
    if (possible(rules)) return std::nullopt;
    std::optional<RuleClash> clash =
        FindRuleClash(rules, possible, Budget(all.size() * target_.devices.size() * 8));
    if (clash.has_value()) what = Overfull(clash->rules);
    return clash;
  }

 private:
  Kept Together(const std::vector<ItemId>& items) const {
    std::vector<ir::NodeId> nodes;
    for (const ItemId item : items) {
      nodes.insert(nodes.end(), built_.nodes[item].begin(), built_.nodes[item].end());
    }
    return Relevant(constraints_, nodes);
  }

  std::vector<DeviceId> Devices(ItemId item, const Kept& kept) const {
    std::vector<DeviceId> devices;
    for (const DeviceId device : target_.devices.ids()) {
      const std::vector<ir::NodeId>& nodes = built_.nodes[item];
      if (std::all_of(nodes.begin(), nodes.end(), [&](ir::NodeId node) {
            return constraints_.AllowedUnder(kept, node, device);
          })) {
        devices.push_back(device);
      }
    }
    return devices;
  }

  bool CanReach(FlowId flow, const std::vector<DeviceId>& from,
                const std::vector<DeviceId>& to) const {
    for (const DeviceId a : from) {
      for (const DeviceId b : to) {
        if (problem_.TransferTime(flow, a, b).has_value()) return true;
      }
    }
    return false;
  }

  // Looks at each device, at all of them, and of few devices at every set of them: what can run
  // nowhere else must fit there. Empty if it does.
  std::string Overfull(const Kept& kept) const {
    const size_t count = target_.devices.size();
    std::vector<uint64_t> allowed;
    for (const ItemId item : problem_.items.ids()) {
      uint64_t mask = 0;
      for (const DeviceId device : Devices(item, kept)) mask |= Bit(device);
      allowed.push_back(mask);
    }
    constexpr size_t kFew = 6;
    std::vector<uint64_t> sets;
    if (count <= kFew) {
      for (uint64_t set = 1; set < (uint64_t{1} << count); ++set) sets.push_back(set);
    } else {
      for (const DeviceId device : target_.devices.ids()) sets.push_back(Bit(device));
    }
    for (const uint64_t set : sets) {
      const Bytes needed = BoundTo(set, allowed);
      Bytes memory = 0;
      std::string names;
      for (const DeviceId device : target_.devices.ids()) {
        if ((set & Bit(device)) == 0) continue;
        memory = SaturatingAdd(memory, target_.devices[device].memory);
        absl::StrAppend(&names, names.empty() ? "" : " and ", target_.devices[device].name);
      }
      if (needed <= memory) continue;
      return absl::StrCat(MemoryText(needed), " of weights must be on ", names, " then, which ",
                          names.find(' ') == names.npos ? "has " : "have ", MemoryText(memory));
    }
    return "";
  }

  // BlameRules() sees to it that there are bits enough.
  static uint64_t Bit(DeviceId device) { return uint64_t{1} << device.index(); }

  // Weights of what can be nowhere but in `set`.
  Bytes BoundTo(uint64_t set, const std::vector<uint64_t>& allowed) const {
    const auto bound = [&](ItemId item) {
      return (allowed[static_cast<size_t>(item.index())] & ~set) == 0;
    };
    Bytes needed = 0;
    for (const ItemId item : problem_.items.ids()) {
      if (bound(item)) needed = SaturatingAdd(needed, problem_.items[item].memory);
    }
    for (const PlacementProblem::SharedMemory& shared : problem_.shared) {
      if (std::any_of(shared.items.begin(), shared.items.end(), bound)) {
        needed = SaturatingAdd(needed, shared.bytes);
      }
    }
    return needed;
  }

  const DeviceConstraints& constraints_;
  const Target& target_;
  const BuiltProblem& built_;
  const PlacementProblem& problem_;
};

}  // namespace

std::optional<RuleClash> ClashAt(const DeviceConstraints& constraints, const Target& target,
                                 const std::vector<ir::NodeId>& nodes) {
  Kept all;
  for (size_t rule = 0; rule < constraints.rules().size(); ++rule) all.push_back(rule);
  const std::vector<ir::NodeId> concerned = constraints.BoundUnder(all, nodes);
  const auto possible = [&](const Kept& kept) {
    const std::vector<ir::NodeId> bound = constraints.BoundUnder(kept, nodes);
    for (const DeviceId device : target.devices.ids()) {
      if (std::all_of(bound.begin(), bound.end(), [&](ir::NodeId node) {
            return constraints.AllowedUnder(kept, node, device);
          })) {
        return true;
      }
    }
    return false;
  };
  return FindRuleClash(Relevant(constraints, concerned), possible,
                       Budget(concerned.size() * target.devices.size()));
}

absl::Status BlameRules(const absl::Status& error, const DeviceConstraints& constraints,
                        const Target& target, const BuiltProblem& built) {
  if (constraints.rules().empty() || target.devices.size() > 63) return error;
  const ProblemClash problem(constraints, target, built);
  std::string what;
  std::optional<RuleClash> clash = problem.MissingRoute(what);
  if (!clash.has_value()) clash = problem.Memory(what);
  if (!clash.has_value()) return error;
  return absl::Status(error.code(),
                      absl::StrCat("no placement: ", Describe(*clash, constraints.rules()), "; ",
                                   what, "; ", Remedy(*clash), " (", error.message(), ")"));
}

}  // namespace allot
