// The model as IREE's compiler takes it: torch-mlir's ONNX operators, tensors brought to the device
// that uses them, large weights as parameters in a file beside it.
//
// Devices are promises, named here and given on the compiler's command line. What runs where
// follows from where tensors are: the compiler runs an operator on the device of what it uses, so
// a transfer stands wherever a tensor changes device, and the ends state theirs.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "ir/node_name.h"
#include "lowering/constant_bytes.h"
#include "lowering/emitter.h"
#include "lowering/emitters/iree_devices.h"
#include "lowering/emitters/safetensors.h"
#include "lowering/emitters/text_file.h"
#include "lowering/emitters/torch_literals.h"
#include "lowering/emitters/torch_types.h"
#include "lowering/host_nodes.h"
#include "support/status.h"

namespace allot {
namespace {

struct Options {
  int64_t parameters_larger_than = 1024;
};

class ModuleWriter {
 public:
  ModuleWriter(const EmitInput& input, const Options& options)
      : input_(input),
        module_(input.module),
        main_(input.module.graph),
        hosts_(HostNodes(main_, input.plan)),
        options_(options),
        symbols_(IreeSymbols(input.target)),
        literals_(input.module) {}

  absl::StatusOr<std::vector<OutputFile>> Write() {
    for (const ir::Function& function : module_.functions) {
      local_functions_.insert({function.domain, function.name});
    }
    Scope scope;
    ALLOT_RETURN_IF_ERROR(WriteMain(scope));
    std::vector<OutputFile> files;
    files.push_back(TextFile("iree/model.mlir", absl::StrCat(Commands(), "module {\n", text_, "}\n",
                                                             literals_.Resources())));
    if (!parameters_.empty()) {
      files.emplace_back();
      files[1].name = "iree/model.safetensors";
      files[1].chunks = std::move(parameters_).TakeChunks();
    }
    return files;
  }

 private:
  // The values of one graph.
  struct Scope {
    std::string prefix = "v";               // of its own values
    std::map<ir::ValueId, std::string> of;  // operands as they are written, with %
    DeviceId device;                        // of a body
    size_t indent = 4;
  };

  template <typename... Parts>
  void Line(const Scope& scope, const Parts&... parts) {
    text_.append(scope.indent, ' ');
    absl::StrAppend(&text_, parts..., "\n");
  }

  absl::StatusOr<std::string> TypeOf(const ir::Value& value) const {
    if (!value.type.is_ranked_tensor() || TorchElement(value.type.element).empty()) {
      return InputError("'", value.name, "' is no tensor of a rank and element type that IREE's ",
                        "ONNX form can spell: infer shapes, or state it in the model");
    }
    return TorchType(value.type);
  }

  std::string AffinityOf(DeviceId device) const {
    return absl::StrCat("#hal.device.promise<@", symbols_[device], ">");
  }

  DeviceId DeviceOf(ir::NodeId id) const { return input_.plan.DeviceOf(hosts_[id]); }

  // Where a value of the main graph is; invalid: wherever it is used.
  DeviceId HomeOf(ir::ValueId id) const {
    const ir::Value& value = main_.value(id);
    if (value.origin == ir::Value::Origin::kResult) return DeviceOf(value.producer);
    if (value.constant.valid()) return DeviceId();
    for (ir::NodeId user : main_.users(id)) {
      if (const DeviceId device = DeviceOf(user); device.valid()) return device;
    }
    return DeviceId();
  }

  absl::Status WriteMain(Scope& scope) {
    std::vector<std::string> arguments, results, returned, result_types;
    for (ir::ValueId id : main_.inputs()) {
      if (main_.value(id).constant.valid()) continue;
      ALLOT_ASSIGN_OR_RETURN(const std::string type, TypeOf(main_.value(id)), "input: ");
      scope.of[id] = absl::StrCat("%", scope.prefix, id.index());
      const DeviceId home = HomeOf(id);
      if (home.valid()) used_.insert(home);
      arguments.push_back(absl::StrCat(
          scope.of[id], ": ", type,
          home.valid() ? absl::StrCat(" {iree.abi.affinity = ", AffinityOf(home), "}") : ""));
    }
    for (ir::ValueId id : main_.outputs()) {
      ALLOT_ASSIGN_OR_RETURN(const std::string type, TypeOf(main_.value(id)), "output: ");
      const DeviceId home = HomeOf(id);
      result_types.push_back(type);
      results.push_back(absl::StrCat(
          type, home.valid() ? absl::StrCat(" {iree.abi.affinity = ", AffinityOf(home), "}") : ""));
    }
    absl::StrAppend(&text_, "  func.func @main(", absl::StrJoin(arguments, ", "), ") -> (",
                    absl::StrJoin(results, ", "), ") attributes {", Meta(), "} {\n");
    ALLOT_RETURN_IF_ERROR(WriteConstants(main_, scope));
    const IdVector<ir::NodeId, std::vector<DeviceId>> copies = DevicesOfCopies(main_, input_.plan);
    for (ir::NodeId id : main_.nodes()) {
      const DeviceId device = DeviceOf(id);
      if (device.valid()) used_.insert(device);
      for (const DeviceId other : copies[id]) {
        if (!device.valid() || other == device) continue;
        ALLOT_RETURN_IF_ERROR(WriteNode(main_, main_.node(id), other, scope));
        for (ir::ValueId result : main_.node(id).results) {
          moved_[{result, other}] = scope.of.at(result);
        }
      }
      ALLOT_RETURN_IF_ERROR(WriteNode(main_, main_.node(id), device, scope));
    }
    for (ir::ValueId id : main_.outputs()) returned.push_back(scope.of.at(id));
    if (returned.empty()) {
      Line(scope, "return");
    } else {
      Line(scope, "return ", absl::StrJoin(returned, ", "), " : ",
           absl::StrJoin(result_types, ", "));
    }
    text_ += "  }\n";
    return absl::OkStatus();
  }

  std::string Meta() const {
    std::vector<std::string> entries = {
        absl::StrCat("torch.onnx_meta.ir_version = ", TorchInteger(module_.ir_version))};
    std::vector<std::string> others;
    for (const auto& [domain, version] : module_.opset_imports) {
      if (domain.empty() || domain == "ai.onnx") {
        entries.push_back(absl::StrCat("torch.onnx_meta.opset_version = ", TorchInteger(version)));
      } else {
        others.push_back(absl::StrCat(TorchString(domain), " = ", TorchInteger(version)));
      }
    }
    if (!others.empty()) {
      entries.push_back(
          absl::StrCat("torch.onnx_meta.opset_versions = {", absl::StrJoin(others, ", "), "}"));
    }
    entries.push_back("torch.onnx_meta.producer_name = " + TorchString(module_.producer_name));
    entries.push_back("torch.onnx_meta.producer_version = " +
                      TorchString(module_.producer_version));
    return absl::StrJoin(entries, ", ");
  }

  absl::Status WriteConstants(const ir::Graph& graph, Scope& scope) {
    for (const std::vector<ir::ValueId>* values : {&graph.inputs(), &graph.initializers()}) {
      for (ir::ValueId id : *values) {
        const ir::Value& value = graph.value(id);
        if (!value.constant.valid()) continue;
        if (graph.users(id).empty() && !graph.IsOutput(id)) continue;
        ALLOT_RETURN_IF_ERROR(WriteConstant(value.name, value.constant, id, scope));
      }
    }
    return absl::OkStatus();
  }

  absl::Status WriteConstant(const std::string& name, ir::ConstantId constant_id, ir::ValueId id,
                             Scope& scope) {
    const ir::Constant& constant = module_.constants[constant_id];
    ALLOT_RETURN_IF_ERROR(literals_.Check(name, constant));
    const std::string result = absl::StrCat("%", scope.prefix, id.index());
    scope.of[id] = result;
    const std::string torch = TorchType(constant.type());
    if (!IsParameter(constant)) {
      Line(scope, result, " = \"torch.operator\"() {name = \"onnx.Constant\", torch.onnx.value = ",
           literals_.Of(constant), "} : () -> ", torch);
      return absl::OkStatus();
    }
    // Names are unique in the main graph; those of bodies go by their graph, too.
    const std::string key = scope.prefix == "v" ? name : absl::StrCat(scope.prefix, "/", name);
    ALLOT_RETURN_IF_ERROR(parameters_.Add(module_, key, constant));
    const std::string builtin = BuiltinType(constant.type());
    Line(scope, result,
         "_p = \"flow.tensor.constant\"() {value = #flow.parameter.named<\"model\"::",
         TorchString(key), "> : ", builtin, "} : () -> ", builtin);
    Line(scope, result, " = \"torch_c.from_builtin_tensor\"(", result, "_p) : (", builtin, ") -> ",
         torch);
    return absl::OkStatus();
  }

  bool IsParameter(const ir::Constant& constant) const {
    return FileOf(constant) != nullptr || constant.bytes() > options_.parameters_larger_than;
  }

  // IREE computes shapes on the host. What goes to a device and back it no longer knows as a shape,
  // and makes a wrong one of it.
  bool IsShape(ir::ValueId id) const {
    const ir::NodeId producer = main_.value(id).producer;
    return producer.valid() && input_.plan.features.Contains(producer) &&
           input_.plan.features[producer].integer_shape_work;
  }

  // The operand as a node on `device` takes it: brought there if it is elsewhere.
  absl::StatusOr<std::string> Operand(const ir::Graph& graph, ir::ValueId id, DeviceId device,
                                      Scope& scope) {
    const std::string& here = scope.of.at(id);
    if (&graph != &main_ || !device.valid()) return here;
    const DeviceId home = HomeOf(id);
    if (!home.valid() || home == device || IsShape(id)) return here;
    const auto [known, inserted] = moved_.insert({{id, device}, ""});
    if (!inserted) return known->second;
    const ir::Type& type = graph.value(id).type;
    ALLOT_ASSIGN_OR_RETURN(const std::string torch, TypeOf(graph.value(id)));
    const std::string builtin = BuiltinType(type), name = absl::StrCat("%t", moved_.size());
    Line(scope, name, "_from = \"torch_c.to_builtin_tensor\"(", here, ") : (", torch, ") -> ",
         builtin);
    std::string sizes, size_types;
    for (size_t i = 0; i < type.shape->size(); ++i) {
      if ((*type.shape)[i].known()) continue;
      Line(scope, name, "_i", i, " = arith.constant ", i, " : index");
      Line(scope, name, "_d", i, " = tensor.dim ", name, "_from, ", name, "_i", i, " : ", builtin);
      absl::StrAppend(&sizes, ", ", name, "_d", i);
      size_types += ", index";
    }
    Line(scope, name, "_to = \"flow.tensor.transfer\"(", name, "_from", sizes,
         ") {target = ", AffinityOf(device), "} : (", builtin, size_types, ") -> ", builtin);
    Line(scope, name, " = \"torch_c.from_builtin_tensor\"(", name, "_to) : (", builtin, ") -> ",
         torch);
    known->second = name;
    return name;
  }

  absl::Status WriteNode(const ir::Graph& graph, const ir::Node& node, DeviceId device,
                         Scope& scope) {
    if (local_functions_.count({node.domain, node.op_type}) != 0) {
      return InputError("node '", ir::NameOrPlace(node), "' calls the model's function '",
                        node.op_type, "', which this output cannot hold: inline functions first");
    }
    if (const auto* value = ir::FindAttribute<ir::ConstantId>(node.attributes, "value");
        value != nullptr && node.Is("Constant")) {
      const ir::ValueId result = node.results[0];
      return WriteConstant(graph.value(result).name, *value, result, scope);
    }
    std::vector<std::string> operands, operand_types, result_types;
    for (ir::ValueId id : node.operands) {
      if (!id.valid()) {
        const std::string none = absl::StrCat("%none", num_nones_++);
        Line(scope, none, " = \"torch.constant.none\"() : () -> !torch.none");
        operands.push_back(none);
        operand_types.push_back("!torch.none");
        continue;
      }
      ALLOT_ASSIGN_OR_RETURN(const std::string type, TypeOf(graph.value(id)));
      ALLOT_ASSIGN_OR_RETURN(const std::string operand, Operand(graph, id, device, scope));
      operands.push_back(operand);
      operand_types.push_back(type);
    }
    for (ir::ValueId id : node.results) {
      const ir::Value& value = graph.value(id);
      const bool unused = value.name.empty();
      std::string type = "!torch.none";
      if (!unused) {
        ALLOT_ASSIGN_OR_RETURN(type, TypeOf(value), "node '", ir::NameOrPlace(node), "': ");
      }
      result_types.push_back(type);
    }
    std::vector<std::string> captured;
    for (ir::ValueId id : node.captures) {
      ALLOT_ASSIGN_OR_RETURN(const std::string operand, Operand(graph, id, device, scope));
      captured.push_back(operand);
    }
    std::vector<std::string> attributes = {"name = " + TorchString("onnx." + node.op_type)};
    std::vector<int32_t> bodies;  // in the order of their attributes' names
    for (const auto& [name, attribute] : node.attributes) {
      if (const auto* region = attribute.If<ir::RegionIndex>()) {
        bodies.push_back(region->index);
        continue;
      }
      ALLOT_ASSIGN_OR_RETURN(const std::string text, literals_.OfAttribute(node, name, attribute));
      attributes.push_back(absl::StrCat(TorchKey("torch.onnx." + name), " = ", text));
    }

    const std::string result = absl::StrCat("%", scope.prefix, "n", num_nodes_++);
    for (size_t i = 0; i < node.results.size(); ++i) {
      scope.of[node.results[i]] = node.results.size() == 1 ? result : absl::StrCat(result, "#", i);
    }
    text_.append(scope.indent, ' ');
    if (!node.results.empty()) {
      absl::StrAppend(&text_, result,
                      node.results.size() == 1 ? "" : absl::StrCat(":", node.results.size()),
                      " = ");
    }
    absl::StrAppend(&text_, "\"torch.operator\"(", absl::StrJoin(operands, ", "), ")");
    for (size_t i = 0; i < bodies.size(); ++i) {
      text_ += i == 0 ? " (" : ", ";
      ALLOT_RETURN_IF_ERROR(
          WriteBody(node.regions[static_cast<size_t>(bodies[i])], captured, device, scope));
    }
    if (!bodies.empty()) text_ += ")";
    absl::StrAppend(&text_, " {", absl::StrJoin(attributes, ", "), "} : (",
                    absl::StrJoin(operand_types, ", "), ") -> ");
    const bool one = result_types.size() == 1;
    absl::StrAppend(&text_, one ? "" : "(", absl::StrJoin(result_types, ", "), one ? "" : ")");
    if (!node.name.empty()) absl::StrAppend(&text_, " loc(", TorchString(node.name), ")");
    text_ += "\n";
    return absl::OkStatus();
  }

  absl::Status WriteBody(const ir::Graph& body, const std::vector<std::string>& captured,
                         DeviceId device, const Scope& outer) {
    Scope scope;
    scope.prefix = absl::StrCat("b", num_bodies_++, "_");
    scope.device = device;
    scope.indent = outer.indent + 2;
    for (size_t i = 0; i < body.captures().size(); ++i) {
      scope.of[body.captures()[i]] = captured[i];
    }
    text_ += "{\n";
    std::vector<std::string> arguments, returned, types;
    for (ir::ValueId id : body.inputs()) {
      if (body.value(id).constant.valid()) continue;
      ALLOT_ASSIGN_OR_RETURN(const std::string type, TypeOf(body.value(id)));
      scope.of[id] = absl::StrCat("%", scope.prefix, id.index());
      arguments.push_back(absl::StrCat(scope.of[id], ": ", type));
    }
    if (!arguments.empty()) {
      text_.append(outer.indent, ' ');
      absl::StrAppend(&text_, "^bb0(", absl::StrJoin(arguments, ", "), "):\n");
    }
    ALLOT_RETURN_IF_ERROR(WriteConstants(body, scope));
    for (ir::NodeId id : body.nodes()) {
      ALLOT_RETURN_IF_ERROR(WriteNode(body, body.node(id), device, scope));
    }
    for (ir::ValueId id : body.outputs()) {
      ALLOT_ASSIGN_OR_RETURN(const std::string type, TypeOf(body.value(id)));
      returned.push_back(scope.of.at(id));
      types.push_back(type);
    }
    Line(scope, "\"torch.operator_terminator\"(", absl::StrJoin(returned, ", "), ") : (",
         absl::StrJoin(types, ", "), ") -> ()");
    text_.append(outer.indent, ' ');
    text_ += "}";
    return absl::OkStatus();
  }

  // What to do with the files, with the devices in the order in which the runtime wants them.
  std::string Commands() const {
    std::string text = "// iree-compile model.mlir --iree-execution-model=async-external";
    int64_t cpus = 0;
    for (DeviceId id : used_) {
      const std::string driver = IreeDriver(input_.target.devices[id], cpus);
      if (driver[0] == 'l') ++cpus;
      absl::StrAppend(&text, " \\\n//   --iree-hal-target-device=", symbols_[id], "=", driver);
    }
    if (cpus > 0) text += " \\\n//   --iree-hal-local-target-device-backends=llvm-cpu";
    if (!used_.empty()) {
      absl::StrAppend(&text, " \\\n//   --iree-hal-default-device=", symbols_[*used_.begin()]);
    }
    text += " -o model.vmfb\n";
    if (!input_.plan.lanes.empty()) {
      absl::StrAppend(&text, "// This is lane 0 of ", input_.plan.num_lanes(), ", for ",
                      input_.plan.share, " of ", input_.plan.cycle(),
                      " inferences; manifest.json lists the others.\n");
    }
    return text;
  }

  const EmitInput& input_;
  const ir::Module& module_;
  const ir::Graph& main_;
  const IdVector<ir::NodeId, ir::NodeId> hosts_;
  const Options& options_;
  const IdVector<DeviceId, std::string> symbols_;
  std::set<std::pair<std::string, std::string>> local_functions_;  // domain, name
  std::string text_;
  TorchLiterals literals_;
  SafetensorsFile parameters_;
  std::set<DeviceId> used_;
  std::map<std::pair<ir::ValueId, DeviceId>, std::string> moved_;
  size_t num_nodes_ = 0, num_bodies_ = 0, num_nones_ = 0;
};

class Iree final : public Emitter {
 public:
  explicit Iree(Options options) : options_(options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    return ModuleWriter(input, options_).Write();
  }

 private:
  Options options_;
};

}  // namespace

Entry<Emitter> IreeEntry() {
  return MakeEntry<Emitter, Iree>(
      "iree", "iree/: the model for IREE's compiler, with a transfer wherever a device changes",
      OptionSchema<Options>().Add("parameters-larger-than", &Options::parameters_larger_than,
                                  "bytes; larger constants go to a parameter file of their own"));
}

}  // namespace allot
