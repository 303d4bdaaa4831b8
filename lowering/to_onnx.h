// ir::Module -> the bytes of a ModelProto. Tensors that lie in the model file are spliced in as
// ranges of that file, so that neither memory nor time here depends on their size.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "lowering/byte_rope.h"
#include "lowering/emitter.h"

namespace allot {

// A file of external data that is written for one ONNX file.
struct OwnData {
  std::string location;  // as the ONNX file names it
  ByteRope bytes;
};

struct OnnxWriteOptions {
  int64_t ir_version = 0;  // 0: the module's
  // External data is copied into the message instead of being named there.
  bool embed_external_data = false;
  // What is external data in the model is copied into this file instead, views as the part that
  // they keep; nullptr: there is none, and views are copied into the message.
  OwnData* own_data = nullptr;
  // `graph` is a part: only the functions that it uses are written, and no training info, which
  // speaks of the whole graph.
  bool part = false;
  // What stands in for Node::unknown_fields; `main_node` is the node of `graph` in whose bodies (or
  // at whose place) the node lies. Not asked for nodes of functions. Empty: unchanged.
  std::function<std::string(const ir::Node& node, ir::NodeId main_node)> node_fields;
  // Added to the model's metadata, or put in place of entries of the same key.
  std::vector<std::pair<std::string, std::string>> metadata;
  // What stands in for Module::unknown_fields.
  std::function<std::string(const std::string& unknown_fields)> model_fields;
};

// `graph` with everything else of `module`: one ordinary message, fields in ascending order, the
// same bytes for equal input. Values keep their names, except that a value of a body which has the
// name of a value that the body captures gets a new one. Errors: more than 2 GiB, where protobuf
// ends (OutOfRange); external data outside the model's folder; fields that are no valid messages.
absl::StatusOr<std::vector<FileChunk>> ToOnnx(const ir::Module& module, const ir::Graph& graph,
                                              const OnnxWriteOptions& options);

// The files that the module is read from: the model and its external data, each once, in order of
// first use. Output must not replace them.
std::vector<std::string> SourceFiles(const ir::Module& module);

// An error if the file of a constant's external data is not there or too short.
absl::Status CheckData(const ir::Module& module, const ir::Constant& constant);

// The same of all constants of the module; names the first one.
absl::Status CheckAllData(const ir::Module& module);

// The path of a tensor's file on this machine. Refuses absolute locations and "..".
absl::StatusOr<std::string> DataPath(const ir::Module& module, const ir::FileBytes& file);

}  // namespace allot
