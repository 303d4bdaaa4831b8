// Allot's passes for MLIR, for programs that link MLIR themselves. A pass plug-in for mlir-opt
// (plugin.cc) offers the same ones by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class Pass;
}  // namespace mlir

// Shown by libAllotMlirPasses.so.
#define ALLOT_MLIR_EXPORT __attribute__((visibility("default")))

namespace allot {

// Of "allot-place". Texts are those of `allot`'s flags of the same names (docs/reference.md).
struct PlacePassOptions {
  std::string target = "host";        // a file, a built-in machine, or this one
  std::string objective = "latency";  // or throughput
  std::string solver = "auto";
  int64_t work = 0;      // of the search; 0: the usual
  std::string pipeline;  // Allot's passes instead of the usual ones; empty: those
  std::vector<std::string> dims, pins, forbids, together, costs;
  int64_t default_dim = 1, max_parts = 0, seed = 1;
  bool contiguous = false, replicas = true;
  int threads = 1;             // never changes the result
  std::string words = "both";  // whose attributes: both, own, users
  bool report = false;         // a remark with what the plan is worth
};

// Places the model of a module and says so in attributes of its operations; all else is left as it
// is. Fails with a diagnostic at the operation that is wrong.
ALLOT_MLIR_EXPORT std::unique_ptr<mlir::Pass> CreatePlacePass(const PlacePassOptions& options);

// Of "allot-partition".
struct PartitionPassOptions {
  bool outline = true;   // functions; false: only insert transfers
  bool modules = false;  // a module for each device
};

// Makes a function of each part of a model that is placed, and of the model the calls of these,
// with transfers where a value changes device.
ALLOT_MLIR_EXPORT std::unique_ptr<mlir::Pass> CreatePartitionPass(
    const PartitionPassOptions& options);

// Registers all passes, and the pipeline "allot-default", with MLIR. Once in a process.
ALLOT_MLIR_EXPORT void RegisterMlirPasses();

}  // namespace allot
