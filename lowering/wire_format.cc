#include "lowering/wire_format.h"

#include "absl/strings/str_cat.h"

namespace allot {
namespace {

// As deep as protobuf itself goes.
constexpr int kMaxGroups = 100;

constexpr int kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kGroup = 3, kGroupEnd = 4,
              kFixed32 = 5;

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

// Takes one varint from the front of `bytes`.
bool TakeVarint(absl::string_view& bytes, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) return false;
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool TakeBytes(absl::string_view& bytes, uint64_t count) {
  if (count > bytes.size()) return false;
  bytes.remove_prefix(count);
  return true;
}

// Takes the value of a field whose tag has been read. Groups, of no use in ONNX, may nest.
bool TakeValue(absl::string_view& bytes, uint64_t tag, int depth, absl::string_view& payload) {
  uint64_t number = 0;
  switch (tag & 7) {
    case kVarint:
      return TakeVarint(bytes, number);
    case kFixed64:
      return TakeBytes(bytes, 8);
    case kFixed32:
      return TakeBytes(bytes, 4);
    case kLengthDelimited:
      if (!TakeVarint(bytes, number)) return false;
      payload = bytes.substr(0, number);
      return TakeBytes(bytes, number);
    case kGroup: {
      if (depth > kMaxGroups) return false;
      uint64_t inner = 0;
      absl::string_view ignored;
      while (TakeVarint(bytes, inner)) {
        if ((inner & 7) == kGroupEnd) return inner >> 3 == tag >> 3;
        if (!TakeValue(bytes, inner, depth + 1, ignored)) return false;
      }
      return false;
    }
    default:
      return false;
  }
}

}  // namespace

void AppendFieldHeader(std::string& out, int field, uint64_t length) {
  AppendVarint(out, static_cast<uint64_t>(field) << 3 | kLengthDelimited);
  AppendVarint(out, length);
}

void AppendField(std::string& out, int field, absl::string_view bytes) {
  AppendFieldHeader(out, field, bytes.size());
  absl::StrAppend(&out, bytes);
}

std::optional<std::vector<WireField>> SplitFields(absl::string_view message) {
  std::vector<WireField> fields;
  while (!message.empty()) {
    const absl::string_view start = message;
    WireField field;
    uint64_t tag = 0;
    if (!TakeVarint(message, tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return std::nullopt;
    if (!TakeValue(message, tag, 0, field.payload)) return std::nullopt;
    field.number = static_cast<int>(tag >> 3);
    field.whole = start.substr(0, start.size() - message.size());
    fields.push_back(field);
  }
  return fields;
}

std::string DropFields(absl::string_view message,
                       const std::function<bool(const WireField&)>& drop) {
  const std::optional<std::vector<WireField>> fields = SplitFields(message);
  if (!fields.has_value()) return std::string(message);
  std::string kept;
  for (const WireField& field : *fields) {
    if (!drop(field)) absl::StrAppend(&kept, field.whole);
  }
  return kept;
}

}  // namespace allot
