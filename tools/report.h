// What the driver says of a finished placement: the short table, and the same as JSON.
#pragma once

#include <string>
#include <vector>

#include "api/compile.h"
#include "ir/plan.h"
#include "support/json.h"

namespace allot {

// The best baseline that uses one device only, and whether the plan beats it.
struct SingleDeviceComparison {
  std::string device;  // empty: no single device can run the whole model
  Picos value = 0;
  bool splitting_pays = true;
};
SingleDeviceComparison CompareWithSingleDevice(const ir::Summary& summary);

// (value - bound) / value; 0 for an empty model.
double Gap(const ir::Summary& summary);

// `files` are those written into `folder`; none of both: nothing was written.
std::string TableReport(const Compilation& compilation, const std::string& model_path,
                        const std::string& folder, const std::vector<std::string>& files);
Json JsonReport(const Compilation& compilation, const std::string& model_path,
                const std::string& folder, const std::vector<std::string>& files,
                const Diagnostics& diagnostics);

}  // namespace allot
