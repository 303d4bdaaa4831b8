// Protocol buffers' wire format, as far as splicing and filtering of serialized messages need it
// (protobuf.dev/programming-guides/encoding).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace allot {

// Appends the tag and length that precede `length` bytes of a length-delimited field.
void AppendFieldHeader(std::string& out, int field, uint64_t length);

// Appends a whole length-delimited field.
void AppendField(std::string& out, int field, absl::string_view bytes);

// One field of a serialized message.
struct WireField {
  int number = 0;
  absl::string_view whole;    // tag included
  absl::string_view payload;  // of length-delimited fields; else empty
};

// The fields of `message` in order; nullopt if it is malformed.
std::optional<std::vector<WireField>> SplitFields(absl::string_view message);

// `message` without the fields that `drop` chooses; unchanged if it is malformed.
std::string DropFields(absl::string_view message,
                       const std::function<bool(const WireField&)>& drop);

}  // namespace allot
