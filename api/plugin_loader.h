// Plug-ins: shared libraries whose passes, solvers, cost models, outputs and operators are found by
// name as the built-in ones are. How they are written: docs/plugins.md.
#pragma once

#include <string>

#include "absl/status/status.h"

#include "api/registries.h"

namespace allot {

// Opens the library at `path` (looked for there only; without a '/' in the working folder) and adds
// what it registers to `registries`: of a plug-in in C++ (plugin.h), of a cost model in C
// (cost_model_plugin.h), or of both in one file. A library that `registries` has loaded is not
// loaded again. The library stays open for as long as the entries, or anything made from them,
// live; nobody needs to hold it.
//
// Errors begin with the path and leave `registries` as they are: a file that is no shared library
// or lacks a symbol, a plug-in for another Allot or built with other libraries, one that registers
// nothing, a name that exists already, an exception. Loading runs the library's code: load only
// what you would run.
absl::Status LoadPlugin(const std::string& path, Registries& registries);

}  // namespace allot
