#include "onnx_import/import_functions.h"

#include <map>
#include <tuple>
#include <utility>

#include "onnx_import/onnx_types.h"
#include "onnx_import/opset_imports.h"
#include "support/status.h"

namespace allot {
namespace {

using onnx::FunctionProto;

using FunctionKey = std::tuple<std::string, std::string, std::string>;

std::string DescribeFunction(const ir::Function& function) {
  std::string name =
      function.domain.empty() ? function.name : absl::StrCat(function.domain, ".", function.name);
  if (!function.overload.empty()) absl::StrAppend(&name, ":", function.overload);
  return absl::StrCat("function '", name, "'");
}

// The body as a graph in the arena of `proto`: its inputs and outputs are bare names.
absl::StatusOr<onnx::GraphProto*> BodyOf(FunctionProto* proto) {
  auto& graph = *google::protobuf::Arena::CreateMessage<onnx::GraphProto>(proto->GetArena());
  graph.mutable_node()->Swap(proto->mutable_node());
  for (const std::string& input : proto->input()) graph.add_input()->set_name(input);
  for (const std::string& output : proto->output()) graph.add_output()->set_name(output);
  for (const std::string& bytes : BytesOfField(*proto, kFunctionValueInfo)) {
    if (!graph.add_value_info()->ParsePartialFromString(bytes)) {
      return InputError("its value_info is damaged");
    }
  }
  return &graph;
}

absl::Status ReadAttributes(const FunctionProto& proto, ImportState& state,
                            ir::Function& function) {
  std::set<std::string> names;
  for (const std::string& name : proto.attribute()) {
    if (!names.insert(name).second) return InputError("attribute '", name, "' is declared twice");
    function.attributes.push_back(name);
  }
  for (const std::string& bytes : BytesOfField(proto, kFunctionAttributeProto)) {
    onnx::AttributeProto attribute;
    if (!attribute.ParsePartialFromString(bytes)) return InputError("an attribute is damaged");
    const std::string name = attribute.name();
    if (!names.insert(name).second) return InputError("attribute '", name, "' is declared twice");
    if (!attribute.ref_attr_name().empty()) {
      return InputError("the default of attribute '", name, "' refers to another attribute");
    }
    const size_t first = state.module.constants.size();
    ALLOT_ASSIGN_OR_RETURN(ir::Attribute read,
                           AttributeFromOnnx(&attribute, &state.module.constants), "attribute '",
                           name, "': ");
    ALLOT_RETURN_IF_ERROR(FinishConstants(first, state), "attribute '", name, "': ");
    function.attribute_defaults.emplace(name, std::move(read));
  }
  return absl::OkStatus();
}

absl::Status ReadFunction(FunctionProto* proto, ImportState& state, ir::Function& function) {
  function.doc = proto->doc_string();
  const std::string place = absl::StrCat(DescribeFunction(function), ": ");
  ReadOpsets(proto->opset_import(), place, state, function.opset_imports);
  ALLOT_RETURN_IF_ERROR(ReadAttributes(*proto, state, function));
  function.unknown_fields = CarriedFields(
      *proto, {FunctionProto::kNameFieldNumber, FunctionProto::kInputFieldNumber,
               FunctionProto::kOutputFieldNumber, FunctionProto::kAttributeFieldNumber,
               FunctionProto::kNodeFieldNumber, FunctionProto::kDocStringFieldNumber,
               FunctionProto::kOpsetImportFieldNumber, FunctionProto::kDomainFieldNumber,
               kFunctionAttributeProto, kFunctionValueInfo, kFunctionOverload});

  ALLOT_ASSIGN_OR_RETURN(onnx::GraphProto* const body, BodyOf(proto));
  std::set<std::string> attributes(function.attributes.begin(), function.attributes.end());
  for (const auto& [name, attribute] : function.attribute_defaults) attributes.insert(name);
  state.function_attributes = &attributes;
  state.free_names = FreeNames();  // it knows graphs by their address
  const absl::Status status = ImportGraph(body, place, state, &function.body);
  state.function_attributes = nullptr;
  state.free_names = FreeNames();
  CompleteOpsets(state, function.opset_imports);
  return status;
}

// Operators may be unknown, but only functions have overloads.
absl::Status CheckOverloads(const std::vector<ImportState::Call>& calls,
                            const std::map<FunctionKey, size_t>& functions) {
  for (const ImportState::Call& call : calls) {
    if (call.overload.empty() ||
        functions.count(FunctionKey(call.domain, call.op_type, call.overload)) > 0) {
      continue;
    }
    return InputError(call.place, ": it calls overload '", call.overload,
                      "' of a function that the model does not define");
  }
  return absl::OkStatus();
}

// Calls among functions, as indices into the module's functions.
struct CallGraph {
  std::vector<std::vector<size_t>> callees;
};

// Depth first without recursion: a chain of calls may be long.
absl::Status CheckNoRecursion(const std::vector<ir::Function>& functions, const CallGraph& calls) {
  enum class State { kNew, kOpen, kDone };
  std::vector<State> states(functions.size(), State::kNew);
  for (size_t root = 0; root < functions.size(); ++root) {
    if (states[root] != State::kNew) continue;
    std::vector<std::pair<size_t, size_t>> stack{{root, 0}};  // function, next callee
    states[root] = State::kOpen;
    while (!stack.empty()) {
      auto& [function, next] = stack.back();
      if (next == calls.callees[function].size()) {
        states[function] = State::kDone;
        stack.pop_back();
        continue;
      }
      const size_t callee = calls.callees[function][next++];
      if (states[callee] == State::kOpen) {
        const size_t caller = function;
        return InputError(
            DescribeFunction(functions[callee]), ": it calls itself",
            caller == callee ? std::string() : " through " + DescribeFunction(functions[caller]),
            "; ONNX forbids recursion");
      }
      if (states[callee] == State::kNew) {
        states[callee] = State::kOpen;
        stack.emplace_back(callee, 0);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ImportFunctions(onnx::ModelProto* model, ImportState& state) {
  std::vector<ir::Function>& functions = state.module.functions;
  std::map<FunctionKey, size_t> index_of;
  for (FunctionProto& proto : *model->mutable_functions()) {
    ir::Function function;
    function.domain = DomainFromOnnx(proto.domain());
    function.name = proto.name();
    if (auto overload = BytesOfField(proto, kFunctionOverload); !overload.empty()) {
      function.overload = overload.back();
    }
    if (function.name.empty()) return InputError("function #", functions.size(), " has no name");
    const FunctionKey key(function.domain, function.name, function.overload);
    if (!index_of.emplace(key, functions.size()).second) {
      return InputError(DescribeFunction(function), " is defined twice");
    }
    functions.push_back(std::move(function));
  }

  ALLOT_RETURN_IF_ERROR(CheckOverloads(state.calls, index_of));
  CallGraph calls;
  std::vector<ImportState::Call> outer_calls = std::move(state.calls);
  for (size_t i = 0; i < functions.size(); ++i) {
    state.calls.clear();
    state.called.clear();
    ALLOT_RETURN_IF_ERROR(
        ReadFunction(model->mutable_functions(static_cast<int>(i)), state, functions[i]),
        DescribeFunction(functions[i]), ": ");
    ALLOT_RETURN_IF_ERROR(CheckOverloads(state.calls, index_of));
    std::vector<size_t>& callees = calls.callees.emplace_back();
    for (const ImportState::Call& call : state.calls) {
      const auto callee = index_of.find(FunctionKey(call.domain, call.op_type, call.overload));
      if (callee != index_of.end()) callees.push_back(callee->second);
    }
  }
  state.calls = std::move(outer_calls);
  return CheckNoRecursion(functions, calls);
}

}  // namespace allot
