#include "onnx_import/carried_fields.h"

#include <algorithm>
#include <memory>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/wire_format_lite.h"

namespace allot {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

namespace {

bool Contains(absl::Span<const int> numbers, int number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

void AppendVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

}  // namespace

std::string CarriedFields(const Message& message, absl::Span<const int> understood) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  const bool unusual = std::any_of(fields.begin(), fields.end(), [&](const FieldDescriptor* field) {
    return !Contains(understood, field->number());
  });
  const UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
  if (!unusual && unknown.empty()) return std::string();

  std::string bytes;
  if (unusual) {
    const std::unique_ptr<Message> rest(message.New());
    rest->CopyFrom(message);
    for (const FieldDescriptor* field : fields) {
      if (Contains(understood, field->number())) reflection.ClearField(rest.get(), field);
    }
    UnknownFieldSet* rest_unknown = reflection.MutableUnknownFields(rest.get());
    for (int number : understood) rest_unknown->DeleteByNumber(number);
    rest->SerializePartialToString(&bytes);
    return bytes;
  }
  UnknownFieldSet kept;
  kept.MergeFrom(unknown);
  for (int number : understood) kept.DeleteByNumber(number);
  if (!kept.empty()) kept.SerializeToString(&bytes);
  return bytes;
}

bool MergeCarriedFields(absl::string_view bytes, Message* message) {
  if (bytes.empty()) return true;
  return message->MergeFromString(std::string(bytes));
}

bool HasUnknownFields(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return true;
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HasUnknownFields(reflection.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (HasUnknownFields(reflection.GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

std::vector<std::string> BytesOfField(const Message& message, int number) {
  std::vector<std::string> found;
  const Reflection& reflection = *message.GetReflection();
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByNumber(number);
  if (field == nullptr) {
    const UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i) {
      const UnknownField& entry = unknown.field(i);
      if (entry.number() == number && entry.type() == UnknownField::TYPE_LENGTH_DELIMITED) {
        found.push_back(entry.length_delimited());
      }
    }
    return found;
  }
  const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  if (field->is_repeated()) {
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      found.push_back(
          is_message ? reflection.GetRepeatedMessage(message, field, i).SerializePartialAsString()
                     : reflection.GetRepeatedString(message, field, i));
    }
  } else if (reflection.HasField(message, field)) {
    found.push_back(is_message ? reflection.GetMessage(message, field).SerializePartialAsString()
                               : reflection.GetString(message, field));
  }
  return found;
}

void AddBytesField(int number, absl::string_view bytes, Message* message) {
  using google::protobuf::internal::WireFormatLite;
  std::string wire;
  AppendVarint(WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED), wire);
  AppendVarint(bytes.size(), wire);
  wire.append(bytes.data(), bytes.size());
  message->MergeFromString(wire);
}

}  // namespace allot
