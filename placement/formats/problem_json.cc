#include "placement/formats/problem_json.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "placement/formats/problem_format.h"
#include "support/nearest_name.h"
#include "support/status.h"

namespace allot {
namespace {

// Recognised in this order.
std::vector<ProblemFormat> Formats() {
  return {AllotFormat(), DnnPartitioningFormat(), MoiraiFormat()};
}

absl::StatusOr<ProblemFormat> FormatOf(const Json& json, const std::string& file,
                                       const std::string& name) {
  const bool by_content = name.empty() || name == "auto";
  for (const ProblemFormat& format : Formats()) {
    if (by_content ? format.recognizes(json) : format.name == name) return format;
  }
  const std::vector<std::string> names = ProblemFormatNames();
  if (!by_content) {
    return InputError("there is no problem format '", name, "'", DidYouMean(name, names, ", "),
                      "; there are ", absl::StrJoin(names, ", "));
  }
  return InputError(file, ": is in no known format (", absl::StrJoin(names, ", "),
                    "); one of ours starts with {\"schema\": \"", kProblemSchema, "\"");
}

}  // namespace

absl::StatusOr<PlacementProblem> ReadProblem(absl::string_view text, const std::string& file,
                                             const ProblemOptions& options) {
  ALLOT_ASSIGN_OR_RETURN(const Json json, ParseJson(text), file, ": ");
  return ReadProblemDocument(json, file, options);
}

absl::StatusOr<PlacementProblem> ReadProblemDocument(const Json& json, const std::string& file,
                                                     const ProblemOptions& options) {
  if (json.If<Json::Object>() == nullptr) {
    return InputError(file, ": a problem is a JSON object, not ", json.KindName());
  }
  ALLOT_ASSIGN_OR_RETURN(const ProblemFormat format, FormatOf(json, file, options.format));
  Diagnostics diagnostics;
  PlacementProblem problem = format.read(json, file, options, diagnostics);
  ALLOT_RETURN_IF_ERROR(diagnostics.ToStatusOfAll());
  ALLOT_RETURN_IF_ERROR(Check(problem), file, ": ");
  return problem;
}

std::vector<std::string> ProblemFormatNames() {
  std::vector<std::string> names;
  for (const ProblemFormat& format : Formats()) names.emplace_back(format.name);
  return names;
}

Bytes UnlimitedMemory(const PlacementProblem& problem) {
  Bytes all = Bytes{1} << 50;
  for (const PlacementProblem::Item& item : problem.items) {
    all = SaturatingAdd(all, SaturatingAdd(item.memory, item.workspace));
  }
  for (const PlacementProblem::Flow& flow : problem.flows) all = SaturatingAdd(all, flow.bytes);
  for (const PlacementProblem::SharedMemory& shared : problem.shared) {
    all = SaturatingAdd(all, shared.bytes);
  }
  return all;
}

absl::string_view ObjectiveName(PlacementObjective objective) {
  return objective == PlacementObjective::kLatency ? "latency" : "throughput";
}

absl::string_view CommunicationName(Communication communication) {
  switch (communication) {
    case Communication::kDelay:
      return "delay";
    case Communication::kLink:
      return "link";
    case Communication::kBlocking:
      return "blocking";
  }
  return "unknown";
}

std::optional<PlacementObjective> ParseObjective(absl::string_view name) {
  for (const PlacementObjective each :
       {PlacementObjective::kLatency, PlacementObjective::kThroughput}) {
    if (ObjectiveName(each) == name) return each;
  }
  return std::nullopt;
}

std::optional<Communication> ParseCommunication(absl::string_view name) {
  for (const Communication each :
       {Communication::kDelay, Communication::kLink, Communication::kBlocking}) {
    if (CommunicationName(each) == name) return each;
  }
  return std::nullopt;
}

}  // namespace allot
