// A whole model: the main graph, its functions and constants, and what the model says of itself.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "ir/constant.h"
#include "ir/graph.h"

namespace allot::ir {

using OpsetImport = std::pair<std::string, int64_t>;  // domain ("" is ai.onnx), version

// A model-local function: called by nodes of its domain, name and overload.
struct Function {
  std::string domain, name, overload, doc;
  std::vector<std::string> attributes;  // without default
  AttributeMap attribute_defaults;
  std::vector<OpsetImport> opset_imports;
  Graph body;  // inputs and outputs are the formal ones
  std::string unknown_fields;
};

struct Module {
  int64_t ir_version = 8;
  std::vector<OpsetImport> opset_imports;
  std::string producer_name, producer_version, domain, doc;
  int64_t model_version = 0;
  std::vector<std::pair<std::string, std::string>> metadata;
  // State: inputs that are given, in the next inference of a series, what this one makes. Names of
  // an input and of an output of the graph, each in one pair.
  std::vector<std::pair<std::string, std::string>> state;
  std::string unknown_fields;  // serialized, further fields (training_info among them)
  // ONNX's file name without folders, as in FileBytes::location of constants inside the model file.
  std::string source_file;
  // The folder in which source_file and external data lie; "" is the current one. Not part of the
  // text form and not compared: it belongs to this machine.
  std::string source_folder;
  ConstantPool constants;
  Graph graph;
  std::vector<Function> functions;

  // The version of `domain` that the model imports; 0 if none.
  int64_t OpsetVersion(absl::string_view domain) const;
};

// Structural equality of everything the text form shows but locations; nodes and values are paired
// by their order, constants by content, floats by bits. A capture is what it captures: its own type
// and texts are not looked at. Linear.
bool Equal(const Module& a, const Module& b);
bool Equal(const Graph& a, const Graph& b, const ConstantPool& a_pool, const ConstantPool& b_pool);

}  // namespace allot::ir
