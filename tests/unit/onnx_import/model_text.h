// What the importer's tests share: models written as protobuf text, put into files and imported.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "onnx/onnx_pb.h"

#include "ir/verify.h"
#include "onnx_import/import.h"
#include "tests/unit/scratch_folder.h"

namespace allot {

// Into a new file: some file systems wait for the disk when an old one is written over.
inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
}

inline onnx::ModelProto Proto(const std::string& text) {
  onnx::ModelProto model;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &model)) << text;
  return model;
}

// A model around the fields of a graph.
inline onnx::ModelProto GraphModel(const std::string& graph, int opset = 17) {
  return Proto(absl::StrCat("ir_version: 8 opset_import { version: ", opset,
                            " } graph { name: 'g' ", graph, " }"));
}

// "name: 'x' type { tensor_type { ... } }" of float32.
inline std::string Float(const std::string& name, const std::vector<int>& dims) {
  std::string shape;
  for (int dim : dims) absl::StrAppend(&shape, "dim { dim_value: ", dim, " } ");
  return absl::StrCat("name: '", name, "' type { tensor_type { elem_type: 1 shape { ", shape,
                      "} } }");
}

// An import that has happened: the module is only there if it is well-formed.
struct Imported {
  absl::StatusOr<ir::Module> module = absl::UnknownError("not imported");
  Diagnostics diagnostics;

  std::string error() const { return std::string(module.status().message()); }
  std::string notes() const {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics.all()) text += ToString(diagnostic) + "\n";
    return text;
  }
};

inline Imported ImportPath(const std::string& path, const ImportOptions& options = {}) {
  Imported imported;
  imported.module = ImportOnnx(path, options, imported.diagnostics);
  if (imported.module.ok()) {
    Diagnostics faults;
    const absl::Status verified = ir::Verify(*imported.module, faults);
    EXPECT_TRUE(verified.ok()) << verified;
  }
  return imported;
}

inline Imported ImportBytes(const std::string& bytes, const ImportOptions& options = {}) {
  const ScratchFolder folder;
  WriteFile(folder / "model.onnx", bytes);
  return ImportPath(folder / "model.onnx", options);
}

inline Imported Import(const onnx::ModelProto& model, const ImportOptions& options = {}) {
  return ImportBytes(model.SerializeAsString(), options);
}

// The value of that name; invalid if there is none.
inline ir::ValueId FindValue(const ir::Graph& graph, const std::string& name) {
  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    if (graph.value(ir::ValueId(i)).name == name) return ir::ValueId(i);
  }
  return ir::ValueId();
}

inline const ir::Constant& ConstantOf(const ir::Module& module, const std::string& name) {
  const ir::ValueId value = FindValue(module.graph, name);
  EXPECT_TRUE(value.valid()) << name;
  return module.constants[module.graph.value(value).constant];
}

inline std::string Bytes(const ir::Constant& constant) {
  const auto* memory = std::get_if<ir::InlineBytes>(&constant.storage);
  EXPECT_NE(memory, nullptr) << constant.name << " is not in memory";
  return memory == nullptr ? std::string() : *memory->bytes;
}

}  // namespace allot
