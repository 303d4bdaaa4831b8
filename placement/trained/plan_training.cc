#include "placement/trained/plan_training.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/bounds/load_bound.h"
#include "placement/problem/allowed_times.h"
#include "placement/trained/device_sets.h"
#include "placement/trained/range_search.h"
#include "placement/trained/ranges.h"
#include "placement/trained/verify.h"
#include "support/status.h"

namespace allot {
namespace {

// Of a chain that is improved.
constexpr int kMostSchedules = 1500;

class Planner {
 public:
  Planner(const TrainedChain& chain, const TrainedOptions& options)
      : chain_(chain), simplify_(options.simplify), classes_(AlikeDevices(chain)) {
    std::vector<size_t> counts, order(chain.devices.size());
    for (size_t c = 0; c < classes_.size(); ++c) {
      counts.push_back(classes_[c].size());
      for (const DeviceId device : classes_[c]) order[static_cast<size_t>(device.index())] = c;
    }
    size_t most = std::min(chain.devices.size(), chain.cells.size());
    if (options.max_stages > 0) most = std::min(most, static_cast<size_t>(options.max_stages));
    sets_ = MakeDeviceSets(counts, order, most);
    places_ = Places(options.work);
  }

  absl::StatusOr<TrainedAnswer> Run() {
    const TrainedRanges ranges(chain_, classes_, places_);
    TrainedAnswer answer;
    answer.all_places = AllPlaces();
    answer.places = places_.size() - 2;
    std::vector<TrainedPlan> starts;
    std::optional<Picos> period, iteration;
    for (const RangeMeasure measure : {RangeMeasure::kPeriod, RangeMeasure::kIteration}) {
      std::optional<Picos>& bound = measure == RangeMeasure::kPeriod ? period : iteration;
      for (const std::optional<RangeChain>& found : BestChains(chain_, ranges, sets_, measure)) {
        if (!found.has_value()) continue;
        bound = std::min(bound.value_or(found->worst), found->worst);
        starts.push_back(ToPlan(*found));
      }
    }
    if (starts.empty()) return DoesNotFit();
    std::vector<std::pair<TrainedPlan, TrainedSchedule>> plans;
    Picos least = std::numeric_limits<Picos>::max();
    for (const TrainedPlan& start : starts) {
      plans.push_back(Improve(start, ranges));
      least = std::min(least, plans.back().second.iteration);
    }
    const auto most = least + static_cast<Picos>(static_cast<Int128>(least) * simplify_ / 1000);
    for (auto& [plan, schedule] : plans) {
      if (schedule.iteration > most) continue;
      const bool better =
          answer.plan.empty() || plan.size() < answer.plan.size() ||
          (plan.size() == answer.plan.size() && schedule.iteration < answer.schedule.iteration);
      if (!better) continue;
      answer.plan = std::move(plan);
      answer.schedule = std::move(schedule);
    }
    const absl::Status verified = VerifyTrained(chain_, answer.plan, answer.schedule);
    if (!verified.ok()) {
      return absl::InternalError(absl::StrCat("the plan breaks a rule: ", verified.message(),
                                              "; this is a bug, please report it"));
    }
    BoundAny(answer);
    if (sets_.complete && answer.all_places) {
      answer.period_bound = std::max(*period, answer.any_period_bound);
      answer.iteration_bound = std::max(*iteration, answer.any_iteration_bound);
    }
    for (const Picos bound : {answer.any_iteration_bound, answer.iteration_bound}) {
      if (bound <= answer.schedule.iteration) continue;
      return absl::InternalError(absl::StrCat("an iteration of ", answer.schedule.iteration,
                                              " ps is shorter than the bound of ", bound,
                                              " ps; this is a bug, please report it"));
    }
    AddBaselines(answer);
    return answer;
  }

 private:
  bool MayCut(int32_t cell) const { return chain_.cuts[static_cast<size_t>(cell)].allowed; }

  bool AllPlaces() const {
    size_t allowed = 2;
    for (size_t i = 1; i < chain_.cells.size(); ++i) {
      allowed += MayCut(static_cast<int32_t>(i)) ? 1 : 0;
    }
    return places_.size() == allowed;
  }

  // All places where a cut is allowed, or of each of as many stretches as can be looked at the one
  // over which the least goes.
  std::vector<int32_t> Places(int64_t work) const {
    std::vector<int32_t> allowed;
    for (size_t i = 1; i < chain_.cells.size(); ++i) {
      if (MayCut(static_cast<int32_t>(i))) allowed.push_back(static_cast<int32_t>(i));
    }
    const auto ways = static_cast<int64_t>(std::max<size_t>(1, sets_.num_ways()));
    // A table by begin and end has to fit memory, too.
    size_t most = 1200;
    while (most > 16 && ways * static_cast<int64_t>(most * most / 2) > work) most -= most / 8;
    std::vector<int32_t> places = {0};
    const size_t stretches = std::min(allowed.size(), most);
    for (size_t k = 0; k < stretches; ++k) {
      const size_t begin = k * allowed.size() / stretches;
      const size_t end = (k + 1) * allowed.size() / stretches;
      size_t least = begin;
      for (size_t i = begin + 1; i < end; ++i) {
        if (Crossing(allowed[i]) < Crossing(allowed[least])) least = i;
      }
      places.push_back(allowed[least]);
    }
    places.push_back(static_cast<int32_t>(chain_.cells.size()));
    return places;
  }

  Bytes Crossing(int32_t cell) const {
    const TrainedChain::Cut& cut = chain_.cuts[static_cast<size_t>(cell)];
    return SaturatingAdd(cut.forward, cut.backward);
  }

  // Devices of a class in the order of the chain.
  TrainedPlan ToPlan(const RangeChain& found) const {
    std::vector<size_t> used(classes_.size(), 0);
    TrainedPlan plan;
    for (const RangeChain::Range& range : found.ranges) {
      plan.push_back({classes_[range.of_class][used[range.of_class]++], places_[range.begin],
                      places_[range.end], range.recomputes});
    }
    return plan;
  }

  size_t ClassOf(DeviceId device) const {
    for (size_t c = 0; c < classes_.size(); ++c) {
      if (std::find(classes_[c].begin(), classes_[c].end(), device) != classes_[c].end()) return c;
    }
    return 0;
  }

  // Sets what each stage recomputes, as its memory asks for; false if some stage does not fit.
  bool Settle(const TrainedRanges& ranges, TrainedPlan& plan) const {
    const auto place = [&](int32_t cell) {
      return static_cast<size_t>(std::lower_bound(places_.begin(), places_.end(), cell) -
                                 places_.begin());
    };
    for (size_t s = 0; s < plan.size(); ++s) {
      const std::optional<RangePrice> price =
          ranges.Price(ClassOf(plan[s].device), place(plan[s].begin), place(plan[s].end),
                       InFlight(chain_.microbatches, s, plan.size()));
      if (!price.has_value()) return false;
      plan[s].recomputes = price->recomputes;
    }
    return true;
  }

  // Moves a cut, or several that follow each other, some places on, and exchanges devices with each
  // other or with unused ones, for as long as the iteration gets shorter.
  std::pair<TrainedPlan, TrainedSchedule> Improve(TrainedPlan plan,
                                                  const TrainedRanges& ranges) const {
    TrainedSchedule schedule = ScheduleIteration(chain_, plan);
    int tried = 0;
    const auto consider = [&](std::optional<TrainedPlan> other) {
      if (tried >= kMostSchedules || !other.has_value() || !Settle(ranges, *other)) return false;
      TrainedSchedule after = ScheduleIteration(chain_, *other);
      ++tried;
      if (after.iteration >= schedule.iteration) return false;
      plan = *std::move(other);
      schedule = std::move(after);
      return true;
    };
    for (bool changed = true; changed && tried < kMostSchedules;) {
      changed = false;
      for (size_t first = 1; first < plan.size(); ++first) {
        for (size_t last = first; last < std::min(plan.size(), first + 3); ++last) {
          for (const int64_t step : {-1, 1, -2, 2, -4, 4, -8, 8}) {
            changed |= consider(Moved(plan, first, last, step));
          }
        }
      }
      for (size_t s = 0; s < plan.size(); ++s) {
        for (const DeviceId device : chain_.devices.ids()) {
          changed |= consider(With(plan, s, device));
        }
      }
    }
    return {std::move(plan), std::move(schedule)};
  }

  // The plan with that device for a stage; the stage that had it, if any, gets the other one.
  // nullopt if that is no change, or there are no routes.
  std::optional<TrainedPlan> With(TrainedPlan plan, size_t stage, DeviceId device) const {
    const DeviceId before = plan[stage].device;
    if (ClassOf(before) == ClassOf(device)) return std::nullopt;
    for (TrainedStage& other : plan) {
      if (other.device == device) other.device = before;
    }
    plan[stage].device = device;
    for (size_t s = 1; s < plan.size(); ++s) {
      if (!HasRoutes(plan[s - 1].device, plan[s].device)) return std::nullopt;
    }
    return plan;
  }

  // The plan whose stages from `first` to `last` begin `step` places later; nullopt if they cannot.
  std::optional<TrainedPlan> Moved(TrainedPlan plan, size_t first, size_t last,
                                   int64_t step) const {
    for (size_t s = first; s <= last; ++s) {
      const auto at = std::lower_bound(places_.begin(), places_.end(), plan[s].begin);
      const int64_t place = at - places_.begin() + step;
      if (place < 1 || place + 1 >= static_cast<int64_t>(places_.size())) return std::nullopt;
      plan[s].begin = plan[s - 1].end = places_[static_cast<size_t>(place)];
    }
    for (const TrainedStage& stage : plan) {
      if (stage.begin >= stage.end) return std::nullopt;
    }
    return plan;
  }

  // The load of some device, however operators are shared out (load_bound.h).
  void BoundAny(TrainedAnswer& answer) const {
    LoadRows rows;
    rows.time.Assign(chain_.cells.size(), chain_.devices.size(), kNotAllowed);
    Picos forward = 0, backward = 0;
    for (size_t i = 0; i < chain_.cells.size(); ++i) {
      const TrainedChain::Cell& cell = chain_.cells[i];
      Picos least_forward = kMaxPicos, least_backward = kMaxPicos;
      for (const DeviceId device : chain_.devices.ids()) {
        if (!cell.forward[device].has_value()) continue;
        rows.time(i, device) = SaturatingAdd(*cell.forward[device], *cell.backward[device]);
        least_forward = std::min(least_forward, *cell.forward[device]);
        least_backward = std::min(least_backward, *cell.backward[device]);
      }
      forward = SaturatingAdd(forward, least_forward);
      backward = SaturatingAdd(backward, least_backward);
    }
    constexpr int kRounds = 200;
    answer.any_period_bound = BoundLoad(rows, {}, {}, kRounds).bound;
    answer.any_iteration_bound = SaturatingMultiply(answer.any_period_bound, chain_.microbatches);
  }

  void AddBaselines(TrainedAnswer& answer) const {
    const auto add = [&](std::string name, TrainedPlan plan) {
      TrainedBaseline baseline{std::move(name), std::nullopt};
      const TrainedRanges ranges(chain_, classes_, PlacesOf(plan));
      bool fits = !plan.empty();
      for (size_t s = 0; s < plan.size() && fits; ++s) {
        const size_t of_class = ClassOf(plan[s].device);
        const std::optional<RangePrice> price =
            ranges.Price(of_class, s, s + 1, InFlight(chain_.microbatches, s, plan.size()));
        fits = price.has_value();
        if (fits) plan[s].recomputes = price->recomputes;
        if (s > 0 && !HasRoutes(plan[s - 1].device, plan[s].device)) fits = false;
      }
      if (fits) baseline.iteration = ScheduleIteration(chain_, plan).iteration;
      answer.baselines.push_back(std::move(baseline));
    };
    const auto num_cells = static_cast<int32_t>(chain_.cells.size());
    for (const DeviceId device : chain_.devices.ids()) {
      add(absl::StrCat("single:", chain_.devices[device].name), {{device, 0, num_cells, false}});
    }
    if (answer.plan.size() > 1) add("even", EvenPlan(answer.plan));
  }

  bool HasRoutes(DeviceId a, DeviceId b) const {
    return !chain_.routes.empty() && chain_.routes[a][b].has_value() &&
           chain_.routes[b][a].has_value();
  }

  static std::vector<int32_t> PlacesOf(const TrainedPlan& plan) {
    std::vector<int32_t> places = {0};
    for (const TrainedStage& stage : plan) places.push_back(stage.end);
    return places;
  }

  // As many cells on each of the plan's devices, cut at the nearest place. Empty if there are not
  // as many places.
  TrainedPlan EvenPlan(const TrainedPlan& best) const {
    TrainedPlan plan;
    const auto cells = static_cast<int64_t>(chain_.cells.size());
    const auto num = static_cast<int64_t>(best.size());
    int32_t begin = 0;
    for (int64_t i = 0; i < num; ++i) {
      int64_t end = cells * (i + 1) / num;
      while (end < cells && !MayCut(static_cast<int32_t>(end))) ++end;
      if (end <= begin) return {};
      plan.push_back(
          {best[static_cast<size_t>(i)].device, begin, static_cast<int32_t>(end), false});
      begin = static_cast<int32_t>(end);
    }
    return plan;
  }

  // What every plan would need, against what there is.
  absl::Status DoesNotFit() const {
    Bytes weights = 0, gradients = 0, state = 0, kept = 0, room = 0;
    for (const TrainedChain::Parameter& of : chain_.parameters) {
      weights = SaturatingAdd(weights, of.weights);
      gradients = SaturatingAdd(gradients, of.gradient);
      state = SaturatingAdd(state, of.state);
    }
    for (const TrainedChain::Kept& of : chain_.kept) kept = SaturatingAdd(kept, of.bytes);
    for (const Machine::MachineDevice& device : chain_.devices) {
      room = SaturatingAdd(room, device.memory);
    }
    return absl::ResourceExhaustedError(absl::StrCat(
        "training fits nowhere: weights take ", weights, " bytes, gradients ", gradients,
        ", the optimizer ", state, ", the activations of one microbatch ", kept,
        "; the devices have ", room, " together; ",
        chain_.recompute == Recompute::kNo ? "--recompute=auto, " : "",
        "a smaller microbatch (--dim), --optimizer=sgd, or devices with more memory would help"));
  }

  const TrainedChain& chain_;
  const int64_t simplify_;
  const std::vector<std::vector<DeviceId>> classes_;
  DeviceSets sets_;
  std::vector<int32_t> places_;
};

}  // namespace

absl::StatusOr<TrainedAnswer> PlanTraining(const TrainedChain& chain,
                                           const TrainedOptions& options) {
  ALLOT_RETURN_IF_ERROR(CheckTrained(chain));
  return Planner(chain, options).Run();
}

}  // namespace allot
