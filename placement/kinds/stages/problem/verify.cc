#include "placement/kinds/stages/problem/verify.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "support/status.h"
#include "support/units.h"

namespace allot {
namespace {

// bytes * factor / bandwidth in ticks, to the nearest, halves up.
Int128 Ticks(const StagesProblem& problem, Int128 millibytes, Int128 factor, Int128 divisor) {
  const Int128 numerator = 2 * millibytes * factor * problem.ticks_per_second;
  const Int128 denominator = Int128{1000} * problem.bandwidth * divisor;
  return (numerator + denominator) / (2 * denominator);
}

// Which stage each layer is in.
absl::StatusOr<std::map<int32_t, size_t>> StageOfLayers(const StagesProblem& problem,
                                                        const StagePlan& plan) {
  std::map<int32_t, size_t> stage_of;
  for (size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].layers.empty()) return InputError("stage ", i, " has no layer");
    for (const int32_t v : plan[i].layers) {
      if (v < 0 || static_cast<size_t>(v) >= problem.layers.size()) {
        return InputError("stage ", i, " has layer ", v, ", which there is not");
      }
      if (const auto [at, added] = stage_of.emplace(v, i); !added) {
        return InputError("layer ", v, " is in stage ", at->second, " and in stage ", i);
      }
    }
  }
  for (size_t v = 0; v < problem.layers.size(); ++v) {
    if (stage_of.count(static_cast<int32_t>(v)) == 0) {
      return InputError("layer ", v, " (", problem.layers[v].name, ") is in no stage");
    }
  }
  return stage_of;
}

absl::Status CheckOrder(const StagesProblem& problem, const std::map<int32_t, size_t>& stage_of) {
  for (const LayerEdge& edge : problem.edges) {
    if (stage_of.at(edge.from) > stage_of.at(edge.to)) {
      return InputError("contiguity: layer ", edge.from, " is in stage ", stage_of.at(edge.from),
                        ", but layer ", edge.to, ", which needs it, before that in stage ",
                        stage_of.at(edge.to));
    }
  }
  for (const std::vector<int32_t>& group : problem.together) {
    for (const int32_t v : group) {
      if (stage_of.at(v) != stage_of.at(group[0])) {
        return InputError("colocation: layers ", group[0], " and ", v,
                          " belong together, but are in stages ", stage_of.at(group[0]), " and ",
                          stage_of.at(v));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckReplicas(const StagesProblem& problem, const StagePlan& plan) {
  Int128 devices = 0, replicas = 0;
  for (size_t i = 0; i < plan.size(); ++i) {
    if (plan[i].width < 1 || plan[i].replicas < 1) {
      return InputError("stage ", i, ": its tensor width and replicas must be at least 1");
    }
    if (problem.rule == CostRule::kPiper && problem.samples % plan[i].replicas != 0) {
      return InputError("divisibility: the ", plan[i].replicas, " replicas of stage ", i,
                        " do not divide the ", problem.samples, " samples");
    }
    devices += static_cast<Int128>(plan[i].width) * plan[i].replicas;
    replicas += plan[i].replicas;
  }
  if (devices > problem.devices) {
    return InputError("devices: the stages need more than the ", problem.devices, " there are");
  }
  if (problem.rule == CostRule::kPiper && replicas > problem.samples) {
    return InputError("samples: all replicas together are more than the ", problem.samples,
                      " samples");
  }
  return absl::OkStatus();
}

absl::StatusOr<const LayerVariant*> VariantOf(const StagesProblem& problem,
                                              const PipelineStage& stage, size_t j) {
  const StageLayer& layer = problem.layers[static_cast<size_t>(stage.layers[j])];
  for (const LayerWidth& width : layer.widths) {
    if (width.devices != stage.width) continue;
    const int32_t number = j < stage.variants.size() ? stage.variants[j] : -1;
    if (number < 0 || static_cast<size_t>(number) >= width.variants.size()) {
      return InputError("layer ", stage.layers[j], " (", layer.name, ") has no variant ", number);
    }
    return &width.variants[static_cast<size_t>(number)];
  }
  return InputError("tensor width: layer ", stage.layers[j], " (", layer.name, ") cannot run on ",
                    stage.width, " devices");
}

}  // namespace

absl::StatusOr<int64_t> VerifyStages(const StagesProblem& problem, const StagePlan& plan) {
  ALLOT_ASSIGN_OR_RETURN(const auto stage_of, StageOfLayers(problem, plan));
  ALLOT_RETURN_IF_ERROR(CheckOrder(problem, stage_of));
  ALLOT_RETURN_IF_ERROR(CheckReplicas(problem, plan));
  const bool piper = problem.rule == CostRule::kPiper;
  std::set<std::pair<int32_t, int32_t>> edges;
  for (const LayerEdge& edge : problem.edges) edges.emplace(edge.from, edge.to);
  Int128 period = 0;
  int64_t later = 0;  // replicas of this stage and those behind it
  for (size_t i = plan.size(); i-- > 0;) {
    const PipelineStage& stage = plan[i];
    const int64_t r = stage.replicas;
    later += r;
    const int64_t in_flight = (later + r - 1) / r;
    Int128 time = 0, update = 0, memory = 0;
    for (size_t j = 0; j < stage.layers.size(); ++j) {
      const int32_t v = stage.layers[j];
      ALLOT_ASSIGN_OR_RETURN(const LayerVariant* const variant, VariantOf(problem, stage, j),
                             "stage ", i, ": ");
      time += variant->time;
      update += Ticks(problem, variant->parameters, 4, piper ? problem.samples : 1);
      memory += static_cast<Int128>(variant->per_in_flight) * in_flight + variant->resident;
      if (!piper) continue;
      for (const BoundarySync& sync : variant->before) {
        if (edges.count({sync.neighbour, v}) > 0 && stage_of.at(sync.neighbour) != i) {
          time += Ticks(problem, sync.bytes, 2, 1);
        }
      }
      for (const BoundarySync& sync : variant->after) {
        if (edges.count({v, sync.neighbour}) > 0 && stage_of.at(sync.neighbour) != i) {
          time += Ticks(problem, sync.bytes, 2, 1);
        }
      }
    }
    if (problem.has_memory && memory > problem.memory) {
      return InputError("memory: stage ", i, " needs ", static_cast<double>(memory) / 1000,
                        " bytes of a device with ", static_cast<double>(problem.memory) / 1000,
                        ", with ", in_flight, " samples in flight");
    }
    for (const LayerEdge& edge : problem.edges) {
      const bool from = stage_of.at(edge.from) == i, to = stage_of.at(edge.to) == i;
      if (piper && from != to) time += Ticks(problem, edge.bytes, 2, 1);
    }
    // Piper: (time + (r - 1) update) / r. PipeDream: (time + (r - 1) / r update) / r.
    const Int128 numerator = piper ? time + (r - 1) * update : r * time + (r - 1) * update;
    const Int128 denominator = piper ? Int128{r} : static_cast<Int128>(r) * r;
    period = std::max(period, (numerator + denominator - 1) / denominator);
  }
  return static_cast<int64_t>(period);
}

}  // namespace allot
