#include "tools/reproducer.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "ir/print.h"
#include "ir/text/syntax.h"
#include "support/options.h"
#include "support/status.h"
#include "target/target_json.h"

namespace allot {
namespace {

constexpr char kMlirGroup[] = "mlir_reproducer";
constexpr char kOwnGroup[] = "allot_reproducer";
constexpr char kSectionsEnd[] = "  }\n#-}\n";

std::string Quoted(const std::string& text) {
  std::string quoted;
  ir::text::PrintAttr(ir::text::StringAttr(text), quoted);
  return quoted;
}

std::string Entries(const std::vector<std::pair<std::string, std::string>>& entries) {
  return absl::StrJoin(entries, ",\n", [](std::string* out, const auto& entry) {
    absl::StrAppend(out, "      ", entry.first, ": ", entry.second);
  });
}

// Dimensions and files as one text; file names may hold commas, so lines part them.
std::vector<std::string> LinesOf(const std::string& text) {
  if (text.empty()) return {};
  return absl::StrSplit(text, '\n');
}

absl::Status Read(const ir::ExternalResource& resource, Reproducer& reproducer) {
  CompileOptions& compile = reproducer.compile;
  const std::string& key = resource.key;
  const std::string& value = resource.value;
  if (resource.group == kMlirGroup) {
    if (key == "pipeline") {
      reproducer.pipeline = value;
    } else if (key == "disable_threading") {
      return ParseOption(value, reproducer.disable_threading);
    } else if (key == "verify_each") {
      return ParseOption(value, reproducer.verify_each);
    } else {
      return InputError("there is no such key");
    }
    return absl::OkStatus();
  }
  if (key == "target") {
    ALLOT_ASSIGN_OR_RETURN(compile.machine, ParseTarget(value, "target"));
    compile.pins.clear();  // they are among the rules of the machine
    compile.forbids.clear();
    compile.together.clear();
  } else if (key == "objective") {
    if (value != "latency" && value != "throughput") {
      return InputError("expected latency or throughput, not '", value, "'");
    }
    compile.objective = value == "latency" ? ir::Objective::kLatency : ir::Objective::kThroughput;
  } else if (key == "dims") {
    compile.dims = LinesOf(value);
  } else if (key == "scenarios") {
    compile.scenarios = LinesOf(value);
  } else if (key == "default_dim") {
    return ParseOption(value, compile.default_dim);
  } else if (key == "cost_model") {
    compile.cost_model = value;
  } else if (key == "costs") {
    compile.cost_files = LinesOf(value);
  } else if (key == "seed") {
    if (!absl::SimpleAtoi(value, &compile.seed)) return InputError("expected a number");
  } else {
    return InputError("there is no such key");
  }
  return absl::OkStatus();
}

}  // namespace

std::string PrintReproducer(const Reproducer& reproducer, const ir::Module& module,
                            const ir::Plan& plan) {
  const CompileOptions& compile = reproducer.compile;
  ir::PrintOptions print;
  print.locations = true;
  print.plan = &plan;
  print.target = &*compile.machine;
  std::string text = ir::Print(module, print);
  const auto truth = [](bool value) { return value ? "true" : "false"; };
  std::vector<std::pair<std::string, std::string>> own = {
      {"target", Quoted(PrintTarget(*compile.machine))},
      {"objective",
       Quoted(compile.objective == ir::Objective::kLatency ? "latency" : "throughput")},
      {"default_dim", Quoted(absl::StrCat(compile.default_dim))},
      {"cost_model", Quoted(compile.cost_model)},
      {"seed", Quoted(absl::StrCat(compile.seed))}};
  if (!compile.dims.empty()) own.emplace_back("dims", Quoted(absl::StrJoin(compile.dims, "\n")));
  if (!compile.scenarios.empty()) {
    own.emplace_back("scenarios", Quoted(absl::StrJoin(compile.scenarios, "\n")));
  }
  if (!compile.cost_files.empty()) {
    own.emplace_back("costs", Quoted(absl::StrJoin(compile.cost_files, "\n")));
  }
  // One section for all: behind the constants, if the IR has some.
  if (text.size() >= sizeof(kSectionsEnd) - 1 &&
      text.compare(text.size() - (sizeof(kSectionsEnd) - 1), text.npos, kSectionsEnd) == 0) {
    text.resize(text.size() - (sizeof(kSectionsEnd) - 1));
    text += "  },\n";
  } else {
    text += "\n{-#\n";
  }
  absl::StrAppend(&text, "  external_resources: {\n    ", kMlirGroup, ": {\n",
                  Entries({{"pipeline", Quoted(reproducer.pipeline)},
                           {"disable_threading", truth(reproducer.disable_threading)},
                           {"verify_each", truth(reproducer.verify_each)}}),
                  "\n    },\n    ", kOwnGroup, ": {\n", Entries(own), "\n    }\n", kSectionsEnd);
  return text;
}

absl::StatusOr<std::optional<Reproducer>> FindReproducer(
    const std::vector<ir::ExternalResource>& resources, const CompileOptions& defaults) {
  Reproducer reproducer;
  reproducer.compile = defaults;
  bool found = false;
  for (const ir::ExternalResource& resource : resources) {
    if (resource.group != kMlirGroup && resource.group != kOwnGroup) continue;
    ALLOT_RETURN_IF_ERROR(Read(resource, reproducer), resource.group, ".", resource.key, ": ");
    found = found || resource.group == kMlirGroup;
  }
  if (!found) return std::nullopt;
  return reproducer;
}

}  // namespace allot
