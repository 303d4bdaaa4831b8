#include "placement/kinds/training/model/evaluate.h"

#include <algorithm>
#include <set>

#include "placement/kinds/training/model/costs.h"

namespace allot {
namespace {

// An all-reduce of tensors that are cut wider than this is counted as of this.
constexpr int64_t kWidestReduce = 4;

using Groups = std::vector<TrainingPlan::Group>;

// Calls visit(a's group, b's group) for every pair of replicas of the same number, once for each
// run of equal pairs.
template <typename Visit>
void ForPairs(const Groups& a, const Groups& b, Visit visit) {
  size_t i = 0, j = 0;
  int64_t left_i = a.empty() ? 0 : a[0].replicas, left_j = b.empty() ? 0 : b[0].replicas;
  while (i < a.size() && j < b.size()) {
    visit(a[i], b[j]);
    const int64_t step = std::min(left_i, left_j);
    left_i -= step, left_j -= step;
    if (left_i == 0 && ++i < a.size()) left_i = a[i].replicas;
    if (left_j == 0 && ++j < b.size()) left_j = b[j].replicas;
  }
}

template <typename T>
T Between(const std::vector<T>& sums, int64_t first, int64_t last) {
  return sums[static_cast<size_t>(last) + 1] - sums[static_cast<size_t>(first)];
}

}  // namespace

TrainingTables::TrainingTables(const TrainingProblem& problem) : problem_(problem) {
  std::set<int64_t> sizes;
  for (const TrainingProblem::Pool& pool : problem.pools) {
    widths_.push_back(UsableWidths(problem, pool));
    const TrainingProblem::Gpu& gpu = problem.gpus[static_cast<size_t>(pool.gpu)];
    for (const TrainingProblem::Profile& profile : gpu.profiles) {
      sizes.insert(profile.micro_batch);
      Sums& sums = sums_[{pool.gpu, profile.micro_batch, profile.width}];
      if (!sums.compute.empty()) continue;
      sums.compute.push_back(0);
      for (const Picos time : LayerTimes(problem, gpu, profile)) {
        sums.compute.push_back(sums.compute.back() + time);
      }
      for (const TrainingProblem::LayerTime& time : profile.layers) {
        sums.update.push_back(time.update);
      }
    }
  }
  micro_batches_.assign(sizes.begin(), sizes.end());
  for (const TrainingProblem::Link& link : problem.links) {
    links_[{link.from, link.from_width, link.to, link.to_width}] = &link;
  }
  for (const TrainingProblem::Footprint& footprint : problem.footprints) {
    Held& held = held_[footprint.width];
    held.parameters.push_back(0), held.activations.push_back(0);
    for (size_t l = 0; l < problem.layers.size(); ++l) {
      held.parameters.push_back(held.parameters.back() + footprint.parameters[l]);
      held.activations.push_back(held.activations.back() + footprint.activations[l]);
    }
  }
  parameters_.push_back(0);
  for (const TrainingProblem::Layer& layer : problem.layers) {
    parameters_.push_back(parameters_.back() + layer.parameters);
  }
}

const TrainingTables::Sums* TrainingTables::Find(int64_t pool, int64_t micro_batch,
                                                 int64_t width) const {
  const auto found =
      sums_.find({problem_.pools[static_cast<size_t>(pool)].gpu, micro_batch, width});
  return found == sums_.end() ? nullptr : &found->second;
}

bool TrainingTables::Profiled(int64_t pool, int64_t micro_batch, int64_t width) const {
  return Find(pool, micro_batch, width) != nullptr;
}

Picos TrainingTables::Compute(int64_t pool, int64_t micro_batch, int64_t width, int64_t first,
                              int64_t last) const {
  const Sums* const sums = Find(pool, micro_batch, width);
  return sums == nullptr ? kNeverPicos : Between(sums->compute, first, last);
}

TrainingRow TrainingTables::Row(int64_t pool, int64_t micro_batch, int64_t width) const {
  TrainingRow row;
  row.compute_ = &Find(pool, micro_batch, width)->compute;
  const Held& held = held_.at(width);
  row.parameters_ = &held.parameters;
  row.activations_ = &held.activations;
  row.bytes_each_ = static_cast<double>(problem_.bytes_per_parameter);
  const int64_t gpu = problem_.pools[static_cast<size_t>(pool)].gpu;
  row.room_ =
      static_cast<double>(problem_.gpus[static_cast<size_t>(gpu)].memory - RuntimeBytes(width));
  row.samples_ = micro_batch;
  return row;
}

Picos TrainingTables::Update(int64_t pool, int64_t micro_batch, int64_t width,
                             int64_t first) const {
  const Sums* const sums = Find(pool, micro_batch, width);
  return sums == nullptr ? kNeverPicos : sums->update[static_cast<size_t>(first)];
}

Picos TrainingTables::Transfer(int64_t from, int64_t from_width, int64_t to, int64_t to_width,
                               Bytes bytes) const {
  const auto link = links_.find({from, from_width, to, to_width});
  if (link == links_.end()) return kNeverPicos;
  return TransferTime(*link->second, static_cast<double>(bytes));
}

Bytes TrainingTables::Parameters(int64_t first, int64_t last) const {
  return Between(parameters_, first, last);
}

Picos TrainingTables::AllReduce(int64_t from, int64_t to, int64_t width, int64_t first,
                                int64_t last, int64_t replicas) const {
  const auto link = links_.find({from, 1, to, 1});
  if (link == links_.end()) return kNeverPicos;
  const auto parts = static_cast<double>(std::min(width, kWidestReduce));
  return AllReduceTime(*link->second, static_cast<double>(Parameters(first, last)) / parts,
                       replicas);
}

Bytes TrainingTables::Memory(int64_t micro_batch, int64_t width, int64_t first, int64_t last,
                             int64_t under_way) const {
  const auto held = held_.find(width);
  if (held == held_.end()) return kNeverPicos;
  const int64_t parameters = Between(held->second.parameters, first, last),
                activations = Between(held->second.activations, first, last);
  const double bytes =
      static_cast<double>(parameters) * static_cast<double>(problem_.bytes_per_parameter) +
      static_cast<double>(activations) * static_cast<double>(micro_batch * under_way);
  if (bytes > 4e18) return kNeverPicos;
  return parameters * problem_.bytes_per_parameter + activations * micro_batch * under_way +
         RuntimeBytes(width);
}

bool TrainingTables::Fits(int64_t pool, int64_t micro_batch, int64_t width, int64_t first,
                          int64_t last, int64_t under_way) const {
  const int64_t gpu = problem_.pools[static_cast<size_t>(pool)].gpu;
  return Memory(micro_batch, width, first, last, under_way) <=
         problem_.gpus[static_cast<size_t>(gpu)].memory;
}

Picos TrainingTables::Boundary(const TrainingPlan& plan, size_t from, size_t to,
                               Bytes bytes) const {
  Picos longest = 0;
  ForPairs(plan.stages[from].groups, plan.stages[to].groups,
           [&](const TrainingPlan::Group& a, const TrainingPlan::Group& b) {
             longest = std::max(longest, Transfer(a.pool, a.width, b.pool, b.width, bytes));
           });
  return longest;
}

IterationTimes TrainingTables::Times(const TrainingPlan& plan) const {
  IterationTimes times;
  const size_t stages = plan.stages.size();
  const int64_t replicas = ReplicasOf(plan.stages[0]), batch = plan.micro_batch * replicas;
  times.micro_batches = (problem_.global_batch + batch - 1) / batch;
  const bool own = problem_.cost == TrainingCost::kOwn;
  const auto sent = [&](int64_t layer) {
    return problem_.layers[static_cast<size_t>(layer)].output * plan.micro_batch;
  };
  Picos sum = 0, slowest = 0;
  for (size_t i = 0; i < stages; ++i) {
    const TrainingPlan::Stage& stage = plan.stages[i];
    Picos compute = 0;
    int64_t narrowest = stage.groups[0].width;
    for (const TrainingPlan::Group& group : stage.groups) {
      compute = std::max(
          compute, Compute(group.pool, plan.micro_batch, group.width, stage.first, stage.last));
      times.update =
          std::max(times.update, Update(group.pool, plan.micro_batch, group.width, stage.first));
      narrowest = std::min(narrowest, group.width);
    }
    for (size_t g = 0; g < stage.groups.size(); ++g) {
      const auto reduce = [&](int64_t from, int64_t to) {
        times.all_reduce = std::max(
            times.all_reduce, AllReduce(from, to, narrowest, stage.first, stage.last, replicas));
      };
      if (stage.groups[g].replicas > 1) reduce(stage.groups[g].pool, stage.groups[g].pool);
      if (g > 0) reduce(stage.groups[g - 1].pool, stage.groups[g].pool);
    }
    Picos transfer = 0;
    const bool starts = i == 0, ends = i + 1 == stages;
    if (own) {
      Picos both = 0;
      Bytes moved = 0;
      const auto add = [&](size_t a, size_t b) {
        const Bytes bytes = sent(plan.stages[a].last);
        moved += 2 * bytes;
        both = AddPicos(both, AddPicos(Boundary(plan, a, b, bytes), Boundary(plan, b, a, bytes)));
      };
      if (!starts) add(i - 1, i);
      if (!ends) add(i, i + 1);
      transfer = OwnTransfer(both, moved);
    } else {
      const Picos activation = ends ? 0 : Boundary(plan, i, i + 1, sent(stage.last));
      const Picos gradient = starts ? 0 : Boundary(plan, i, i - 1, sent(stage.first));
      if (!starts && !ends) transfer = AddPicos(activation, gradient);
      if (ends) transfer = TimesPicos(2, gradient);
      if (starts && !ends) transfer = TimesPicos(stages <= 3 ? 1 : 2, activation);
    }
    times.compute.push_back(compute);
    times.transfer.push_back(transfer);
    const Picos both = AddPicos(compute, transfer);
    sum = AddPicos(sum, both);
    slowest = std::max(slowest, both);
  }
  times.total = AddPicos(AddPicos(TimesPicos(times.micro_batches - 1, slowest), sum),
                         AddPicos(times.update, times.all_reduce));
  return times;
}

}  // namespace allot
