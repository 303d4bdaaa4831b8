#include "lowering/emitters/external_data.h"

#include <filesystem>
#include <set>

#include "ir/data_reach.h"
#include "lowering/constant_bytes.h"
#include "support/status.h"

namespace allot {
namespace {

class Collector {
 public:
  // `in_place`: the data is used where it lies, beside the files that name it.
  Collector(const ir::Module& module, bool in_place) : module_(module), in_place_(in_place) {}

  absl::Status AddGraph(const ir::Graph& graph) {
    for (const std::vector<ir::ValueId>* values : {&graph.inputs(), &graph.initializers()}) {
      for (ir::ValueId id : *values) {
        if (graph.value(id).constant.valid()) {
          ALLOT_RETURN_IF_ERROR(AddConstant(graph.value(id).constant, graph.value(id).name));
        }
      }
    }
    for (ir::NodeId id : graph.nodes()) {
      const ir::Node& node = graph.node(id);
      ALLOT_RETURN_IF_ERROR(AddAttributes(node.attributes));
      for (const ir::Graph& region : node.regions) ALLOT_RETURN_IF_ERROR(AddGraph(region));
    }
    return absl::OkStatus();
  }

  absl::Status AddAttributes(const ir::AttributeMap& attributes) {
    for (const auto& [name, attribute] : attributes) {
      if (const auto* constant = attribute.If<ir::ConstantId>()) {
        ALLOT_RETURN_IF_ERROR(AddConstant(*constant, name));
      }
    }
    return absl::OkStatus();
  }

  std::vector<OutputFile> Take() && { return std::move(files_); }

 private:
  absl::Status AddConstant(ir::ConstantId id, const std::string& name) {
    const ir::FileBytes* data = FileOf(module_.constants[id]);
    if (data == nullptr || data->home != ir::FileBytes::Home::kExternalFile) {
      return absl::OkStatus();
    }
    ALLOT_RETURN_IF_ERROR(CheckData(module_, module_.constants[id]), "tensor '", name, "': ");
    if (IsExternalView(module_.constants[id])) return absl::OkStatus();
    if (!seen_.insert(data->location).second) return absl::OkStatus();
    // Only a model that is a link itself may have its data where the link leads.
    if (in_place_ && !ir::CheckReach(module_.source_folder, "", data->location).ok()) {
      return InputError("tensor '", name, "': its data is in '", data->location,
                        "', a link out of the model's folder, and a runtime takes none for parts "
                        "that lie there; give another output folder, or --external-data=embed");
    }
    OutputFile file;
    ALLOT_ASSIGN_OR_RETURN(file.copied_from, DataPath(module_, *data), "tensor '", name, "': ");
    file.name = std::filesystem::path(data->location).lexically_normal().string();
    if (seen_names_.insert(file.name).second) files_.push_back(std::move(file));
    return absl::OkStatus();
  }

  const ir::Module& module_;
  const bool in_place_;
  std::set<std::string> seen_, seen_names_;
  std::vector<OutputFile> files_;
};

bool HasExternalView(const ir::Module& module, const ir::Graph& graph) {
  for (const std::vector<ir::ValueId>* values : {&graph.inputs(), &graph.initializers()}) {
    for (const ir::ValueId id : *values) {
      const ir::ConstantId constant = graph.value(id).constant;
      if (constant.valid() && IsExternalView(module.constants[constant])) return true;
    }
  }
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    for (const auto& [name, attribute] : node.attributes) {
      const auto* constant = attribute.If<ir::ConstantId>();
      if (constant != nullptr && IsExternalView(module.constants[*constant])) return true;
    }
    for (const ir::Graph& region : node.regions) {
      if (HasExternalView(module, region)) return true;
    }
  }
  return false;
}

}  // namespace

bool HasOwnData(const EmitInput& input, const ir::Graph& graph) {
  return !input.embed_external_data && HasExternalView(input.module, graph);
}

std::string OwnDataName(const std::string& onnx_file) { return onnx_file + ".data"; }

absl::StatusOr<std::vector<OutputFile>> OnnxFiles(const EmitInput& input, const ir::Graph& graph,
                                                  const std::string& name,
                                                  OnnxWriteOptions options) {
  options.embed_external_data = input.embed_external_data;
  OwnData own;
  std::vector<OutputFile> files(1);
  files[0].name = name;
  if (HasOwnData(input, graph)) {
    own.location = std::filesystem::path(OwnDataName(name)).filename().string();
    options.own_data = &own;
  }
  ALLOT_ASSIGN_OR_RETURN(files[0].chunks, ToOnnx(input.module, graph, options));
  if (options.own_data != nullptr) {
    OutputFile& data = files.emplace_back();
    data.name = OwnDataName(name);
    data.chunks = std::move(own.bytes).TakeChunks();
    data.is_external_data = true;
  }
  return files;
}

absl::StatusOr<std::vector<OutputFile>> CopiedExternalData(
    const EmitInput& input, const std::vector<const ir::Graph*>& graphs,
    const std::string& folder) {
  std::vector<OutputFile> files;
  const bool in_place =
      !input.embed_external_data && input.output_is_model_folder && folder.empty();
  Collector collector(input.module, in_place);
  for (const ir::Graph* graph : graphs) {
    if (!HasOwnData(input, *graph)) ALLOT_RETURN_IF_ERROR(collector.AddGraph(*graph));
  }
  for (const ir::Function& function : input.module.functions) {
    ALLOT_RETURN_IF_ERROR(collector.AddGraph(function.body));
    ALLOT_RETURN_IF_ERROR(collector.AddAttributes(function.attribute_defaults));
  }
  // All is there. What lies in reach is named as it is, and what is embedded is copied.
  if (input.embed_external_data || in_place) return files;
  files = std::move(collector).Take();
  for (OutputFile& file : files) file.name = folder + file.name;
  return files;
}

}  // namespace allot
