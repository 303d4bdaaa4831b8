#include "placement/formats/number.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace allot {
namespace {

// Twelve days; sums of times have a limit of their own.
constexpr double kMaxMillis = 1e9;
constexpr double kMaxSize = 1152921504606846976.0;  // 2^60

bool NumberOf(const Json& json, double& value) {
  if (const auto* integer = json.If<int64_t>()) {
    value = static_cast<double>(*integer);
    return true;
  }
  const auto* number = json.If<double>();
  if (number == nullptr) return false;
  value = *number;
  return true;
}

}  // namespace

bool ReadMillis(JsonReader& reader, absl::string_view key, const Json& json, Picos& time) {
  double millis = 0;
  if (!NumberOf(json, millis)) {
    reader.Error(key, absl::StrCat("expected milliseconds, not ", json.KindName()));
    return false;
  }
  if (!(millis >= 0) || millis > kMaxMillis) {
    reader.Error(
        key, absl::StrCat("must lie between 0 and 1000000000 ms, not ", PrintJsonCompact(json)));
    return false;
  }
  time = std::llround(millis * static_cast<double>(kPicosPerMilli));
  return true;
}

bool RequireMillis(JsonReader& reader, absl::string_view key, Picos& time) {
  double unused = 0;
  if (!reader.Has(key)) return reader.Require(key, unused);
  return ReadMillis(reader, key, *reader.Find(key), time);
}

bool RequireSize(JsonReader& reader, absl::string_view key, double& size) {
  double value = 0;
  if (!reader.Require(key, value)) return false;
  if (!(value >= 0) || value > kMaxSize) {
    reader.Error(key, "must lie between 0 and 2^60 bytes");
    return false;
  }
  size = value;
  return true;
}

bool RequireCount(JsonReader& reader, absl::string_view key, int64_t most, int64_t& count) {
  double value = 0;
  if (!reader.Require(key, value)) return false;
  if (!(value >= 0) || value > static_cast<double>(most) || value != std::floor(value)) {
    reader.Error(key, absl::StrCat("must be a whole number from 0 to ", most));
    return false;
  }
  count = static_cast<int64_t>(value);
  return true;
}

bool ReadFlag(JsonReader& reader, absl::string_view key, bool& flag) {
  const Json* json = reader.Find(key);
  if (json == nullptr) return false;
  if (const auto* truth = json->If<bool>()) {
    flag = *truth;
    return true;
  }
  double value = 0;
  if (!NumberOf(*json, value) || (value != 0 && value != 1)) {
    reader.Error(key, "must be true, false, 0 or 1");
    return false;
  }
  flag = value != 0;
  return true;
}

}  // namespace allot
