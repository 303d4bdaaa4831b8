// onnx-mlir's own reader of its configuration file, applied to operators named on standard input,
// one line each: the type, a tab, the name (empty: none). Prints each line again with the device
// that the reader gives, or nothing. onnx_mlir_json.py --reader=PROGRAM runs it. It is built by
// hand, of a checkout of onnx-mlir in $o and MLIR's headers in $m (/usr/lib/llvm-19):
//   c++ -std=c++17 -fno-rtti -I$o -I$m/include onnx_mlir_reader.cc
//       $o/src/Compiler/JsonConfigObject.cpp
//       $o/src/Accelerators/NNPA/Compiler/NNPAJsonConfigObject.cpp
//       -L$m/lib -Wl,-rpath,$m/lib -lMLIR -lLLVM-19 -o reader
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Operation.h"
#include "src/Accelerators/NNPA/Compiler/NNPAJsonConfigObject.hpp"

int main(int argc, char** argv) {
  onnx_mlir::NNPAJsonConfigObject config;
  if (argc != 2 || !config.loadFromFile(argv[1])) return 1;
  mlir::MLIRContext context;
  context.allowUnregisteredDialects();
  mlir::Builder builder(&context);
  std::vector<std::string> lines;
  std::vector<mlir::Operation*> ops;
  for (std::string line; std::getline(std::cin, line);) {
    const size_t tab = line.find('\t');
    mlir::OperationState state(builder.getUnknownLoc(), line.substr(0, tab));
    const std::string name = line.substr(tab + 1);
    if (!name.empty()) state.addAttribute("onnx_node_name", builder.getStringAttr(name));
    ops.push_back(mlir::Operation::create(state));
    lines.push_back(line);
  }
  config.applyConfigToOps(ops, [&](llvm::json::Object* rewrite, mlir::Operation* op) {
    if (const auto device = rewrite->getString("device"))
      op->setAttr("device", builder.getStringAttr(*device));
  });
  for (size_t i = 0; i < ops.size(); ++i) {
    const auto device = ops[i]->getAttrOfType<mlir::StringAttr>("device");
    std::printf("%s\t%s\n", lines[i].c_str(), device ? device.getValue().str().c_str() : "");
  }
  return 0;
}
