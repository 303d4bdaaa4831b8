#include "onnx_import/import.h"

#include <exception>
#include <utility>

#include "onnx_import/carried_fields.h"
#include "onnx_import/import_functions.h"
#include "onnx_import/import_graph.h"
#include "onnx_import/model_file.h"
#include "onnx_import/operator_checks.h"
#include "onnx_import/opset_imports.h"
#include "onnx_import/weight_ranges.h"
#include "support/status.h"

namespace allot {
namespace {

using onnx::ModelProto;

// The newest IR version whose fields we have read about; newer ones are probably readable.
constexpr int64_t kNewestIrVersion = 14;

struct PathParts {
  std::string folder;
  std::string file;
};

PathParts SplitPath(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, std::max<size_t>(slash, 1)), path.substr(slash + 1)};
}

void ReadHead(const ModelProto& proto, ir::Module& module) {
  module.ir_version = proto.ir_version();
  module.producer_name = proto.producer_name();
  module.producer_version = proto.producer_version();
  module.domain = proto.domain();
  module.doc = proto.doc_string();
  module.model_version = proto.model_version();
  for (const auto& entry : proto.metadata_props()) {
    module.metadata.emplace_back(entry.key(), entry.value());
  }
}

absl::Status ReadModel(ModelProto& proto, ImportState& state) {
  if (!proto.has_graph() || proto.ir_version() <= 0) {
    return InputError("the file has no ", proto.has_graph() ? "IR version" : "graph",
                      ": it is damaged or no ONNX model");
  }
  if (proto.ir_version() > kNewestIrVersion) {
    state.Warn(absl::StrCat("IR version ", proto.ir_version(), " is newer than ", kNewestIrVersion,
                            ", the newest one known; what is new in it is carried along"));
  }
  ReadHead(proto, state.module);
  ReadOpsets(proto.opset_import(), "", state, state.module.opset_imports);
  ALLOT_RETURN_IF_ERROR(ImportGraph(proto.mutable_graph(), "", state, &state.module.graph));
  CompleteOpsets(state, state.module.opset_imports);
  ALLOT_RETURN_IF_ERROR(ImportFunctions(&proto, state));
  if (const std::string forbidden = ForbiddenNodes(state.module); !forbidden.empty()) {
    state.Warn(forbidden);
  }

  // What is left may be copied to be serialized; the graph need not take part.
  proto.clear_graph();
  proto.clear_functions();
  state.module.unknown_fields = CarriedFields(
      proto, {ModelProto::kIrVersionFieldNumber, ModelProto::kOpsetImportFieldNumber,
              ModelProto::kProducerNameFieldNumber, ModelProto::kProducerVersionFieldNumber,
              ModelProto::kDomainFieldNumber, ModelProto::kModelVersionFieldNumber,
              ModelProto::kDocStringFieldNumber, ModelProto::kGraphFieldNumber,
              ModelProto::kMetadataPropsFieldNumber, ModelProto::kFunctionsFieldNumber});
  return absl::OkStatus();
}

// `reference_at_least` is negative if tensors cannot stay where the bytes came from.
absl::StatusOr<ir::Module> ImportBytes(absl::string_view bytes, const PathParts& parts,
                                       const std::string& shown, int64_t reference_at_least,
                                       const ImportOptions& options, Diagnostics& diagnostics) {
  ir::Module module;
  module.source_file = parts.file;
  module.source_folder = parts.folder;
  ImportState state{
      module, diagnostics,
      shown,  ExternalDataCheck(parts.folder, parts.file, options.check_external_data),
      {},     nullptr,
      {},     {},
      {}};
  // Of a large model millions of small messages, which an arena keeps apart from what stays.
  google::protobuf::ArenaOptions blocks;
  blocks.max_block_size = size_t{1} << 20;
  google::protobuf::Arena arena(blocks);
  auto& proto = *google::protobuf::Arena::CreateMessage<ModelProto>(&arena);
  absl::Status status = ParseWithoutWeights(bytes, reference_at_least, &proto);
  if (status.ok()) status = ReadModel(proto, state);
  if (const std::string lacking = state.external_data.Lacking(); status.ok() && !lacking.empty()) {
    state.Warn(lacking);
  }
  if (!status.ok()) {
    return absl::Status(status.code(), OneLine(absl::StrCat(status.message(), LooksLike(bytes))));
  }
  return module;
}

absl::StatusOr<ir::Module> ImportFile(const std::string& path, const std::string& shown,
                                      const ImportOptions& options, Diagnostics& diagnostics) {
  ALLOT_ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Open(path));
  PathParts parts = path == "-" ? PathParts() : SplitPath(path);
  // The name of a pipe is one that a shell made up.
  if (!file.can_be_referred_to()) parts.file = "stdin";
  // A tensor that is left in the file must take no part in its meaning: 0 would leave out all.
  const int64_t reference_at_least =
      file.can_be_referred_to() ? std::max<int64_t>(options.reference_at_least, 1) : -1;
  return ImportBytes(file.bytes(), parts, shown, reference_at_least, options, diagnostics);
}

// Protobuf and the standard library throw when memory runs out.
template <typename Function>
absl::StatusOr<ir::Module> Guarded(const std::string& shown, Function import) {
  try {
    ALLOT_ASSIGN_OR_RETURN(ir::Module module, import(), shown, ": ");
    return module;
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat(shown, ": ", error.what()));
  }
}

}  // namespace

absl::StatusOr<ir::Module> ImportOnnx(const std::string& path, const ImportOptions& options,
                                      Diagnostics& diagnostics) {
  const std::string shown = path == "-" ? "standard input" : path;
  return Guarded(shown, [&] { return ImportFile(path, shown, options, diagnostics); });
}

absl::StatusOr<ir::Module> ImportOnnxBytes(absl::string_view bytes, const std::string& shown,
                                           const ImportOptions& options, Diagnostics& diagnostics) {
  return Guarded(shown, [&] {
    return ImportBytes(bytes, PathParts{"", "stdin"}, shown, -1, options, diagnostics);
  });
}

}  // namespace allot
