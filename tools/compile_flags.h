// The flags that say what to plan and how to search, declared once for every program that plans.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "api/compile_options.h"
#include "tools/command_line.h"
#include "tools/program_registries.h"

namespace allot {

// What the flags fill. Values before parsing are the defaults.
struct CompileFlags {
  Registries registries = ProgramRegistries();
  CompileOptions options;
  std::vector<std::string> plugins;
  std::string objective, replicas = "yes";  // objective: empty: not given
  // Of training; empty or 0: not given.
  std::string workload = "inference", optimizer, recompute;
  int64_t microbatches = 0;
  int64_t threads = 1, seed = 1, default_dim = 1;
};

void DeclareTargetFlag(CommandLine& line, CompileFlags& flags);
// Two sections: the question and the search.
void DeclarePlanningFlags(CommandLine& line, CompileFlags& flags);

// Completes `options` from the rest, after parsing; they refer to the registries then.
absl::Status FinishCompileFlags(CompileFlags& flags);

}  // namespace allot
