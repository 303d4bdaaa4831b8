#include "placement/kinds/training/solvers/zones.h"

#include <algorithm>
#include <utility>

#include "placement/kinds/training/model/costs.h"

namespace allot {
namespace {

// GPUs that are left, and a plan that grows by a replica at a time.
class Filling {
 public:
  Filling(const TrainingProblem& problem, const std::vector<TrainingSort>& sorts,
          const SortPlan& stages, int64_t micro_batch)
      : problem_(problem), sorts_(sorts) {
    plan_.micro_batch = micro_batch;
    for (const TrainingProblem::Pool& pool : problem.pools) left_.push_back(pool.count);
    for (const SortStage& stage : stages) {
      plan_.stages.push_back({stage.first, stage.last, {}});
      std::vector<SortGroup>& row = rows_.emplace_back();
      for (const SortGroup& group : stage.groups) {
        row.insert(row.end(), static_cast<size_t>(group.replicas), {group.sort, group.width, 1});
      }
    }
  }

  size_t replicas() const { return rows_[0].size(); }

  // The pools of a zone for replica j of all stages; empty if they do not fit.
  bool PutPipeline(size_t j, const std::string& zone) {
    std::vector<int64_t> left = left_, pools;
    for (const std::vector<SortGroup>& row : rows_) {
      const int64_t pool = PoolIn(row[j].sort, zone);
      if (pool < 0 || left[static_cast<size_t>(pool)] < row[j].width) return false;
      left[static_cast<size_t>(pool)] -= row[j].width;
      pools.push_back(pool);
    }
    left_ = std::move(left);
    for (size_t i = 0; i < rows_.size(); ++i) Append(i, pools[i], rows_[i][j].width);
    return true;
  }

  // Replica j of stage i in the first zone that has room. There is room: widths divide each other,
  // and a sort's pools together have it.
  bool Put(size_t i, size_t j, const std::vector<std::string>& zones) {
    const SortGroup& group = rows_[i][j];
    for (const std::string& zone : zones) {
      const int64_t pool = PoolIn(group.sort, zone);
      if (pool < 0 || left_[static_cast<size_t>(pool)] < group.width) continue;
      left_[static_cast<size_t>(pool)] -= group.width;
      Append(i, pool, group.width);
      return true;
    }
    return false;
  }

  TrainingPlan Take() && { return std::move(plan_); }

 private:
  int64_t PoolIn(size_t sort, const std::string& zone) const {
    for (const int64_t pool : sorts_[sort].pools) {
      if (problem_.pools[static_cast<size_t>(pool)].zone == zone) return pool;
    }
    return -1;
  }

  void Append(size_t stage, int64_t pool, int64_t width) {
    std::vector<TrainingPlan::Group>& groups = plan_.stages[stage].groups;
    if (!groups.empty() && groups.back().pool == pool && groups.back().width == width) {
      ++groups.back().replicas;
    } else {
      groups.push_back({pool, width, 1});
    }
  }

  const TrainingProblem& problem_;
  const std::vector<TrainingSort>& sorts_;
  std::vector<std::vector<SortGroup>> rows_;  // by stage, by replica
  std::vector<int64_t> left_;                 // GPUs, by pool
  TrainingPlan plan_;
};

bool FillByPipelines(Filling& filling, size_t stages, const std::vector<std::string>& zones) {
  for (size_t j = 0; j < filling.replicas(); ++j) {
    const auto put = [&](const std::string& zone) { return filling.PutPipeline(j, zone); };
    if (std::any_of(zones.begin(), zones.end(), put)) continue;
    for (size_t i = 0; i < stages; ++i) {
      if (!filling.Put(i, j, zones)) return false;
    }
  }
  return true;
}

bool FillByStages(Filling& filling, size_t stages, const std::vector<std::string>& zones) {
  for (size_t i = 0; i < stages; ++i) {
    for (size_t j = 0; j < filling.replicas(); ++j) {
      if (!filling.Put(i, j, zones)) return false;
    }
  }
  return true;
}

}  // namespace

TrainingPlan PlaceInZones(const TrainingTables& tables, const std::vector<TrainingSort>& sorts,
                          const std::vector<std::string>& zones, int64_t micro_batch,
                          const SortPlan& stages) {
  TrainingPlan best;
  Picos best_value = kNeverPicos;
  std::vector<std::string> order = zones;
  for (size_t turn = 0; turn < zones.size(); ++turn) {
    for (const auto& fill : {FillByPipelines, FillByStages}) {
      Filling filling(tables.problem(), sorts, stages, micro_batch);
      if (!fill(filling, stages.size(), order)) continue;
      TrainingPlan plan = std::move(filling).Take();
      const Picos value = tables.Times(plan).total;
      if (value < best_value) best_value = value, best = std::move(plan);
      if (zones.size() == 1) return best;
    }
    std::rotate(order.begin(), order.begin() + 1, order.end());
  }
  return best;
}

}  // namespace allot
