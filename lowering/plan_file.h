// plan.json as values: what the emitter `plan` writes, read back for explaining and comparing. It
// needs neither the model nor the target.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "lowering/provenance.h"
#include "support/units.h"

namespace allot {

struct PlanFile {
  struct Device {
    std::string id;
    Bytes memory = 0;
    Picos busy = 0;
    Bytes resident = 0, peak = 0;
    friend bool operator==(const Device&, const Device&) = default;
  };
  struct Part {
    std::string id, device;
    Picos start = 0, end = 0;
    friend bool operator==(const Part&, const Part&) = default;
  };
  struct Cut {
    std::string tensor;
    std::string producer;              // nodes by name
    std::vector<std::string> readers;  // those in `to`
    std::string from;                  // parts by id; empty: it has no file
    std::vector<std::string> to;
    std::string from_device;
    std::vector<std::string> to_devices;  // of `to`, one by one
    Bytes bytes = 0;
    std::string cause, why;
  };
  struct NextBest {
    std::string device;
    Picos value = 0;
  };
  struct Node {
    std::string name, op_type, domain;
    std::string device;
    std::string part;  // empty: it has no file
    int64_t kernel = -1, cluster = -1, module = -1;
    Picos start = 0, end = 0;
    std::string reason;
    std::optional<NextBest> next_best;
  };
  // A further placement, which takes turns with the plan's own.
  struct Lane {
    int64_t share = 1;
    std::vector<Part> parts;
    std::vector<int64_t> order;        // of clusters
    std::vector<std::string> part_of;  // by cluster; empty: it has no file
    friend bool operator==(const Lane&, const Lane&) = default;
  };
  // Absent if the pipeline made no schedule.
  struct Predicted {
    Picos value = 0, lower_bound = 0;
    std::string bound, solver;
    Bytes cut_bytes = 0;
    Picos latency = 0;  // of the slowest lane; 0 without lanes
  };

  std::string tool_version;
  std::string model;   // the model's file name; empty: it came from standard input
  std::string target;  // the target's own name
  std::string pipeline;
  Provenance made_from;  // files relative to the folder of this one
  std::map<std::string, int64_t> dims;
  int64_t default_dim = 1;
  std::optional<Predicted> predicted;
  bool trains = false;  // what is predicted is an iteration of training
  std::vector<Device> devices;
  std::vector<Part> parts;     // in launch order
  std::vector<int64_t> order;  // of clusters
  int64_t share = 1;           // of a cycle, how many inferences these parts serve
  std::vector<Lane> lanes;     // the further ones
  std::vector<Cut> cuts;       // by value
  std::vector<Node> nodes;     // in the model's order
  std::vector<std::string> travelling;
};

// Errors begin with `shown` and name the member: "plan.json: nodes[3].device: expected a string".
absl::StatusOr<PlanFile> ParsePlanFile(absl::string_view text, const std::string& shown);

// The plan of an output folder, or a plan.json of any name.
absl::StatusOr<PlanFile> ReadPlanFile(const std::string& folder_or_file);

}  // namespace allot
