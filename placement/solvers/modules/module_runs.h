// How a module of a chain is run best from the end of its entry on one device to its end on
// another, proved as far as it has been asked for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "placement/bounds/path_bounds.h"
#include "placement/exact/exact_items.h"
#include "placement/problem/allowed_times.h"
#include "placement/solvers/modules/module_chain.h"
#include "placement/value/evaluator.h"
#include "support/id_table.h"

namespace allot {

struct ModuleRun {
  Picos lower = 0;                     // proven
  Picos value = kNever;                // of the placement below
  std::vector<int32_t> device, order;  // by place in ChainModule::items
  bool bounded = false;                // `lower` is more than the first guess from paths
  bool closed = false;                 // nothing is left to find out
  int64_t effort = 0;                  // of the next attempt; 0: none so far
};

// All runs of one module, [entry device][exit device]; one row or column where there is none.
class ModuleRuns {
 public:
  // A module of its exit alone needs no search. Else `part` is the module as a problem, whose exit
  // takes about `work` to bound all its runs.
  ModuleRuns(const ChainModule& module, PlacementProblem part, int64_t work);

  ModuleRuns(const ModuleRuns&) = delete;
  ModuleRuns& operator=(const ModuleRuns&) = delete;

  size_t entries() const { return entries_; }
  size_t exits() const { return exits_; }
  const ModuleRun& at(size_t entry, size_t exit) const { return runs_(entry, exit); }

  // Takes a placement of the items, by place, if it beats what is known for its devices.
  void Offer(size_t entry, const std::vector<int32_t>& device, const std::vector<int32_t>& order);

  // The first time, only bounds one run. Then searches it for what is better than `cutoff`, with
  // its effort, at most `work`, and quadruples it. First among its neighbours, then, if the module
  // is small enough, exactly. Returns the work spent.
  int64_t Search(size_t entry, size_t exit, Picos cutoff, size_t max_exact, int64_t first_effort,
                 int64_t work, uint64_t seed);

 private:
  int64_t Bound(size_t entry, size_t exit);
  static size_t Size(int32_t i) { return static_cast<size_t>(i); }
  void FillStep();
  // The module with entry and exit on these devices; kAnywhere: on any.
  static constexpr size_t kAnywhere = ~size_t{0};
  PlacementProblem Pinned(size_t entry, size_t exit) const;
  // What the exact search may know of runs between these devices. Returns the work spent.
  int64_t RaiseBounds(size_t entry, size_t exit, int64_t work);
  void Keep(size_t entry, size_t exit, const Solution& solution, Picos value);
  Solution ToSolution(size_t entry, const std::vector<int32_t>& device,
                      const std::vector<int32_t>& order) const;

  size_t entries_, exits_;
  int32_t skip_;  // 1 if there is an entry, which is item 0
  int32_t exit_ = -1;
  PlacementProblem part_;
  ProblemGraph graph_;
  ProblemFacts facts_;                    // of part_ and graph_
  std::unique_ptr<Evaluator> evaluator_;  // keeps references to them
  int64_t bound_work_;                    // for each run
  IdTable<size_t, size_t, ModuleRun> runs_;
  // What precedes an item depends on the entry's device alone, what follows on the exit's.
  std::vector<NestedBounds> before_, after_;
};

}  // namespace allot
