// Serialized messages with fields that are too large, or hold something too large, to go through a
// message object.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message_lite.h"

#include "lowering/byte_rope.h"

namespace allot {

// One or more fields of one number, with their tags.
struct SplicedFields {
  int number = 0;
  ByteRope fields;
};

// The same bytes for equal messages.
std::string Serialize(const google::protobuf::MessageLite& message);

// `message` with further fields, ascending by number, at their places in ascending order.
ByteRope Splice(const google::protobuf::MessageLite& message, std::vector<SplicedFields> spliced);

}  // namespace allot
