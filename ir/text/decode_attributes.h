// Syntax -> attributes and constants.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "ir/constant.h"
#include "ir/text/syntax.h"

namespace allot::ir::text {

// Where errors point.
class ErrorSite {
 public:
  using Make = std::function<absl::Status(size_t offset, absl::string_view message)>;

  // Places are offsets in `text`.
  ErrorSite(absl::string_view text, absl::string_view file_name)
      : make_([text, file_name](size_t offset, absl::string_view message) {
          return ErrorAt(text, file_name, offset, message);
        }) {}
  // Places are whatever the offsets of the tree mean to `make`.
  explicit ErrorSite(Make make) : make_(std::move(make)) {}
  absl::Status operator()(size_t offset, absl::string_view message) const {
    return make_(offset, message);
  }

 private:
  Make make_;
};

// Reads the entry `name` of a dictionary into `out`, which keeps its value if there is none.
absl::Status ReadText(const ErrorSite& error, const Attr* attr, absl::string_view name,
                      std::string& out);
absl::Status ReadHex(const ErrorSite& error, const Attr* attr, absl::string_view name,
                     std::string& out);
absl::Status ReadInteger(const ErrorSite& error, const Attr* attr, absl::string_view name,
                         int64_t& out);
absl::StatusOr<std::vector<std::string>> StringsOf(const ErrorSite& error, const Attr& attr,
                                                   absl::string_view name);

class AttributeDecoder {
 public:
  AttributeDecoder(const ErrorSite& error, const std::vector<Blob>& blobs, ConstantPool& pool);

  // ONNX's attributes among the entries, by their own names. Others are the caller's: those with
  // the names or prefixes that the text form keeps for itself.
  absl::StatusOr<AttributeMap> ReadAttributes(const Dictionary& entries);
  // Whether ReadAttributes takes the entry to be one of ONNX's.
  static bool IsAttribute(absl::string_view name);
  // The constant `value`; its name is `usual_name` unless the details say otherwise.
  absl::StatusOr<ConstantId> ReadConstantValue(const Dictionary& entries, const Attr& value,
                                               absl::string_view usual_name);

 private:
  absl::StatusOr<AttributeValue> ValueOf(const Attr& attr);
  absl::StatusOr<AttributeValue> ListOf(const Attr& attr, const Array& elements);
  absl::StatusOr<AttributeValue> OwnValueOf(const Attr& attr, const DialectAttr& own);
  absl::StatusOr<Constant> ConstantOf(const Attr& attr);
  absl::StatusOr<FileBytes> FileOf(const Attr& attr, const DialectAttr& own);
  // `constant` tells its own type.
  absl::StatusOr<FileView> ViewOf(const Attr& attr, const DialectAttr& own,
                                  const Constant& constant);
  // What `onnx.tensors` says of the constant under `key`.
  absl::Status ApplyTensorDetails(const Dictionary& entries, absl::string_view key,
                                  Constant& constant);

  const ErrorSite& error_;
  ConstantPool& pool_;
  absl::flat_hash_map<std::string, std::shared_ptr<const std::string>> blobs_;
};

}  // namespace allot::ir::text
