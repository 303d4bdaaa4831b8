// What a plan takes, as solvers count it: tables of a problem, made once, and the sum over a plan.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "placement/kinds/training/model/costs.h"
#include "placement/kinds/training/model/problem.h"

namespace allot {

struct IterationTimes {
  int64_t micro_batches = 0;             // that each replica trains
  std::vector<Picos> compute, transfer;  // by stage, of one micro-batch
  Picos update = 0, all_reduce = 0;
  Picos total = 0;  // kNeverPicos: something cannot be
};

// What is known of one pool, size of micro-batches and width, for loops that ask often. Lives as
// long as the tables that it is of.
class TrainingRow {
 public:
  Picos Compute(int64_t first, int64_t last) const { return Between(*compute_, first, last); }
  // A GPU's memory, for layers first to last and so many micro-batches under way.
  bool Fits(int64_t first, int64_t last, int64_t under_way) const {
    const auto bytes = static_cast<double>(Between(*parameters_, first, last)) * bytes_each_ +
                       static_cast<double>(Between(*activations_, first, last)) *
                           static_cast<double>(samples_ * under_way);
    return bytes <= room_;
  }

 private:
  friend class TrainingTables;
  static int64_t Between(const std::vector<int64_t>& sums, int64_t first, int64_t last) {
    return sums[static_cast<size_t>(last) + 1] - sums[static_cast<size_t>(first)];
  }
  const std::vector<int64_t>*compute_ = nullptr, *parameters_ = nullptr, *activations_ = nullptr;
  double bytes_each_ = 0, room_ = 0;
  int64_t samples_ = 1;
};

class TrainingTables {
 public:
  // `problem` must outlive it, and have passed CheckTrainingProblem().
  explicit TrainingTables(const TrainingProblem& problem);

  const TrainingProblem& problem() const { return problem_; }
  int64_t layers() const { return static_cast<int64_t>(problem_.layers.size()); }

  // All sizes of micro-batches that any type of GPU that there is was profiled with, rising.
  const std::vector<int64_t>& micro_batches() const { return micro_batches_; }
  // As UsableWidths().
  const std::vector<int64_t>& widths(int64_t pool) const {
    return widths_[static_cast<size_t>(pool)];
  }
  // Whether a pool's GPUs were profiled so.
  bool Profiled(int64_t pool, int64_t micro_batch, int64_t width) const;
  // Of layers first to last for one micro-batch, and the update; they must have been profiled.
  Picos Compute(int64_t pool, int64_t micro_batch, int64_t width, int64_t first,
                int64_t last) const;
  Picos Update(int64_t pool, int64_t micro_batch, int64_t width, int64_t first) const;
  // Of what was profiled so.
  TrainingRow Row(int64_t pool, int64_t micro_batch, int64_t width) const;
  // kNeverPicos where there is no link.
  Picos Transfer(int64_t from, int64_t from_width, int64_t to, int64_t to_width, Bytes bytes) const;
  // Of the parameters of layers first to last, each replica's tensors cut in `width` (4 at most).
  Picos AllReduce(int64_t from, int64_t to, int64_t width, int64_t first, int64_t last,
                  int64_t replicas) const;
  Bytes Parameters(int64_t first, int64_t last) const;
  // What a GPU of a replica needs, with the runtime's.
  Bytes Memory(int64_t micro_batch, int64_t width, int64_t first, int64_t last,
               int64_t under_way) const;
  bool Fits(int64_t pool, int64_t micro_batch, int64_t width, int64_t first, int64_t last,
            int64_t under_way) const;

  // Of a plan whose stages have as many replicas each, with widths and sizes that were profiled.
  IterationTimes Times(const TrainingPlan& plan) const;

 private:
  struct Sums {
    std::vector<Picos> compute;  // of the layers before each
    std::vector<Picos> update;
  };
  struct Held {
    std::vector<int64_t> parameters;
    std::vector<Bytes> activations;
  };
  const Sums* Find(int64_t pool, int64_t micro_batch, int64_t width) const;
  Picos Boundary(const TrainingPlan& plan, size_t from, size_t to, Bytes bytes) const;

  const TrainingProblem& problem_;
  std::vector<int64_t> micro_batches_;
  std::vector<std::vector<int64_t>> widths_;
  std::map<std::tuple<int64_t, int64_t, int64_t>, Sums> sums_;  // gpu, micro-batch, width
  std::map<std::tuple<int64_t, int64_t, int64_t, int64_t>, const TrainingProblem::Link*> links_;
  std::map<int64_t, Held> held_;   // by width, of the layers before each
  std::vector<Bytes> parameters_;  // of the layers before each
};

}  // namespace allot
