// Attributes and constants -> syntax.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "ir/constant.h"
#include "ir/print.h"
#include "ir/text/syntax.h"

namespace allot::ir::text {

// Sets `name` unless the text or the bytes are empty: readers take absence for that.
void SetText(Dictionary& dictionary, absl::string_view name, absl::string_view text);
void SetHex(Dictionary& dictionary, absl::string_view name, absl::string_view bytes);
// Sets a list of strings unless all of them are empty.
void SetTexts(Dictionary& dictionary, absl::string_view name, std::vector<std::string> texts);

// Collects the bytes that the text keeps apart from the ops (MLIR's dialect resources).
class AttributeEncoder {
 public:
  // `options` say which constants in memory are left out.
  AttributeEncoder(const ConstantPool& pool, const PrintOptions& options)
      : pool_(pool),
        elide_larger_than_(options.elide_larger_than),
        elide_more_elements_(options.elide_more_elements) {}

  // Adds all attributes, and beside them what their plain spelling cannot say.
  void SetAttributes(const AttributeMap& attributes, Dictionary& out);
  // Adds the constant as `value`. `usual_name` is the tensor name that needs no mention.
  void SetConstantValue(ConstantId constant, absl::string_view usual_name, Dictionary& out);

  std::vector<Blob> TakeBlobs() && { return std::move(blobs_); }

 private:
  Attr ValueAttr(const AttributeValue& value);
  Attr ConstantAttr(const Constant& constant);
  std::string BlobOf(const Constant& constant, const std::shared_ptr<const std::string>& bytes);

  const ConstantPool& pool_;
  int64_t elide_larger_than_, elide_more_elements_;
  std::vector<Blob> blobs_;
  // Alignment and content -> index in blobs_: the same bytes are printed once, in order of their
  // first use, so that equal modules print the same whatever they share in memory. The views are
  // into blobs_' shared bytes.
  absl::flat_hash_map<std::pair<uint32_t, absl::string_view>, size_t> blob_index_;
};

}  // namespace allot::ir::text
