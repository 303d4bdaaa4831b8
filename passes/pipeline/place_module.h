// The text of the pipeline that `allot` runs for modules of chips.
#pragma once

#include <cstdint>
#include <string>

namespace allot {

// What of it users most often change; the passes' own options say more.
struct PlaceModuleOptions {
  int64_t work = 0;  // 0: the pass's default
  bool strict_shapes = false;
  std::string proposer;  // a file of weights; empty: those that come with Allot
  int64_t finetune = 0;  // proposals at most; 0: as the work allows
  std::string fixed;     // as of fix-inputs; empty: none
};

std::string PlaceModuleText(const PlaceModuleOptions& options);
// Its passes before place-chips: what that searches is then in the plan's clusters.
std::string ModuleProblemText(const PlaceModuleOptions& options);

}  // namespace allot
