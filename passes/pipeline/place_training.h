// The text of the pipeline that `allot --workload=training` runs.
#pragma once

#include <cstdint>
#include <string>

namespace allot {

// What of it users most often change; the passes' own options say more.
struct PlaceTrainingTextOptions {
  bool strict_shapes = false;
  std::string fixed;  // as of fix-inputs; empty: none
  int64_t microbatches = 8;
  std::string optimizer = "adam";
  std::string recompute = "auto";
  std::string freeze;      // a pattern; empty: nothing
  int64_t max_stages = 0;  // 0: as many as there are devices
  bool whole_layers = false;
  int64_t simplify = 10;  // thousandths
};

std::string PlaceTrainingText(const PlaceTrainingTextOptions& options);

}  // namespace allot
