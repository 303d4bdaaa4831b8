// JSON as a value: read strictly, written with a stable order and shortest round-trip numbers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace allot {

// One JSON value. Objects keep the order of their members; integers that fit stay integers.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() : value_(nullptr) {}
  Json(std::nullptr_t) : value_(nullptr) {}                      // NOLINT: values convert
  Json(bool value) : value_(value) {}                            // NOLINT
  Json(int value) : value_(static_cast<int64_t>(value)) {}       // NOLINT
  Json(int64_t value) : value_(value) {}                         // NOLINT
  Json(double value) : value_(value) {}                          // NOLINT
  Json(const char* value) : value_(std::string(value)) {}        // NOLINT
  Json(std::string value) : value_(std::move(value)) {}          // NOLINT
  Json(absl::string_view value) : value_(std::string(value)) {}  // NOLINT
  Json(Array value) : value_(std::move(value)) {}                // NOLINT
  Json(Object value) : value_(std::move(value)) {}               // NOLINT

  template <typename T>
  const T* If() const {
    return std::get_if<T>(&value_);
  }
  template <typename T>
  T* If() {
    return std::get_if<T>(&value_);
  }
  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  // "object", "array", "string", "number", "true or false", "null": for messages.
  absl::string_view KindName() const;
  // The member of that name, or nullptr; nullptr if this is no object.
  const Json* Find(absl::string_view name) const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::nullptr_t, bool, int64_t, double, std::string, Array, Object> value_;
};

// Reads one JSON document. Errors say line and column. A key that stands twice in an object is an
// error. `//` comments are not accepted. Nesting deeper than 200 is refused.
absl::StatusOr<Json> ParseJson(absl::string_view text);

// Two-space indentation; arrays of numbers or strings stay on one line while they fit 100 columns.
// Non-finite numbers print as null, bytes of strings that are no UTF-8 as U+FFFD: what reads JSON
// would refuse the whole text. Ends without a newline.
std::string PrintJson(const Json& json);
// The same on one line.
std::string PrintJsonCompact(const Json& json);

}  // namespace allot
