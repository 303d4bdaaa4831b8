// What the blocks of a model take on an accelerator, for all microbatches and tensor widths.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "design/schedule/block_schedule.h"
#include "design/search/layer_cuts.h"
#include "design/search/question.h"

namespace allot::design {

// The tasks of all blocks, made once; many threads may read them.
class BlockTasks {
 public:
  BlockTasks(const Question& question, const LayerGraph& model);

  struct Unit {  // a block, at some microbatch and width, in some direction
    TaskGraph graph;
    TaskOrder order;
    int64_t tensor = 1;
  };
  // By block, place of the microbatch, place of the width, direction.
  const Unit& At(size_t block, size_t microbatch, size_t tensor, Direction direction) const {
    return units_[Index(block, microbatch, tensor, direction)];
  }
  size_t Index(size_t block, size_t microbatch, size_t tensor, Direction direction) const {
    return ((block * microbatches_ + microbatch) * tensors_ + tensor) * 2 +
           (direction == Direction::kBackward ? 1 : 0);
  }
  const std::vector<Unit>& units() const { return units_; }

 private:
  size_t microbatches_, tensors_;
  std::vector<Unit> units_;
};

// What the products of all tasks take on the tensor cores of a configuration, whatever its vector
// cores: by unit and task, on one core and on all.
using ProductCosts = std::vector<std::vector<std::array<CoreCosts, 2>>>;
ProductCosts CostProducts(const Question& question, const BlockTasks& tasks,
                          const hardware::Configuration& configuration);

// By unit, of all tasks. Where a product is followed by vector work, the longer of the two counts:
// they overlap.
std::vector<std::vector<TaskLatency>> Latencies(const Question& question, const BlockTasks& tasks,
                                                const hardware::Configuration& configuration,
                                                const ProductCosts& products);

// By unit: the bounds of the schedules, or the lengths of those that are found.
std::vector<Ticks> BoundBlocks(const BlockTasks& tasks,
                               const std::vector<std::vector<TaskLatency>>& latencies,
                               CoreCount count);
std::vector<Ticks> ScheduleBlocks(const BlockTasks& tasks,
                                  const std::vector<std::vector<TaskLatency>>& latencies,
                                  CoreCount count);

// Of the layers of a model, from times by unit. Empty if they are so long that a batch may take
// more than 2^60 ticks, some months.
std::vector<LayerTimes> TimesOfLayers(const Question& question, const LayerGraph& model,
                                      const BlockTasks& tasks, const std::vector<Ticks>& times,
                                      size_t microbatch, size_t tensor);

}  // namespace allot::design
