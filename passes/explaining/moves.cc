#include "passes/explaining/moves.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "passes/problem/cluster_problem.h"
#include "target/quantity.h"

namespace allot {
namespace {

std::vector<int32_t> Indices(const Placement& device_of) {
  std::vector<int32_t> devices;
  for (const DeviceId device : device_of) devices.push_back(device.index());
  return devices;
}

}  // namespace

Moves::Moves(const PlacementProblem& problem, const ProblemGraph& graph, Solution solution,
             const Partition& parts, int64_t effort)
    : problem_(problem),
      graph_(graph),
      solution_(std::move(solution)),
      effort_(effort),
      evaluator_(problem, graph) {
  Partition known = parts;
  if (known.part_of.size() != problem.items.size()) {
    known = FormParts(problem, graph, solution_, effort).parts;
  }
  for (const ItemId part : known.part_of) part_of_.push_back(part.index());
  num_parts_ = static_cast<int32_t>(known.num_parts);
  value_ = EvaluateParts(problem, solution_, known).objective;
}

std::optional<Moves::Candidate> Moves::Evaluate(const std::vector<int32_t>& device,
                                                std::vector<int32_t> label) {
  std::vector<int32_t> dense(problem_.items.size() + 1, -1);
  std::vector<int64_t> rank;
  for (size_t i = 0; i < solution_.order.size(); ++i) {
    int32_t& number =
        dense[static_cast<size_t>(label[static_cast<size_t>(solution_.order[i].index())])];
    if (number >= 0) continue;
    number = static_cast<int32_t>(rank.size());
    rank.push_back(static_cast<int64_t>(i));
  }
  for (int32_t& l : label) l = dense[static_cast<size_t>(l)];
  Candidate candidate;
  candidate.num_parts = static_cast<int32_t>(rank.size());
  if (!evaluator_.NumberParts(rank, candidate.num_parts, label.data())) return std::nullopt;
  candidate.value = evaluator_.Value(device.data(), label.data(), candidate.num_parts);
  candidate.part_of = std::move(label);
  return candidate;
}

MoveOutcome Moves::Judge(const Placement& device_of, const Candidate& candidate) const {
  Partition parts;
  for (const int32_t part : candidate.part_of) parts.part_of.Add(ItemId(part));
  parts.num_parts = static_cast<size_t>(candidate.num_parts);
  MoveOutcome outcome;
  outcome.routed = candidate.value.violations == 0;
  if (!outcome.routed) return outcome;
  const Score score = EvaluateParts(problem_, {device_of, solution_.order, {}}, parts);
  outcome.feasible = score.feasible;
  outcome.value = score.objective;
  for (const DeviceId device : problem_.devices.ids()) {
    if (score.peak[device] <= problem_.devices[device].memory) continue;
    outcome.full = device;
    outcome.needed = score.peak[device];
    break;
  }
  return outcome;
}

MoveOutcome Moves::Move(const std::vector<ItemId>& items, DeviceId device) {
  Solution moved = solution_;
  for (const ItemId item : items) moved.device_of[item] = device;
  const std::vector<int32_t> devices = Indices(moved.device_of);
  std::optional<Candidate> best;
  const auto offer = [&](std::vector<int32_t> label) {
    std::optional<Candidate> candidate = Evaluate(devices, std::move(label));
    if (!candidate.has_value()) return;
    if (!best.has_value() || candidate->value < best->value) best = std::move(candidate);
  };
  const PartedSolution formed = FormParts(problem_, graph_, moved, effort_);
  std::vector<int32_t> label;
  for (const ItemId part : formed.parts.part_of) label.push_back(part.index());
  offer(std::move(label));
  // The neighbours there that it could join; the first few, as each costs an evaluation.
  constexpr size_t kMostNeighbours = 3;
  std::vector<int32_t> homes = {num_parts_};
  for (const ItemId item : items) {
    for (const auto* next : {&graph_.predecessors[item], &graph_.successors[item]}) {
      for (const ItemId neighbour : *next) {
        if (solution_.device_of[neighbour] != device) continue;
        const int32_t home = part_of_[static_cast<size_t>(neighbour.index())];
        if (homes.size() > kMostNeighbours) break;
        if (std::find(homes.begin(), homes.end(), home) == homes.end()) homes.push_back(home);
      }
    }
  }
  for (const int32_t home : homes) {
    label = part_of_;
    for (const ItemId item : items) label[static_cast<size_t>(item.index())] = home;
    offer(std::move(label));
  }
  return Judge(moved.device_of, *best);
}

std::optional<MoveOutcome> Moves::Join(const std::vector<ItemId>& parts) {
  std::vector<int32_t> label = part_of_;
  for (int32_t& part : label) {
    if (std::find(parts.begin(), parts.end(), ItemId(part)) != parts.end()) {
      part = parts.front().index();
    }
  }
  const std::optional<Candidate> joined = Evaluate(Indices(solution_.device_of), std::move(label));
  if (!joined.has_value()) return std::nullopt;
  return Judge(solution_.device_of, *joined);
}

std::string AmountText(Picos time) {
  constexpr Picos kReadableInMillis = kPicosPerMicro / 10;
  return time < kReadableInMillis ? PrintDuration(time) : TimeText(time);
}

std::string ChangeText(Picos change) {
  if (change == 0) return "change nothing";
  return change > 0 ? absl::StrCat("add ", AmountText(change))
                    : absl::StrCat("save ", AmountText(-change));
}

}  // namespace allot
