#include "placement/kinds/training/model/verify.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "placement/kinds/training/model/costs.h"
#include "support/status.h"

namespace allot {
namespace {

struct Replica {
  int64_t pool = 0, width = 1;
};
using Rows = std::vector<std::vector<Replica>>;  // by stage, by replica

class Verifier {
 public:
  Verifier(const TrainingProblem& problem, const TrainingPlan& plan)
      : problem_(problem), plan_(plan) {}

  absl::StatusOr<Picos> Run() {
    ALLOT_RETURN_IF_ERROR(CheckStages());
    ALLOT_RETURN_IF_ERROR(Expand());
    ALLOT_RETURN_IF_ERROR(CheckMachines());
    for (size_t i = 0; i < rows_.size(); ++i) ALLOT_RETURN_IF_ERROR(CheckReplicas(i));
    return Value();
  }

 private:
  absl::Status CheckStages() const {
    if (plan_.micro_batch < 1) {
      return InputError("micro_batch: ", plan_.micro_batch, " is not a number of samples");
    }
    if (plan_.stages.empty()) return InputError("layers: the plan has no stage");
    int64_t next = 0;
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      const TrainingPlan::Stage& stage = plan_.stages[i];
      if (stage.first != next || stage.last < stage.first) {
        return InputError("layers: stage ", i, " holds ", stage.first, " to ", stage.last,
                          ", but the one that comes next is ", next);
      }
      next = stage.last + 1;
    }
    const auto layers = static_cast<int64_t>(problem_.layers.size());
    if (next != layers) {
      return InputError("layers: the stages end with layer ", next - 1, " of 0 to ", layers - 1);
    }
    return absl::OkStatus();
  }

  absl::Status Expand() {
    int64_t gpus = 0;
    for (const TrainingProblem::Pool& pool : problem_.pools) gpus += pool.count;
    for (size_t i = 0; i < plan_.stages.size(); ++i) {
      std::vector<Replica>& row = rows_.emplace_back();
      for (const TrainingPlan::Group& group : plan_.stages[i].groups) {
        if (group.pool < 0 || group.pool >= static_cast<int64_t>(problem_.pools.size())) {
          return InputError("machines: stage ", i, " uses a pool that there is not");
        }
        if (group.replicas < 1) {
          return InputError("replicas: stage ", i, " has a group of ", group.replicas);
        }
        // No more than can be there: a row is never longer than what the machines hold.
        const auto size = static_cast<int64_t>(row.size());
        if (group.replicas > gpus - size) {
          return InputError("machines: stage ", i, " has more replicas than there are GPUs, ",
                            gpus);
        }
        row.insert(row.end(), static_cast<size_t>(group.replicas), {group.pool, group.width});
      }
      if (row.empty()) return InputError("replicas: stage ", i, " has none");
      if (row.size() != rows_[0].size()) {
        return InputError("replicas: stage ", i, " has ", row.size(), ", but stage 0 has ",
                          rows_[0].size());
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckMachines() const {
    std::vector<int64_t> used(problem_.pools.size());
    for (size_t i = 0; i < rows_.size(); ++i) {
      for (const Replica& replica : rows_[i]) {
        const auto pool = static_cast<size_t>(replica.pool);
        const std::vector<int64_t> widths = UsableWidths(problem_, problem_.pools[pool]);
        if (std::find(widths.begin(), widths.end(), replica.width) == widths.end()) {
          return InputError("tensor_width: stage ", i, " cuts tensors in ", replica.width, " on ",
                            PoolName(problem_, replica.pool), ", where there are profiles for ",
                            widths.empty() ? "none" : absl::StrJoin(widths, ", "),
                            " within a machine");
        }
        used[pool] += replica.width;
      }
    }
    for (size_t pool = 0; pool < used.size(); ++pool) {
      if (used[pool] <= problem_.pools[pool].count) continue;
      return InputError("machines: the plan uses ", used[pool], " GPUs of ",
                        PoolName(problem_, static_cast<int64_t>(pool)), ", where there are ",
                        problem_.pools[pool].count);
    }
    return absl::OkStatus();
  }

  absl::Status CheckReplicas(size_t i) const {
    const TrainingPlan::Stage& stage = plan_.stages[i];
    for (const Replica& replica : rows_[i]) {
      const TrainingProblem::Gpu& gpu = GpuOf(replica);
      if (FindProfile(gpu, plan_.micro_batch, replica.width) == nullptr) {
        return InputError("profile: there is none of ", gpu.name, " for a micro_batch of ",
                          plan_.micro_batch, " with a tensor_width of ", replica.width);
      }
      const auto under_way = static_cast<int64_t>(rows_.size() - i);
      const Bytes bytes = RuntimeBytes(replica.width) +
                          StageBytes(problem_, *FindFootprint(problem_, replica.width), stage.first,
                                     stage.last, plan_.micro_batch, under_way);
      if (bytes > gpu.memory) {
        return InputError("memory: a GPU of stage ", i, " needs ", bytes, " bytes, and ", gpu.name,
                          " has ", gpu.memory);
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<const TrainingProblem::Link*> LinkOf(const Replica& from, int64_t from_width,
                                                      const Replica& to, int64_t to_width) const {
    const TrainingProblem::Link* const link =
        FindLink(problem_, from.pool, from_width, to.pool, to_width);
    if (link != nullptr) return link;
    return InputError("link: nothing is known of one from ", from_width, " GPUs of ",
                      PoolName(problem_, from.pool), " to ", to_width, " of ",
                      PoolName(problem_, to.pool));
  }

  // The slowest of the replicas' transfers from stage a to stage b, of what layer `layer` puts out.
  absl::StatusOr<Picos> Slowest(size_t a, size_t b, int64_t layer) const {
    Picos slowest = 0;
    const Bytes bytes = problem_.layers[static_cast<size_t>(layer)].output * plan_.micro_batch;
    for (size_t j = 0; j < rows_[a].size(); ++j) {
      const Replica& from = rows_[a][j];
      const Replica& to = rows_[b][j];
      ALLOT_ASSIGN_OR_RETURN(const TrainingProblem::Link* const link,
                             LinkOf(from, from.width, to, to.width));
      slowest = std::max(slowest, TransferTime(*link, static_cast<double>(bytes)));
    }
    return slowest;
  }

  absl::StatusOr<Picos> TransferOf(size_t i) const {
    const TrainingPlan::Stage& stage = plan_.stages[i];
    const size_t last = rows_.size() - 1;
    if (problem_.cost == TrainingCost::kOwn) {
      Picos both = 0;
      Bytes bytes = 0;
      for (size_t a = i == 0 ? 0 : i - 1; a <= i && a < last; ++a) {
        ALLOT_ASSIGN_OR_RETURN(const Picos there, Slowest(a, a + 1, plan_.stages[a].last));
        ALLOT_ASSIGN_OR_RETURN(const Picos back, Slowest(a + 1, a, plan_.stages[a].last));
        both = AddPicos(both, AddPicos(there, back));
        const Bytes output = problem_.layers[static_cast<size_t>(plan_.stages[a].last)].output;
        bytes += 2 * output * plan_.micro_batch;
      }
      return OwnTransfer(both, bytes);
    }
    if (last == 0) return 0;
    Picos activation = 0, gradient = 0;
    if (i < last) {
      ALLOT_ASSIGN_OR_RETURN(activation, Slowest(i, i + 1, stage.last));
    }
    if (i > 0) {
      ALLOT_ASSIGN_OR_RETURN(gradient, Slowest(i, i - 1, stage.first));
    }
    if (i == 0) return last + 1 <= 3 ? activation : AddPicos(activation, activation);
    if (i == last) return AddPicos(gradient, gradient);
    return AddPicos(activation, gradient);
  }

  Picos ComputeOf(size_t i) const {
    Picos slowest = 0;
    std::map<std::pair<int64_t, int64_t>, Picos> known;  // replicas repeat
    for (const Replica& replica : rows_[i]) {
      const auto [found, is_new] = known.insert({{replica.pool, replica.width}, 0});
      if (!is_new) continue;
      const TrainingProblem::Gpu& gpu = GpuOf(replica);
      const std::vector<Picos> times =
          LayerTimes(problem_, gpu, *FindProfile(gpu, plan_.micro_batch, replica.width));
      for (int64_t l = plan_.stages[i].first; l <= plan_.stages[i].last; ++l) {
        found->second += times[static_cast<size_t>(l)];
      }
      slowest = std::max(slowest, found->second);
    }
    return slowest;
  }

  Picos UpdateOf(size_t i) const {
    Picos slowest = 0;
    for (const Replica& replica : rows_[i]) {
      const TrainingProblem::Profile& profile =
          *FindProfile(GpuOf(replica), plan_.micro_batch, replica.width);
      slowest =
          std::max(slowest, profile.layers[static_cast<size_t>(plan_.stages[i].first)].update);
    }
    return slowest;
  }

  // Among the replicas of a stage: the slowest link of neighbours rules.
  absl::StatusOr<Picos> AllReduceOf(size_t i) const {
    int64_t width = 4;
    for (const Replica& replica : rows_[i]) width = std::min(width, replica.width);
    Bytes bytes = 0;
    for (int64_t l = plan_.stages[i].first; l <= plan_.stages[i].last; ++l) {
      bytes += problem_.layers[static_cast<size_t>(l)].parameters;
    }
    Picos slowest = 0;
    for (size_t j = 0; j + 1 < rows_[i].size(); ++j) {
      ALLOT_ASSIGN_OR_RETURN(const TrainingProblem::Link* const link,
                             LinkOf(rows_[i][j], 1, rows_[i][j + 1], 1));
      slowest = std::max(
          slowest, AllReduceTime(*link, static_cast<double>(bytes) / static_cast<double>(width),
                                 static_cast<int64_t>(rows_[i].size())));
    }
    return slowest;
  }

  absl::StatusOr<Picos> Value() const {
    const auto replicas = static_cast<int64_t>(rows_[0].size());
    const int64_t at_once = plan_.micro_batch * replicas;
    int64_t turns = problem_.global_batch / at_once;
    if (turns * at_once < problem_.global_batch) ++turns;
    Picos all = 0, straggler = 0, update = 0, reduce = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      ALLOT_ASSIGN_OR_RETURN(const Picos transfer, TransferOf(i));
      ALLOT_ASSIGN_OR_RETURN(const Picos stage_reduce, AllReduceOf(i));
      const Picos stage = AddPicos(ComputeOf(i), transfer);
      all = AddPicos(all, stage);
      straggler = std::max(straggler, stage);
      update = std::max(update, UpdateOf(i));
      reduce = std::max(reduce, stage_reduce);
    }
    const Picos value =
        AddPicos(AddPicos(all, TimesPicos(turns - 1, straggler)), AddPicos(update, reduce));
    if (value >= kNeverPicos) {
      return InputError("link: one that the plan uses is too slow at the size that it sends");
    }
    return value;
  }

  const TrainingProblem::Gpu& GpuOf(const Replica& replica) const {
    const int64_t gpu = problem_.pools[static_cast<size_t>(replica.pool)].gpu;
    return problem_.gpus[static_cast<size_t>(gpu)];
  }

  const TrainingProblem& problem_;
  const TrainingPlan& plan_;
  Rows rows_;
};

}  // namespace

absl::StatusOr<Picos> VerifyTraining(const TrainingProblem& problem, const TrainingPlan& plan) {
  return Verifier(problem, plan).Run();
}

}  // namespace allot
