// Piper's programme, as the tests write it down, on one input: prints the period in seconds, or
// "nothing fits".
// usage: stages-reference FILE [--devices=N] [--memory=BYTES] [--bandwidth=BYTES/s]
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

#include "placement/kinds/stages/formats/draft.h"
#include "placement/kinds/stages/formats/piper_json.h"
#include "support/json.h"
#include "support/status.h"
#include "tests/models/stages_oracle.h"
#include "tools/text_file.h"

namespace allot {
namespace {

absl::Status Run(int argc, char** argv) {
  std::string file;
  std::map<std::string, std::string> flags;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    if (absl::ConsumePrefix(&argument, "--") && equals != argument.npos) {
      flags[std::string(argument.substr(0, equals - 2))] = std::string(argument.substr(equals - 1));
    } else {
      file = std::string(argument);
    }
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadText(file));
  ALLOT_ASSIGN_OR_RETURN(const Json document, ParseJson(text), file, ": ");
  ALLOT_ASSIGN_OR_RETURN(StagesDraft draft, ReadPiperJson(document, file));
  ALLOT_ASSIGN_OR_RETURN(const StagesProblem problem, FinishDraft(std::move(draft), flags));
  ALLOT_RETURN_IF_ERROR(CheckStages(problem));
  const std::optional<double> period = testing::StraightforwardPiper(problem);
  if (period.has_value()) {
    std::printf("%.12g\n", *period);
  } else {
    std::printf("nothing fits\n");
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace allot

int main(int argc, char** argv) {
  const absl::Status status = allot::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}
