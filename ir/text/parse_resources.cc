// {-# ... #-}: constants, and what stands behind a text for others.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "ir/text/document_parser.h"
#include "support/status.h"

namespace allot::ir::text {

// "{-# dialect_resources: { builtin: { name: "0x..." } } #-}", and external_resources; other
// sections are skipped.
absl::Status DocumentParser::ReadResources(Document& document) {
  ALLOT_RETURN_IF_ERROR(reader_.Expect("{-#"));
  while (!reader_.Consume("#-}")) {
    if (reader_.Next("external_resources")) {
      ALLOT_RETURN_IF_ERROR(ReadExternalResources(document.external_resources));
    } else {
      const bool ours = reader_.Next("dialect_resources");
      ALLOT_RETURN_IF_ERROR(ReadResourceGroup(ours ? 0 : 2, document.blobs));
    }
    reader_.Consume(",");
  }
  return absl::OkStatus();
}

// "external_resources: { group: { key: "value", key: true } }".
absl::Status DocumentParser::ReadExternalResources(std::vector<ExternalResource>& out) {
  reader_.Consume("external_resources");
  ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
  ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
  while (!reader_.Consume("}")) {
    ALLOT_ASSIGN_OR_RETURN(const std::string group, ReadKey("a group of resources"));
    ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
    while (!reader_.Consume("}")) {
      ExternalResource resource;
      resource.group = group;
      ALLOT_ASSIGN_OR_RETURN(resource.key, ReadKey("a resource"));
      if (reader_.Consume("true")) {
        resource.value = "true";
      } else if (reader_.Consume("false")) {
        resource.value = "false";
      } else if (reader_.Next("{")) {
        ALLOT_RETURN_IF_ERROR(SkipValue(0));
      } else {
        ALLOT_ASSIGN_OR_RETURN(resource.value, reader_.ReadString());
      }
      out.push_back(std::move(resource));
      if (!reader_.Consume(",") && !reader_.Next("}")) return reader_.Expect("}");
    }
    if (!reader_.Consume(",") && !reader_.Next("}")) return reader_.Expect("}");
  }
  return absl::OkStatus();
}

// "name:", in quotes or not.
absl::StatusOr<std::string> DocumentParser::ReadKey(absl::string_view what) {
  std::string key;
  if (reader_.Next("\"")) {
    ALLOT_ASSIGN_OR_RETURN(key, reader_.ReadString());
  } else {
    key = std::string(reader_.TakeWord());
  }
  if (key.empty()) return reader_.ErrorHere(absl::StrCat("expected the name of ", what));
  ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
  return key;
}

// "name: { ... }" at `level` 0 (dialects) and 1 (their resources); level 2 is skipped.
absl::Status DocumentParser::ReadResourceGroup(int level, std::vector<Blob>& blobs) {
  const absl::string_view name = reader_.TakeWord();
  if (name.empty()) return reader_.ErrorHere("expected the name of a section");
  ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
  ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
  while (!reader_.Consume("}")) {
    if (level == 0) {
      ALLOT_RETURN_IF_ERROR(ReadResourceGroup(reader_.Next("builtin") ? 1 : 2, blobs));
    } else {
      ALLOT_RETURN_IF_ERROR(ReadResource(level, blobs));
    }
    if (!reader_.Consume(",") && !reader_.Next("}")) return reader_.Expect("}");
  }
  return absl::OkStatus();
}

absl::Status DocumentParser::ReadResource(int level, std::vector<Blob>& blobs) {
  Blob blob;
  const size_t offset = reader_.Position();
  ALLOT_ASSIGN_OR_RETURN(blob.name, ReadKey("a resource"));
  if (level == 2) return SkipValue(0);
  const size_t value_offset = reader_.Position();
  ALLOT_ASSIGN_OR_RETURN(const std::string value, reader_.ReadString());
  absl::string_view hex = value;
  std::optional<std::string> bytes;
  if (absl::ConsumePrefix(&hex, "0x")) bytes = BytesOfHex(hex);
  if (!bytes.has_value() || bytes->size() < 4) {
    return reader_.Error(value_offset,
                         "expected \"0x\", four bytes of alignment and the bytes of a constant");
  }
  if (!blob_names_.insert(blob.name).second) {
    return reader_.Error(offset, absl::StrCat("resource '", blob.name, "' is given twice"));
  }
  blob.alignment = 0;
  for (size_t i = 4; i-- > 0;) {
    blob.alignment = blob.alignment << 8 | static_cast<unsigned char>((*bytes)[i]);
  }
  blob.bytes = std::make_shared<const std::string>(bytes->substr(4));
  blobs.push_back(std::move(blob));
  return absl::OkStatus();
}

// A string, a truth value or a group of them.
absl::Status DocumentParser::SkipValue(int depth) {
  if (depth > kMaxNesting) return reader_.ErrorHere("nested too deeply");
  if (reader_.Next("\"")) return reader_.ReadString().status();
  if (reader_.Consume("true") || reader_.Consume("false")) return absl::OkStatus();
  ALLOT_RETURN_IF_ERROR(reader_.Expect("{"));
  while (!reader_.Consume("}")) {
    if (reader_.TakeWord().empty()) return reader_.ErrorHere("expected a name");
    ALLOT_RETURN_IF_ERROR(reader_.Expect(":"));
    ALLOT_RETURN_IF_ERROR(SkipValue(depth + 1));
    if (!reader_.Consume(",") && !reader_.Next("}")) return reader_.Expect("}");
  }
  return absl::OkStatus();
}

}  // namespace allot::ir::text
