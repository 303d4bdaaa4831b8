#include "lowering/emitters/module_scopes.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "lowering/wire_format.h"

namespace allot {
namespace {

constexpr char kScopes[] = "pkg.torch.onnx.name_scopes";
// Of onnx.NodeProto and onnx.StringStringEntryProto.
constexpr int kMetadata = 9, kKey = 1, kValue = 2;

// The value of an entry of the node's metadata; empty if there is none.
std::string Metadata(const ir::Node& node, absl::string_view wanted) {
  const std::optional<std::vector<WireField>> fields = SplitFields(node.unknown_fields);
  if (!fields.has_value()) return "";
  for (const WireField& field : *fields) {
    if (field.number != kMetadata) continue;
    const std::optional<std::vector<WireField>> entry = SplitFields(field.payload);
    if (!entry.has_value()) continue;
    std::string key, value;
    for (const WireField& part : *entry) {
      if (part.number == kKey) key = std::string(part.payload);
      if (part.number == kValue) value = std::string(part.payload);
    }
    if (key == wanted) return value;
  }
  return "";
}

// A list of strings as Python prints it: ['', 'layers.0', 'layers.0.norm', 'layer_norm'].
std::vector<std::string> PythonStrings(absl::string_view text) {
  std::vector<std::string> strings;
  if (!absl::ConsumePrefix(&text, "[") || !absl::ConsumeSuffix(&text, "]")) return strings;
  for (const absl::string_view item : absl::StrSplit(text, ", ")) {
    if (item.size() < 2 || item.front() != item.back()) return {};
    strings.emplace_back(item.substr(1, item.size() - 2));
  }
  return strings;
}

}  // namespace

std::vector<std::string> ModuleScopes(const ir::Node& node) {
  std::vector<std::string> modules;
  std::vector<std::string> noted = PythonStrings(Metadata(node, kScopes));
  if (!noted.empty()) {
    noted.pop_back();  // the operator
    for (std::string& module : noted) {
      if (!module.empty()) modules.push_back(std::move(module));
    }
    return modules;
  }
  std::vector<std::string> pieces = absl::StrSplit(absl::StripPrefix(node.name, "/"), '/');
  pieces.pop_back();
  std::string module;
  for (const std::string& piece : pieces) {
    module = module.empty() ? piece : absl::StrCat(module, ".", piece);
    modules.push_back(module);
  }
  return modules;
}

}  // namespace allot
