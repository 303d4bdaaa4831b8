// Tensor values known at compile time, held by reference: the planner never touches weight bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ir/attribute.h"
#include "ir/type.h"
#include "support/id.h"

namespace allot::ir {

// Elements in memory, packed little endian as ONNX's raw_data. Shared and immutable.
struct InlineBytes {
  std::shared_ptr<const std::string> bytes;
};

// Elements in a file.
struct FileBytes {
  enum class Home {
    kModelFile,     // inside the model file itself: raw_data at that offset
    kExternalFile,  // ONNX external data
  };
  Home home = Home::kExternalFile;
  std::string location;  // as written in the model; for kModelFile the model's file name
  int64_t offset = 0;
  int64_t length = -1;  // -1: not stated, to the end of the tensor
  std::vector<std::pair<std::string, std::string>> other;  // further external_data entries, carried
  friend bool operator==(const FileBytes&, const FileBytes&) = default;
};

// The indexes [begin, end) along an axis.
struct IndexRun {
  int64_t begin = 0, end = 0;
  friend bool operator==(const IndexRun&, const IndexRun&) = default;
};

// Some of the elements of a tensor in a file: along each axis the runs that are kept, in this
// order; no runs: all of the axis. Made by SliceConstant() (ir/constant_view.h). A view costs what
// its runs do: bytes are copied when files are written.
struct FileView {
  FileBytes whole;
  std::vector<int64_t> whole_dims;          // at least one
  std::vector<std::vector<IndexRun>> kept;  // as many as whole_dims
  friend bool operator==(const FileView&, const FileView&) = default;
};

// A serialized TensorProto (strings, segments) or SparseTensorProto, carried untouched.
struct OpaqueTensor {
  std::shared_ptr<const std::string> proto;
  bool sparse = false;
};

struct Constant {
  std::string name;  // TensorProto.name; may be empty inside attributes
  ElementType element = ElementType::kUndefined;
  std::vector<int64_t> dims;
  std::variant<InlineBytes, FileBytes, OpaqueTensor, FileView> storage;
  std::string doc;
  std::string unknown_fields;

  Type type() const;
  // Packed size of the elements in memory. Saturates.
  int64_t bytes() const;
  // The elements of a small int32 or int64 tensor held in memory; nullopt otherwise.
  std::optional<std::vector<int64_t>> AsIntegers() const;
};
bool operator==(const Constant& a, const Constant& b);  // compares contents, not pointers

// All constants of a module.
using ConstantPool = IdVector<ConstantId, Constant>;

}  // namespace allot::ir
