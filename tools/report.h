// What the driver says of a finished placement: the short table, and the same as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/compile.h"
#include "ir/plan.h"
#include "support/json.h"

namespace allot {

// What one would do without splitting the model: the best single device, and for a stream whole
// copies that take turns.
struct UnsplitComparison {
  std::string device;  // empty: no single device can run the whole model
  Picos value = 0;     // of that device
  std::optional<Picos> copies;
  bool splitting_pays = true;  // the plan beats both

  // The better of both; nullopt if the model is nowhere whole.
  std::optional<Picos> best() const;
};
UnsplitComparison CompareWithUnsplit(const ir::Summary& summary);

// (value - bound) / value; 0 for an empty model.
double Gap(const ir::Summary& summary);

// `files` are those written into `folder`; none of both: nothing was written.
std::string TableReport(const Compilation& compilation, const std::string& model_path,
                        const std::string& folder, const std::vector<std::string>& files);
Json JsonReport(const Compilation& compilation, const std::string& model_path,
                const std::string& folder, const std::vector<std::string>& files,
                const Diagnostics& diagnostics);

}  // namespace allot
