// The reference of everything that has a name: made from the registries, so that it cannot go
// stale.
#pragma once

#include <string>

namespace allot {

// docs/reference.md: passes, pipelines, solvers, cost models, outputs and targets, with their
// options.
std::string ReferenceMarkdown();

}  // namespace allot
