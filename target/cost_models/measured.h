// Measured times: tables by node and device that override another cost model where they have a row,
// and what was measured of the machine itself (measured_target.h applies that).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "target/cost_model.h"
#include "target/target.h"

namespace allot {

// Wherever a device is named, it is by a device's name, a runtime provider ("cuda") or a kind
// ("gpu"). Lines are those of the CSV file, from 1; 0: from a profile.
struct MeasuredCosts {
  // One operator. What a runtime fused has the time in one row, `fused_into` of all others.
  struct Row {
    std::string node;
    std::string device;
    Picos time = 0;
    std::optional<Bytes> bytes;  // the size of the result, if stated; not used for times
    std::string fused_into;      // the node whose row has the time; empty: this one has it
    int64_t line = 0;
    int64_t samples = 1;  // of which `time` is the median
  };
  // What one part costs on a device beyond its operators.
  struct Launch {
    std::string device;
    Picos time = 0;
    int64_t line = 0;
  };
  struct Transfer {
    std::string from, to;
    Bytes bytes = 0;
    Picos time = 0;
    int64_t line = 0;
  };
  std::string file;
  std::vector<Row> rows;            // no node and device twice
  std::vector<Launch> launches;     // no device twice
  std::vector<Transfer> transfers;  // no size between the same two twice
};

// Reads either of two forms, told apart by their first character: the JSON profile that ONNX
// Runtime writes (measured_profile.h), else CSV (measured_csv.h). The Status holds the first error,
// with its place, and their number.
absl::StatusOr<MeasuredCosts> ParseCosts(absl::string_view text, std::string file_name);

// How closely a row speaks of a device: 0 by its name, 1 by its runtime's provider, 2 by its kind,
// nullopt not at all. The least counts.
std::optional<int> DeviceMatch(absl::string_view row_device, const Device& device);

// `base`, except for nodes with a row for the device, see DeviceMatch(). A kernel of several ops
// costs the sum of the measured ones, plus what `base` says of each of the others; `base` alone
// decides on a kernel without any row.
std::unique_ptr<CostModel> MakeMeasuredCostModel(std::unique_ptr<CostModel> base,
                                                 MeasuredCosts costs);

// One line per row that no node or no device will ever ask for: "costs.csv:7: no node 'conv9'".
// Nodes that a runtime fused before it measured are typical.
std::vector<std::string> UnmatchedRows(const MeasuredCosts& costs,
                                       const std::vector<std::string>& node_names,
                                       const Target& target);

}  // namespace allot
