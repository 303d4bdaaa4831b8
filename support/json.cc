#include "support/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "support/status.h"
#include "support/utf8.h"

namespace allot {
namespace {

constexpr size_t kMaxDepth = 200;
constexpr size_t kLineWidth = 100;

// "line 3, column 7" of the byte at `offset`, both counted from 1.
std::string PlaceOf(absl::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  size_t line = 1;
  size_t start = 0;
  for (size_t i = 0; i < offset; ++i) {
    if (text[i] != '\n') continue;
    ++line;
    start = i + 1;
  }
  return absl::StrCat("line ", line, ", column ", offset - start + 1);
}

// An iterator over the text that writes down how far it has read, so that events know where they
// are: nlohmann's SAX interface gives a position only with syntax errors.
class TrackingIterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;
  using iterator_category = std::input_iterator_tag;

  TrackingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  TrackingIterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  TrackingIterator operator++(int) {
    TrackingIterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const TrackingIterator& a, const TrackingIterator& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  const char** furthest_;
};

// Builds the value from nlohmann's events; returning false stops the parser.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(absl::string_view text, const char* const* furthest) : text_(text), furthest_(furthest) {}

  bool null() override { return Put(Json()); }
  bool boolean(bool value) override { return Put(Json(value)); }
  bool number_integer(number_integer_t value) override { return Put(Json(int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Put(Json(static_cast<int64_t>(value)));
    }
    return Put(Json(static_cast<double>(value)));
  }
  bool number_float(number_float_t value, const string_t&) override { return Put(Json(value)); }
  bool string(string_t& value) override { return Put(Json(std::move(value))); }
  bool binary(binary_t&) override { return Fail("binary values are not JSON"); }
  bool start_object(size_t) override { return Open(Json(Json::Object())); }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override { return Open(Json(Json::Array())); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    // A set beside the members: looking through them would be quadratic in a large object.
    if (!open_.back().names.insert(name).second) {
      return Fail(absl::StrCat("key '", name, "' stands twice in one object; remove one"));
    }
    open_.back().key = std::move(name);
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing
    // value - invalid literal; last read: 'x'": the place is ours to show.
    absl::string_view message = error.what();
    if (const size_t end = message.find("] "); end != message.npos) message.remove_prefix(end + 2);
    if (absl::StartsWith(message, "parse error")) {
      if (const size_t end = message.find(": "); end != message.npos)
        message.remove_prefix(end + 2);
    }
    return Fail(message);
  }

  absl::StatusOr<Json> Take() && {
    if (!error_.ok()) return error_;
    return std::move(root_);
  }

 private:
  struct Container {
    Json json;
    std::string key;              // of the member that comes next
    std::set<std::string> names;  // of the members so far
  };

  bool Put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    Container& parent = open_.back();
    if (auto* array = parent.json.If<Json::Array>()) {
      array->push_back(std::move(value));
    } else {
      parent.json.If<Json::Object>()->emplace_back(std::move(parent.key), std::move(value));
    }
    return true;
  }
  bool Open(Json container) {
    if (open_.size() >= kMaxDepth) {
      return Fail(absl::StrCat("nested deeper than ", kMaxDepth, " levels"));
    }
    open_.push_back({std::move(container), {}, {}});
    return true;
  }
  bool Close() {
    Json closed = std::move(open_.back().json);
    open_.pop_back();
    return Put(std::move(closed));
  }
  // At the byte read last.
  bool Fail(absl::string_view message) {
    const auto read = static_cast<size_t>(*furthest_ - text_.data());
    error_ = InputError(PlaceOf(text_, read - std::min<size_t>(read, 1)), ": ", message);
    return false;
  }

  absl::string_view text_;
  const char* const* furthest_;
  Json root_;
  std::vector<Container> open_;
  absl::Status error_;
};

void PrintString(absl::string_view text, std::string& out) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    const size_t length = CharacterLength(text.substr(i));
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppend(&out, "\\u", absl::Hex(byte, absl::kZeroPad4));
    } else if (length == 0) {
      out += "\xef\xbf\xbd";  // as itself, so that what is read back prints alike
    } else {
      out.append(text.data() + i, length);
    }
    i += std::max<size_t>(length, 1);
  }
  out += '"';
}

void PrintNumber(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char buffer[40];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, number);
  const absl::string_view digits(buffer, static_cast<size_t>(end.ptr - buffer));
  out.append(digits.data(), digits.size());
  // Stays a number with a fraction when read back.
  if (digits.find_first_of(".e") == digits.npos) out += ".0";
}

void PrintCompact(const Json& json, std::string& out) {
  if (const auto* truth = json.If<bool>()) {
    out += *truth ? "true" : "false";
  } else if (const auto* integer = json.If<int64_t>()) {
    absl::StrAppend(&out, *integer);
  } else if (const auto* number = json.If<double>()) {
    PrintNumber(*number, out);
  } else if (const auto* text = json.If<std::string>()) {
    PrintString(*text, out);
  } else if (const auto* array = json.If<Json::Array>()) {
    out += '[';
    for (size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ", ";
      PrintCompact((*array)[i], out);
    }
    out += ']';
  } else if (const auto* object = json.If<Json::Object>()) {
    out += '{';
    for (size_t i = 0; i < object->size(); ++i) {
      if (i > 0) out += ", ";
      PrintString((*object)[i].first, out);
      out += ": ";
      PrintCompact((*object)[i].second, out);
    }
    out += '}';
  } else {
    out += "null";
  }
}

bool IsScalar(const Json& json) {
  return json.If<Json::Array>() == nullptr && json.If<Json::Object>() == nullptr;
}

// `column`: where on its line the value starts.
void PrintIndented(const Json& json, size_t indent, size_t column, std::string& out) {
  const auto* array = json.If<Json::Array>();
  const auto* object = json.If<Json::Object>();
  if (IsScalar(json) || (array != nullptr && array->empty()) ||
      (object != nullptr && object->empty())) {
    PrintCompact(json, out);
    return;
  }
  const std::string inner(indent + 2, ' ');
  if (array != nullptr) {
    if (std::all_of(array->begin(), array->end(), IsScalar)) {
      const size_t start = out.size();
      PrintCompact(json, out);
      if (column + (out.size() - start) < kLineWidth) return;  // and a comma
      out.resize(start);
    }
    out += "[\n";
    for (size_t i = 0; i < array->size(); ++i) {
      out += inner;
      PrintIndented((*array)[i], indent + 2, indent + 2, out);
      out += i + 1 < array->size() ? ",\n" : "\n";
    }
    out.append(indent, ' ');
    out += ']';
    return;
  }
  out += "{\n";
  for (size_t i = 0; i < object->size(); ++i) {
    const size_t start = out.size();
    out += inner;
    PrintString((*object)[i].first, out);
    out += ": ";
    PrintIndented((*object)[i].second, indent + 2, out.size() - start, out);
    out += i + 1 < object->size() ? ",\n" : "\n";
  }
  out.append(indent, ' ');
  out += '}';
}

}  // namespace

absl::string_view Json::KindName() const {
  if (If<Array>() != nullptr) return "array";
  if (If<Object>() != nullptr) return "object";
  if (If<std::string>() != nullptr) return "string";
  if (If<bool>() != nullptr) return "true or false";
  return is_null() ? "null" : "number";
}

const Json* Json::Find(absl::string_view name) const {
  const auto* object = If<Object>();
  if (object == nullptr) return nullptr;
  for (const Member& member : *object) {
    if (name == member.first) return &member.second;
  }
  return nullptr;
}

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  const char* furthest = text.data();
  Builder builder(text, &furthest);
  // Errors arrive as events; the parser itself throws nothing.
  nlohmann::json::sax_parse(TrackingIterator(text.data(), &furthest),
                            TrackingIterator(text.data() + text.size(), &furthest), &builder,
                            nlohmann::json::input_format_t::json, /*strict=*/true,
                            /*ignore_comments=*/false);
  return std::move(builder).Take();
}

std::string PrintJson(const Json& json) {
  std::string out;
  PrintIndented(json, 0, 0, out);
  return out;
}

std::string PrintJsonCompact(const Json& json) {
  std::string out;
  PrintCompact(json, out);
  return out;
}

}  // namespace allot
