// What files refer to by name, or by number where names do not tell them apart.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/json_reader.h"
#include "support/nearest_name.h"

namespace allot {

template <typename IdType>
class Names {
 public:
  // `kind` is what messages call one of them: "item".
  explicit Names(std::string kind) : kind_(std::move(kind)) {}

  // The next id gets this name.
  void Add(const std::string& name) {
    const auto [found, is_new] = id_of_.emplace(name, IdType(size_));
    if (!is_new) found->second = IdType();
    ++size_;
  }
  // Whether no two have the same name.
  bool distinct() const { return id_of_.size() == size_; }
  // Invalid: none, or more than one.
  IdType Find(const std::string& name) const {
    const auto found = id_of_.find(name);
    return found == id_of_.end() ? IdType() : found->second;
  }

  // What `json`, which stands at `key` of the reader, names; an invalid id, reported, if nothing.
  IdType Read(JsonReader& reader, absl::string_view key, const Json& json) {
    if (const auto* number = json.If<int64_t>()) {
      if (*number >= 0 && *number < static_cast<int64_t>(size_)) {
        return IdType(static_cast<size_t>(*number));
      }
      reader.Error(key, absl::StrCat("there is no ", kind_, " ", *number, "; they count from 0 to ",
                                     static_cast<int64_t>(size_) - 1));
      return IdType();
    }
    const auto* name = json.If<std::string>();
    if (name == nullptr) {
      reader.Error(key, absl::StrCat("expected the name or the number of a ", kind_, ", not ",
                                     json.KindName()));
      return IdType();
    }
    const auto found = id_of_.find(*name);
    if (found == id_of_.end()) {
      reader.Error(key, absl::StrCat("there is no ", kind_, " '", *name, "'", DidYouMean(*name)));
      return IdType();
    }
    if (!found->second.valid()) {
      reader.Error(key, absl::StrCat("more than one ", kind_, " is called '", *name,
                                     "'; write the number of the one that is meant"));
    }
    return found->second;
  }

 private:
  std::string DidYouMean(const std::string& name) {
    // Looks at every name, so not for every error of a file that is wrong throughout.
    if (++suggestions_ > 10) return "";
    std::vector<std::string> known;
    for (const auto& [each, id] : id_of_) known.push_back(each);
    return allot::DidYouMean(name, known);
  }

  std::string kind_;
  std::map<std::string, IdType> id_of_;  // invalid: several
  size_t size_ = 0;
  int suggestions_ = 0;
};

}  // namespace allot
