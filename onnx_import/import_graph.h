// One graph with all graphs inside it: GraphProto -> ir::Graph.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "onnx/onnx_pb.h"

#include "ir/module.h"
#include "onnx_import/captures.h"
#include "onnx_import/external_data.h"
#include "support/diagnostics.h"
#include "support/one_line.h"

namespace allot {

// What all graphs of one model share.
struct ImportState {
  ir::Module& module;
  Diagnostics& diagnostics;
  std::string where;  // what diagnostics are about: the model's path
  ExternalDataCheck external_data;
  FreeNames free_names;
  // In a function: the attributes that its nodes may refer to.
  const std::set<std::string>* function_attributes = nullptr;
  // Each operator that the current graph applies, at any depth, and where it does so first.
  struct Call {
    std::string domain, op_type, overload, place;
  };
  std::vector<Call> calls;
  std::set<std::tuple<std::string, std::string, std::string>> called;  // those of `calls`
  std::set<std::string> reported_domains;  // that something imports no version of

  void Warn(const std::string& message) { diagnostics.Warning(where, OneLine(message)); }
};

// Fills an empty `graph`. Large parts of `proto` are moved out of it. Errors begin with the place
// inside the graph. `place` stands before it in diagnostics.
absl::Status ImportGraph(onnx::GraphProto* proto, const std::string& place, ImportState& state,
                         ir::Graph* graph);

// The module's constants from `first` on have just been read: gives references their file and
// checks external data.
absl::Status FinishConstants(size_t first, ImportState& state);

}  // namespace allot
