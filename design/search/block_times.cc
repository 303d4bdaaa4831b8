#include "design/search/block_times.h"

#include <algorithm>

namespace allot::design {

BlockTasks::BlockTasks(const Question& question, const LayerGraph& model)
    : microbatches_(question.microbatches.size()), tensors_(question.tensor_widths.size()) {
  for (const Block& block : model.blocks) {
    for (const int64_t microbatch : question.microbatches) {
      for (const int64_t tensor : question.tensor_widths) {
        for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
          Unit& unit = units_.emplace_back();
          unit.tensor = tensor;
          if (direction == Direction::kBackward && question.objective != Objective::kTraining) {
            continue;
          }
          unit.graph = MakeTasks(block, direction, {microbatch, tensor});
          unit.order = MakeTaskOrder(unit.graph);
        }
      }
    }
  }
}

ProductCosts CostProducts(const Question& question, const BlockTasks& tasks,
                          const hardware::Configuration& configuration) {
  ProductCosts costs;
  costs.reserve(tasks.units().size());
  for (const BlockTasks::Unit& unit : tasks.units()) {
    std::vector<std::array<CoreCosts, 2>>& of_unit = costs.emplace_back();
    of_unit.reserve(unit.graph.tasks.size());
    for (const Task& task : unit.graph.tasks) {
      std::array<CoreCosts, 2>& each = of_unit.emplace_back();
      if (task.products.empty()) continue;
      each[0] = ProductsCost(task.products, question.space, configuration, false);
      each[1] = configuration.tensor_cores == 1
                    ? each[0]
                    : ProductsCost(task.products, question.space, configuration, true);
    }
  }
  return costs;
}

std::vector<std::vector<TaskLatency>> Latencies(const Question& question, const BlockTasks& tasks,
                                                const hardware::Configuration& configuration,
                                                const ProductCosts& products) {
  std::vector<std::vector<TaskLatency>> latencies;
  latencies.reserve(tasks.units().size());
  const hardware::CyclesPerSecond clock = question.space.rates.clock;
  for (size_t u = 0; u < tasks.units().size(); ++u) {
    const BlockTasks::Unit& unit = tasks.units()[u];
    std::vector<TaskLatency>& of_unit = latencies.emplace_back();
    of_unit.reserve(unit.graph.tasks.size());
    for (size_t i = 0; i < unit.graph.tasks.size(); ++i) {
      const Task& task = unit.graph.tasks[i];
      TaskLatency& latency = of_unit.emplace_back();
      if (task.Collective()) {
        latency.one = latency.all = CollectiveTime(task, question.space, unit.tensor);
        latency.bound = Bottleneck::kLink;
        continue;
      }
      const auto measured = question.measured.find(task.name);
      if (measured != question.measured.end()) {
        latency.one = latency.all = measured->second;
        continue;
      }
      for (const bool all : {false, true}) {
        CoreCosts costs = products[u][i][all ? 1 : 0];
        const CoreCosts vectors = VectorsCost(task, question.space, configuration, all);
        if (vectors.cycles > costs.cycles) costs = vectors;
        (all ? latency.all : latency.one) = ToTicks(costs.cycles / clock);
        if (all) latency.bound = costs.bound;
      }
    }
  }
  return latencies;
}

std::vector<Ticks> BoundBlocks(const BlockTasks& tasks,
                               const std::vector<std::vector<TaskLatency>>& latencies,
                               CoreCount count) {
  std::vector<Ticks> bounds;
  bounds.reserve(latencies.size());
  for (size_t u = 0; u < latencies.size(); ++u) {
    bounds.push_back(ScheduleBound(tasks.units()[u].order, latencies[u], count));
  }
  return bounds;
}

std::vector<Ticks> ScheduleBlocks(const BlockTasks& tasks,
                                  const std::vector<std::vector<TaskLatency>>& latencies,
                                  CoreCount count) {
  std::vector<Ticks> lengths;
  lengths.reserve(latencies.size());
  for (size_t u = 0; u < latencies.size(); ++u) {
    lengths.push_back(ScheduleBlock(tasks.units()[u].order, latencies[u], count).length);
  }
  return lengths;
}

std::vector<LayerTimes> TimesOfLayers(const Question& question, const LayerGraph& model,
                                      const BlockTasks& tasks, const std::vector<Ticks>& times,
                                      size_t microbatch, size_t tensor) {
  std::vector<LayerTimes> layers;
  layers.reserve(model.num_layers());
  // No sum of the pipelines' search exceeds 2^62.
  const auto count = static_cast<int64_t>(model.num_layers());
  const Ticks most = (Ticks{1} << 60) / ((question.batch + count + 1) * count);
  for (const int32_t block : model.block_of) {
    const auto b = static_cast<size_t>(block);
    const Ticks forward = times[tasks.Index(b, microbatch, tensor, Direction::kForward)];
    const Ticks backward = times[tasks.Index(b, microbatch, tensor, Direction::kBackward)];
    if (std::max(forward, backward) > most) return {};
    layers.push_back({forward, backward});
  }
  return layers;
}

}  // namespace allot::design
