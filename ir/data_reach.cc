#include "ir/data_reach.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "support/status.h"

namespace allot::ir {
namespace {

namespace fs = std::filesystem;

// Whether the file is below the folder; both are canonical.
bool IsBelow(const fs::path& folder, const fs::path& file) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

}  // namespace

absl::Status CheckReach(const std::string& folder, const std::string& model,
                        const std::string& location) {
  std::error_code error;
  const fs::path in = folder.empty() ? fs::path(".") : fs::path(folder);
  const fs::path real = fs::canonical(in / location, error);
  if (error) return absl::OkStatus();
  const fs::path real_folder = fs::canonical(in, error);
  if (!error && IsBelow(real_folder, real)) return absl::OkStatus();
  if (!model.empty() && model.find('/') == std::string::npos) {
    const fs::path real_model = fs::canonical(in / model, error);
    if (!error && IsBelow(real_model.parent_path(), real)) return absl::OkStatus();
  }
  return InputError("its data is in '", location, "', which a link leads to '", real.string(),
                    "', out of the model's folder; put the file itself beside the model");
}

}  // namespace allot::ir
