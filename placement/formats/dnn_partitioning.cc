// The instances of msr-fiddle/dnn-partitioning (Tarnawski et al., "Efficient Algorithms for Device
// Placement of DNN Graph Operators", NeurIPS 2020): nodes with a time on a CPU and on an
// accelerator, edges with the time that their source's output takes between an accelerator and
// host memory. Times are milliseconds. Keys that are not named here are ignored.
//
// Throughput: accelerators and CPU cores whose loads include what they store and load (CPUs work in
// host memory). Latency: accelerators in calls, and one pool that stands for the CPU.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/formats/item_ids.h"
#include "placement/formats/number.h"
#include "placement/formats/problem_format.h"
#include "support/json_reader.h"

namespace allot {
namespace {

class DnnPartitioningReader {
 public:
  DnnPartitioningReader(const Json& json, const std::string& file, const ProblemOptions& options,
                        Diagnostics& diagnostics)
      : reader_(json, file, "", diagnostics), options_(options) {}

  PlacementProblem Read() {
    problem_.objective = options_.objective.value_or(PlacementObjective::kThroughput);
    problem_.communication = options_.communication.value_or(Communication::kBlocking);
    if (problem_.objective == PlacementObjective::kLatency) {
      // Every call is contiguous anyway: one that is not would wait for itself.
      problem_.execution = Execution::kCalls;
      problem_.calls_per_device = options_.calls_per_device.value_or(1);
    } else {
      problem_.contiguous = options_.contiguous;
      if (options_.calls_per_device.has_value()) {
        reader_.Error("", "has no calls for throughput; leave out the number of calls");
      }
    }
    ReadDevices();
    for (JsonReader& node : reader_.Objects("nodes")) ReadNode(node);
    if (problem_.items.empty()) reader_.Error("nodes", "there must be at least one node");
    for (JsonReader& edge : reader_.Objects("edges")) ReadEdge(edge);
    AddFlows();
    for (auto& [color, group] : colors_) {
      if (group.size() > 1) problem_.together.push_back(std::move(group));
    }
    std::sort(problem_.together.begin(), problem_.together.end());
    SetMemory();
    return std::move(problem_);
  }

 private:
  void ReadDevices() {
    int64_t cpus = 0;
    RequireCount(reader_, "maxFPGAs", kMaxProblemDevices, accelerators_);
    RequireCount(reader_, "maxCPUs", kMaxProblemDevices, cpus);
    RequireSize(reader_, "maxSizePerFPGA", accelerator_memory_);
    const bool pool = problem_.execution == Execution::kCalls;
    for (int64_t i = 0; i < accelerators_; ++i) {
      problem_.devices.Add({.name = absl::StrCat("fpga", i)});
    }
    if (pool) {
      if (cpus > 0) problem_.devices.Add({.name = "cpu", .pool = true});
      return;
    }
    for (int64_t i = 0; i < cpus; ++i) problem_.devices.Add({.name = absl::StrCat("cpu", i)});
  }
  bool IsAccelerator(DeviceId device) const { return device.index() < accelerators_; }

  void ReadNode(JsonReader& node) {
    PlacementProblem::Item item;
    item.name = absl::StrCat(ids_.Read(node, ItemId(problem_.items.size())));
    bool supported = true;
    if (!node.Has("supportedOnFpga")) {
      node.Error("", "key 'supportedOnFpga' is missing; write 1 or 0");
    }
    ReadFlag(node, "supportedOnFpga", supported);
    ReadFlag(node, "isBackwardNode", item.backward);
    Picos on_cpu = 0, on_accelerator = 0;
    RequireMillis(node, "cpuLatency", on_cpu);
    if (supported) RequireMillis(node, "fpgaLatency", on_accelerator);
    for (const DeviceId device : problem_.devices.ids()) {
      const bool accelerator = IsAccelerator(device);
      item.time.Add(accelerator ? (supported ? std::optional<Picos>(on_accelerator) : std::nullopt)
                                : std::optional<Picos>(on_cpu));
    }
    double size = 0;
    if (node.Has("size") && RequireSize(node, "size", size)) {
      item.memory = static_cast<Bytes>(std::ceil(size));
      if (size != std::floor(size)) ++fractions_;
    }
    const Json* color = node.Find("colorClass");
    int64_t number = 0;
    if (color != nullptr && !color->is_null() && node.Read("colorClass", number)) {
      colors_[number].push_back(ItemId(problem_.items.size()));
    }
    problem_.items.Add(std::move(item));
  }

  void ReadEdge(JsonReader& edge) {
    const ItemId from = ids_.Find(edge, "sourceId"), to = ids_.Find(edge, "destId");
    Picos cost = 0;
    if (!RequireMillis(edge, "cost", cost) || !from.valid() || !to.valid()) return;
    if (from == to) {
      return edge.Error("destId", absl::StrCat("node ", problem_.items[to].name, " feeds itself"));
    }
    const auto [found, is_new] = outputs_.try_emplace(from);
    if (is_new) found->second.cost = cost;
    if (found->second.cost != cost) {
      return edge.Error("cost",
                        absl::StrCat("the output of node ", problem_.items[from].name, " costs ",
                                     ToMillis(cost), " ms here and ", ToMillis(found->second.cost),
                                     " ms at an earlier edge; an output has one cost"));
    }
    found->second.readers.push_back(to);
  }

  // One for each node whose output is read, in the order of the nodes.
  void AddFlows() {
    for (auto& [from, output] : outputs_) {
      std::sort(output.readers.begin(), output.readers.end());
      output.readers.erase(std::unique(output.readers.begin(), output.readers.end()),
                           output.readers.end());
      PlacementProblem::Flow flow;
      flow.from = from;
      flow.to = std::move(output.readers);
      for (const DeviceId device : problem_.devices.ids()) {
        flow.staging.Add(IsAccelerator(device) ? output.cost : 0);
      }
      problem_.flows.Add(std::move(flow));
    }
  }

  // A size with a fraction is rounded up by less than a byte. The memory has a byte more for each,
  // so that what fits exactly still fits.
  void SetMemory() {
    const Bytes limit = static_cast<Bytes>(std::floor(accelerator_memory_)) + fractions_;
    const Bytes unlimited = UnlimitedMemory(problem_);
    for (const DeviceId device : problem_.devices.ids()) {
      problem_.devices[device].memory = IsAccelerator(device) ? limit : unlimited;
    }
  }

  struct Output {
    Picos cost = 0;
    std::vector<ItemId> readers;
  };

  JsonReader reader_;
  const ProblemOptions& options_;
  PlacementProblem problem_;
  int64_t accelerators_ = 0;
  double accelerator_memory_ = 0;
  int64_t fractions_ = 0;  // nodes whose size is no whole number
  ItemIds ids_{"node", "nodes"};
  std::map<ItemId, Output> outputs_;
  std::map<int64_t, std::vector<ItemId>> colors_;
};

}  // namespace

ProblemFormat DnnPartitioningFormat() {
  return {"dnn-partitioning",
          [](const Json& json) {
            return json.Find("maxFPGAs") != nullptr || json.Find("maxSizePerFPGA") != nullptr;
          },
          [](const Json& json, const std::string& file, const ProblemOptions& options,
             Diagnostics& diagnostics) {
            return DnnPartitioningReader(json, file, options, diagnostics).Read();
          }};
}

}  // namespace allot
