// What a plan draws, by the space's model of power.
#include <algorithm>

#include "design/search/search.h"

namespace allot::design {

using hardware::Joules;
using hardware::Words;

double HardwareSearch::WattsOf(const ModelPlans& model, size_t configuration,
                               const PlanChoice& plan) const {
  if (!question_.space.power.has_value() || plan.samples_per_s <= 0) return 0;
  const hardware::PowerModel& power = *question_.space.power;
  const hardware::SizedConfiguration& sized = question_.configurations[configuration];
  const auto place_of = [](const std::vector<int64_t>& values, int64_t value) {
    return static_cast<size_t>(std::find(values.begin(), values.end(), value) - values.begin());
  };
  const size_t microbatch = place_of(question_.microbatches, plan.microbatch);
  const size_t tensor = place_of(question_.tensor_widths, plan.tensor);
  const double word = question_.space.rates.word.value();
  const Words buffer(static_cast<double>(sized.configuration.buffer_mb) * 1048576 / word);
  Joules energy;  // of a microbatch, on all devices of a split
  for (const int32_t block : model.layers().block_of) {
    for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
      const BlockTasks::Unit& unit =
          model.tasks().At(static_cast<size_t>(block), microbatch, tensor, direction);
      const double times =
          static_cast<double>(model.layers().blocks[static_cast<size_t>(block)].split ? plan.tensor
                                                                                      : 1) *
          (direction == Direction::kForward && plan.recompute ? 2 : 1);
      for (const Task& task : unit.graph.tasks) {
        Joules each;
        for (const Extents& p : task.products) {
          const double steps = static_cast<double>(p.batch) * static_cast<double>(p.m) *
                               static_cast<double>(p.n) * static_cast<double>(p.k);
          const double bytes = MemoryTraffic(p, buffer).value() * word;
          each += power.multiply * steps + (power.memory_byte + power.buffer_byte) * bytes;
        }
        for (const VectorWork& vector : task.vectors) {
          each += power.lane_cycle * (static_cast<double>(vector.elements) * vector.cycles);
        }
        each += power.buffer_byte * (task.moved.value() * word);
        each += power.link_byte * (2 * task.exchanged.value() * word);
        energy += each * times;
      }
    }
  }
  const double microbatches_per_s = plan.samples_per_s / static_cast<double>(plan.microbatch);
  const double used = question_.objective == Objective::kLatency
                          ? static_cast<double>(plan.pipeline * plan.tensor)
                          : static_cast<double>(question_.devices);
  return power.leakage_per_mm2.value() * sized.area.value() * 1e-6 +
         energy.value() * microbatches_per_s / used;
}

}  // namespace allot::design
