// Fields of ONNX messages that the importer does not understand, or that the installed ONNX does
// not know yet. They travel through the IR as serialized bytes and are merged back on the way out,
// so that a model loses nothing on its way through.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"

namespace allot {

// Numbers of fields that ONNX gained after 1.12. They are reached by number, so that the same code
// works with a library that knows them.
inline constexpr int kNodeOverload = 8;
inline constexpr int kFunctionAttributeProto = 11;
inline constexpr int kFunctionValueInfo = 12;
inline constexpr int kFunctionOverload = 13;

// All fields of `message` but those numbered in `understood`, serialized: the unknown ones, and
// known ones that we have nothing to say about. Costs a copy of the message only if there are any
// of the latter.
std::string CarriedFields(const google::protobuf::Message& message,
                          absl::Span<const int> understood);

// Merges what CarriedFields gave. False if the bytes are no such thing.
bool MergeCarriedFields(absl::string_view bytes, google::protobuf::Message* message);

// Whether the message or a message inside it has fields that the installed ONNX does not know.
bool HasUnknownFields(const google::protobuf::Message& message);

// The bytes of each string or message field `number`, known to the installed ONNX or not.
std::vector<std::string> BytesOfField(const google::protobuf::Message& message, int number);
// Appends one (or sets it, if the field is not repeated).
void AddBytesField(int number, absl::string_view bytes, google::protobuf::Message* message);

}  // namespace allot
