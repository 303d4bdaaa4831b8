#include "lowering/emitters/part_model.h"

#include "lowering/emitters/external_data.h"
#include "lowering/placement_hints.h"
#include "support/status.h"

namespace allot {

absl::StatusOr<std::vector<OutputFile>> PartFiles(const EmitInput& input, const Piece& piece,
                                                  const std::string& name) {
  OnnxWriteOptions options;
  options.part = true;
  // A part has one device: annotations of an earlier placement would contradict it.
  options.node_fields = [](const ir::Node& node, ir::NodeId) {
    return WithPlacementHints(node.unknown_fields, "", std::nullopt);
  };
  options.model_fields = [&input](const std::string& fields) {
    return WithConfiguration(fields, input.target, /*configure=*/false);
  };
  ALLOT_ASSIGN_OR_RETURN(std::vector<OutputFile> files,
                         OnnxFiles(input, piece.graph, name, std::move(options)), "part ", piece.id,
                         ": ");
  return files;
}

}  // namespace allot
