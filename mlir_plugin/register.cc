// What the plug-in loads, and what programs that link MLIR call.
#include <memory>
#include <string>

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

#include "mlir_plugin/passes.h"

namespace allot {
namespace {

struct DefaultPipelineOptions : mlir::PassPipelineOptions<DefaultPipelineOptions> {
  Option<std::string> target{*this, "target", llvm::cl::desc("as of allot-place"),
                             llvm::cl::init("host")};
  Option<std::string> objective{*this, "objective", llvm::cl::desc("as of allot-place"),
                                llvm::cl::init("latency")};
  Option<std::string> solver{*this, "solver", llvm::cl::desc("as of allot-place"),
                             llvm::cl::init("auto")};
  Option<int64_t> work{*this, "work", llvm::cl::desc("as of allot-place"), llvm::cl::init(0)};
  Option<bool> outline{*this, "outline", llvm::cl::desc("as of allot-partition"),
                       llvm::cl::init(true)};
  Option<bool> modules{*this, "modules", llvm::cl::desc("as of allot-partition"),
                       llvm::cl::init(false)};
};

}  // namespace

void RegisterMlirPasses() {
  mlir::registerPass([] { return CreatePlacePass({}); });
  mlir::registerPass([] { return CreatePartitionPass({}); });
  mlir::PassPipelineRegistration<DefaultPipelineOptions>(
      "allot-default", "Place a model and make a function of each part",
      [](mlir::OpPassManager& manager, const DefaultPipelineOptions& options) {
        PlacePassOptions place;
        place.target = options.target;
        place.objective = options.objective;
        place.solver = options.solver;
        place.work = options.work;
        manager.addPass(CreatePlacePass(place));
        manager.addPass(CreatePartitionPass({options.outline, options.modules}));
      });
}

}  // namespace allot

extern "C" ALLOT_MLIR_EXPORT void allotRegisterMlirPasses() { allot::RegisterMlirPasses(); }
