#include "support/json_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/check.h"
#include "support/nearest_name.h"

namespace allot {

JsonReader::JsonReader(const Json& json, std::string file, std::string path,
                       Diagnostics& diagnostics)
    : json_(&json), file_(std::move(file)), path_(std::move(path)), diagnostics_(&diagnostics) {
  if (json_->If<Json::Object>() == nullptr) {
    Error(absl::string_view(), absl::StrCat("expected an object, not ", json_->KindName()));
  }
}

std::string JsonReader::MissingMessage(absl::string_view key) {
  return absl::StrCat("key '", key, "' is missing");
}

std::string JsonReader::PathOf(absl::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : absl::StrCat(path_, ".", key);
}

void JsonReader::Error(absl::string_view key, std::string message) {
  const std::string path = PathOf(key);
  diagnostics_->Error(path.empty() ? file_ : absl::StrCat(file_, ": ", path), std::move(message));
}

const Json* JsonReader::Find(absl::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return json_->Find(key);
}

bool JsonReader::Has(absl::string_view key) const { return json_->Find(key) != nullptr; }

bool JsonReader::Read(absl::string_view key, std::string& value) {
  const Json* member = Find(key);
  if (member == nullptr) return false;
  const auto* text = member->If<std::string>();
  if (text == nullptr) {
    Error(key, absl::StrCat("expected a string, not ", member->KindName()));
    return false;
  }
  value = *text;
  return true;
}

bool JsonReader::Read(absl::string_view key, bool& value) {
  const Json* member = Find(key);
  if (member == nullptr) return false;
  const auto* truth = member->If<bool>();
  if (truth == nullptr) {
    Error(key, absl::StrCat("expected true or false, not ", member->KindName()));
    return false;
  }
  value = *truth;
  return true;
}

bool JsonReader::Read(absl::string_view key, int64_t& value) {
  const Json* member = Find(key);
  if (member == nullptr) return false;
  const auto* integer = member->If<int64_t>();
  if (integer == nullptr) {
    const auto* number = member->If<double>();
    Error(key, number == nullptr ? absl::StrCat("expected an integer, not ", member->KindName())
                                 : absl::StrCat("expected an integer of 64 bits, not ",
                                                PrintJsonCompact(*member)));
    return false;
  }
  value = *integer;
  return true;
}

bool JsonReader::Read(absl::string_view key, double& value) {
  const Json* member = Find(key);
  if (member == nullptr) return false;
  if (const auto* integer = member->If<int64_t>()) {
    value = static_cast<double>(*integer);
    return true;
  }
  const auto* number = member->If<double>();
  if (number == nullptr) {
    Error(key, absl::StrCat("expected a number, not ", member->KindName()));
    return false;
  }
  value = *number;
  return true;
}

bool JsonReader::Read(absl::string_view key, std::vector<std::string>& value) {
  const Json* member = Find(key);
  if (member == nullptr) return false;
  const auto* array = member->If<Json::Array>();
  if (array == nullptr) {
    Error(key, absl::StrCat("expected an array of strings, not ", member->KindName()));
    return false;
  }
  std::vector<std::string> strings;
  for (size_t i = 0; i < array->size(); ++i) {
    const auto* text = (*array)[i].If<std::string>();
    if (text == nullptr) {
      Error(absl::StrCat(key, "[", i, "]"),
            absl::StrCat("expected a string, not ", (*array)[i].KindName()));
      return false;
    }
    strings.push_back(*text);
  }
  value = std::move(strings);
  return true;
}

std::vector<JsonReader> JsonReader::Objects(absl::string_view key) {
  const Json* member = Find(key);
  if (member == nullptr) return {};
  const auto* array = member->If<Json::Array>();
  if (array == nullptr) {
    Error(key, absl::StrCat("expected an array of objects, not ", member->KindName()));
    return {};
  }
  std::vector<JsonReader> readers;
  readers.reserve(array->size());
  for (size_t i = 0; i < array->size(); ++i) {
    readers.emplace_back((*array)[i], file_, absl::StrCat(PathOf(key), "[", i, "]"), *diagnostics_);
  }
  return readers;
}

JsonReader JsonReader::Object(absl::string_view key) {
  const Json* member = Find(key);
  ALLOT_CHECK(member != nullptr);
  return JsonReader(*member, file_, PathOf(key), *diagnostics_);
}

std::vector<std::string> JsonReader::Keys() const {
  std::vector<std::string> keys;
  const auto* object = json_->If<Json::Object>();
  if (object == nullptr) return keys;
  for (const Json::Member& member : *object) keys.push_back(member.first);
  return keys;
}

void JsonReader::Finish() {
  for (const std::string& key : Keys()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    Error(absl::string_view(), absl::StrCat("unknown key '", key, "'", DidYouMean(key, known_)));
  }
}

}  // namespace allot
