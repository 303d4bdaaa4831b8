// The whole model in one ONNX file, every node marked with its device: ONNX Runtime places nodes by
// these marks in a single session.
#include "absl/strings/str_cat.h"

#include "lowering/emitter.h"
#include "lowering/emitters/external_data.h"
#include "lowering/emitters/micros.h"
#include "lowering/host_nodes.h"
#include "lowering/output_names.h"
#include "lowering/placement_hints.h"
#include "lowering/to_onnx.h"
#include "support/status.h"
#include "support/version.h"

namespace allot {
namespace {

// The first IR version with device configurations.
constexpr int64_t kConfigurationIrVersion = 11;

struct Options {};

std::vector<std::pair<std::string, std::string>> Metadata(const EmitInput& input) {
  std::vector<std::pair<std::string, std::string>> metadata = {{"allot.version", kVersion},
                                                               {"allot.target", input.target.name}};
  if (std::string settings = SessionSettings(input.target, input.plan); !settings.empty()) {
    metadata.emplace_back("allot.layer_assignment_settings", std::move(settings));
  }
  if (!input.plan.summary.has_value()) return metadata;
  const ir::Summary& summary = *input.plan.summary;
  metadata.emplace_back("allot.objective", std::string(ir::ObjectiveName(summary.objective)));
  metadata.emplace_back("allot.predicted_us", MicrosText(summary.value));
  metadata.emplace_back("allot.lower_bound_us", MicrosText(summary.lower_bound));
  // A session has one placement. What is predicted is that of all lanes.
  if (!input.plan.lanes.empty()) {
    metadata.emplace_back("allot.lane",
                          absl::StrCat("0 of ", input.plan.num_lanes(), ", for ", input.plan.share,
                                       " of ", input.plan.cycle(), " inferences"));
  }
  return metadata;
}

class Annotated final : public Emitter {
 public:
  explicit Annotated(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    const bool configure = input.emit_ir_version >= kConfigurationIrVersion;
    const IdVector<DeviceId, std::string> labels = DeviceLabels(input.target);
    constexpr size_t kNone = static_cast<size_t>(-1);
    IdVector<ir::PartId, size_t> pieces(input.plan.parts.size(), kNone);
    for (size_t p = 0; p < input.bundle.pieces.size(); ++p) {
      const ir::PartId part = input.bundle.pieces[p].part;
      if (pieces.Contains(part)) pieces[part] = p;
    }

    OnnxWriteOptions options;
    if (configure) options.ir_version = std::max(input.module.ir_version, input.emit_ir_version);
    options.metadata = Metadata(input);
    options.model_fields = [&](const std::string& fields) {
      return WithConfiguration(fields, input.target, configure);
    };
    const IdVector<ir::NodeId, ir::NodeId> hosts = HostNodes(input.module.graph, input.plan);
    options.node_fields = [&](const ir::Node& node, ir::NodeId main_node) {
      const ir::NodeId host = hosts[main_node];
      const ir::PartId part = input.plan.PartOf(host);
      // Constants have no place, and parts that compute nothing of use have no file.
      if (!pieces.Contains(part) || pieces[part] == kNone) {
        return WithPlacementHints(node.unknown_fields, "", std::nullopt);
      }
      const size_t piece = pieces[part];
      const DeviceId device = input.bundle.pieces[piece].device;
      std::optional<StageHint> hint;
      if (configure) {
        hint.emplace();
        hint->stage = static_cast<int32_t>(piece);
        hint->device = device;
        // Names of results inside bodies are in no value's reach here: the body follows its node.
        const ir::Graph& graph = input.module.graph;
        if (&node == &graph.node(main_node)) {
          for (ir::ValueId result : node.results) {
            if (!graph.value(result).name.empty()) {
              hint->outputs.push_back(graph.value(result).name);
            }
          }
        }
      }
      const std::string layer = absl::StrCat(labels[device], "/", input.bundle.pieces[piece].id,
                                             "/c", input.plan.cluster_of[host].index());
      return WithPlacementHints(node.unknown_fields, layer, hint);
    };

    ALLOT_ASSIGN_OR_RETURN(
        std::vector<OutputFile> files,
        OnnxFiles(input, input.module.graph, "model.annotated.onnx", std::move(options)));
    ALLOT_ASSIGN_OR_RETURN(std::vector<OutputFile> data,
                           CopiedExternalData(input, {&input.module.graph}));
    for (OutputFile& file : data) files.push_back(std::move(file));
    return files;
  }
};

}  // namespace

Entry<Emitter> AnnotatedEntry() {
  return MakeEntry<Emitter, Annotated>(
      "annotated", "the whole model with the placement as ONNX Runtime's layer annotations",
      OptionSchema<Options>());
}

}  // namespace allot
