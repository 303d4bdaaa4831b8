#include "ir/verify.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

#include "ir/constant_view.h"

namespace allot::ir {
namespace {

// nullptr, or what no well-formed type does.
const char* FaultOf(const Type& type) {
  const bool tensor = type.kind == Type::Kind::kTensor || type.kind == Type::Kind::kSparseTensor;
  const bool one_parameter = type.kind == Type::Kind::kSequence ||
                             type.kind == Type::Kind::kOptional || type.kind == Type::Kind::kMap;
  if (!tensor && type.shape.has_value()) return "only tensors have a shape";
  if (!tensor && type.kind != Type::Kind::kMap && type.element != ElementType::kUndefined) {
    return "only tensors and maps have an element type";
  }
  if (type.kind != Type::Kind::kOpaque && !type.opaque.empty()) {
    return "only opaque types carry bytes";
  }
  if (type.parameters.size() != (one_parameter ? 1 : 0)) {
    return "sequences, optionals and maps have one parameter, other types none";
  }
  if (type.shape.has_value()) {
    for (const Dim& dim : *type.shape) {
      if (dim.size < -1) return "a dimension is negative";
      if (dim.known() && !dim.symbol.empty()) return "a known dimension has a symbol";
      if (dim.hint < -1) return "a dimension has a negative hint";
      if (dim.known() && dim.hint >= 0) return "a known dimension has a hint";
    }
  }
  return one_parameter ? FaultOf(type.parameters[0]) : nullptr;
}

std::string FaultOf(const Constant& constant) {
  for (const int64_t dim : constant.dims) {
    if (dim < 0) return absl::StrCat("has a dimension of ", dim);
  }
  if (const auto* file = std::get_if<FileBytes>(&constant.storage)) {
    if (file->offset < 0 || file->length < -1) return "lies at no place in a file";
  }
  if (const auto* view = std::get_if<FileView>(&constant.storage)) {
    if (view->whole.offset < 0 || view->whole.length < -1) return "lies at no place in a file";
    return FaultOfView(*view, constant);
  }
  const auto* inlined = std::get_if<InlineBytes>(&constant.storage);
  // Of element types newer than we are, nobody here knows the size.
  if (inlined == nullptr || BitWidth(constant.element) == 0) return "";
  const size_t size = inlined->bytes == nullptr ? 0 : inlined->bytes->size();
  if (static_cast<uint64_t>(constant.bytes()) == size) return "";
  return absl::StrCat("has ", size, " bytes, but its type needs ", constant.bytes());
}

using FunctionKey = std::tuple<absl::string_view, absl::string_view, absl::string_view>;

std::string NameOf(const Function& function) {
  return absl::StrCat("function '", function.domain, function.domain.empty() ? "" : ".",
                      function.name, function.overload.empty() ? "" : ":", function.overload, "'");
}

class Verifier {
 public:
  Verifier(const Module& module, Diagnostics& diagnostics)
      : module_(module), diagnostics_(diagnostics), calls_(module.functions.size()) {}

  void Run() {
    for (const ConstantId id : module_.constants.ids()) {
      const std::string fault = FaultOf(module_.constants[id]);
      if (!fault.empty()) {
        diagnostics_.Error(absl::StrCat("constant '", module_.constants[id].name, "'"), fault);
      }
    }
    for (size_t i = 0; i < module_.functions.size(); ++i) {
      const Function& function = module_.functions[i];
      const FunctionKey key(function.domain, function.name, function.overload);
      if (!functions_.emplace(key, i).second) {
        diagnostics_.Error(NameOf(function), "is defined twice");
      }
    }
    CheckTop(module_.graph, absl::StrCat("graph '", module_.graph.name, "'"));
    for (size_t i = 0; i < module_.functions.size(); ++i) CheckFunction(i);
    CheckRecursion();
  }

 private:
  void CheckTop(const Graph& graph, const std::string& where) {
    if (!graph.captures().empty()) {
      diagnostics_.Error(where, "captures values, but nothing is around it");
    }
    CheckGraph(graph, where);
  }

  void CheckFunction(size_t index) {
    const Function& function = module_.functions[index];
    const std::string where = NameOf(function);
    function_ = &function;
    function_index_ = index;
    formal_.clear();
    formal_.insert(function.attributes.begin(), function.attributes.end());
    for (const auto& [name, attribute] : function.attribute_defaults) {
      formal_.insert(name);
      if (attribute.If<RegionIndex>() != nullptr) {
        diagnostics_.Error(where, absl::StrCat("the default of attribute '", name,
                                               "' is a graph, which functions cannot hold"));
      }
      CheckAttribute(where, name, attribute, 0);
    }
    CheckTop(function.body, where);
    function_ = nullptr;
  }

  void CheckGraph(const Graph& graph, const std::string& where) {
    CheckValues(graph, where);
    for (const NodeId id : graph.nodes()) CheckNode(graph, id);
    for (const ValueId output : graph.outputs()) {
      if (!IsLive(graph, output)) {
        diagnostics_.Error(where, "has an output that is no value of it");
      }
    }
    CheckUseLists(graph, where);
  }

  // Whether the id is a value that something live defines.
  static bool IsLive(const Graph& graph, ValueId id) {
    if (!id.valid() || static_cast<size_t>(id.index()) >= graph.value_id_bound()) return false;
    const Value& value = graph.value(id);
    if (value.origin != Value::Origin::kResult) return true;
    return value.producer.valid() &&
           static_cast<size_t>(value.producer.index()) < graph.node_id_bound() &&
           graph.alive(value.producer);
  }

  void CheckValues(const Graph& graph, const std::string& where) {
    absl::flat_hash_set<absl::string_view> names;
    const auto check = [&](ValueId id, Value::Origin origin, const std::string& defined_by) {
      const Value& value = graph.value(id);
      if (value.origin != origin) {
        diagnostics_.Error(defined_by,
                           absl::StrCat("value '", value.name, "' does not know what it is"));
      }
      if (value.name.empty()) {
        if (origin != Value::Origin::kResult || !graph.users(id).empty() || graph.IsOutput(id)) {
          diagnostics_.Error(defined_by, "defines a value that is used but has no name");
        }
      } else if (!names.insert(value.name).second) {
        diagnostics_.Error(defined_by,
                           absl::StrCat("value '", value.name, "' is defined a second time"));
      }
      if (const char* fault = FaultOf(value.type)) {
        diagnostics_.Error(
            defined_by, absl::StrCat("the type of value '", value.name, "' is malformed: ", fault));
      }
      const bool needs_constant = origin == Value::Origin::kInitializer;
      if ((needs_constant || value.constant.valid()) &&
          !module_.constants.Contains(value.constant)) {
        diagnostics_.Error(defined_by,
                           absl::StrCat("value '", value.name, "' has no constant in the module"));
      }
    };
    for (const ValueId id : graph.inputs()) check(id, Value::Origin::kInput, where);
    for (const ValueId id : graph.captures()) check(id, Value::Origin::kCapture, where);
    for (const ValueId id : graph.initializers()) check(id, Value::Origin::kInitializer, where);
    for (const NodeId node : graph.nodes()) {
      for (const ValueId id : graph.node(node).results) {
        check(id, Value::Origin::kResult, Describe(graph.node(node)));
      }
    }
  }

  void CheckNode(const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    const std::string where = Describe(node);
    if (node.op_type.empty()) diagnostics_.Error(where, "has no operator type");
    for (size_t i = 0; i < node.results.size(); ++i) {
      const Value& result = graph.value(node.results[i]);
      if (result.producer != id || result.result_index != static_cast<int32_t>(i)) {
        diagnostics_.Error(where, absl::StrCat("result #", i, " does not name it as producer"));
      }
    }
    for (size_t i = 0; i < node.operands.size(); ++i) {
      if (node.operands[i].valid()) {
        CheckUse(graph, id, node.operands[i], where, absl::StrCat("operand #", i));
      }
    }
    for (size_t i = 0; i < node.captures.size(); ++i) {
      CheckUse(graph, id, node.captures[i], where, absl::StrCat("capture #", i));
    }
    CheckAttributes(node, where);
    CheckCall(node, where);
    CheckBodies(graph, node, where);
  }

  void CheckUse(const Graph& graph, NodeId user, ValueId used, const std::string& where,
                const std::string& what) {
    if (!IsLive(graph, used)) {
      diagnostics_.Error(where, absl::StrCat(what, " is no value of the graph"));
    } else if (graph.value(used).producer.valid() && !(graph.value(used).producer < user)) {
      diagnostics_.Error(where, absl::StrCat(what, " ('", graph.value(used).name,
                                             "') is used before it is defined"));
    }
  }

  void CheckAttributes(const Node& node, const std::string& where) {
    std::vector<int> uses(node.regions.size(), 0);
    for (const auto& [name, attribute] : node.attributes) {
      CheckAttribute(where, name, attribute, node.regions.size());
      const auto* region = attribute.If<RegionIndex>();
      if (region != nullptr && region->index >= 0 &&
          static_cast<size_t>(region->index) < uses.size()) {
        ++uses[static_cast<size_t>(region->index)];
      }
    }
    for (size_t i = 0; i < uses.size(); ++i) {
      if (uses[i] != 1) {
        diagnostics_.Error(where, absl::StrCat("body #", i, " is the value of ", uses[i],
                                               " attributes instead of one"));
      }
    }
  }

  void CheckAttribute(const std::string& where, const std::string& name, const Attribute& attribute,
                      size_t num_regions) {
    if (const auto* constant = attribute.If<ConstantId>()) {
      if (!module_.constants.Contains(*constant)) {
        diagnostics_.Error(where,
                           absl::StrCat("attribute '", name, "' has no constant in the module"));
      }
    } else if (const auto* region = attribute.If<RegionIndex>()) {
      if (region->index < 0 || static_cast<size_t>(region->index) >= num_regions) {
        diagnostics_.Error(where, absl::StrCat("attribute '", name, "' is body #", region->index,
                                               ", but there are ", num_regions));
      }
    } else if (const auto* reference = attribute.If<AttributeReference>()) {
      if (function_ == nullptr) {
        diagnostics_.Error(
            where, absl::StrCat("attribute '", name, "' refers to attribute '", reference->name,
                                "' of a function, but stands in none"));
      } else if (!formal_.contains(reference->name)) {
        diagnostics_.Error(
            where, absl::StrCat("attribute '", name, "' refers to '", reference->name, "', which ",
                                NameOf(*function_), " does not have"));
      }
    }
  }

  void CheckCall(const Node& node, const std::string& where) {
    const auto callee = functions_.find(FunctionKey(node.domain, node.op_type, node.overload));
    if (callee != functions_.end()) {
      if (function_ != nullptr) calls_[function_index_].push_back(callee->second);
    } else if (!node.overload.empty()) {
      diagnostics_.Error(where, absl::StrCat("calls overload '", node.overload,
                                             "' of a function that the model does not define"));
    }
  }

  void CheckBodies(const Graph& graph, const Node& node, const std::string& where) {
    if (node.regions.empty() && !node.captures.empty()) {
      diagnostics_.Error(where, "captures values but has no bodies");
    }
    std::vector<ValueId> sorted = node.captures;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
      diagnostics_.Error(where, "captures a value twice");
    }
    for (size_t i = 0; i < node.regions.size(); ++i) {
      const Graph& body = node.regions[i];
      if (body.captures().size() != node.captures.size()) {
        diagnostics_.Error(
            where, absl::StrCat("captures ", node.captures.size(), " values, but its body #", i,
                                " has ", body.captures().size()));
        continue;
      }
      for (size_t j = 0; j < node.captures.size(); ++j) {
        if (!IsLive(graph, node.captures[j])) continue;  // reported already
        const std::string& outer = graph.value(node.captures[j]).name;
        const std::string& inner = body.value(body.captures()[j]).name;
        if (inner != outer) {
          diagnostics_.Error(where, absl::StrCat("body #", i, " captures '", outer,
                                                 "' under another name, '", inner, "'"));
        }
      }
      CheckGraph(body, absl::StrCat("body #", i, " of ", where));
    }
  }

  void CheckUseLists(const Graph& graph, const std::string& where) {
    IdVector<ValueId, std::vector<NodeId>> users(graph.value_id_bound());
    for (const NodeId id : graph.nodes()) {
      for (const std::vector<ValueId>* used :
           {&graph.node(id).operands, &graph.node(id).captures}) {
        for (const ValueId value : *used) {
          if (!IsLive(graph, value)) continue;
          if (users[value].empty() || users[value].back() != id) users[value].push_back(id);
        }
      }
    }
    for (const ValueId value : users.ids()) {
      if (!IsLive(graph, value)) continue;  // uses of it have been reported
      const absl::Span<const NodeId> listed = graph.users(value);
      if (!std::equal(listed.begin(), listed.end(), users[value].begin(), users[value].end())) {
        diagnostics_.Error(
            where, absl::StrCat("the use list of '", graph.value(value).name, "' is out of step"));
      }
    }
  }

  // No function calls itself, directly or through others: depth first, without recursion.
  void CheckRecursion() {
    enum class State { kNew, kOpen, kDone };
    std::vector<State> state(calls_.size(), State::kNew);
    for (size_t root = 0; root < calls_.size(); ++root) {
      if (state[root] != State::kNew) continue;
      std::vector<std::pair<size_t, size_t>> stack = {{root, 0}};  // function, next call
      state[root] = State::kOpen;
      while (!stack.empty()) {
        auto& [function, next] = stack.back();
        if (next == calls_[function].size()) {
          state[function] = State::kDone;
          stack.pop_back();
          continue;
        }
        const size_t callee = calls_[function][next++];
        if (state[callee] == State::kOpen) {
          diagnostics_.Error(NameOf(module_.functions[callee]), "calls itself");
        } else if (state[callee] == State::kNew) {
          state[callee] = State::kOpen;
          stack.emplace_back(callee, 0);
        }
      }
    }
  }

  const Module& module_;
  Diagnostics& diagnostics_;
  absl::flat_hash_map<FunctionKey, size_t> functions_;
  std::vector<std::vector<size_t>> calls_;  // by function, in order of the nodes
  const Function* function_ = nullptr;      // the one being checked
  size_t function_index_ = 0;
  absl::flat_hash_set<std::string> formal_;  // its attributes
};

}  // namespace

std::string Describe(const Node& node) {
  const std::string op =
      absl::StrCat("'onnx.", node.domain, node.domain.empty() ? "" : ".", node.op_type, "' op");
  const std::string& name = node.name.empty() ? node.location.name : node.name;
  if (name.empty()) return absl::StrCat(op, " #", node.location.index);
  if (node.location.file.empty()) return absl::StrCat(op, " \"", name, "\"");
  return absl::StrCat(op, " \"", name, "\"(\"", node.location.file, "\":", node.location.index,
                      ":0)");
}

absl::Status Verify(const Module& module, Diagnostics& diagnostics) {
  Verifier(module, diagnostics).Run();
  return diagnostics.ToStatus();
}

}  // namespace allot::ir
