// The profiles of PipeDream (msr-fiddle/pipedream, graph.txt), as published:
//
//     node4 -- Linear(...) -- forward_compute_time=1.7, backward_compute_time=3.1,
//     activation_size=9.0, parameter_size=4.0 	node4 -- node5
//
// times in milliseconds, sizes in bytes. Nodes called Input take no part, nor those called
// __getitem__ that nothing reads.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "support/json.h"

namespace allot {

// As a document in our schema, for 4 devices and 1 GB/s; nullopt if it is another format. Errors
// name the line.
absl::StatusOr<std::optional<Json>> PipeDreamDocument(absl::string_view text,
                                                      const std::string& file);

}  // namespace allot
