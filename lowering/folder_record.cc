#include "lowering/folder_record.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "support/json.h"

namespace allot {
namespace {

namespace fs = std::filesystem;

constexpr char kSchema[] = "allot.files/1";
constexpr uintmax_t kLargest = 64u << 20;

template <typename T>
const T* Member(const Json& object, absl::string_view name) {
  const Json* member = object.Find(name);
  return member == nullptr ? nullptr : member->If<T>();
}

}  // namespace

bool StaysInside(const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos) return false;
  for (absl::string_view part : absl::StrSplit(name, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

FolderRecord ReadFolderRecord(const std::string& folder) {
  std::error_code error;
  const fs::path path = fs::path(folder) / kFolderRecord;
  if (fs::symlink_status(path, error).type() != fs::file_type::regular ||
      fs::file_size(path, error) > kLargest || error) {
    return {};
  }
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return ParseFolderRecord(text.str());
}

FolderRecord ParseFolderRecord(absl::string_view text) {
  FolderRecord record;
  const absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok()) return record;
  const std::string* schema = Member<std::string>(*json, "schema");
  const Json::Object* files = Member<Json::Object>(*json, "files");
  if (schema == nullptr || *schema != kSchema || files == nullptr) return record;
  for (const auto& [name, about] : *files) {
    const int64_t* bytes = Member<int64_t>(about, "bytes");
    const std::string* sha256 = Member<std::string>(about, "sha256");
    if (!StaysInside(name) || bytes == nullptr || sha256 == nullptr) continue;
    RecordedFile file;
    file.digest = {*bytes, *sha256};
    if (const Json::Array* emitters = Member<Json::Array>(about, "emitters")) {
      for (const Json& emitter : *emitters) {
        if (const auto* of = emitter.If<std::string>()) file.emitters.push_back(*of);
      }
    }
    record.emplace(name, std::move(file));
  }
  return record;
}

std::string PrintFolderRecord(const FolderRecord& record) {
  Json::Object files;
  for (const auto& [name, file] : record) {
    files.emplace_back(
        name, Json::Object{{"bytes", file.digest.bytes},
                           {"sha256", file.digest.sha256},
                           {"emitters", Json::Array(file.emitters.begin(), file.emitters.end())}});
  }
  return absl::StrCat(PrintJson(Json::Object{{"schema", kSchema}, {"files", std::move(files)}}),
                      "\n");
}

}  // namespace allot
