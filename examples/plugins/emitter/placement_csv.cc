// An output: one line per node of the model, for spreadsheets.
//
//   allot model.onnx --load-plugin=./placement_csv.so -o out --emit=placement-csv
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "allot/api/plugin.h"

namespace {

struct Options {
  bool header = true;
};

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

// A pure function from a plan to files; the program writes them, whole or not at all.
class PlacementCsv final : public allot::Emitter {
 public:
  explicit PlacementCsv(Options options) : options_(options) {}

  absl::StatusOr<std::vector<allot::OutputFile>> Emit(
      const allot::EmitInput& input) const override {
    const allot::ir::Plan& plan = input.plan;
    std::string text = options_.header ? "node,op_type,device,start_ps,end_ps\n" : "";
    for (const allot::ir::NodeId id : input.module.graph.nodes()) {
      // Constants and other nodes that travel with their users are in no cluster.
      const allot::ir::ClusterId cluster = plan.cluster_of[id];
      if (!cluster.valid()) continue;
      const allot::ir::Part& part = plan.parts[plan.part_of[cluster]];
      absl::StrAppend(&text, Quoted(plan.features[id].name), ",",
                      Quoted(input.module.graph.node(id).op_type), ",",
                      Quoted(input.target.devices[part.device].name), ",", plan.node_time[id].start,
                      ",", plan.node_time[id].end, "\n");
    }
    allot::OutputFile file;
    file.name = "placement.csv";
    file.chunks.push_back({.bytes = std::move(text), .source = ""});
    return std::vector<allot::OutputFile>{std::move(file)};
  }

 private:
  const Options options_;
};

void Register(allot::Registries& registries) {
  allot::Entry<allot::Emitter> entry = allot::MakeEntry<allot::Emitter, PlacementCsv>(
      "placement-csv", "placement.csv: every node with its device and time",
      allot::OptionSchema<Options>().Add("header", &Options::header, "begin with a line of names"));
  // Without this line it would be written by every run that names no outputs.
  entry.on_request = true;
  registries.emitters.Add(std::move(entry));
}

}  // namespace

AllotPluginInfo allotGetPluginInfo() {
  return {ALLOT_PLUGIN_API_VERSION, "placement-csv", "1.0", Register, ALLOT_PLUGIN_BUILD};
}
