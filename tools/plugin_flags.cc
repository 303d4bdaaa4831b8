#include "tools/plugin_flags.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

#include "api/plugin_loader.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr char kLoadPlugin[] = "load-plugin";
constexpr char kLoadPassPlugin[] = "load-pass-plugin";

}  // namespace

absl::Status LoadPlugins(int argc, const char* const* argv, Registries& registries) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (argument == "--") break;
    if (!absl::ConsumePrefix(&argument, "-")) continue;
    absl::ConsumePrefix(&argument, "-");
    const size_t equal = argument.find('=');
    const absl::string_view name = argument.substr(0, equal);
    if (name != kLoadPlugin && name != kLoadPassPlugin) continue;
    std::string path;
    if (equal != argument.npos) {
      path = std::string(argument.substr(equal + 1));
    } else if (i + 1 < argc) {
      path = argv[++i];
    } else {
      break;
    }
    ALLOT_RETURN_IF_ERROR(LoadPlugin(path, registries), "--", name, "=");
  }
  return absl::OkStatus();
}

void DeclarePluginFlags(CommandLine& line, std::vector<std::string>& paths) {
  line.Section("Plug-ins");
  line.List(kLoadPlugin, "LIB.so", &paths,
            "load passes, solvers, cost models, outputs and operators\nfrom a library");
  line.List(kLoadPassPlugin, "LIB.so", &paths, "the same");
}

}  // namespace allot
