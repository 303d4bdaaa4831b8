// Reproducers: the IR before a pipeline and all that its passes see, in one text that
// `allot-opt --run-reproducer` runs again. mlir-opt's form, with what it has no place for in a
// group of its own:
//
//   {-#
//     external_resources: {
//       mlir_reproducer: { pipeline: "...", disable_threading: false, verify_each: true },
//       allot_reproducer: { target: "<JSON>", objective: "latency", ... }
//     }
//   #-}
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "api/compile_options.h"
#include "ir/parse.h"

namespace allot {

struct Reproducer {
  std::string pipeline;  // with every option
  bool disable_threading = false;
  bool verify_each = true;
  // Of these: the machine with its rules, objective, dims, costs and seed.
  CompileOptions compile;
};

// `compile.machine` must be set.
std::string PrintReproducer(const Reproducer& reproducer, const ir::Module& module,
                            const ir::Plan& plan);

// What a text carries; nullopt: no reproducer. Settings that it does not carry stay those of
// `defaults`.
absl::StatusOr<std::optional<Reproducer>> FindReproducer(
    const std::vector<ir::ExternalResource>& resources, const CompileOptions& defaults);

}  // namespace allot
