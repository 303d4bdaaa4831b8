#include "placement/kinds/training/formats/neighbour.h"

#include <cmath>
#include <filesystem>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"

#include "support/read_file.h"

namespace allot {
namespace {

using Path = std::filesystem::path;

constexpr int kFoldersAbove = 5;

}  // namespace

absl::StatusOr<Neighbour> Neighbour::Find(const std::string& file,
                                          const std::vector<std::string>& names) {
  std::error_code error;
  Path folder = std::filesystem::absolute(file, error).parent_path();
  for (int up = 0; up <= kFoldersAbove; ++up) {
    for (const char* room : {"", "configs", "simulations", "simulations/configs", "providers"}) {
      for (const std::string& name : names) {
        const Path path = folder / room / name;
        if (!std::filesystem::is_regular_file(path, error)) continue;
        ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path.string()));
        ALLOT_ASSIGN_OR_RETURN(Json json, ParseJson(text), path.string(), ": ");
        return Neighbour(path.string(), std::move(json));
      }
    }
    if (!folder.has_parent_path() || folder == folder.parent_path()) break;
    folder = folder.parent_path();
  }
  return InputError(file, ": needs ", names[0], ", which is not beside it or in a folder above");
}

absl::StatusOr<const Json::Object*> Neighbour::Object(const Json* json,
                                                      const std::string& at) const {
  const auto* const members = json == nullptr ? nullptr : json->If<Json::Object>();
  if (members != nullptr) return members;
  return Error(at, json == nullptr ? ": is missing" : ": expected an object");
}

absl::StatusOr<int64_t> Neighbour::Integer(const Json* json, const std::string& at) const {
  const auto* const value = json == nullptr ? nullptr : json->If<int64_t>();
  if (value != nullptr && *value >= 0) return *value;
  return Error(at, json == nullptr ? ": is missing" : ": expected an integer of at least 0");
}

absl::StatusOr<double> Neighbour::Number(const Json* json, const std::string& at) const {
  if (json != nullptr) {
    if (const auto* const whole = json->If<int64_t>()) return static_cast<double>(*whole);
    const auto* const value = json->If<double>();
    if (value != nullptr && std::isfinite(*value)) return *value;
  }
  return Error(at, json == nullptr ? ": is missing" : ": expected a number");
}

absl::StatusOr<int64_t> Neighbour::Key(const std::string& key, const std::string& at) const {
  int64_t value = 0;
  if (absl::SimpleAtoi(key, &value) && value >= 0) return value;
  return Error(at, ": '", key, "' is no number");
}

absl::StatusOr<const Json*> Neighbour::Member(const Json& json, const std::string& name,
                                              const std::string& at) const {
  if (const Json* const found = json.Find(name)) return found;
  std::vector<std::string> names;
  if (const auto* const members = json.If<Json::Object>()) {
    for (const auto& [each, value] : *members) names.push_back(each);
  }
  return Error(at, at.empty() ? "" : ": ", "there is no '", name, "'; there are ",
               absl::StrJoin(names, ", "));
}

absl::StatusOr<std::vector<const Json*>> Neighbour::Numbered(const Json* json,
                                                             const std::string& at) const {
  ALLOT_ASSIGN_OR_RETURN(const Json::Object* const members, Object(json, at));
  std::vector<const Json*> values(members->size(), nullptr);
  for (const auto& [key, value] : *members) {
    ALLOT_ASSIGN_OR_RETURN(const int64_t number, Key(key, at));
    if (number >= static_cast<int64_t>(values.size())) {
      return Error(at, ": there is a ", number, " among ", values.size());
    }
    values[static_cast<size_t>(number)] = &value;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == nullptr) return Error(at, ": there is no ", i);
  }
  return values;
}

}  // namespace allot
