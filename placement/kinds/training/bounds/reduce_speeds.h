// How fast an all-reduce can be at best.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "placement/kinds/training/bounds/sorts.h"
#include "placement/kinds/training/model/problem.h"

namespace allot {

// An all-reduce sends parts of buckets over links of neighbours, so no byte of it is faster than
// the best link of the sorts that take part, at the size of a part at which it is best.
class ReduceSpeeds {
 public:
  ReduceSpeeds(const TrainingProblem& problem, const std::vector<TrainingSort>& sorts)
      : problem_(problem), sorts_(sorts) {}

  // By sort: picoseconds per byte of a stage's parameters, at least, among so many replicas or
  // more, some of which are of the sort; infinite where they cannot speak, 0 for one replica.
  const std::vector<double>& PicosPerByte(int64_t replicas);

  // Picoseconds of an all-reduce of so many bytes, at least, for any number of replicas from
  // `least` to `most`, some of which are of the sort. `most` must be the same whenever `least` is.
  double Least(size_t sort, double bytes, int64_t least, int64_t most);

 private:
  std::vector<const TrainingProblem::Link*> Links(size_t sort) const;

  const TrainingProblem& problem_;
  const std::vector<TrainingSort>& sorts_;
  std::map<int64_t, std::vector<double>> known_;
  std::map<std::tuple<size_t, double, int64_t>, double> least_;
};

}  // namespace allot
