// A plan made concrete: closed parts and the tensors between them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ir/module.h"
#include "ir/plan.h"

namespace allot {

// One part: a closed graph whose boundary tensors are its inputs and outputs, named as in the
// model.
struct Piece {
  std::string id;  // "p0", "p1", ... in launch order, on over the lanes
  ir::PartId part;
  DeviceId device;
  // "model.00000_gpu0.onnx"; that of a piece of an earlier lane which is the same on another
  // device.
  std::string file;
  ir::Graph graph;                  // constants refer to the module's pool
  std::vector<std::string> inputs;  // what a caller must feed: without overridable initializers
  std::vector<std::string> outputs;
};

// One tensor that changes device.
struct PieceTransfer {
  std::string tensor;
  size_t from = 0;  // index into pieces
  std::vector<size_t> to;
  Bytes bytes = 0;
};

struct Bundle {
  std::vector<std::string> inputs,
      outputs;  // of the model, in order; without overridable initializers
  std::vector<Piece> pieces;
  std::vector<PieceTransfer> transfers;
  std::vector<Bundle> lanes;  // of the plan's further lanes, in their order; none has lanes itself
};

// The pieces that make the files of all lanes: every file once, by lane, then in launch order.
std::vector<const Piece*> PiecesWithFiles(const Bundle& bundle);

// Cuts the graph at part boundaries: initializers and travelling nodes are copied to every part
// that uses them, captured values become inputs, graph outputs that no node computes go to the part
// that has them at hand. The same for each lane of the plan.
absl::StatusOr<Bundle> Extract(const ir::Module& module, const Target& target,
                               const ir::Plan& plan);

}  // namespace allot
