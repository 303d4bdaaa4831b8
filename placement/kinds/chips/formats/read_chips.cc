#include "placement/kinds/chips/formats/read_chips.h"

#include "placement/kinds/chips/formats/chips_json.h"
#include "placement/kinds/chips/formats/published_graph.h"
#include "placement/kinds/chips/model/copies.h"
#include "support/json_schema.h"
#include "support/options.h"
#include "support/status.h"
#include "target/quantity.h"

namespace allot::chips {

bool HasChipsSchema(const Json& document) { return HasSchema(document, kSchema); }

absl::StatusOr<Problem> ReadChips(const Json& document, const std::string& file,
                                  const std::map<std::string, std::string>& flags) {
  const bool published = !HasChipsSchema(document);
  int64_t bandwidth = kUsualBandwidth;
  if (const auto given = flags.find(kBandwidthFlag); given != flags.end()) {
    if (!published) {
      return InputError(file, ": --", kBandwidthFlag,
                        " is for published graphs; this file says "
                        "itself what transfers take");
    }
    ALLOT_ASSIGN_OR_RETURN(bandwidth, ParseQuantity(given->second, Unit::kNetworkBytesPerSecond),
                           "--", kBandwidthFlag, ": ");
    if (bandwidth < 1) return InputError("--", kBandwidthFlag, ": must be at least 1 byte/s");
  }
  ALLOT_ASSIGN_OR_RETURN(Problem problem, published ? ReadPublishedGraph(document, file, bandwidth)
                                                    : ReadProblem(document, file));
  for (const auto& [flag, text] : flags) {
    if (flag == kChipsFlag) {
      int64_t number = 0;
      ALLOT_RETURN_IF_ERROR(ParseOption(text, number), "--chips: ");
      if (number < 1 || number > kMaxChips) {
        return InputError("--chips: there can be 1 to ", kMaxChips, " chips, not ", number);
      }
      problem.chips = static_cast<int32_t>(number);
    } else if (flag == kMemoryFlag) {
      ALLOT_ASSIGN_OR_RETURN(problem.memory, ParseQuantity(text, Unit::kBytes), "--memory: ");
    } else if (flag == kRingFlag) {
      ALLOT_RETURN_IF_ERROR(ParseRing(text, problem), "--ring: ");
    }
  }
  if (published) MarkCopies(UsualCopyLimits(problem), problem);
  return problem;
}

}  // namespace allot::chips
