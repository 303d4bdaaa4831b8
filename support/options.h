// Options of a pass, solver or emitter: one plain struct with defaults, and a schema that names its
// fields. The schema parses "a=1 b=x c=1,2" strictly, prints every value, and documents itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace allot {

// One "key=value" as written; a key alone means "true" for a bool.
struct OptionText {
  std::string key, value;
};

// Splits "a=1 b={x y} c" at spaces outside braces and quotes. Those around a whole value are no
// part of it, nor those of quoted pieces that make it up: b="it's "'"so"' is b=it's "so".
absl::StatusOr<std::vector<OptionText>> SplitOptions(absl::string_view text);

// What "name" or "name{key=value ...}" says; views of the text. An error if a brace stays open.
struct NameAndOptions {
  absl::string_view name, options;
};
absl::StatusOr<NameAndOptions> SplitNameAndOptions(absl::string_view text);

// How values of the supported field types are read and written. Floating point prints in its
// shortest form that reads back equal, and text in quotes where it needs them: SplitOptions() of
// "key=" and what is printed gives the value back, whatever it is.
absl::Status ParseOption(absl::string_view text, bool& value);
absl::Status ParseOption(absl::string_view text, int64_t& value);
absl::Status ParseOption(absl::string_view text, double& value);
absl::Status ParseOption(absl::string_view text, std::string& value);
absl::Status ParseOption(absl::string_view text, std::vector<std::string>& value);
std::string PrintOption(bool value);
std::string PrintOption(int64_t value);
std::string PrintOption(double value);
std::string PrintOption(const std::string& value);
std::string PrintOption(const std::vector<std::string>& value);

// What --help and the reference say of one option.
struct OptionDoc {
  std::string name, summary, default_value;
};

// The schema without its struct's type: what an Entry carries.
struct OptionSchemaView {
  std::vector<OptionDoc> options;
};

template <typename Options>
class OptionSchema {
 public:
  template <typename T>
  OptionSchema Add(std::string name, T Options::*field, std::string summary) && {
    fields_.push_back({std::move(name), std::move(summary),
                       [field](absl::string_view text, Options& options) {
                         return ParseOption(text, options.*field);
                       },
                       [field](const Options& options) { return PrintOption(options.*field); }});
    return std::move(*this);
  }

  // Defaults overridden by `text`. Errors name the option, and the known ones when it is unknown.
  absl::StatusOr<Options> Parse(absl::string_view text) const;
  // Every option with its value, "a=1 b=x", in schema order.
  std::string Print(const Options& options) const;
  OptionSchemaView View() const;

 private:
  struct Field {
    std::string name, summary;
    std::function<absl::Status(absl::string_view, Options&)> parse;
    std::function<std::string(const Options&)> print;
  };
  std::vector<Field> fields_;
};

absl::Status UnknownOptionError(absl::string_view key, const std::vector<std::string>& known);
absl::Status BadOptionError(absl::string_view key, const absl::Status& why);

template <typename Options>
absl::StatusOr<Options> OptionSchema<Options>::Parse(absl::string_view text) const {
  absl::StatusOr<std::vector<OptionText>> given = SplitOptions(text);
  if (!given.ok()) return given.status();
  Options options;
  for (const OptionText& option : *given) {
    const Field* match = nullptr;
    for (const Field& field : fields_) {
      if (field.name == option.key) match = &field;
    }
    if (match == nullptr) {
      std::vector<std::string> known;
      for (const Field& field : fields_) known.push_back(field.name);
      return UnknownOptionError(option.key, known);
    }
    absl::Status parsed = match->parse(option.value, options);
    if (!parsed.ok()) return BadOptionError(option.key, parsed);
  }
  return options;
}

template <typename Options>
std::string OptionSchema<Options>::Print(const Options& options) const {
  std::string text;
  for (const Field& field : fields_) {
    if (!text.empty()) text += ' ';
    text += field.name + '=' + field.print(options);
  }
  return text;
}

template <typename Options>
OptionSchemaView OptionSchema<Options>::View() const {
  OptionSchemaView view;
  const Options defaults;
  for (const Field& field : fields_) {
    view.options.push_back({field.name, field.summary, field.print(defaults)});
  }
  return view;
}

}  // namespace allot
