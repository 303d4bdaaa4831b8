#include "onnx_import/external_data.h"

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "ir/data_reach.h"
#include "support/status.h"
#include "support/units.h"

namespace allot {
namespace {

// ONNX: relative to the model's folder and not above it.
absl::Status CheckLocation(const std::string& location) {
  if (location.find('\0') != std::string::npos) {
    return InputError("the name of its data file holds a zero byte");
  }
  if (location.front() == '/') {
    return InputError("its data is in '", location,
                      "', but external data must be given relative to the model's folder; put the "
                      "file there and change the location");
  }
  for (absl::string_view step : absl::StrSplit(location, '/')) {
    if (step == "..") {
      return InputError("its data is in '", location,
                        "', which leaves the model's folder; put the file beside the model and "
                        "change the location");
    }
  }
  return absl::OkStatus();
}

std::optional<int64_t> SizeOfFile(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<int64_t>(status.st_size);
}

}  // namespace

absl::Status ExternalDataCheck::Check(const ir::Constant& constant) {
  const auto* view = std::get_if<ir::FileView>(&constant.storage);
  const auto* file = view == nullptr ? std::get_if<ir::FileBytes>(&constant.storage) : &view->whole;
  if (file == nullptr || file->home != ir::FileBytes::Home::kExternalFile) return absl::OkStatus();
  ALLOT_RETURN_IF_ERROR(CheckLocation(file->location));

  const std::string path = folder_.empty() ? file->location : folder_ + "/" + file->location;
  auto [known, is_new] = size_of_.try_emplace(file->location);
  if (is_new) {
    ALLOT_RETURN_IF_ERROR(ir::CheckReach(folder_, model_, file->location));
    known->second = SizeOfFile(path);
  }
  if (!must_exist_) return absl::OkStatus();
  const int64_t needed = file->length >= 0 ? file->length : constant.bytes();
  const int64_t end = SaturatingAdd(file->offset, needed);
  if (known->second.has_value() && end <= *known->second) return absl::OkStatus();
  if (num_lacking_++ > 0) return absl::OkStatus();
  const std::string whose = absl::StrCat(
      constant.name.empty() ? "a constant" : absl::StrCat("tensor '", constant.name, "'"),
      ": its data ");
  first_lacking_ = known->second.has_value()
                       ? absl::StrCat(whose, "are bytes ", file->offset, " to ", end, " of '", path,
                                      "', which has only ", *known->second,
                                      "; the file is incomplete or belongs to another model")
                       : absl::StrCat(whose, "is in '", file->location, "', but there is no file '",
                                      path, "'; put the model's data files beside the model");
  return absl::OkStatus();
}

std::string ExternalDataCheck::Lacking() const {
  if (num_lacking_ == 0) return "";
  return absl::StrCat(
      first_lacking_,
      num_lacking_ > 1 ? absl::StrCat(" (so also of ", num_lacking_ - 1, " more)") : "",
      "; a plan needs no weights, files of parts do");
}

}  // namespace allot
