// The model's external data beside the files that refer to it.
//
// ONNX Runtime takes external data only from the folder of the ONNX file or below it, and not
// through links that lead elsewhere. A hard link would satisfy it, but whoever writes to that file
// changes the original, and ONNX's checker refuses it. So each data file is copied into the output
// folder under the location that the model uses.
//
// An ONNX file cannot refer to a slice of a tensor in a data file. A graph that has such slices
// gets a data file of its own, which holds all of its external data and nothing else.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lowering/emitter.h"
#include "lowering/to_onnx.h"

namespace allot {

// `graph` as the file `name` and, if it needs data of its own, the file `name`.data behind it.
// `options` are those of the ONNX file; how it refers to data is decided here.
absl::StatusOr<std::vector<OutputFile>> OnnxFiles(const EmitInput& input, const ir::Graph& graph,
                                                  const std::string& name,
                                                  OnnxWriteOptions options);

// Whether it does: it has a slice of external data, and that is not embedded.
bool HasOwnData(const EmitInput& input, const ir::Graph& graph);

// What the own data of an ONNX file is called.
std::string OwnDataName(const std::string& onnx_file);

// The data files that `graphs` (with their bodies) and the functions use, each once, in order of
// first use; none if the data is embedded or in reach already, none of graphs that have data of
// their own. `folder`, "" or "name/", is where
// the ONNX files lie in the output folder.
absl::StatusOr<std::vector<OutputFile>> CopiedExternalData(
    const EmitInput& input, const std::vector<const ir::Graph*>& graphs,
    const std::string& folder = "");

}  // namespace allot
