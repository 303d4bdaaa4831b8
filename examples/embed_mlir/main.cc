// A compiler of one's own that links MLIR and places models with Allot's passes.
// usage: place_mlir MODEL.mlir TARGET
#include <string>

#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

#include "allot/mlir_plugin/passes.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    llvm::errs() << "usage: place_mlir MODEL.mlir TARGET\n";
    return 2;
  }
  mlir::DialectRegistry registry;
  registry.insert<mlir::func::FuncDialect>();
  mlir::MLIRContext context(registry);
  context.allowUnregisteredDialects();

  llvm::SourceMgr source;
  mlir::SourceMgrDiagnosticHandler diagnostics(source, &context);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceFile<mlir::ModuleOp>(argv[1], source, &context);
  if (!module) return 1;

  allot::PlacePassOptions place;
  place.target = argv[2];
  mlir::PassManager passes(&context);
  passes.addPass(allot::CreatePlacePass(place));
  passes.addPass(allot::CreatePartitionPass({}));
  if (mlir::failed(passes.run(*module))) return 1;
  module->print(llvm::outs());
  return 0;
}
