#include "onnx_import/operator_checks.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "onnx_import/onnx_types.h"

namespace allot {
namespace {

struct Signature {
  std::string_view domain, op_type;
  int64_t since = 0;
  std::string_view operands;  // each 1 (required), ? or * (all further ones); "!": withdrawn
  int least_operands = 0, most_operands = 0, least_results = 0, most_results = 0;  // -1: any
  std::string_view attributes;  // "name:type,name*:type": * if required
};

// In the order of domain, operator and version.
constexpr Signature kSignatures[] = {
#define ALLOT_NEWEST(domain, version)
#define ALLOT_SIGNATURE(...) {__VA_ARGS__},
#include "onnx_import/operator_signatures.def"
#undef ALLOT_NEWEST
#undef ALLOT_SIGNATURE
};

// Up to which version of a domain the table goes.
constexpr std::pair<std::string_view, int64_t> kNewest[] = {
#define ALLOT_NEWEST(domain, version) {domain, version},
#define ALLOT_SIGNATURE(...)
#include "onnx_import/operator_signatures.def"
#undef ALLOT_NEWEST
#undef ALLOT_SIGNATURE
};

int64_t NewestOf(std::string_view domain) {
  for (const auto& [known, version] : kNewest) {
    if (known == domain) return version;
  }
  return 0;
}

// nullptr where nothing is known.
const Signature* FindSignature(const ir::Node& node, int64_t version) {
  if (version < 1 || version > NewestOf(node.domain)) return nullptr;
  const std::pair<std::string_view, std::string_view> key(node.domain, node.op_type);
  static const auto* const kByName = [] {
    auto* by_name = new std::map<std::pair<std::string_view, std::string_view>,
                                 std::vector<const Signature*>>();
    for (const Signature& one : kSignatures) {
      (*by_name)[{one.domain, one.op_type}].push_back(&one);
    }
    return by_name;
  }();
  const auto found = kByName->find(key);
  if (found == kByName->end()) return nullptr;
  const Signature* holds = nullptr;
  for (const Signature* one : found->second) {
    if (one->since <= version) holds = one;
  }
  return holds == nullptr || holds->operands == "!" ? nullptr : holds;
}

std::string Range(int least, int most) {
  if (most < 0) return absl::StrCat("at least ", least);
  return least == most ? absl::StrCat(least) : absl::StrCat(least, " to ", most);
}

bool IsIn(size_t count, int least, int most) {
  const auto number = static_cast<int64_t>(count);
  return number >= least && (most < 0 || number <= most);
}

using AttributeType = onnx::AttributeProto::AttributeType;

struct TypeName {
  char letter;
  AttributeType type;
  const char* text;
};
constexpr TypeName kTypeNames[] = {
    {'f', onnx::AttributeProto::FLOAT, "a number"},
    {'i', onnx::AttributeProto::INT, "an integer"},
    {'s', onnx::AttributeProto::STRING, "a string"},
    {'t', onnx::AttributeProto::TENSOR, "a tensor"},
    {'g', onnx::AttributeProto::GRAPH, "a graph"},
    {'x', onnx::AttributeProto::SPARSE_TENSOR, "a sparse tensor"},
    {'p', onnx::AttributeProto::TYPE_PROTO, "a type"},
    {'F', onnx::AttributeProto::FLOATS, "a list of numbers"},
    {'I', onnx::AttributeProto::INTS, "a list of integers"},
    {'S', onnx::AttributeProto::STRINGS, "a list of strings"},
    {'T', onnx::AttributeProto::TENSORS, "a list of tensors"},
    {'G', onnx::AttributeProto::GRAPHS, "a list of graphs"},
    {'X', onnx::AttributeProto::SPARSE_TENSORS, "a list of sparse tensors"},
    {'P', onnx::AttributeProto::TYPE_PROTOS, "a list of types"},
};

const char* TextOf(AttributeType type) {
  for (const TypeName& name : kTypeNames) {
    if (name.type == type) return name.text;
  }
  return "of no type";
}

AttributeType TypeOf(char letter) {
  for (const TypeName& name : kTypeNames) {
    if (name.letter == letter) return name.type;
  }
  return onnx::AttributeProto::UNDEFINED;
}

// What is wrong with the attributes of the node; empty if nothing is.
std::string AttributeFault(const ir::Module& module, const ir::Node& node,
                           const Signature& signature) {
  size_t known = 0;
  for (std::string_view rest = signature.attributes; !rest.empty();) {
    const std::string_view entry = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    const size_t colon = entry.find(':');
    const bool required = entry[colon - 1] == '*';
    const std::string name(entry.substr(0, required ? colon - 1 : colon));
    const auto attribute = node.attributes.find(name);
    if (attribute == node.attributes.end()) {
      if (required) return absl::StrCat("it lacks the attribute '", name, "'");
      continue;
    }
    ++known;
    const AttributeType wanted = TypeOf(entry[colon + 1]);
    const AttributeType given = AttributeTypeOf(attribute->second, module.constants);
    if (given != wanted && given != onnx::AttributeProto::UNDEFINED) {
      return absl::StrCat("its attribute '", name, "' is ", TextOf(given), ", not ",
                          TextOf(wanted));
    }
  }
  if (known == node.attributes.size()) return "";
  const std::string names = "," + std::string(signature.attributes);
  for (const auto& [name, attribute] : node.attributes) {
    if (name.rfind("__", 0) == 0) continue;  // runtimes mark nodes with these
    if (names.find(absl::StrCat(",", name, ":")) == std::string::npos &&
        names.find(absl::StrCat(",", name, "*:")) == std::string::npos) {
      return absl::StrCat("it has an attribute '", name, "', which ", node.op_type,
                          " does not have");
    }
  }
  return "";
}

// What ONNX forbids of the node; empty if nothing.
std::string Fault(const ir::Module& module, const ir::Node& node, const Signature& signature) {
  if (!IsIn(node.operands.size(), signature.least_operands, signature.most_operands)) {
    return absl::StrCat("it has ", node.operands.size(),
                        node.operands.size() == 1 ? " input" : " inputs", ", and ", node.op_type,
                        " takes ", Range(signature.least_operands, signature.most_operands));
  }
  if (!IsIn(node.results.size(), signature.least_results, signature.most_results)) {
    return absl::StrCat("it has ", node.results.size(),
                        node.results.size() == 1 ? " output" : " outputs", ", and ", node.op_type,
                        " gives ", Range(signature.least_results, signature.most_results));
  }
  for (size_t i = 0; i < node.operands.size() && i < signature.operands.size(); ++i) {
    if (signature.operands[i] == '1' && !node.operands[i].valid()) {
      return absl::StrCat("its input ", i, " is left out, and ", node.op_type, " needs it");
    }
  }
  return AttributeFault(module, node, signature);
}

class Search {
 public:
  explicit Search(const ir::Module& module) : module_(module) {
    for (const ir::Function& function : module.functions) {
      functions_.emplace(function.domain, function.name, function.overload);
    }
  }

  void Visit(const ir::Graph& graph, const std::vector<ir::OpsetImport>& imports,
             const std::string& place) {
    for (const ir::NodeId id : graph.nodes()) {
      const ir::Node& node = graph.node(id);
      const auto here = [&] {
        const std::string op = absl::StrCat(node.op_type, ", #", id.index());
        return node.name.empty() ? absl::StrCat(place, "node (", op, ")")
                                 : absl::StrCat(place, "node '", node.name, "' (", op, ")");
      };
      if (functions_.empty() || functions_.count({node.domain, node.op_type, node.overload}) == 0) {
        if (const Signature* signature = FindSignature(node, VersionOf(imports, node.domain))) {
          if (std::string fault = Fault(module_, node, *signature); !fault.empty()) {
            if (count_++ == 0) first_ = absl::StrCat(here(), ": ", fault);
          }
        }
      }
      for (const ir::Graph& body : node.regions) Visit(body, imports, absl::StrCat(here(), ": "));
    }
  }

  std::string Text() const {
    if (count_ == 0) return "";
    std::string text = absl::StrCat(first_, ": ONNX forbids that, and runtimes refuse it");
    if (count_ > 1) {
      absl::StrAppend(&text, " (and ", count_ - 1, " more such ", count_ == 2 ? "node)" : "nodes)");
    }
    return text;
  }

 private:
  static int64_t VersionOf(const std::vector<ir::OpsetImport>& imports, const std::string& domain) {
    for (const ir::OpsetImport& import : imports) {
      if (DomainFromOnnx(import.first) == domain) return import.second;
    }
    return 0;
  }

  const ir::Module& module_;
  std::set<std::tuple<std::string, std::string, std::string>> functions_;
  std::string first_;
  int64_t count_ = 0;
};

}  // namespace

std::string ForbiddenNodes(const ir::Module& module) {
  Search search(module);
  search.Visit(module.graph, module.opset_imports, "");
  for (const ir::Function& function : module.functions) {
    search.Visit(function.body, function.opset_imports,
                 absl::StrCat("function '", function.name, "': "));
  }
  return search.Text();
}

}  // namespace allot
