#include "lowering/emitters/part_model.h"

#include "lowering/placement_hints.h"
#include "lowering/to_onnx.h"
#include "support/status.h"

namespace allot {

absl::StatusOr<std::vector<FileChunk>> PartModel(const EmitInput& input, const Piece& piece) {
  OnnxWriteOptions options;
  options.part = true;
  options.embed_external_data = input.embed_external_data;
  // A part has one device: annotations of an earlier placement would contradict it.
  options.node_fields = [](const ir::Node& node, ir::NodeId) {
    return WithPlacementHints(node.unknown_fields, "", std::nullopt);
  };
  options.model_fields = [&input](const std::string& fields) {
    return WithConfiguration(fields, input.target, /*configure=*/false);
  };
  ALLOT_ASSIGN_OR_RETURN(std::vector<FileChunk> chunks, ToOnnx(input.module, piece.graph, options),
                         "part ", piece.id, ": ");
  return chunks;
}

}  // namespace allot
