#include "tests/models/random_trained.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "support/random.h"

namespace allot::testing {
namespace {

Bytes HeldBy(const TrainedChain& chain, int32_t begin, int32_t end, int64_t in_flight,
             bool recomputes) {
  const auto inside = [&](const std::vector<int32_t>& cells) {
    return std::any_of(cells.begin(), cells.end(),
                       [&](int32_t cell) { return cell >= begin && cell < end; });
  };
  Bytes bytes = 0, kept = 0, working = 0;
  for (const TrainedChain::Parameter& of : chain.parameters) {
    if (inside(of.cells)) bytes += of.weights + of.gradient + of.state;
  }
  for (const TrainedChain::Kept& of : chain.kept) {
    if (inside(of.cells)) kept += of.bytes;
  }
  for (int32_t i = begin; i < end; ++i) {
    working = std::max(working, chain.cells[static_cast<size_t>(i)].working);
  }
  const Bytes inputs = chain.cuts[static_cast<size_t>(begin)].forward;
  return bytes + working + (recomputes ? kept + inputs * in_flight : kept * in_flight);
}

// nullopt: it does not fit; else whether it recomputes.
std::optional<bool> Fits(const TrainedChain& chain, DeviceId device, int32_t begin, int32_t end,
                         int64_t in_flight) {
  for (int32_t i = begin; i < end; ++i) {
    if (!chain.cells[static_cast<size_t>(i)].forward[device].has_value()) return std::nullopt;
  }
  const Bytes memory = chain.devices[device].memory;
  if (chain.recompute != Recompute::kYes && HeldBy(chain, begin, end, in_flight, false) <= memory) {
    return false;
  }
  if (chain.recompute != Recompute::kNo && HeldBy(chain, begin, end, in_flight, true) <= memory) {
    return true;
  }
  return std::nullopt;
}

class AllPlans {
 public:
  AllPlans(const TrainedChain& chain, const std::function<void(const TrainedPlan&)>& visit)
      : chain_(chain), visit_(visit), used_(chain.devices.size(), false) {}

  void Run() {
    for (size_t stages = 1; stages <= chain_.devices.size(); ++stages) {
      stages_ = stages;
      Extend(0);
    }
  }

 private:
  void Extend(int32_t begin) {
    const auto last = static_cast<int32_t>(chain_.cells.size());
    if (plan_.size() == stages_) {
      if (begin == last) visit_(plan_);
      return;
    }
    if (begin == last) return;
    const auto in_flight =
        std::min(chain_.microbatches, static_cast<int64_t>(stages_ - plan_.size()));
    for (const DeviceId device : chain_.devices.ids()) {
      if (used_[static_cast<size_t>(device.index())]) continue;
      if (!plan_.empty() && !chain_.routes[plan_.back().device][device].has_value()) continue;
      for (int32_t end = begin + 1; end <= last; ++end) {
        if (end < last && !chain_.cuts[static_cast<size_t>(end)].allowed) continue;
        const std::optional<bool> recomputes = Fits(chain_, device, begin, end, in_flight);
        if (!recomputes.has_value()) continue;
        used_[static_cast<size_t>(device.index())] = true;
        plan_.push_back({device, begin, end, *recomputes});
        Extend(end);
        plan_.pop_back();
        used_[static_cast<size_t>(device.index())] = false;
      }
    }
  }

  const TrainedChain& chain_;
  const std::function<void(const TrainedPlan&)>& visit_;
  std::vector<bool> used_;
  TrainedPlan plan_;
  size_t stages_ = 0;
};

}  // namespace

TrainedChain RandomTrainedChain(uint64_t seed, size_t cells, size_t devices) {
  Random random(seed);
  const auto below = [&](int64_t bound) { return random.Below(bound); };
  TrainedChain chain;
  chain.microbatches = 1 + below(5);
  chain.recompute = static_cast<Recompute>(below(3));
  const bool alike = below(3) == 0;
  for (size_t d = 0; d < devices; ++d) {
    chain.devices.Add({.name = std::string(1, static_cast<char>('a' + d)),
                       .memory = alike ? 4000 : 2500 + below(3000),
                       .part_cost = alike ? 3 : below(5)});
    chain.memory_bandwidth.Add(alike ? kPicosPerSecond / 10 : below(2) * kPicosPerSecond / 7);
  }
  chain.routes.resize(devices, IdVector<DeviceId, std::optional<Route>>(devices));
  for (const DeviceId from : chain.devices.ids()) {
    for (const DeviceId to : chain.devices.ids()) {
      Route route;
      if (from != to) {
        route.segments = {{alike ? 5 : below(10), kPicosPerSecond / (alike ? 3 : 1 + below(6))}};
        route.channels = {ChannelId(chain.num_channels++)};
      }
      chain.routes[from][to] = std::move(route);
    }
  }
  for (size_t i = 0; i < cells; ++i) {
    TrainedChain::Cell cell;
    cell.name = std::string(1, static_cast<char>('A' + i));
    const int64_t work = 20 + below(100);
    for (size_t d = 0; d < devices; ++d) {
      const int64_t speed = alike ? 2 : 1 + below(3);
      const bool runs = alike || below(12) > 0;
      cell.forward.Add(runs ? std::optional<Picos>(work * speed) : std::nullopt);
      cell.backward.Add(runs ? std::optional<Picos>(2 * work * speed + below(alike ? 1 : 9))
                             : std::nullopt);
    }
    cell.working = below(50);
    chain.cells.push_back(std::move(cell));
    chain.cuts.push_back({below(8) > 0, below(60), below(60)});
    const Bytes weights = below(300);
    chain.parameters.push_back(
        {weights, weights, 2 * weights, 7 * weights, {static_cast<int32_t>(i)}});
    chain.kept.push_back({below(200), {static_cast<int32_t>(i)}});
  }
  // Weights that the first and the last cell share, and a tensor that two neighbours keep.
  if (cells > 2) {
    chain.parameters.push_back({100, 100, 200, 700, {0, static_cast<int32_t>(cells) - 1}});
    chain.kept.push_back({80, {0, 1}});
  }
  return chain;
}

void ForEachTrainedPlan(const TrainedChain& chain,
                        const std::function<void(const TrainedPlan&)>& visit) {
  AllPlans(chain, visit).Run();
}

}  // namespace allot::testing
