#include "placement/trained/schedule.h"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>
#include <utility>

namespace allot {
namespace {

using Kind = TrainedStepKind;

struct Event {
  Picos time = 0;
  int32_t order = 0;  // what has ended goes before what has arrived: its transfer asks first
  int32_t stage = 0, microbatch = 0;
  Kind kind = Kind::kForward;
  friend bool operator>(const Event& a, const Event& b) {
    return std::tie(a.time, a.order, a.stage, a.microbatch, a.kind) >
           std::tie(b.time, b.order, b.stage, b.microbatch, b.kind);
  }
};

class Simulation {
 public:
  Simulation(const TrainedChain& chain, const TrainedPlan& plan)
      : chain_(chain),
        plan_(plan),
        channel_free_(chain.num_channels, 0),
        next_(plan.size(), 0),
        busy_(plan.size(), false) {
    result_.stages = FactsOfStages(chain, plan);
    for (size_t s = 0; s < plan.size(); ++s) {
      orders_.push_back(OrderOfStage(chain.microbatches, s, plan.size()));
      const auto microbatches = static_cast<size_t>(chain.microbatches);
      arrived_forward_.emplace_back(microbatches, s == 0);
      arrived_backward_.emplace_back(microbatches, s + 1 == plan.size());
      steps_.emplace_back();
    }
  }

  TrainedSchedule Run() {
    for (size_t s = 0; s < plan_.size(); ++s) TryStart(s, 0);
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      const auto stage = static_cast<size_t>(event.stage);
      if (event.order == kEnded) {
        busy_[stage] = false;
        Send(event);
      } else {
        std::vector<std::vector<char>>& arrived =
            event.kind == Kind::kForward ? arrived_forward_ : arrived_backward_;
        arrived[stage][static_cast<size_t>(event.microbatch)] = 1;
      }
      TryStart(stage, event.time);
    }
    Update();
    for (std::vector<TrainedStep>& steps : steps_) {
      for (const TrainedStep& step : steps) {
        result_.iteration = std::max(result_.iteration, step.end);
        result_.steps.push_back(step);
      }
    }
    std::sort(result_.transfers.begin(), result_.transfers.end(),
              [](const TrainedTransfer& a, const TrainedTransfer& b) {
                return std::tie(a.start, a.from, a.to, a.microbatch) <
                       std::tie(b.start, b.from, b.to, b.microbatch);
              });
    result_.period = Period();
    return std::move(result_);
  }

 private:
  static constexpr int32_t kEnded = 0, kArrived = 1;

  Bytes BytesOver(size_t from, size_t to) const {
    const TrainedChain::Cut& cut =
        chain_.cuts[static_cast<size_t>(plan_[std::max(from, to)].begin)];
    return from < to ? cut.forward : cut.backward;
  }

  void TryStart(size_t stage, Picos now) {
    if (busy_[stage] || next_[stage] == orders_[stage].size()) return;
    const auto [kind, microbatch] = orders_[stage][next_[stage]];
    const auto& arrived = kind == Kind::kForward ? arrived_forward_ : arrived_backward_;
    if (arrived[stage][static_cast<size_t>(microbatch)] == 0) return;
    const StageFacts& facts = result_.stages[stage];
    const Picos end = SaturatingAdd(now, kind == Kind::kForward ? facts.forward : facts.backward);
    steps_[stage].push_back({static_cast<int32_t>(stage), microbatch, kind, now, end});
    busy_[stage] = true;
    ++next_[stage];
    events_.push({end, kEnded, static_cast<int32_t>(stage), microbatch, kind});
  }

  void Send(const Event& event) {
    const auto from = static_cast<size_t>(event.stage);
    const bool forward = event.kind == Kind::kForward;
    if (forward ? from + 1 == plan_.size() : from == 0) return;
    const size_t to = forward ? from + 1 : from - 1;
    const Bytes bytes = BytesOver(from, to);
    Picos end = event.time;
    if (!chain_.copies && bytes > 0) {
      const Route& route = *chain_.routes[plan_[from].device][plan_[to].device];
      Picos start = event.time;
      for (const ChannelId channel : route.channels) {
        start = std::max(start, channel_free_[static_cast<size_t>(channel.index())]);
      }
      end = SaturatingAdd(start, route.Time(bytes));
      for (const ChannelId channel : route.channels) {
        channel_free_[static_cast<size_t>(channel.index())] = end;
      }
      result_.transfers.push_back(
          {event.stage, static_cast<int32_t>(to), event.microbatch, start, end});
    }
    events_.push({end, kArrived, static_cast<int32_t>(to), event.microbatch, event.kind});
  }

  void Update() {
    std::vector<Picos> ready, exchange(plan_.size(), 0);
    for (const std::vector<TrainedStep>& steps : steps_) ready.push_back(steps.back().end);
    const std::vector<Picos> through = ready;
    for (const TrainedChain::Parameter& parameter : chain_.parameters) {
      if (parameter.gradient == 0) continue;
      std::vector<size_t> on;
      for (size_t s = 0; s < plan_.size(); ++s) {
        const auto at =
            std::lower_bound(parameter.cells.begin(), parameter.cells.end(), plan_[s].begin);
        if (at != parameter.cells.end() && *at < plan_[s].end) on.push_back(s);
      }
      if (on.size() < 2) continue;
      const Picos time = ExchangeTime(on, parameter.gradient);
      for (const size_t s : on) {
        exchange[s] = SaturatingAdd(exchange[s], time);
        for (const size_t other : on) ready[s] = std::max(ready[s], through[other]);
      }
    }
    for (size_t s = 0; s < plan_.size(); ++s) {
      const Picos time = SaturatingAdd(exchange[s], result_.stages[s].update);
      if (time == 0) continue;
      steps_[s].push_back(
          {static_cast<int32_t>(s), 0, Kind::kUpdate, ready[s], SaturatingAdd(ready[s], time)});
    }
  }

  Picos ExchangeTime(const std::vector<size_t>& stages, Bytes bytes) const {
    const auto count = static_cast<int64_t>(stages.size());
    const auto moved = static_cast<Bytes>(static_cast<Int128>(bytes) * 2 * (count - 1) / count);
    Picos most = 0;
    for (const size_t from : stages) {
      for (const size_t to : stages) {
        if (from == to) continue;
        const std::optional<Route>& route = chain_.routes[plan_[from].device][plan_[to].device];
        if (route.has_value()) most = std::max(most, route->Time(moved));
      }
    }
    return most;
  }

  Picos Period() const {
    Picos period = 0;
    for (const StageFacts& facts : result_.stages) {
      period = std::max(period, SaturatingAdd(facts.forward, facts.backward));
    }
    std::vector<Picos> load(chain_.num_channels, 0);
    for (size_t s = 0; s + 1 < plan_.size() && !chain_.copies; ++s) {
      for (const auto& [from, to] : {std::pair(s, s + 1), std::pair(s + 1, s)}) {
        const Bytes bytes = BytesOver(from, to);
        if (bytes == 0) continue;
        const Route& route = *chain_.routes[plan_[from].device][plan_[to].device];
        for (const ChannelId channel : route.channels) {
          Picos& of = load[static_cast<size_t>(channel.index())];
          of = SaturatingAdd(of, route.Time(bytes));
          period = std::max(period, of);
        }
      }
    }
    return period;
  }

  const TrainedChain& chain_;
  const TrainedPlan& plan_;
  TrainedSchedule result_;
  std::vector<std::vector<std::pair<Kind, int32_t>>> orders_;
  std::vector<std::vector<char>> arrived_forward_, arrived_backward_;  // [stage][microbatch]
  std::vector<Picos> channel_free_;
  std::vector<size_t> next_;
  std::vector<bool> busy_;
  std::vector<std::vector<TrainedStep>> steps_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

}  // namespace

std::vector<std::pair<TrainedStepKind, int32_t>> OrderOfStage(int64_t microbatches, size_t stage,
                                                              size_t num_stages) {
  const int64_t ahead =
      std::min<int64_t>(microbatches, static_cast<int64_t>(num_stages - stage - 1));
  std::vector<std::pair<Kind, int32_t>> order;
  for (int64_t m = 0; m < ahead; ++m) order.emplace_back(Kind::kForward, static_cast<int32_t>(m));
  for (int64_t m = ahead; m < microbatches; ++m) {
    order.emplace_back(Kind::kForward, static_cast<int32_t>(m));
    order.emplace_back(Kind::kBackward, static_cast<int32_t>(m - ahead));
  }
  for (int64_t m = microbatches - ahead; m < microbatches; ++m) {
    order.emplace_back(Kind::kBackward, static_cast<int32_t>(m));
  }
  return order;
}

TrainedSchedule ScheduleIteration(const TrainedChain& chain, const TrainedPlan& plan) {
  return Simulation(chain, plan).Run();
}

}  // namespace allot
