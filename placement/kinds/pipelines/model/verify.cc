#include "placement/kinds/pipelines/model/verify.h"

#include <algorithm>
#include <vector>

#include "support/status.h"
#include "support/units.h"

namespace allot::pipelines {
namespace {

class Verifier {
 public:
  Verifier(const Problem& problem, const Plan& plan, const Width& width)
      : problem_(problem), plan_(plan), width_(width), stage_of_(problem.names.size(), kNowhere) {}

  absl::StatusOr<int64_t> Run() {
    ALLOT_RETURN_IF_ERROR(CheckStages());
    ALLOT_RETURN_IF_ERROR(CheckDevices());
    int64_t slowest = 0;
    for (size_t at = 0; at < plan_.stages.size(); ++at) {
      ALLOT_RETURN_IF_ERROR(CheckMemory(at));
      slowest = std::max(slowest, Load(at));
    }
    const int64_t share = (problem_.microbatches + plan_.data - 1) / plan_.data;
    const auto stages = static_cast<int64_t>(plan_.stages.size());
    int64_t update = 0;
    for (const int32_t layer : plan_.stages[0].layers) update += At(layer).update;
    // (d - 1) / d of it, rounded up.
    const Int128 exchanged =
        (static_cast<Int128>(update) * (plan_.data - 1) + plan_.data - 1) / plan_.data;
    return slowest * (share + stages - 1) + static_cast<int64_t>(exchanged);
  }

 private:
  static constexpr size_t kNowhere = static_cast<size_t>(-1);

  const Layer& At(int32_t layer) const { return width_.layers[static_cast<size_t>(layer)]; }
  size_t StageOf(int32_t layer) const { return stage_of_[static_cast<size_t>(layer)]; }
  // Stages behind it and itself: so many microbatches are in flight.
  int64_t InFlight(size_t at) const { return static_cast<int64_t>(plan_.stages.size() - at); }

  absl::Status CheckStages() {
    for (size_t at = 0; at < plan_.stages.size(); ++at) {
      if (plan_.stages[at].layers.empty()) return InputError("stage ", at, " has no layers");
      for (const int32_t layer : plan_.stages[at].layers) {
        if (layer < 0 || static_cast<size_t>(layer) >= stage_of_.size()) {
          return InputError("stage ", at, ": there is no layer ", layer);
        }
        if (StageOf(layer) != kNowhere) {
          return InputError("layer ", problem_.names[static_cast<size_t>(layer)], " is in stage ",
                            StageOf(layer), " and in stage ", at);
        }
        stage_of_[static_cast<size_t>(layer)] = at;
      }
      if (!std::is_sorted(plan_.stages[at].layers.begin(), plan_.stages[at].layers.end())) {
        return InputError("stage ", at, ": layers must be in their order");
      }
    }
    for (size_t i = 0; i < stage_of_.size(); ++i) {
      if (stage_of_[i] == kNowhere)
        return InputError("layer ", problem_.names[i], " is in no stage");
    }
    for (const auto& [from, to] : problem_.edges) {
      if (StageOf(from) <= StageOf(to)) continue;
      return InputError("layer ", problem_.names[static_cast<size_t>(from)], " of stage ",
                        StageOf(from), " leads to layer ", problem_.names[static_cast<size_t>(to)],
                        " of the earlier stage ", StageOf(to));
    }
    return absl::OkStatus();
  }

  absl::Status CheckDevices() const {
    if (plan_.data < 1 || plan_.data > problem_.microbatches) {
      return InputError("there are ", plan_.data, " copies for ", problem_.microbatches,
                        " microbatches");
    }
    Int128 used = 0;
    for (size_t at = 0; at < plan_.stages.size(); ++at) {
      const Stage& stage = plan_.stages[at];
      const bool split = std::any_of(stage.layers.begin(), stage.layers.end(),
                                     [&](int32_t layer) { return At(layer).split; });
      const int64_t least = split ? width_.devices : 1;
      if (stage.devices < least || stage.devices > problem_.devices) {
        return InputError("stage ", at, " is on ", stage.devices, " devices, and needs ", least);
      }
      used += stage.devices;
    }
    if (used * plan_.data > problem_.devices) {
      return InputError("the plan needs ", static_cast<int64_t>(used), " devices for each of ",
                        plan_.data, " copies, and there are ", problem_.devices);
    }
    return absl::OkStatus();
  }

  absl::Status CheckMemory(size_t at) const {
    Int128 state = 0, made = 0, received = 0;
    for (const int32_t layer : plan_.stages[at].layers) {
      state += At(layer).state;
      made += At(layer).activations;
    }
    for (size_t e = 0; e < problem_.edges.size(); ++e) {
      const auto [from, to] = problem_.edges[e];
      if (StageOf(to) == at && StageOf(from) != at) received += width_.transfers[e].memory;
    }
    const Int128 kept = problem_.recompute ? received : made;
    if (state + made + kept * (InFlight(at) - 1) <= problem_.memory) return absl::OkStatus();
    return InputError("stage ", at, " does not fit the memory of a device");
  }

  // When the layers of a stage have run one after another, each as soon as what it gets from other
  // stages is there too; `start` is when the first may begin.
  int64_t Pass(size_t at, bool forward, int64_t start, bool transfers) const {
    std::vector<int32_t> order = plan_.stages[at].layers;
    if (!forward) std::reverse(order.begin(), order.end());
    int64_t now = start;
    for (const int32_t layer : order) {
      for (size_t e = 0; e < problem_.edges.size() && transfers; ++e) {
        const auto [from, to] = problem_.edges[e];
        const int32_t user = forward ? to : from, source = forward ? from : to;
        if (user == layer && StageOf(source) != at) {
          now = std::max(now, width_.transfers[e].ticks);
        }
      }
      now += forward ? At(layer).forward : At(layer).backward;
    }
    return now;
  }

  int64_t Load(size_t at) const {
    const int64_t forward = Pass(at, true, 0, true);
    if (!problem_.recompute || InFlight(at) == 1) return forward + Pass(at, false, 0, true);
    // Forward once more, from what is kept, while what comes back is on its way.
    return forward + Pass(at, false, Pass(at, true, 0, false), true);
  }

  const Problem& problem_;
  const Plan& plan_;
  const Width& width_;
  std::vector<size_t> stage_of_;
};

}  // namespace

absl::StatusOr<int64_t> Verify(const Problem& problem, const Plan& plan) {
  for (const Width& width : problem.widths) {
    if (width.devices == plan.tensor) {
      if (plan.stages.empty()) return InputError("there are no stages");
      return Verifier(problem, plan, width).Run();
    }
  }
  return InputError("the layers have no tensor width ", plan.tensor);
}

}  // namespace allot::pipelines
