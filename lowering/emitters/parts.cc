// One ONNX file per part: a whole model by itself, to be run on the part's device.
#include "lowering/emitter.h"
#include "lowering/emitters/external_data.h"
#include "lowering/emitters/part_model.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {};

class Parts final : public Emitter {
 public:
  explicit Parts(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    std::vector<OutputFile> files;
    std::vector<const ir::Graph*> graphs;
    for (const Piece* piece : PiecesWithFiles(input.bundle)) {
      ALLOT_ASSIGN_OR_RETURN(std::vector<OutputFile> part, PartFiles(input, *piece, piece->file));
      for (OutputFile& file : part) files.push_back(std::move(file));
      graphs.push_back(&piece->graph);
    }
    ALLOT_ASSIGN_OR_RETURN(std::vector<OutputFile> data, CopiedExternalData(input, graphs));
    for (OutputFile& file : data) files.push_back(std::move(file));
    return files;
  }
};

}  // namespace

Entry<Emitter> PartsEntry() {
  return MakeEntry<Emitter, Parts>(
      "parts", "one ONNX file per part, and the external data they use", OptionSchema<Options>());
}

}  // namespace allot
