#include "lowering/splice.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include "lowering/wire_format.h"
#include "support/check.h"

namespace allot {

std::string Serialize(const google::protobuf::MessageLite& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return bytes;
}

ByteRope Splice(const google::protobuf::MessageLite& message, std::vector<SplicedFields> spliced) {
  std::string bytes = Serialize(message);
  const bool any = std::any_of(spliced.begin(), spliced.end(),
                               [](const SplicedFields& s) { return s.fields.size() > 0; });
  if (!any) return ByteRope(std::move(bytes));
  const std::optional<std::vector<WireField>> fields = SplitFields(bytes);
  ALLOT_CHECK(fields.has_value());
  ByteRope out;
  size_t next = 0;
  for (const WireField& field : *fields) {
    while (next < spliced.size() && spliced[next].number < field.number) {
      out.Append(std::move(spliced[next++].fields));
    }
    out.Append(std::string(field.whole));
  }
  while (next < spliced.size()) out.Append(std::move(spliced[next++].fields));
  return out;
}

}  // namespace allot
