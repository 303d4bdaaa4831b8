// What objects of a target file have in common: names, quantities, times, limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/string_view.h"

#include "support/json_reader.h"
#include "support/units.h"
#include "target/quantity.h"
#include "target/target.h"

namespace allot::target_json {

// Far beyond any machine; they keep sums and the search for routes small.
inline constexpr size_t kMaxSwitches = 256;
inline constexpr size_t kMaxLinks = 1024;
inline constexpr int64_t kMaxMemory = int64_t{1} << 60;         // 1 EiB
inline constexpr int64_t kMaxRate = 1'000'000'000'000'000'000;  // 10^18 per second

// All functions report what is wrong at the reader's member `key` and leave the value alone then.

bool TooMany(JsonReader& reader, absl::string_view key, size_t count, size_t most);
// Free text for the reader of the file.
void ReadNote(JsonReader& reader);
// Whether the member is there and is a text: anything else was reported when it was read.
bool HasText(JsonReader& reader, absl::string_view key);
// Names stand in file names, in rules ("regex=device") and in ONNX Runtime's option strings
// ("gpu(a/); cpu(=b)").
bool CheckName(JsonReader& reader, absl::string_view key, absl::string_view name);
// A number or a text with prefix and unit, in [1, most].
void CheckQuantity(JsonReader& reader, absl::string_view key, const Json& json, Unit unit,
                   int64_t most, int64_t& amount);
void RequireQuantity(JsonReader& reader, absl::string_view key, Unit unit, int64_t most,
                     int64_t& amount);
void ReadMicros(JsonReader& reader, absl::string_view key, Picos& time);
void ReadInteger(JsonReader& reader, absl::string_view key, int64_t most, int64_t& value);
// All but the two ends: bandwidth, latency_us, duplex, channel.
void ReadLinkFields(JsonReader& reader, Link& link);

// The names of devices and switches, which share one name space.
class Endpoints {
 public:
  // False, with an error at `key`: no name, or one that is there already.
  bool Declare(JsonReader& reader, absl::string_view key, const std::string& name);
  bool Has(const std::string& name) const { return names_.count(name) > 0; }
  const std::set<std::string>& names() const { return names_; }

 private:
  std::set<std::string> names_;
};

}  // namespace allot::target_json
