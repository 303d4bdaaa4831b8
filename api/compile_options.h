// All that planning can be told: of the model, of the machine, of what is wanted and of the search.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/registries.h"
#include "ir/plan.h"
#include "placement/search/progress.h"
#include "support/units.h"
#include "target/target.h"

namespace allot {

struct CompileOptions {
  std::string target = "host";    // this machine; or a file, or a built-in name
  std::optional<Target> machine;  // what `target` names, if it was loaded before
  ir::Objective objective = ir::Objective::kLatency;
  std::string pipeline;            // empty: DefaultPipeline(solver, work)
  std::string solver = "auto";     // of the default pipeline
  int64_t work = 0;                // of the default pipeline's place and refine; 0: their defaults
  bool replicas = true;            // of the default pipeline: placements may take turns in a stream
  Picos latency_limit = 0;         // of one inference in a stream; 0: none
  int64_t max_parts = 0;           // of all placements together; 0: any number
  int64_t simplify_permille = 10;  // of the value to give away for fewer parts
  int64_t min_gain_permille = 0;   // that a plan must gain over the model as a whole
  std::string proposer;            // weights of what learns, for modules of chips; empty: ours
  int64_t finetune = 0;            // its proposals at most; 0: as the work allows
  // Not for inferences: forward and backward passes of microbatches, and an update.
  bool trains = false;
  int64_t microbatches = 8;        // of a batch
  std::string optimizer = "adam";  // or "sgd"
  std::string recompute = "auto";  // or "no", "yes"
  bool whole_layers = false;       // cuts between repeated layers only
  std::string freeze;              // weights whose names match are not trained; empty: all are
  bool contiguous = false;         // devices in an order in which nothing leads back
  std::string start;               // a plan to improve on: a folder or a plan.json; empty: none
  int64_t migration_cost_permille = 0;  // of its value, that moving all of it must gain
  bool needs_data = false;        // an error, before planning, where external data are not there
  bool strict_shapes = false;     // of the default pipeline's infer-shapes
  std::vector<std::string> dims;  // "batch=8"
  std::vector<std::string> scenarios;  // "decode:tokens=1,past=512*100": share the placement
  std::vector<std::string> fixed;      // "use_cache_branch=true": inputs of one value for ever
  std::string state = "auto";          // of the default pipeline's find-state
  std::vector<std::string> splits;     // "name-regex=columns:2": operators to divide
  std::string tensor_width = "1";      // slices of all pairs of products; "auto": the best
  std::string split_widths;            // by ranges of nodes, in its place; as of split-operators
  bool split_state = false;            // caches are fed and given in slices
  std::string sparse;  // rows of sparse weights in so many parts, or "auto"; empty: none
  double sparse_imbalance = 0.03;
  bool sparse_force = false;               // also where it does not pay
  int64_t default_dim = 1;                 // any other open dimension, for costs only
  std::vector<std::string> pins, forbids;  // "name-regex=device"
  std::vector<std::string> together;       // "name-regex": on one device
  size_t own_pins = 0;  // of `pins`, the last ones: Allot's own, for slices that it made
  std::string cost_model = "roofline";
  std::vector<std::string> cost_files;  // CSV or ONNX Runtime profiles; override the model by node
  uint64_t seed = 1;
  int threads = 1;
  // As of PassContext: ends the search early, and is told of what it has reached.
  std::function<bool()> stop = nullptr;
  ProgressHook progress = nullptr;
  const Registries* registries = nullptr;  // must outlive the call; nullptr: BuiltinRegistries()

  Registries AllRegistries() const {
    return registries != nullptr ? *registries : BuiltinRegistries();
  }
};

}  // namespace allot
