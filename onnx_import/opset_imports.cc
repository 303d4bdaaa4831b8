#include "onnx_import/opset_imports.h"

#include "absl/strings/str_cat.h"

#include "onnx_import/onnx_types.h"

namespace allot {
namespace {

// 0 if none is imported.
int64_t VersionOf(const std::vector<ir::OpsetImport>& imports, const std::string& domain) {
  for (const auto& [known, version] : imports) {
    if (known == domain) return version;
  }
  return 0;
}

std::string Shown(const std::string& domain) {
  return absl::StrCat("domain '", domain.empty() ? "ai.onnx" : domain, "'");
}

}  // namespace

void ReadOpsets(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>& protos,
                const std::string& place, ImportState& state,
                std::vector<ir::OpsetImport>& imports) {
  for (const onnx::OperatorSetIdProto& proto : protos) {
    const std::string domain = DomainFromOnnx(proto.domain());
    bool is_new = true;
    for (auto& [known, version] : imports) {
      if (known != domain) continue;
      is_new = false;
      if (version != proto.version()) {
        state.Warn(absl::StrCat(place, Shown(domain), " is imported as version ", version, " and ",
                                proto.version(), "; the latter is used"));
      }
      version = proto.version();
    }
    if (is_new) imports.emplace_back(domain, proto.version());
  }
}

void CompleteOpsets(ImportState& state, std::vector<ir::OpsetImport>& imports) {
  const bool in_function = &imports != &state.module.opset_imports;
  for (const ImportState::Call& call : state.calls) {
    if (VersionOf(imports, call.domain) > 0) continue;
    const int64_t models = VersionOf(state.module.opset_imports, call.domain);
    if (models > 0) {
      std::erase_if(imports, [&](const auto& import) { return import.first == call.domain; });
      imports.emplace_back(call.domain, models);
    }
    if (!state.reported_domains.insert(call.domain).second) continue;
    state.Warn(absl::StrCat(call.place, ": the ", in_function ? "function" : "model",
                            " imports no version of ", Shown(call.domain),
                            models > 0
                                ? absl::StrCat("; version ", models, ", the model's, is taken, ")
                                : absl::StrCat(in_function ? ", nor does the model" : "",
                                               "; nothing is known of its operators, "),
                            "and other tools may refuse the model"));
  }
}

}  // namespace allot
