// model.mlir: the module in its text form, with the plan as attributes.
#include "ir/print.h"
#include "lowering/emitter.h"
#include "lowering/emitters/text_file.h"

namespace allot {
namespace {

struct Options {
  int64_t elide_larger_than = 4096;
};

class Mlir final : public Emitter {
 public:
  explicit Mlir(Options options) : options_(options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    ir::PrintOptions print;
    print.locations = true;
    print.elide_larger_than = options_.elide_larger_than;
    print.plan = &input.plan;
    print.target = &input.target;
    std::vector<OutputFile> files;
    files.push_back(TextFile("model.mlir", ir::Print(input.module, print)));
    return files;
  }

 private:
  Options options_;
};

}  // namespace

Entry<Emitter> MlirEntry() {
  return MakeEntry<Emitter, Mlir>(
      "mlir", "model.mlir: the model and its plan as text",
      OptionSchema<Options>().Add("elide-larger-than", &Options::elide_larger_than,
                                  "bytes; larger constants held in memory print as elided, after "
                                  "which the text cannot be read back (-1: none)"));
}

}  // namespace allot
