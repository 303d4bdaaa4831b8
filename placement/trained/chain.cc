#include "placement/trained/chain.h"

#include <algorithm>

#include "support/status.h"

namespace allot {
namespace {

// Whether some of the ascending numbers lie in [begin, end).
bool AnyWithin(const std::vector<int32_t>& cells, int32_t begin, int32_t end) {
  const auto first = std::lower_bound(cells.begin(), cells.end(), begin);
  return first != cells.end() && *first < end;
}

Picos Plus(Picos a, Picos b) { return SaturatingAdd(a, b); }

absl::Status CheckCells(absl::string_view what, size_t number, const std::vector<int32_t>& cells,
                        size_t num_cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    const bool ascending = i == 0 || cells[i - 1] < cells[i];
    if (ascending && cells[i] >= 0 && static_cast<size_t>(cells[i]) < num_cells) continue;
    return InputError(what, "[", number, "]: cells must ascend, from 0 to ", num_cells - 1);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTrained(const TrainedChain& chain) {
  ALLOT_RETURN_IF_ERROR(CheckMachine(chain));
  if (chain.microbatches < 1 || chain.microbatches > kMostMicrobatches) {
    return InputError("microbatches: ", chain.microbatches, " is not from 1 to ",
                      kMostMicrobatches);
  }
  if (chain.cells.empty()) return InputError("there is nothing to train");
  if (chain.cuts.size() != chain.cells.size()) return InputError("each cell needs a cut before it");
  if (chain.memory_bandwidth.size() != chain.devices.size()) {
    return InputError("each device needs a memory_bandwidth");
  }
  Picos all = 0;
  for (const TrainedChain::Cell& cell : chain.cells) {
    if (cell.forward.size() != chain.devices.size() ||
        cell.backward.size() != chain.devices.size()) {
      return InputError("'", cell.name, "': needs a time for each device");
    }
    Picos most = 0;
    for (const DeviceId device : chain.devices.ids()) {
      if (cell.forward[device].has_value() != cell.backward[device].has_value()) {
        return InputError("'", cell.name, "': runs forward and backward on a device, or neither");
      }
      const Picos forward = cell.forward[device].value_or(0);
      const Picos backward = cell.backward[device].value_or(0);
      if (forward < 0 || backward < 0) return InputError("'", cell.name, "': a time is negative");
      most = std::max(most, Plus(Plus(forward, forward), backward));
    }
    if (cell.working < 0) return InputError("'", cell.name, "': working is negative");
    all = Plus(all, most);
  }
  // Transfers and copies are not among them; a schedule adds without wrapping, whatever they are.
  if (SaturatingMultiply(all, chain.microbatches) > kLongestIteration) {
    return InputError("an iteration takes longer than can be counted (",
                      kLongestIteration / kPicosPerSecond, " s)");
  }
  for (const TrainedChain::Cut& cut : chain.cuts) {
    if (cut.forward < 0 || cut.backward < 0) return InputError("a cut has negative bytes");
  }
  for (size_t i = 0; i < chain.parameters.size(); ++i) {
    const TrainedChain::Parameter& of = chain.parameters[i];
    ALLOT_RETURN_IF_ERROR(CheckCells("parameters", i, of.cells, chain.cells.size()));
    if (std::min({of.weights, of.gradient, of.state, of.updated}) < 0) {
      return InputError("parameters[", i, "]: bytes are negative");
    }
  }
  for (size_t i = 0; i < chain.kept.size(); ++i) {
    ALLOT_RETURN_IF_ERROR(CheckCells("kept", i, chain.kept[i].cells, chain.cells.size()));
    if (chain.kept[i].bytes < 0) return InputError("kept[", i, "]: bytes are negative");
  }
  return absl::OkStatus();
}

int64_t InFlight(int64_t microbatches, size_t stage, size_t num_stages) {
  return std::min<int64_t>(microbatches, static_cast<int64_t>(num_stages - stage));
}

Bytes StageFacts::Activations() const {
  if (!recomputes) return SaturatingMultiply(kept, in_flight);
  // What all were given, and what the one that runs backward keeps meanwhile.
  return SaturatingAdd(SaturatingMultiply(inputs, in_flight), kept);
}

Bytes StageFacts::Memory() const {
  Bytes sum = Activations();
  for (const Bytes bytes : {weights, gradients, state, working}) sum = SaturatingAdd(sum, bytes);
  return sum;
}

Picos CopyTime(const Machine& machine, DeviceId device, Bytes bytes) {
  Picos most = 0;
  if (bytes == 0 || machine.routes.empty()) return 0;
  for (const DeviceId other : machine.devices.ids()) {
    if (other == device) continue;
    for (const std::optional<Route>* route :
         {&machine.routes[device][other], &machine.routes[other][device]}) {
      if (route->has_value()) most = std::max(most, (*route)->Time(bytes) / 2);
    }
  }
  return most;
}

std::vector<StageFacts> FactsOfStages(const TrainedChain& chain, const TrainedPlan& plan) {
  std::vector<StageFacts> all;
  for (size_t s = 0; s < plan.size(); ++s) {
    const TrainedStage& stage = plan[s];
    StageFacts facts;
    facts.recomputes = stage.recomputes;
    facts.in_flight = InFlight(chain.microbatches, s, plan.size());
    facts.inputs = chain.cuts[static_cast<size_t>(stage.begin)].forward;
    const Picos launch = chain.devices[stage.device].part_cost;
    Picos forward = launch, backward = launch;
    for (int32_t i = stage.begin; i < stage.end; ++i) {
      const TrainedChain::Cell& cell = chain.cells[static_cast<size_t>(i)];
      forward = Plus(forward, cell.forward[stage.device].value_or(0));
      backward = Plus(backward, cell.backward[stage.device].value_or(0));
      facts.working = std::max(facts.working, cell.working);
    }
    if (stage.recomputes) backward = Plus(backward, forward);
    if (chain.copies) {
      const auto copy = [&](Bytes bytes) { return CopyTime(chain, stage.device, bytes); };
      const auto add = [&](const TrainedChain::Cut& cut) {
        forward = Plus(forward, copy(cut.forward));
        backward = Plus(backward, copy(cut.backward));
      };
      if (s > 0) add(chain.cuts[static_cast<size_t>(stage.begin)]);
      if (s + 1 < plan.size()) add(chain.cuts[static_cast<size_t>(stage.end)]);
    }
    facts.forward = forward;
    facts.backward = backward;
    Bytes updated = 0;
    for (const TrainedChain::Parameter& parameter : chain.parameters) {
      if (!AnyWithin(parameter.cells, stage.begin, stage.end)) continue;
      facts.weights = SaturatingAdd(facts.weights, parameter.weights);
      facts.gradients = SaturatingAdd(facts.gradients, parameter.gradient);
      facts.state = SaturatingAdd(facts.state, parameter.state);
      updated = SaturatingAdd(updated, parameter.updated);
    }
    const int64_t rate = chain.memory_bandwidth[stage.device];
    if (rate > 0) facts.update = DurationAtRate(updated, rate);
    for (const TrainedChain::Kept& kept : chain.kept) {
      if (AnyWithin(kept.cells, stage.begin, stage.end)) {
        facts.kept = SaturatingAdd(facts.kept, kept.bytes);
      }
    }
    all.push_back(facts);
  }
  return all;
}

}  // namespace allot
