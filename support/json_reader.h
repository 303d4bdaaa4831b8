// Strict reading of a JSON object: every key is asked for once, unknown keys are errors, and every
// message carries the path ("links[2].bandwidth").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "support/diagnostics.h"
#include "support/json.h"

namespace allot {

class JsonReader {
 public:
  // Reads `json`, which messages call `path` ("" for the document). All errors go to `diagnostics`,
  // which must outlive this reader, with `where` = "file: path".
  JsonReader(const Json& json, std::string file, std::string path, Diagnostics& diagnostics);

  // Each returns false, leaving `value` alone, if the key is absent or wrong; wrong is reported.
  // The Required forms also report absence.
  bool Read(absl::string_view key, std::string& value);
  bool Read(absl::string_view key, bool& value);
  bool Read(absl::string_view key, int64_t& value);
  bool Read(absl::string_view key, double& value);  // integers are accepted
  bool Read(absl::string_view key, std::vector<std::string>& value);
  template <typename T>
  bool Require(absl::string_view key, T& value) {
    if (Find(key) == nullptr) {
      Error(absl::string_view(), MissingMessage(key));
      return false;
    }
    return Read(key, value);
  }

  // The raw member, marked as known; nullptr if absent.
  const Json* Find(absl::string_view key);
  // A reader per element of an array of objects; empty if absent or wrong.
  std::vector<JsonReader> Objects(absl::string_view key);
  // A reader of a member that is an object; must only be used if Has(key).
  JsonReader Object(absl::string_view key);
  bool Has(absl::string_view key) const;
  // The names of all members, in order.
  std::vector<std::string> Keys() const;

  // Reports every member that was never asked for, with the nearest known name. Call last.
  void Finish();
  // Reports at this object, or at its member `key`.
  void Error(absl::string_view key, std::string message);
  const std::string& path() const { return path_; }

 private:
  static std::string MissingMessage(absl::string_view key);
  std::string PathOf(absl::string_view key) const;

  const Json* json_;
  std::string file_, path_;
  Diagnostics* diagnostics_;
  std::vector<std::string> known_;
};

}  // namespace allot
