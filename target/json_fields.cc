#include "target/json_fields.h"

#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace allot::target_json {
namespace {

constexpr double kMaxLaunchMicros = 10'000'000;  // 10 s

std::optional<std::string> WhyBadName(absl::string_view name) {
  if (name.empty()) return "must not be empty";
  if (name.size() > 64) return absl::StrCat("has ", name.size(), " characters, more than 64");
  if (!absl::ascii_isalnum(static_cast<unsigned char>(name[0]))) {
    return absl::StrCat("'", name, "' must start with a letter or digit");
  }
  for (const char c : name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ||
        c == ':') {
      continue;
    }
    return absl::StrCat("'", name, "' has a '", absl::string_view(&c, 1),
                        "'; names are letters, digits and _-.:");
  }
  return std::nullopt;
}

}  // namespace

bool TooMany(JsonReader& reader, absl::string_view key, size_t count, size_t most) {
  if (count <= most) return false;
  reader.Error(key, absl::StrCat(count, " entries, more than ", most));
  return true;
}

void ReadNote(JsonReader& reader) {
  std::string note;
  reader.Read("note", note);
}

bool HasText(JsonReader& reader, absl::string_view key) {
  const Json* json = reader.Find(key);
  return json != nullptr && json->If<std::string>() != nullptr;
}

bool CheckName(JsonReader& reader, absl::string_view key, absl::string_view name) {
  const std::optional<std::string> why = WhyBadName(name);
  if (why.has_value()) reader.Error(key, *why);
  return !why.has_value();
}

void CheckQuantity(JsonReader& reader, absl::string_view key, const Json& json, Unit unit,
                   int64_t most, int64_t& amount) {
  int64_t value = 0;
  if (const int64_t* integer = json.If<int64_t>()) {
    value = *integer;
  } else if (const double* number = json.If<double>()) {
    if (!(std::abs(*number) < 9e18)) return reader.Error(key, "is out of range");
    value = static_cast<int64_t>(std::floor(*number + 0.5));
  } else if (const std::string* text = json.If<std::string>()) {
    absl::StatusOr<int64_t> parsed = ParseQuantity(*text, unit);
    if (!parsed.ok()) return reader.Error(key, std::string(parsed.status().message()));
    value = *parsed;
  } else {
    return reader.Error(
        key, absl::StrCat("must be a number or a text with a unit, not ", json.KindName()));
  }
  if (value < 1) return reader.Error(key, "must be positive");
  if (value > most) {
    return reader.Error(key, absl::StrCat("is more than ", PrintQuantity(most, unit)));
  }
  amount = value;
}

void RequireQuantity(JsonReader& reader, absl::string_view key, Unit unit, int64_t most,
                     int64_t& amount) {
  const Json* json = reader.Find(key);
  if (json == nullptr) {
    return reader.Error(absl::string_view(), absl::StrCat("'", key, "' is missing"));
  }
  CheckQuantity(reader, key, *json, unit, most, amount);
}

void ReadMicros(JsonReader& reader, absl::string_view key, Picos& time) {
  double micros = 0;
  if (!reader.Read(key, micros)) return;
  if (!(micros >= 0) || micros > kMaxLaunchMicros) {
    return reader.Error(key, "must lie between 0 and 10000000 microseconds");
  }
  // One rounded product: the same on every IEEE machine.
  time = static_cast<Picos>(std::floor(micros * static_cast<double>(kPicosPerMicro) + 0.5));
}

void ReadInteger(JsonReader& reader, absl::string_view key, int64_t most, int64_t& value) {
  int64_t read = 0;
  if (!reader.Read(key, read)) return;
  if (read < 0 || read > most) {
    return reader.Error(key, absl::StrCat("must lie between 0 and ", most));
  }
  value = read;
}

void ReadLinkFields(JsonReader& reader, Link& link) {
  RequireQuantity(reader, "bandwidth", Unit::kBytesPerSecond, kMaxRate, link.bandwidth);
  ReadMicros(reader, "latency_us", link.latency);
  std::string duplex = "full";
  if (reader.Read("duplex", duplex) && duplex != "full" && duplex != "half") {
    reader.Error("duplex", absl::StrCat("is '", duplex, "'; it must be 'full' or 'half'"));
  }
  link.half_duplex = duplex == "half";
  if (reader.Read("channel", link.channel)) CheckName(reader, "channel", link.channel);
}

bool Endpoints::Declare(JsonReader& reader, absl::string_view key, const std::string& name) {
  bool good = CheckName(reader, key, name);
  if (!names_.insert(name).second) {
    reader.Error(key, absl::StrCat("'", name, "' is declared twice"));
    good = false;
  }
  return good;
}

}  // namespace allot::target_json
