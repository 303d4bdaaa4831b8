// allot diff A B: what changed between two plans.
#include <cstdio>
#include <string>

#include "lowering/plan_file.h"
#include "support/status.h"
#include "tools/command_line.h"
#include "tools/plan_commands.h"
#include "tools/plan_diff.h"
#include "tools/plan_diff_report.h"

namespace allot {

absl::Status DiffCommand(int argc, const char* const* argv, int& exit_status) {
  bool json = false;
  CommandLine line(
      "allot diff", "BEFORE AFTER",
      "says what changed between two plans: output folders or plan.json files, also of\n"
      "different models or targets. Exit status 0: the plans are the same; 1: they\n"
      "differ, or there is an error and nothing on standard output");
  line.Flag("json", &json, "print the differences as JSON");
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (const std::optional<std::string> answer = line.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  const std::vector<std::string>& arguments = line.positional();
  if (arguments.size() != 2) {
    return InputError("expected two plans, not ", arguments.size(),
                      "; usage: allot diff BEFORE AFTER");
  }
  ALLOT_ASSIGN_OR_RETURN(const PlanFile before, ReadPlanFile(arguments[0]));
  ALLOT_ASSIGN_OR_RETURN(const PlanFile after, ReadPlanFile(arguments[1]));
  const PlanDiff diff = ComparePlans(before, after);
  if (json) {
    std::printf("%s\n", PrintJson(DiffJson(diff, before, after)).c_str());
  } else {
    std::fputs(DiffText(diff, before, after, arguments[0], arguments[1]).c_str(), stdout);
  }
  exit_status = diff.equal ? 0 : 1;
  return absl::OkStatus();
}

}  // namespace allot
