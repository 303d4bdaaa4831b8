// Measured times: a table by node and device that overrides another cost model where it has a row.
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

struct MeasuredCosts {
  struct Row {
    std::string node;
    std::string device;  // a device's name, a runtime provider ("cuda") or a kind ("gpu")
    Picos time = 0;
    std::optional<Bytes> bytes;  // the size of the result, if stated; not used for times
    int64_t line = 0;            // in the CSV file, from 1; 0: the row is from a profile
    int64_t samples = 1;         // of which `time` is the median
  };
  std::string file;
  std::vector<Row> rows;  // no node and device twice
};

// Reads either of two forms, told apart by their first character:
// - CSV (RFC 4180) with the header `node,device,time_us[,bytes]`, columns in any order.
// - The JSON profile that ONNX Runtime writes: Chrome trace events of category "Node" named
//   "<node>_kernel_time". Of several runs the (lower) median counts. A provider becomes the kind of
//   device that it runs on (CPUExecutionProvider: cpu, CUDAExecutionProvider: gpu, ...), or its own
//   short name in lower case if it is none we know.
// All errors are found; the Status holds the first, with its place, and their number.
absl::StatusOr<MeasuredCosts> ParseCosts(absl::string_view text, std::string file_name);

// `base`, except for nodes with a row for the device: by its name, else by its runtime's provider,
// else by its kind. A kernel of several ops costs the sum of the measured ones, plus what `base`
// says of each of the others; `base` alone decides on a kernel without any row.
std::unique_ptr<CostModel> MakeMeasuredCostModel(std::unique_ptr<CostModel> base,
                                                 MeasuredCosts costs);

// One line per row that no node or no device will ever ask for: "costs.csv:7: no node 'conv9'".
// Nodes that a runtime fused before it measured are typical.
std::vector<std::string> UnmatchedRows(const MeasuredCosts& costs,
                                       const std::vector<std::string>& node_names,
                                       const Target& target);

}  // namespace allot
