#include "design/report/why.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace allot::design {
namespace {

size_t PlaceOf(const std::vector<int64_t>& values, int64_t value) {
  return static_cast<size_t>(std::find(values.begin(), values.end(), value) - values.begin());
}

}  // namespace

Why Explain(const HardwareSearch& search, size_t model, size_t configuration,
            const PlanChoice& plan) {
  const Question& question = search.question();
  const ModelPlans& plans = search.models()[model];
  const HardwareSearch::Times times = search.Schedule(configuration);
  const size_t microbatch = PlaceOf(question.microbatches, plan.microbatch);
  const size_t memory = PlaceOf(question.memories_gib, plan.memory_gib);
  Why why;
  std::vector<ModelPlans::Workspace> workspace(1);
  plans.Best(times.lengths[model], microbatch, memory, plan.recompute, workspace[0], &why.stages);

  std::map<Bottleneck, double> seconds;
  double all = 0, slowest = 0;
  const size_t tensor = PlaceOf(question.tensor_widths, plan.tensor);
  for (const int32_t block : plans.layers().block_of) {
    for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
      const size_t unit =
          plans.tasks().Index(static_cast<size_t>(block), microbatch, tensor, direction);
      const std::vector<TaskLatency>& latencies = times.latencies[model][unit];
      double sum = 0;
      for (const TaskLatency& latency : latencies) sum += static_cast<double>(latency.all);
      if (sum <= 0) continue;
      const double length = static_cast<double>(times.lengths[model][unit]) *
                            (plan.recompute && direction == Direction::kForward ? 2 : 1);
      for (const TaskLatency& latency : latencies) {
        seconds[latency.bound] += static_cast<double>(latency.all) / sum * length;
      }
      all += length;
    }
  }
  for (const auto& [bound, each] : seconds) why.shares.push_back({bound, all > 0 ? each / all : 0});
  std::stable_sort(why.shares.begin(), why.shares.end(),
                   [](const TimeShare& a, const TimeShare& b) { return a.part > b.part; });
  for (const PlannedStage& stage : why.stages) slowest = std::max(slowest, stage.seconds);
  if (plan.seconds > 0 && question.objective != Objective::kLatency) {
    const int64_t share = (question.batch / plan.microbatch + plan.data - 1) / plan.data;
    const double steady = slowest * static_cast<double>(share);
    why.fill_part = slowest * static_cast<double>(plan.pipeline - 1) / plan.seconds;
    why.update_part = std::max(0.0, 1 - steady / plan.seconds - why.fill_part);
  }
  return why;
}

std::string Sentence(const Why& why, const PlanChoice& plan) {
  std::string text = "bound by ";
  for (size_t i = 0; i < why.shares.size() && i < 3; ++i) {
    absl::StrAppendFormat(&text, "%s%s (%.0f %%)", i == 0 ? "" : ", ",
                          BottleneckName(why.shares[i].bound), 100 * why.shares[i].part);
  }
  if (plan.pipeline > 1) {
    absl::StrAppendFormat(&text, "; filling the pipeline takes %.1f %%", 100 * why.fill_part);
  }
  if (plan.data > 1 && why.update_part > 0) {
    absl::StrAppendFormat(&text, "; exchanging parameters %.1f %%", 100 * why.update_part);
  }
  return text;
}

}  // namespace allot::design
