// allot design MODELS... --space=SPACE: the best accelerator of a space.
#include "tools/design_command.h"

#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "support/status.h"
#include "target/hardware/space_json.h"
#include "tools/command_line.h"

namespace allot {
namespace {

std::string ListText(const std::vector<hardware::SizedConfiguration>& all) {
  std::string text = "num_tc,num_vc,width,depth,width_vc,glb_mb,area_um2\n";
  for (const hardware::SizedConfiguration& each : all) {
    const Json::Object members = hardware::ConfigurationJson(each);
    absl::StrAppend(&text,
                    absl::StrJoin(members, ",",
                                  [](std::string* out, const Json::Member& member) {
                                    out->append(PrintJsonCompact(member.second));
                                  }),
                    "\n");
  }
  return text;
}

}  // namespace

absl::Status DesignCommand(int argc, const char* const* argv, int& /*exit_status*/) {
  std::string space_name = "phaze";
  bool list = false;
  CommandLine line("allot design", "MODELS... [--space=FILE|NAME] [--devices=N]",
                   "finds the accelerator of a space that is best for models, and how they run on\n"
                   "many of it");
  line.Section("The space");
  line.Value("space", "FILE|NAME", &space_name,
             absl::StrCat("of accelerators: JSON, or a built-in one (",
                          absl::StrJoin(hardware::BuiltinSpaceNames(), ", "), "; default: phaze)"));
  line.Flag("list", &list, "print all accelerators of the space as CSV, then stop");
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (const std::optional<std::string> answer = line.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  ALLOT_ASSIGN_OR_RETURN(const hardware::Space space, hardware::LoadSpace(space_name));
  ALLOT_ASSIGN_OR_RETURN(const std::vector<hardware::SizedConfiguration> all,
                         hardware::Enumerate(space), space_name, ": ");
  if (list) {
    std::fputs(ListText(all).c_str(), stdout);
    return absl::OkStatus();
  }
  if (line.positional().empty()) {
    return InputError("no model given; usage: allot design MODELS... --space=", space_name);
  }
  return absl::OkStatus();
}

}  // namespace allot
