#include "design/model/tasks.h"

#include <algorithm>
#include <map>
#include <set>

#include "operators/backward.h"

namespace allot::design {
namespace {

using hardware::Words;

int64_t Divided(int64_t amount, int64_t parts) { return (amount + parts - 1) / parts; }

bool IsSplit(const Operation& operation, const Share& share) {
  return share.tensor > 1 && operation.role != SplitRole::kWhole;
}

// Whether a device of a split holds a part of the result only.
bool HasPartOfResult(const Operation& operation, const Share& share) {
  return IsSplit(operation, share) && operation.role != SplitRole::kRows;
}

std::vector<Extents> ProductsOf(const Operation& operation, const Share& share) {
  std::vector<Extents> products = operation.products;
  for (Extents& product : products) {
    int64_t& samples = operation.weighted ? product.m : product.batch;
    samples = SaturatingMultiply(samples, share.microbatch);
    if (!IsSplit(operation, share)) continue;
    if (operation.role == SplitRole::kColumns) {
      product.n = Divided(product.n, share.tensor);
    } else if (operation.role == SplitRole::kRows) {
      product.k = Divided(product.k, share.tensor);
    } else if (product.batch >= share.tensor) {
      product.batch = Divided(product.batch, share.tensor);
    } else {
      product.n = Divided(product.n, share.tensor);
    }
  }
  return products;
}

int64_t Shared(int64_t elements, const Operation& operation, const Share& share) {
  const int64_t all = SaturatingMultiply(elements, share.microbatch);
  return HasPartOfResult(operation, share) ? Divided(all, share.tensor) : all;
}

class TaskMaker {
 public:
  TaskMaker(const Block& block, const Share& share) : block_(block), share_(share) {}

  TaskGraph Forward() {
    std::vector<std::vector<int32_t>> made(block_.operations.size());
    for (size_t i = 0; i < block_.operations.size(); ++i) {
      const Operation& operation = block_.operations[i];
      std::set<int32_t> before;
      for (const int32_t source : operation.sources) {
        const std::vector<int32_t>& tasks = made[static_cast<size_t>(source)];
        before.insert(tasks.begin(), tasks.end());
      }
      Task task;
      task.name = operation.name;
      task.products = ProductsOf(operation, share_);
      task.elements = Shared(operation.elements, operation, share_);
      AddVector(operation, operation.forward, task);
      made[i] = {Add(std::move(task), before)};
      if (IsSplit(operation, share_) && operation.role == SplitRole::kRows) {
        made[i] = {Exchange(operation, operation.elements, made[i])};
      }
    }
    return std::move(graph_);
  }

  TaskGraph Backward() {
    const size_t count = block_.operations.size();
    gradients_.resize(count);
    // One collective for all columns that read the same.
    std::map<std::vector<int32_t>, std::vector<int32_t>> columns;
    std::map<std::vector<int32_t>, size_t> waiting;
    for (const Operation& operation : block_.operations) {
      if (IsSplit(operation, share_) && operation.role == SplitRole::kColumns) {
        ++waiting[operation.sources];
      }
    }
    for (size_t i = count; i-- > 0;) {
      const Operation& operation = block_.operations[i];
      std::vector<int32_t> first, second;
      Differentiate(operation, gradients_[i], first, second);
      if (IsSplit(operation, share_) && operation.role == SplitRole::kColumns) {
        std::vector<int32_t>& all = columns[operation.sources];
        all.insert(all.end(), first.begin(), first.end());
        if (--waiting[operation.sources] > 0) continue;
        first = {Exchange(operation, operation.read, all)};
      }
      for (const int32_t source : operation.sources) {
        const std::vector<int32_t>& of_second = operation.second_sources;
        const bool behind_second =
            std::find(of_second.begin(), of_second.end(), source) != of_second.end();
        const std::vector<int32_t>& from = behind_second ? second : first;
        std::set<int32_t>& gradients = gradients_[static_cast<size_t>(source)];
        gradients.insert(from.begin(), from.end());
      }
    }
    return std::move(graph_);
  }

 private:
  void AddVector(const Operation& operation, double cycles, Task& task) const {
    if (cycles <= 0 && !operation.products.empty()) return;
    const int64_t elements = Shared(operation.elements, operation, share_);
    task.vectors.push_back({elements, cycles});
    if (operation.products.empty()) {
      const int64_t read = Shared(operation.read, operation, share_);
      task.moved = Words(static_cast<double>(elements) + static_cast<double>(read));
    }
  }

  int32_t Add(Task task, const std::set<int32_t>& before) {
    graph_.tasks.push_back(std::move(task));
    graph_.before.emplace_back(before.begin(), before.end());
    return static_cast<int32_t>(graph_.tasks.size()) - 1;
  }

  int32_t Exchange(const Operation& operation, int64_t elements,
                   const std::vector<int32_t>& before) {
    Task task;
    task.name = operation.name + " all-reduce";
    task.exchanged = Words(static_cast<double>(SaturatingMultiply(elements, share_.microbatch)));
    return Add(std::move(task), {before.begin(), before.end()});
  }

  // The tasks that give the gradients of its first operand and of its second.
  void Differentiate(const Operation& operation, const std::set<int32_t>& gradients,
                     std::vector<int32_t>& first, std::vector<int32_t>& second) {
    std::set<int32_t> before = gradients;
    if (operation.products.empty()) {
      if (operation.backward <= 0) {
        first.assign(before.begin(), before.end());
      } else {
        Task task;
        task.name = operation.name + " backward";
        task.elements = Shared(operation.elements, operation, share_);
        AddVector(operation, operation.backward, task);
        first = {Add(std::move(task), before)};
      }
      second = first;
      return;
    }
    Task of_first, of_second;
    of_first.name = operation.name + " backward to operand";
    of_second.name = operation.name +
                     (operation.weighted ? " backward to weights" : " backward to second operand");
    for (const Extents& product : ProductsOf(operation, share_)) {
      of_first.products.push_back(GradientOfFirst(product));
      of_second.products.push_back(GradientOfSecond(product));
    }
    of_first.elements = SaturatingMultiply(operation.read, share_.microbatch);
    of_second.elements = operation.weights;
    first = {Add(std::move(of_first), before)};
    second = {Add(std::move(of_second), before)};
    if (operation.weighted) second = first;
  }

  const Block& block_;
  const Share share_;
  TaskGraph graph_;
  std::vector<std::set<int32_t>> gradients_;  // by operation: the tasks that make its result's
};

// Joins vector work to the product before it, where nothing else reads that.
TaskGraph Fuse(TaskGraph graph) {
  const size_t count = graph.tasks.size();
  std::vector<int32_t> users(count);
  for (const std::vector<int32_t>& before : graph.before) {
    for (const int32_t task : before) ++users[static_cast<size_t>(task)];
  }
  std::vector<int32_t> into(count);  // what a task has become a part of: itself, or an earlier one
  for (size_t i = 0; i < count; ++i) {
    into[i] = static_cast<int32_t>(i);
    Task& task = graph.tasks[i];
    if (!task.products.empty() || task.Collective() || graph.before[i].size() != 1) continue;
    const auto only = static_cast<size_t>(graph.before[i][0]);
    const auto root = static_cast<size_t>(into[only]);
    Task& product = graph.tasks[root];
    const bool fits = !product.products.empty() && users[only] == 1 &&
                      task.elements <= graph.tasks[only].elements && !task.vectors.empty();
    if (!fits) continue;
    product.vectors.insert(product.vectors.end(), task.vectors.begin(), task.vectors.end());
    into[i] = static_cast<int32_t>(root);
  }
  TaskGraph fused;
  std::vector<int32_t> number(count, -1);
  for (size_t i = 0; i < count; ++i) {
    if (into[i] != static_cast<int32_t>(i)) continue;
    number[i] = static_cast<int32_t>(fused.tasks.size());
    fused.tasks.push_back(std::move(graph.tasks[i]));
    std::set<int32_t> before;
    for (const int32_t task : graph.before[i]) {
      before.insert(number[static_cast<size_t>(into[static_cast<size_t>(task)])]);
    }
    fused.before.emplace_back(before.begin(), before.end());
  }
  return fused;
}

}  // namespace

TaskGraph MakeTasks(const Block& block, Direction direction, const Share& share) {
  TaskMaker maker(block, share);
  return Fuse(direction == Direction::kForward ? maker.Forward() : maker.Backward());
}

BlockMemory MemoryOf(const Block& block, const Share& share) {
  BlockMemory memory;
  memory.weights = Words(static_cast<double>(block.tables));
  for (const Operation& operation : block.operations) {
    const bool part = IsSplit(operation, share) && !operation.products.empty();
    const int64_t weights = part ? Divided(operation.weights, share.tensor) : operation.weights;
    memory.weights += Words(static_cast<double>(weights));
    memory.results += Words(static_cast<double>(Shared(operation.elements, operation, share)));
  }
  return memory;
}

}  // namespace allot::design
