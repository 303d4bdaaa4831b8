// What the passes counted, as mlir-opt's --mlir-pass-statistics prints it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "passes/pipeline/pass.h"

namespace allot {

struct StatisticsOptions {
  bool report = false;
  std::string display = "pipeline";  // pipeline: each run of a pass; list: summed up, by name
};

class StatisticsReport {
 public:
  // `pass` has run and counted.
  void Add(const std::string& pass, const PassStatistics& counted);
  std::string Text(const StatisticsOptions& options) const;

 private:
  using Counts = std::map<std::string, int64_t>;
  std::vector<std::pair<std::string, Counts>> runs_;
};

}  // namespace allot
