// The text of the pipeline that `allot` runs unless it is told another one.
#pragma once

#include <cstdint>
#include <string>

namespace allot {

// What of it users most often change; the passes' own options say more.
struct PlaceDefaultOptions {
  std::string solver = "auto";
  int64_t work = 0;  // 0: the passes' defaults
  bool strict_shapes = false;
  bool replicas = true;
  int64_t latency_limit_us = 0;  // 0: none
  int64_t max_parts = 0;         // 0: any number
  int64_t simplify = 10;         // thousandths
  int64_t min_gain = 0;          // thousandths
  bool contiguous = false;
  int64_t migration_cost = 0;  // thousandths
  std::string fixed;           // as of fix-inputs; empty: none
  std::string state = "auto";  // as of find-state
  std::string sparse;          // options of divide-rows; empty: not run
  std::string split;           // as of split-operators; empty: none
  int64_t tensor_width = 1;    // likewise
  std::string split_widths;    // likewise: in the place of tensor_width; empty: none
  bool split_state = false;    // likewise
};

std::string PlaceDefaultText(const PlaceDefaultOptions& options);

}  // namespace allot
