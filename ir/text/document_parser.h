// Reads a whole text: who parses what is a file each (parse_*.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "ir/text/parse_types.h"
#include "ir/text/syntax.h"
#include "ir/text/text_reader.h"

namespace allot::ir::text {

class DocumentParser {
 public:
  DocumentParser(absl::string_view text, absl::string_view file_name, Dialects dialects)
      : text_(text),
        any_(dialects == Dialects::kAny),
        reader_(text, file_name),
        types_(reader_, dialects, &alias_offsets_) {}

  absl::StatusOr<Document> Run();

 private:
  // --- parse_syntax.cc: the generic form ---
  absl::StatusOr<Op> ReadOp();
  // "module attributes {...} {...}", how mlir-opt prints "builtin.module".
  absl::StatusOr<Op> ReadModule();
  absl::Status ReadDefinitions(std::vector<Definition>& out);
  // Behind "(".
  absl::Status ReadUses(std::vector<Use>& out);
  absl::StatusOr<Use> ReadUse();
  // ": (types) -> types".
  absl::Status ReadSignature(Op& op);
  absl::Status ReadTypes(std::vector<ValueType>& out);
  absl::StatusOr<Region> ReadRegion();
  // Behind "(".
  absl::Status ReadArguments(std::vector<Argument>& out);
  // In front of the signature, if there are any.
  absl::Status ReadAttributes(Op& op);
  absl::Status ReadTrailingLocation(Op& op);

  // --- parse_custom.cc: the forms of their own that a few operators are printed in ---
  // Whether it was one; `op` has its results already.
  absl::StatusOr<bool> ReadCustomOp(Op& op);
  absl::Status ReadFunction(Op& op);
  // "(%arg0: type {attributes} loc(...), ...)".
  absl::Status ReadParameters(Op& op, Region& body);
  // "-> type", "-> (type {attributes}, ...)".
  absl::Status ReadResultTypes(Op& op);
  // "%a, %b : type, type", perhaps with attributes in front.
  absl::Status ReadReturn(Op& op);
  absl::Status ReadTorchOperator(Op& op);
  absl::Status ReadOnnxConstant(Op& op);
  // Skips an operation outside of functions that has no meaning here; false at the end of a region.
  absl::StatusOr<bool> SkipForeignOp();

  // --- parse_locations.cc ---
  // mlir-opt prints locations as "#loc3 = loc(...)" on lines of their own, before or behind their
  // uses; so they are read first. Of other aliases it is noted where they stand.
  absl::Status ReadAliases();
  // "#word =", or "!word =", without consuming it.
  bool AtAlias();
  absl::Status ReadAlias();
  absl::StatusOr<Location> ReadLocation();
  absl::StatusOr<Location> ReadLocationBody(int depth);
  absl::StatusOr<Location> ReadFused(int depth);
  absl::StatusOr<int64_t> ReadCount();

  // --- parse_resources.cc ---
  absl::Status ReadResources(Document& document);
  absl::Status ReadExternalResources(std::vector<ExternalResource>& out);
  absl::StatusOr<std::string> ReadKey(absl::string_view what);
  absl::Status ReadResourceGroup(int level, std::vector<Blob>& blobs);
  absl::Status ReadResource(int level, std::vector<Blob>& blobs);
  absl::Status SkipValue(int depth);

  struct Alias {
    Location location;
    size_t size = 0;
  };

  absl::string_view text_;
  const bool any_;
  TextReader reader_;
  AliasOffsets alias_offsets_;
  TypeParser types_;
  std::map<std::string, Alias> aliases_;
  size_t expanded_ = 0;  // locations that aliases have stood for so far
  std::set<std::string> blob_names_;
  int region_depth_ = 0;
  bool in_function_ = false;  // inside of what may be planned
};

}  // namespace allot::ir::text
