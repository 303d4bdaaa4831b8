#include "placement/kinds/training/model/problem.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot {
namespace {

// Together these keep every sum of an iteration below 2^62 ps.
constexpr int64_t kMostLayers = 1024, kMostBatch = int64_t{1} << 20, kMostWidth = 1024,
                  kMostGpus = int64_t{1} << 16, kMostPools = 64, kMostCoefficients = 8;
constexpr Picos kLongestLayer = 1'000'000'000'000'000;  // a thousand seconds
constexpr Bytes kMostBytes = 1'000'000'000'000'000;

absl::Status CheckRange(absl::string_view what, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return InputError(what, ": ", value, " is not within ", least, " and ", most);
}

absl::Status CheckLength(absl::string_view what, size_t length, size_t layers) {
  if (length == layers) return absl::OkStatus();
  return InputError(what, ": there are ", length, " values for ", layers, " layers");
}

absl::Status CheckLayers(const TrainingProblem& problem) {
  ALLOT_RETURN_IF_ERROR(
      CheckRange("layers", static_cast<int64_t>(problem.layers.size()), 1, kMostLayers));
  for (size_t i = 0; i < problem.layers.size(); ++i) {
    const std::string at = absl::StrCat("layers[", i, "].");
    ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "output_bytes"), problem.layers[i].output, 0,
                                     kMostBytes / kMostBatch));
    ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "parameter_bytes"),
                                     problem.layers[i].parameters, 0, kMostBytes / kMostLayers));
  }
  std::set<int64_t> widths;
  for (size_t i = 0; i < problem.footprints.size(); ++i) {
    const std::string at = absl::StrCat("footprints[", i, "].");
    const TrainingProblem::Footprint& footprint = problem.footprints[i];
    ALLOT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat(at, "tensor_width"), footprint.width, 1, kMostWidth));
    if (!widths.insert(footprint.width).second) {
      return InputError(at, "tensor_width: ", footprint.width, " stands twice");
    }
    ALLOT_RETURN_IF_ERROR(CheckLength(absl::StrCat(at, "parameters"), footprint.parameters.size(),
                                      problem.layers.size()));
    ALLOT_RETURN_IF_ERROR(CheckLength(absl::StrCat(at, "activation_bytes"),
                                      footprint.activations.size(), problem.layers.size()));
    for (size_t l = 0; l < problem.layers.size(); ++l) {
      ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "parameters[", l, "]"),
                                       footprint.parameters[l], 0, kMostBytes / kMostLayers));
      ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "activation_bytes[", l, "]"),
                                       footprint.activations[l], 0, kMostBytes / kMostLayers));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckProfile(const std::string& at, const TrainingProblem& problem,
                          const TrainingProblem::Profile& profile) {
  ALLOT_RETURN_IF_ERROR(
      CheckRange(absl::StrCat(at, "micro_batch"), profile.micro_batch, 1, kMostBatch));
  ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "tensor_width"), profile.width, 1, kMostWidth));
  ALLOT_RETURN_IF_ERROR(
      CheckLength(absl::StrCat(at, "forward_ps"), profile.layers.size(), problem.layers.size()));
  for (size_t l = 0; l < profile.layers.size(); ++l) {
    const TrainingProblem::LayerTime& time = profile.layers[l];
    ALLOT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat(at, "forward_ps[", l, "]"), time.forward, 0, kLongestLayer));
    ALLOT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat(at, "backward_ps[", l, "]"), time.backward, 0, kLongestLayer));
    ALLOT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat(at, "update_ps[", l, "]"), time.update, 0, kLongestLayer));
  }
  return absl::OkStatus();
}

absl::Status CheckGpus(const TrainingProblem& problem) {
  std::set<std::string> names;
  for (size_t i = 0; i < problem.gpus.size(); ++i) {
    const TrainingProblem::Gpu& gpu = problem.gpus[i];
    const std::string at = absl::StrCat("gpus[", i, "].");
    if (gpu.name.empty() || gpu.name.find('@') != gpu.name.npos) {
      return InputError(at, "name: is empty or holds an @");
    }
    if (!names.insert(gpu.name).second)
      return InputError(at, "name: '", gpu.name, "' stands twice");
    ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "memory"), gpu.memory, 0, kMostBytes));
    std::set<std::pair<int64_t, int64_t>> seen;
    for (size_t p = 0; p < gpu.profiles.size(); ++p) {
      const std::string where = absl::StrCat(at, "profiles[", p, "].");
      const TrainingProblem::Profile& profile = gpu.profiles[p];
      ALLOT_RETURN_IF_ERROR(CheckProfile(where, problem, profile));
      if (!seen.insert({profile.micro_batch, profile.width}).second) {
        return InputError(where, "micro_batch: ", profile.micro_batch, " with a tensor_width of ",
                          profile.width, " stands twice");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPools(const TrainingProblem& problem) {
  ALLOT_RETURN_IF_ERROR(
      CheckRange("pools", static_cast<int64_t>(problem.pools.size()), 1, kMostPools));
  std::set<std::string> names;
  int64_t total = 0;
  for (size_t i = 0; i < problem.pools.size(); ++i) {
    const TrainingProblem::Pool& pool = problem.pools[i];
    const std::string at = absl::StrCat("pools[", i, "].");
    if (pool.gpu < 0 || pool.gpu >= static_cast<int64_t>(problem.gpus.size())) {
      return InputError(at, "gpu: there is none of the number ", pool.gpu);
    }
    const std::string name = PoolName(problem, static_cast<int64_t>(i));
    if (!names.insert(name).second) return InputError(at, "gpu: ", name, " stands twice");
    ALLOT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat(at, "gpus_per_machine"), pool.per_machine, 1, kMostWidth));
    ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "count"), pool.count, 1, kMostGpus));
    if (pool.count % pool.per_machine != 0) {
      return InputError(at, "count: ", pool.count, " GPUs are no whole machines of ",
                        pool.per_machine);
    }
    total += pool.count;
  }
  return CheckRange("GPUs of all pools", total, 1, kMostGpus);
}

absl::Status CheckLinks(const TrainingProblem& problem) {
  std::set<std::tuple<int64_t, int64_t, int64_t, int64_t>> seen;
  const auto pools = static_cast<int64_t>(problem.pools.size());
  for (size_t i = 0; i < problem.links.size(); ++i) {
    const TrainingProblem::Link& link = problem.links[i];
    const std::string at = absl::StrCat("links[", i, "].");
    ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "from"), link.from, 0, pools - 1));
    ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "to"), link.to, 0, pools - 1));
    ALLOT_RETURN_IF_ERROR(
        CheckRange(absl::StrCat(at, "from_width"), link.from_width, 1, kMostWidth));
    ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "to_width"), link.to_width, 1, kMostWidth));
    ALLOT_RETURN_IF_ERROR(CheckRange(absl::StrCat(at, "coefficients"),
                                     static_cast<int64_t>(link.coefficients.size()), 1,
                                     kMostCoefficients));
    for (const double each : link.coefficients) {
      if (!std::isfinite(each)) return InputError(at, "coefficients: one is no finite number");
    }
    if (!seen.insert({link.from, link.from_width, link.to, link.to_width}).second) {
      return InputError(at, "from: the link stands twice");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view TrainingCostName(TrainingCost cost) {
  return cost == TrainingCost::kOwn ? "own" : "sailor";
}

std::string PoolName(const TrainingProblem& problem, int64_t pool) {
  const TrainingProblem::Pool& each = problem.pools[static_cast<size_t>(pool)];
  const std::string& gpu = problem.gpus[static_cast<size_t>(each.gpu)].name;
  return each.zone.empty() ? gpu : absl::StrCat(gpu, "@", each.zone);
}

absl::Status CheckTrainingProblem(const TrainingProblem& problem) {
  ALLOT_RETURN_IF_ERROR(CheckRange("global_batch", problem.global_batch, 1, kMostBatch));
  ALLOT_RETURN_IF_ERROR(CheckRange("bytes_per_parameter", problem.bytes_per_parameter, 0, 1024));
  ALLOT_RETURN_IF_ERROR(CheckLayers(problem));
  ALLOT_RETURN_IF_ERROR(CheckGpus(problem));
  ALLOT_RETURN_IF_ERROR(CheckPools(problem));
  return CheckLinks(problem);
}

int64_t ReplicasOf(const TrainingPlan::Stage& stage) {
  int64_t sum = 0;
  for (const TrainingPlan::Group& group : stage.groups) sum += group.replicas;
  return sum;
}

}  // namespace allot
