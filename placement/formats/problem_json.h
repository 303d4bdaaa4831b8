// Placement problems as JSON: our own schema, which can say everything that a PlacementProblem
// can, and the formats in which others have published instances. docs/solve.md is the reference.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "placement/problem/problem.h"
#include "support/json.h"

namespace allot {

inline constexpr absl::string_view kProblemSchema = "allot.problem/1";

struct ProblemOptions {
  std::string format;  // a name of ProblemFormatNames(); empty or "auto": by content
  // What is asked of the instance; without a value what the file says, or what is usual for its
  // format.
  std::optional<PlacementObjective> objective;
  std::optional<Communication> communication;
  bool contiguous = false;  // demand it, whatever the file says
  std::optional<int32_t> calls_per_device;
  // Of other kinds: their flags (ProblemKind::flags()) as given, by name.
  std::map<std::string, std::string> flags;
};

// Reads a problem that passes Check(). All errors are found, not only the first; each says where
// ("p.problem.json: items[2].time: ..."). The Status holds the first and their number.
absl::StatusOr<PlacementProblem> ReadProblem(absl::string_view text, const std::string& file,
                                             const ProblemOptions& options = {});
// The same of a text that has been parsed.
absl::StatusOr<PlacementProblem> ReadProblemDocument(const Json& document, const std::string& file,
                                                     const ProblemOptions& options = {});

// The names of the formats that ReadProblem() knows, ours first.
std::vector<std::string> ProblemFormatNames();

// The problem in our schema: defaults left out, quantities in their shortest exact form. Ends with
// a newline. ReadProblem() of it gives an equal problem, if this one passes Check(); only routes
// from a device to itself, which nothing uses, become empty ones.
std::string WriteProblem(const PlacementProblem& problem);

// How the schema calls them: "latency", "blocking".
absl::string_view ObjectiveName(PlacementObjective objective);
absl::string_view CommunicationName(Communication communication);
std::optional<PlacementObjective> ParseObjective(absl::string_view name);
std::optional<Communication> ParseCommunication(absl::string_view name);

}  // namespace allot
