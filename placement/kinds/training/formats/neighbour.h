// Files that lie near a problem and hold what it does not: JSON, read with errors that say where.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "support/json.h"
#include "support/status.h"

namespace allot {

class Neighbour {
 public:
  // The first of `names` beside `file`, or in configs/, simulations/ or providers/ there, or the
  // same in the folders above, five at most.
  static absl::StatusOr<Neighbour> Find(const std::string& file,
                                        const std::vector<std::string>& names);

  const Json& json() const { return json_; }

  // Errors begin with the file; `at` is the path in it.
  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return InputError(file_, ": ", parts...);
  }
  absl::StatusOr<const Json::Object*> Object(const Json* json, const std::string& at) const;
  absl::StatusOr<int64_t> Integer(const Json* json, const std::string& at) const;  // at least 0
  absl::StatusOr<double> Number(const Json* json, const std::string& at) const;    // finite
  // A name that is a number, at least 0.
  absl::StatusOr<int64_t> Key(const std::string& key, const std::string& at) const;
  // The member of that name, or an error with those that there are.
  absl::StatusOr<const Json*> Member(const Json& json, const std::string& name,
                                     const std::string& at) const;
  // {"0": x, "1": y, ...}: x, y, in the order of their numbers, which must be all from 0.
  absl::StatusOr<std::vector<const Json*>> Numbered(const Json* json, const std::string& at) const;

 private:
  Neighbour(std::string file, Json json) : file_(std::move(file)), json_(std::move(json)) {}

  std::string file_;
  Json json_;
};

}  // namespace allot
