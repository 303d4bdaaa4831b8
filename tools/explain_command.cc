// allot explain OUT [NODE]: why a plan is as it is.
#include <cstdio>
#include <string>

#include "lowering/plan_file.h"
#include "support/status.h"
#include "tools/command_line.h"
#include "tools/explain_report.h"
#include "tools/plan_commands.h"

namespace allot {

absl::Status ExplainCommand(int argc, const char* const* argv, int& /*exit_status*/) {
  bool json = false;
  CommandLine line("allot explain", "OUT|plan.json [NODE]",
                   "says what forced every tensor to cross between parts; of a node, why it is on\n"
                   "its device, which device would be next and what that would cost. NODE is a\n"
                   "name, a piece of one, or a regular expression for a whole one");
  line.Flag("json", &json, "print the answer as JSON");
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (const std::optional<std::string> answer = line.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  const std::vector<std::string>& arguments = line.positional();
  if (arguments.empty() || arguments.size() > 2) {
    return InputError(arguments.empty() ? "no plan given" : "too many arguments",
                      "; usage: allot explain OUT|plan.json [NODE]");
  }
  ALLOT_ASSIGN_OR_RETURN(const PlanFile plan, ReadPlanFile(arguments[0]));
  const PlanFile::Node* node = nullptr;
  if (arguments.size() == 2) {
    ALLOT_ASSIGN_OR_RETURN(node, FindNode(plan, arguments[1]), arguments[0], ": ");
  }
  if (json) {
    const Json answer = node == nullptr ? ExplainPlanJson(plan) : ExplainNodeJson(plan, *node);
    std::printf("%s\n", PrintJson(answer).c_str());
  } else {
    const std::string answer = node == nullptr ? ExplainPlan(plan) : ExplainNode(plan, *node);
    std::fputs(answer.c_str(), stdout);
  }
  return absl::OkStatus();
}

}  // namespace allot
