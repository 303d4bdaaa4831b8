#include "placement/trained/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot {
namespace {

using Kind = TrainedStepKind;

class Verifier {
 public:
  Verifier(const TrainedChain& chain, const TrainedPlan& plan, const TrainedSchedule& schedule)
      : chain_(chain), plan_(plan), schedule_(schedule) {}

  absl::Status Run() {
    ALLOT_RETURN_IF_ERROR(CheckRanges());
    ALLOT_RETURN_IF_ERROR(CheckSteps());
    ALLOT_RETURN_IF_ERROR(CheckTransfers());
    ALLOT_RETURN_IF_ERROR(CheckChannels());
    ALLOT_RETURN_IF_ERROR(CheckMemory());
    return CheckValues();
  }

 private:
  std::string At(size_t stage) const {
    return absl::StrCat("stage ", stage, " on ", chain_.devices[plan_[stage].device].name);
  }

  absl::Status CheckRanges() const {
    if (plan_.empty()) return InputError("ranges: there are no stages");
    std::set<DeviceId> used;
    int32_t done = 0;
    for (size_t s = 0; s < plan_.size(); ++s) {
      const TrainedStage& stage = plan_[s];
      if (!chain_.devices.Contains(stage.device)) return InputError("devices: stage ", s);
      if (!used.insert(stage.device).second) return InputError("devices: ", At(s), " is not alone");
      if (stage.begin != done || stage.end <= stage.begin) return InputError("ranges: ", At(s));
      done = stage.end;
      if (s > 0 && !chain_.cuts[static_cast<size_t>(stage.begin)].allowed) {
        return InputError("cuts: ", At(s), " begins where nothing may be cut");
      }
      for (int32_t i = stage.begin; i < stage.end && static_cast<size_t>(i) < chain_.cells.size();
           ++i) {
        const TrainedChain::Cell& cell = chain_.cells[static_cast<size_t>(i)];
        if (!cell.forward[stage.device] || !cell.backward[stage.device]) {
          return InputError("colocated: '", cell.name, "' cannot run both ways in ", At(s));
        }
      }
      const bool may = chain_.recompute != Recompute::kNo;
      const bool must = chain_.recompute == Recompute::kYes;
      if (stage.recomputes ? !may : must) return InputError("recompute: ", At(s));
    }
    if (done != static_cast<int32_t>(chain_.cells.size()))
      return InputError("ranges: cells are left");
    return absl::OkStatus();
  }

  // Duration of one microbatch, added up cell by cell.
  Picos Duration(size_t s, Kind kind) const {
    const TrainedStage& stage = plan_[s];
    const DeviceId device = stage.device;
    Picos once = chain_.devices[device].part_cost, back = once;
    for (int32_t i = stage.begin; i < stage.end; ++i) {
      once += *chain_.cells[static_cast<size_t>(i)].forward[device];
      back += *chain_.cells[static_cast<size_t>(i)].backward[device];
    }
    if (stage.recomputes) back += once;
    Picos time = kind == Kind::kForward ? once : back;
    if (!chain_.copies) return time;
    for (const size_t other : {s, s + 1}) {  // the cuts before and behind
      if (other == 0 || other == plan_.size()) continue;
      const TrainedChain::Cut& cut = chain_.cuts[static_cast<size_t>(plan_[other].begin)];
      const Bytes bytes = kind == Kind::kForward ? cut.forward : cut.backward;
      Picos slowest = 0;
      for (const DeviceId to : chain_.devices.ids()) {
        if (to == device || bytes == 0) continue;
        if (const auto& route = chain_.routes[device][to]) {
          slowest = std::max(slowest, route->Time(bytes) / 2);
        }
        if (const auto& route = chain_.routes[to][device]) {
          slowest = std::max(slowest, route->Time(bytes) / 2);
        }
      }
      time += slowest;
    }
    return time;
  }

  absl::Status CheckSteps() {
    steps_.assign(plan_.size(), {});
    for (const TrainedStep& step : schedule_.steps) {
      if (step.stage < 0 || static_cast<size_t>(step.stage) >= plan_.size()) {
        return InputError("steps: there is no stage ", step.stage);
      }
      steps_[static_cast<size_t>(step.stage)].push_back(step);
    }
    for (size_t s = 0; s < plan_.size(); ++s) {
      std::map<int32_t, TrainedStep> forward, backward;
      Picos now = 0, last_backward = 0;
      int64_t updates = 0;
      for (const TrainedStep& step : steps_[s]) {
        if (step.start < now) return InputError("one at a time: ", At(s));
        now = step.end;
        if (step.kind == Kind::kUpdate) {
          if (++updates > 1 || step.start < last_backward) return InputError("update: ", At(s));
          continue;
        }
        if (updates > 0) return InputError("update: ", At(s), " goes on behind it");
        if (step.end - step.start != Duration(s, step.kind)) return InputError("times: ", At(s));
        auto& steps = step.kind == Kind::kForward ? forward : backward;
        if (!steps.emplace(step.microbatch, step).second) return InputError("steps: ", At(s));
        if (step.kind == Kind::kBackward) last_backward = step.end;
      }
      for (const auto* steps : {&forward, &backward}) {
        if (steps->size() != static_cast<size_t>(chain_.microbatches) ||
            steps->begin()->first != 0 ||
            steps->rbegin()->first != static_cast<int32_t>(chain_.microbatches) - 1) {
          return InputError("steps: ", At(s), " does not have every microbatch once each way");
        }
      }
      for (const auto& [microbatch, step] : backward) {
        if (step.start < forward.at(microbatch).end) {
          return InputError("backward before forward: ", At(s));
        }
      }
      forward_.push_back(std::move(forward));
      backward_.push_back(std::move(backward));
    }
    return absl::OkStatus();
  }

  // Each tensor that has bytes is sent once, after it was made and before it is used.
  absl::Status CheckTransfers() const {
    std::map<std::tuple<int32_t, int32_t, int32_t>, TrainedTransfer> sent;
    for (const TrainedTransfer& transfer : schedule_.transfers) {
      const auto key = std::tuple(transfer.from, transfer.to, transfer.microbatch);
      if (!sent.emplace(key, transfer).second) return InputError("transfers: one is there twice");
    }
    size_t needed = 0;
    for (size_t s = 0; s + 1 < plan_.size(); ++s) {
      const TrainedChain::Cut& cut = chain_.cuts[static_cast<size_t>(plan_[s + 1].begin)];
      for (int32_t m = 0; m < chain_.microbatches; ++m) {
        for (const bool forward : {true, false}) {
          const size_t from = forward ? s : s + 1, to = forward ? s + 1 : s;
          const Bytes bytes = forward ? cut.forward : cut.backward;
          const TrainedStep& made = forward ? forward_[from].at(m) : backward_[from].at(m);
          const TrainedStep& used = forward ? forward_[to].at(m) : backward_[to].at(m);
          if (chain_.copies || bytes == 0) {
            if (used.start < made.end) return InputError("order: ", At(to), " does not wait");
            continue;
          }
          const auto& route = chain_.routes[plan_[from].device][plan_[to].device];
          if (!route.has_value()) return InputError("routes: none from ", At(from), " to ", At(to));
          const auto found =
              sent.find(std::tuple(static_cast<int32_t>(from), static_cast<int32_t>(to), m));
          if (found == sent.end()) return InputError("transfers: one is missing to ", At(to));
          ++needed;
          if (found->second.start < made.end || used.start < found->second.end) {
            return InputError("order: ", At(to), " does not wait for what is sent");
          }
          if (found->second.end - found->second.start != route->Time(bytes)) {
            return InputError("times: of what is sent to ", At(to));
          }
        }
      }
    }
    if (needed != sent.size()) return InputError("transfers: some are of nothing");
    return absl::OkStatus();
  }

  absl::Status CheckChannels() const {
    std::vector<std::vector<std::pair<Picos, Picos>>> uses(chain_.num_channels);
    for (const TrainedTransfer& transfer : schedule_.transfers) {
      const auto& route = chain_.routes[plan_[static_cast<size_t>(transfer.from)].device]
                                       [plan_[static_cast<size_t>(transfer.to)].device];
      for (const ChannelId channel : route->channels) {
        uses[static_cast<size_t>(channel.index())].emplace_back(transfer.start, transfer.end);
      }
    }
    for (std::vector<std::pair<Picos, Picos>>& of : uses) {
      std::sort(of.begin(), of.end());
      for (size_t i = 1; i < of.size(); ++i) {
        if (of[i].first < of[i - 1].second)
          return InputError("channels: one carries two at a time");
      }
    }
    return absl::OkStatus();
  }

  // The most microbatches that are through forward, or in it, and not yet through backward.
  int64_t Fullest(size_t s) const {
    int64_t most = 0;
    for (const TrainedStep& at : steps_[s]) {
      if (at.kind != Kind::kForward) continue;
      int64_t held = 0;
      for (const auto& [microbatch, step] : forward_[s]) {
        held += step.start <= at.start && backward_[s].at(microbatch).end > at.start ? 1 : 0;
      }
      most = std::max(most, held);
    }
    return most;
  }

  absl::Status CheckMemory() const {
    for (size_t s = 0; s < plan_.size(); ++s) {
      const TrainedStage& stage = plan_[s];
      const auto within = [&](const std::vector<int32_t>& cells) {
        return std::any_of(cells.begin(), cells.end(),
                           [&](int32_t cell) { return cell >= stage.begin && cell < stage.end; });
      };
      Int128 bytes = 0, kept = 0, working = 0;
      for (const TrainedChain::Parameter& of : chain_.parameters) {
        if (within(of.cells)) bytes += Int128{of.weights} + of.gradient + of.state;
      }
      for (const TrainedChain::Kept& of : chain_.kept) {
        if (within(of.cells)) kept += of.bytes;
      }
      for (int32_t i = stage.begin; i < stage.end; ++i) {
        working = std::max<Int128>(working, chain_.cells[static_cast<size_t>(i)].working);
      }
      const int64_t fullest = Fullest(s);
      bytes += working +
               (stage.recomputes
                    ? kept + Int128{chain_.cuts[static_cast<size_t>(stage.begin)].forward} * fullest
                    : kept * fullest);
      const Bytes memory = chain_.devices[stage.device].memory;
      if (bytes > memory) return InputError("memory: ", At(s), " does not hold it");
      if (s < schedule_.stages.size() && schedule_.stages[s].Memory() != bytes) {
        return InputError("memory: ", At(s), " is said to need another amount");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckValues() const {
    Picos last = 0, period = 0;
    for (const TrainedStep& step : schedule_.steps) last = std::max(last, step.end);
    if (schedule_.iteration != last) return InputError("iteration: it ends at ", last, " ps");
    std::vector<Picos> load(chain_.num_channels, 0);
    for (size_t s = 0; s < plan_.size(); ++s) {
      period = std::max(period, Duration(s, Kind::kForward) + Duration(s, Kind::kBackward));
    }
    for (const TrainedTransfer& transfer : schedule_.transfers) {
      if (transfer.microbatch != 0) continue;
      const auto& route = chain_.routes[plan_[static_cast<size_t>(transfer.from)].device]
                                       [plan_[static_cast<size_t>(transfer.to)].device];
      for (const ChannelId channel : route->channels) {
        Picos& of = load[static_cast<size_t>(channel.index())];
        of += transfer.end - transfer.start;
        period = std::max(period, of);
      }
    }
    if (schedule_.period != period)
      return InputError("period: the largest load is ", period, " ps");
    return absl::OkStatus();
  }

  const TrainedChain& chain_;
  const TrainedPlan& plan_;
  const TrainedSchedule& schedule_;
  std::vector<std::vector<TrainedStep>> steps_;                     // by stage
  std::vector<std::map<int32_t, TrainedStep>> forward_, backward_;  // by stage and microbatch
};

}  // namespace

absl::Status VerifyTrained(const TrainedChain& chain, const TrainedPlan& plan,
                           const TrainedSchedule& schedule) {
  return Verifier(chain, plan, schedule).Run();
}

}  // namespace allot
