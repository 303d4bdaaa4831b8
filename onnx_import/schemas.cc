// ir::OperatorSchemas over libonnx's type rules, called for one node at a time.
#include <algorithm>
#include <cctype>
#include <exception>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "onnx/defs/schema.h"
#include "onnx/defs/shape_inference.h"

#include "onnx_import/import.h"
#include "onnx_import/onnx_types.h"
#include "onnx_import/schema_guards.h"
#include "onnx_import/schema_rules.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::OperatorSchemas;
using onnx::AttributeProto;
using onnx::OpSchema;
using onnx::TensorProto;
using onnx::TypeProto;
using Operands = std::vector<OperatorSchemas::Operand>;

// Rules look at the elements of short attributes only; of others the type is enough.
constexpr int64_t kLongestAttributeTensor = 4096;

void TensorAttribute(const ir::Constant& constant, TensorProto* out) {
  const auto* memory = std::get_if<ir::InlineBytes>(&constant.storage);
  if (memory != nullptr && constant.bytes() <= kLongestAttributeTensor &&
      ConstantToOnnx(constant, out).ok()) {
    return;
  }
  out->Clear();
  out->set_data_type(static_cast<int32_t>(constant.element));
  out->mutable_dims()->Add(constant.dims.begin(), constant.dims.end());
}

// A node as libonnx's rules see it. Operands that are there but of unknown type are empty messages:
// some rules look at the type of a required operand without asking whether there is one.
class NodeContext : public onnx::InferenceContext {
 public:
  NodeContext(const ir::Module& module, const ir::Node& node, const Operands& operands)
      : module_(module), node_(node), operands_(operands) {
    inputs_.resize(operands.size());
    data_.resize(operands.size());
    for (size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].present) TypeToOnnx(operands[i].type, &inputs_[i]);
    }
    outputs_.resize(node.results.size());
  }

  const AttributeProto* getAttribute(const std::string& name) const override {
    const auto [entry, is_new] = attributes_.try_emplace(name);
    if (is_new) entry->second = MakeAttribute(name);
    return entry->second.get();
  }
  size_t getNumInputs() const override { return inputs_.size(); }
  const TypeProto* getInputType(size_t index) const override {
    return IsPresent(index) ? &inputs_[index] : nullptr;
  }
  const TensorProto* getInputData(size_t index) const override {
    if (!IsPresent(index) || !operands_[index].integers.has_value()) return nullptr;
    if (data_[index] == nullptr) data_[index] = MakeData(operands_[index]);
    return data_[index].get();
  }
  size_t getNumOutputs() const override { return outputs_.size(); }
  TypeProto* getOutputType(size_t index) override {
    // Rules may write to optional results that the node does not have.
    return index < outputs_.size() ? &outputs_[index] : &spare_output_;
  }
  onnx::GraphInferencer* getGraphAttributeInferencer(const std::string&) override {
    return nullptr;
  }
  const onnx::SparseTensorProto* getInputSparseData(size_t) const override { return nullptr; }
  const onnx::TensorShapeProto* getSymbolicInput(size_t) const override { return nullptr; }

  std::vector<ir::Type> ResultTypes() const {
    std::vector<ir::Type> types;
    for (const TypeProto& output : outputs_) {
      ir::Type type = TypeFromOnnx(output);
      const bool says_nothing = type.is_tensor() && type.element == ir::ElementType::kUndefined &&
                                !type.shape.has_value();
      if (says_nothing || type.kind == ir::Type::Kind::kOpaque) type = ir::Type::Unknown();
      types.push_back(std::move(type));
    }
    return types;
  }

 private:
  bool IsPresent(size_t index) const { return index < inputs_.size() && operands_[index].present; }

  std::unique_ptr<AttributeProto> MakeAttribute(const std::string& name) const {
    const auto found = node_.attributes.find(name);
    if (found == node_.attributes.end() || found->second.If<ir::RegionIndex>() != nullptr) {
      return nullptr;
    }
    auto proto = std::make_unique<AttributeProto>();
    const auto* id = found->second.If<ir::ConstantId>();
    if (id != nullptr && !IsSparse(module_.constants[*id])) {
      proto->set_name(name);
      proto->set_type(AttributeProto::TENSOR);
      TensorAttribute(module_.constants[*id], proto->mutable_t());
      return proto;
    }
    if (!AttributeToOnnx(name, found->second, module_.constants, proto.get()).ok()) return nullptr;
    return proto;
  }

  static std::unique_ptr<TensorProto> MakeData(const OperatorSchemas::Operand& operand) {
    auto proto = std::make_unique<TensorProto>();
    proto->mutable_dims()->Add(operand.integer_dims.begin(), operand.integer_dims.end());
    const bool is_narrow = operand.type.element == ir::ElementType::kInt32;
    proto->set_data_type(is_narrow ? TensorProto::INT32 : TensorProto::INT64);
    for (int64_t element : *operand.integers) {
      if (is_narrow) {
        proto->add_int32_data(static_cast<int32_t>(element));
      } else {
        proto->add_int64_data(element);
      }
    }
    return proto;
  }

  const ir::Module& module_;
  const ir::Node& node_;
  const Operands& operands_;
  std::vector<TypeProto> inputs_, outputs_;
  TypeProto spare_output_;
  mutable std::map<std::string, std::unique_ptr<AttributeProto>> attributes_;
  mutable std::vector<std::unique_ptr<TensorProto>> data_;
};

// Whether some type that the schema admits is of the operand's kind. Element types are not looked
// at: later versions admit more.
bool AdmitsKind(const OpSchema::FormalParameter& formal, const ir::Type& type) {
  const char* prefix = nullptr;
  switch (type.kind) {
    case ir::Type::Kind::kUnknown:
      return true;
    case ir::Type::Kind::kTensor:
      prefix = "tensor(";
      break;
    case ir::Type::Kind::kSparseTensor:
      prefix = "sparse_tensor(";
      break;
    case ir::Type::Kind::kSequence:
      prefix = "seq(";
      break;
    case ir::Type::Kind::kOptional:
      prefix = "optional(";
      break;
    case ir::Type::Kind::kMap:
      prefix = "map(";
      break;
    case ir::Type::Kind::kOpaque:
      return false;
  }
  const auto& types = formal.GetTypes();
  return std::any_of(types.begin(), types.end(),
                     [prefix](const std::string* name) { return name->rfind(prefix, 0) == 0; });
}

// Whether the node has the operands, results and attributes that the schema demands. Rules rely on
// it: they read the first element of a required list without looking whether it has one.
bool FitsSchema(const OpSchema& schema, const ir::Module& module, const ir::Node& node,
                const Operands& operands) {
  const auto num_operands = static_cast<int>(operands.size());
  const auto num_results = static_cast<int>(node.results.size());
  if (num_operands < schema.min_input() || num_operands > schema.max_input() ||
      num_results < schema.min_output() || num_results > schema.max_output()) {
    return false;
  }
  for (size_t i = 0; i < operands.size() && !schema.inputs().empty(); ++i) {
    // The last parameter stands for all further ones if it is variadic.
    const auto& formal = schema.inputs()[std::min(i, schema.inputs().size() - 1)];
    if (!operands[i].present && formal.GetOption() == OpSchema::Single) return false;
    if (operands[i].present && !AdmitsKind(formal, operands[i].type)) return false;
  }
  for (const auto& [name, stated] : schema.attributes()) {
    const auto found = node.attributes.find(name);
    if (found == node.attributes.end()) {
      if (stated.required) return false;
    } else if (AttributeTypeOf(found->second, module.constants) != stated.type) {
      return false;
    }
  }
  return true;
}

// "[ShapeInferenceError] Incompatible dimensions\n\n==> Context: ..." -> "incompatible dimensions"
std::string Plain(std::string_view message) {
  if (const size_t tag = message.find("] ");
      !message.empty() && message[0] == '[' && tag != std::string_view::npos) {
    message.remove_prefix(tag + 2);
  }
  message = message.substr(0, message.find('\n'));
  while (!message.empty() && (message.back() == '.' || message.back() == ' ')) {
    message.remove_suffix(1);
  }
  std::string text(message);
  const bool is_word = text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0;
  if (is_word) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

class OnnxSchemas : public OperatorSchemas {
 public:
  absl::StatusOr<std::optional<std::vector<ir::Type>>> InferTypes(
      const ir::Module& module, const ir::Node& node, int64_t opset_version,
      const Operands& operands) const override {
    if (!node.regions.empty()) return std::nullopt;
    const OpSchema* schema = TrustedSchema(node, opset_version, operands);
    if (schema == nullptr) return std::nullopt;

    const std::vector<ir::Type> unknown(node.results.size());
    for (const auto& [name, attribute] : node.attributes) {
      // Inside a function: what it is differs from call to call.
      if (attribute.If<ir::AttributeReference>() != nullptr) return unknown;
    }
    if (!FitsSchema(*schema, module, node, operands) || !IsSafeToInfer(node, operands)) {
      return unknown;
    }
    if (node.Is("Constant") && !node.results.empty()) {
      if (std::optional<ir::Type> type = ConstantType(module, node)) {
        return std::vector<ir::Type>{*std::move(type)};
      }
    }
    try {
      NodeContext context(module, node, operands);
      schema->GetTypeAndShapeInferenceFunction()(context);
      return context.ResultTypes();
    } catch (const onnx::InferenceError& error) {
      if (IsContradiction(error, operands)) {
        return InputError(node.op_type, ": ", Plain(error.what()));
      }
    } catch (const std::exception&) {
      // The rule met something that it was not written for.
    }
    return unknown;
  }

 private:
  // Sparse values too: to its users such a constant is a tensor like any other.
  static std::optional<ir::Type> ConstantType(const ir::Module& module, const ir::Node& node) {
    for (const char* name : {"value", "sparse_value"}) {
      if (const auto* id = ir::FindAttribute<ir::ConstantId>(node.attributes, name)) {
        ir::Type type = module.constants[*id].type();
        type.kind = ir::Type::Kind::kTensor;
        return type;
      }
    }
    return std::nullopt;
  }

  // Rules also throw when they miss something or meet a newer element type. Only a complaint about
  // shapes, all of which are there, is the model's fault.
  static bool IsContradiction(const onnx::InferenceError& error, const Operands& operands) {
    if (std::string_view(error.what()).rfind("[ShapeInferenceError]", 0) != 0) return false;
    return std::all_of(operands.begin(), operands.end(), [](const Operand& operand) {
      return !operand.present || operand.type.is_ranked_tensor();
    });
  }
};

}  // namespace

std::unique_ptr<ir::OperatorSchemas> MakeOnnxSchemas() { return std::make_unique<OnnxSchemas>(); }

}  // namespace allot
