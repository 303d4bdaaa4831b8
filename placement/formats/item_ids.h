// The integers by which published instances name their items.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/problem/problem.h"
#include "support/json_reader.h"

namespace allot {

class ItemIds {
 public:
  // What messages call an item and the array of all: "node", "nodes".
  ItemIds(std::string kind, std::string array) : kind_(std::move(kind)), array_(std::move(array)) {}

  // Reads the member "id" of what becomes `item`; 0, reported, if there is none. Ids must differ.
  int64_t Read(JsonReader& reader, ItemId item) {
    int64_t id = 0;
    if (!reader.Require("id", id)) return id;
    const auto [found, is_new] = item_of_.emplace(id, item);
    if (!is_new) {
      reader.Error("id", absl::StrCat(kind_, " ", id, " is already ", array_, "[",
                                      found->second.index(), "]; ids must differ"));
    }
    return id;
  }

  // The item that a member refers to; an invalid id, reported, if there is none.
  ItemId Find(JsonReader& reader, absl::string_view key) const {
    int64_t id = 0;
    if (!reader.Require(key, id)) return ItemId();
    const auto found = item_of_.find(id);
    if (found != item_of_.end()) return found->second;
    reader.Error(key, absl::StrCat("there is no ", kind_, " ", id));
    return ItemId();
  }

 private:
  std::string kind_, array_;
  std::map<int64_t, ItemId> item_of_;
};

}  // namespace allot
