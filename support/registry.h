// What can be asked for by name: passes, solvers, cost models, emitters. A registry is a value that
// a program fills, so a plug-in adds its entries exactly as the built-in ones are added.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "support/options.h"
#include "support/status.h"

namespace allot {

template <typename Interface>
struct Entry {
  std::string name;
  std::string summary;  // one sentence: --help and the reference
  OptionSchemaView options;
  // Left out where everything is taken unless something is asked for by name.
  bool on_request = false;
  std::function<absl::StatusOr<std::unique_ptr<Interface>>(absl::string_view options)> make;
  // All options with the values that `options` gives them; what is printed back.
  std::function<absl::StatusOr<std::string>(absl::string_view options)> normalize;
};

// The entry of class T, constructed from its Options.
template <typename Interface, typename T, typename Options>
Entry<Interface> MakeEntry(std::string name, std::string summary, OptionSchema<Options> schema) {
  Entry<Interface> entry;
  entry.name = std::move(name);
  entry.summary = std::move(summary);
  entry.options = schema.View();
  entry.make = [schema](absl::string_view text) -> absl::StatusOr<std::unique_ptr<Interface>> {
    ALLOT_ASSIGN_OR_RETURN(Options options, schema.Parse(text));
    return std::make_unique<T>(std::move(options));
  };
  entry.normalize = [schema](absl::string_view text) -> absl::StatusOr<std::string> {
    ALLOT_ASSIGN_OR_RETURN(const Options options, schema.Parse(text));
    return schema.Print(options);
  };
  return entry;
}

template <typename Interface>
class Registry {
 public:
  // Entries keep the order in which they are added; a name added again replaces the old entry.
  void Add(Entry<Interface> entry) {
    for (Entry<Interface>& old : entries_) {
      if (old.name == entry.name) {
        old = std::move(entry);
        return;
      }
    }
    entries_.push_back(std::move(entry));
  }
  const std::vector<Entry<Interface>>& entries() const { return entries_; }
  // nullptr if there is none.
  const Entry<Interface>* Find(absl::string_view name) const {
    for (const Entry<Interface>& entry : entries_) {
      if (entry.name == name) return &entry;
    }
    return nullptr;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Entry<Interface>& entry : entries_) names.push_back(entry.name);
    return names;
  }

 private:
  std::vector<Entry<Interface>> entries_;
};

}  // namespace allot
