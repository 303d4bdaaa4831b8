#include "lowering/to_onnx.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "onnx/onnx_pb.h"

#include "ir/data_reach.h"
#include "ir/rows_metadata.h"
#include "lowering/constant_bytes.h"
#include "lowering/splice.h"
#include "lowering/value_names.h"
#include "lowering/wire_format.h"
#include "onnx_import/onnx_types.h"
#include "support/status.h"

namespace allot {
namespace {

using ir::Constant;
using ir::ConstantId;
using ir::FileBytes;
using ir::Graph;
using ir::Module;
using ir::Node;
using ir::NodeId;
using ir::Value;
using ir::ValueId;

constexpr int kMaxNesting = 90;  // protobuf's readers stop at 100 messages

std::string NodeText(const Node& node) {
  return node.name.empty() ? absl::StrCat("a ", node.op_type, " node")
                           : absl::StrCat("node '", node.name, "'");
}

using FunctionKey = std::tuple<std::string, std::string, std::string>;
FunctionKey KeyOf(const ir::Function& function) {
  return {function.domain, function.name, function.overload};
}

class OnnxWriter {
 public:
  OnnxWriter(const Module& module, const OnnxWriteOptions& options)
      : module_(module), options_(options) {}

  absl::StatusOr<std::vector<FileChunk>> Write(const Graph& graph) {
    onnx::ModelProto model;
    const int64_t ir_version = options_.ir_version > 0 ? options_.ir_version : module_.ir_version;
    model.set_ir_version(ir_version);
    list_initializers_as_inputs_ = ir_version < 4;
    if (!module_.producer_name.empty()) model.set_producer_name(module_.producer_name);
    if (!module_.producer_version.empty()) model.set_producer_version(module_.producer_version);
    if (!module_.domain.empty()) model.set_domain(module_.domain);
    if (module_.model_version != 0) model.set_model_version(module_.model_version);
    if (!module_.doc.empty()) model.set_doc_string(module_.doc);
    WriteOpsets(module_.opset_imports, *model.mutable_opset_import());
    WriteMetadata(model);
    if (!MergeCarriedFields(ModelFields(), &model)) {
      return InputError("the model carries bytes that are no fields of a model");
    }

    SplicedFields main{onnx::ModelProto::kGraphFieldNumber, {}};
    ALLOT_ASSIGN_OR_RETURN(ByteRope body, WriteGraph(graph, NamesOf(graph), NodeId(), 0));
    main.fields.AppendField(main.number, std::move(body));
    SplicedFields functions{onnx::ModelProto::kFunctionsFieldNumber, {}};
    const std::set<FunctionKey> used = UsedFunctions(graph);
    for (const ir::Function& function : module_.functions) {
      if (options_.part && used.count(KeyOf(function)) == 0) continue;
      ALLOT_ASSIGN_OR_RETURN(ByteRope rope, WriteFunction(function), "function '", function.name,
                             "': ");
      functions.fields.AppendField(functions.number, std::move(rope));
    }
    std::vector<SplicedFields> spliced;
    spliced.push_back(std::move(main));
    spliced.push_back(std::move(functions));
    ByteRope out = Splice(model, std::move(spliced));
    constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();
    if (out.size() > kLargest) {
      return absl::OutOfRangeError(absl::StrCat(
          "the ONNX file would have ", out.size(), " bytes, but protobuf messages end at 2 GiB; ",
          options_.embed_external_data ? "do not embed external data"
                                       : "keep the model's weights as external data"));
    }
    return std::move(out).TakeChunks();
  }

 private:
  std::string ModelFields() const {
    std::string fields = options_.model_fields != nullptr
                             ? options_.model_fields(module_.unknown_fields)
                             : module_.unknown_fields;
    if (!options_.part) return fields;
    return DropFields(fields, [](const WireField& field) {
      return field.number == onnx::ModelProto::kTrainingInfoFieldNumber;
    });
  }

  template <typename OpsetField>
  static void WriteOpsets(const std::vector<ir::OpsetImport>& imports, OpsetField& out) {
    for (const auto& [domain, version] : imports) {
      onnx::OperatorSetIdProto* opset = out.Add();
      if (!domain.empty()) opset->set_domain(domain);
      opset->set_version(version);
    }
  }

  void WriteMetadata(onnx::ModelProto& model) const {
    std::vector<std::pair<std::string, std::string>> metadata = module_.metadata;
    for (const auto& entry : options_.metadata) {
      const auto old = std::find_if(metadata.begin(), metadata.end(),
                                    [&](const auto& m) { return m.first == entry.first; });
      if (old != metadata.end()) {
        old->second = entry.second;
      } else {
        metadata.push_back(entry);
      }
    }
    for (const auto& [key, value] : metadata) {
      if (key == ir::kRowsMetadata) continue;  // stands in plan.json
      onnx::StringStringEntryProto* entry = model.add_metadata_props();
      entry->set_key(key);
      entry->set_value(value);
    }
  }

  // Functions that the graph calls, directly or through others.
  std::set<FunctionKey> UsedFunctions(const Graph& graph) const {
    std::set<FunctionKey> used;
    if (!options_.part || module_.functions.empty()) return used;
    std::map<FunctionKey, const Graph*> bodies;
    for (const ir::Function& function : module_.functions) {
      bodies[KeyOf(function)] = &function.body;
    }
    std::vector<const Graph*> pending = {&graph};
    while (!pending.empty()) {
      const Graph& next = *pending.back();
      pending.pop_back();
      for (NodeId id : next.nodes()) {
        const Node& node = next.node(id);
        for (const Graph& region : node.regions) pending.push_back(&region);
        const auto called = bodies.find({node.domain, node.op_type, node.overload});
        if (called != bodies.end() && used.insert(called->first).second) {
          pending.push_back(called->second);
        }
      }
    }
    return used;
  }

  // Whether the constant is data of a file that is copied, into the message or into own data.
  bool IsCopied(const Constant& constant) const {
    const FileBytes* file = FileOf(constant);
    if (file == nullptr) return false;
    return options_.embed_external_data || options_.own_data != nullptr ||
           file->home == FileBytes::Home::kModelFile || IsExternalView(constant);
  }

  // Appends the elements to the file of own data and names their place there.
  absl::Status MoveToOwnData(const Constant& constant, onnx::TensorProto& tensor) const {
    constexpr int64_t kAlignment = 64;  // of a cache line, for readers that map the file
    ByteRope& bytes = options_.own_data->bytes;
    bytes.Append(std::string(static_cast<size_t>((-bytes.size()) & (kAlignment - 1)), '\0'));
    FileBytes file;
    file.location = options_.own_data->location;
    file.offset = bytes.size();
    ALLOT_RETURN_IF_ERROR(AppendElements(module_, constant, bytes));
    file.length = bytes.size() - file.offset;
    Constant moved = constant;
    moved.storage = std::move(file);
    return ConstantToOnnx(moved, &tensor);
  }

  absl::StatusOr<ByteRope> WriteTensor(const Constant& constant) const {
    onnx::TensorProto tensor;
    SplicedFields raw{onnx::TensorProto::kRawDataFieldNumber, {}};
    if (!IsCopied(constant)) {
      ALLOT_RETURN_IF_ERROR(ConstantToOnnx(constant, &tensor));
    } else if (options_.own_data != nullptr && !options_.embed_external_data &&
               FileOf(constant)->home == FileBytes::Home::kExternalFile) {
      ALLOT_RETURN_IF_ERROR(MoveToOwnData(constant, tensor));
    } else {
      ByteRope contents;
      ALLOT_RETURN_IF_ERROR(AppendElements(module_, constant, contents));
      ALLOT_RETURN_IF_ERROR(ConstantToOnnx(constant, &tensor));
      tensor.clear_external_data();
      tensor.clear_data_location();
      raw.fields.AppendField(raw.number, std::move(contents));
    }
    std::vector<SplicedFields> spliced;
    spliced.push_back(std::move(raw));
    return Splice(tensor, std::move(spliced));
  }

  absl::StatusOr<ByteRope> WriteAttribute(const std::string& name, const ir::Attribute& attribute,
                                          const Node& owner, const ValueNames& names,
                                          NodeId main_node, int depth) {
    onnx::AttributeProto proto;
    ALLOT_RETURN_IF_ERROR(AttributeToOnnx(name, attribute, module_.constants, &proto));
    std::vector<SplicedFields> spliced(1);
    SplicedFields& content = spliced[0];
    if (const auto* id = attribute.If<ConstantId>(); id != nullptr && proto.has_t()) {
      proto.clear_t();
      content.number = onnx::AttributeProto::kTFieldNumber;
      ALLOT_ASSIGN_OR_RETURN(ByteRope tensor, WriteTensor(module_.constants[*id]));
      content.fields.AppendField(content.number, std::move(tensor));
    } else if (const auto* region = attribute.If<ir::RegionIndex>()) {
      if (region->index < 0 || static_cast<size_t>(region->index) >= owner.regions.size()) {
        return absl::InternalError(absl::StrCat("attribute '", name, "' names a missing body"));
      }
      const Graph& body = owner.regions[static_cast<size_t>(region->index)];
      content.number = onnx::AttributeProto::kGFieldNumber;
      ALLOT_ASSIGN_OR_RETURN(const ValueNames inner, NamesInBody(body, owner, names));
      ALLOT_ASSIGN_OR_RETURN(ByteRope graph, WriteGraph(body, inner, main_node, depth + 1));
      content.fields.AppendField(content.number, std::move(graph));
    }
    return Splice(proto, std::move(spliced));
  }

  // By name, and bodies last in the order of their regions, which readers number in this order.
  static std::vector<const ir::AttributeMap::value_type*> InFileOrder(
      const ir::AttributeMap& attributes) {
    std::vector<const ir::AttributeMap::value_type*> entries;
    for (const auto& entry : attributes) entries.push_back(&entry);
    const auto region = [](const ir::AttributeMap::value_type* entry) {
      const auto* index = entry->second.If<ir::RegionIndex>();
      return index == nullptr ? -1 : index->index;
    };
    std::stable_sort(entries.begin(), entries.end(),
                     [&](const auto* a, const auto* b) { return region(a) < region(b); });
    return entries;
  }

  // `depth` counts graphs around the node; `main_node` is the one of the main graph around it.
  absl::StatusOr<ByteRope> WriteNode(const Node& node, const ValueNames& names, NodeId main_node,
                                     int depth) {
    onnx::NodeProto proto;
    for (ValueId id : node.operands) proto.add_input(id.valid() ? names[id] : std::string());
    for (ValueId id : node.results) proto.add_output(names[id]);
    if (!node.name.empty()) proto.set_name(node.name);
    proto.set_op_type(node.op_type);
    if (!node.doc.empty()) proto.set_doc_string(node.doc);
    if (!node.domain.empty()) proto.set_domain(node.domain);
    if (!node.overload.empty()) AddBytesField(kNodeOverload, node.overload, &proto);
    const bool ask = options_.node_fields != nullptr && !in_function_;
    if (!MergeCarriedFields(ask ? options_.node_fields(node, main_node) : node.unknown_fields,
                            &proto)) {
      return InputError(NodeText(node), " carries bytes that are no fields of a node");
    }
    std::vector<SplicedFields> spliced(1);
    spliced[0].number = onnx::NodeProto::kAttributeFieldNumber;
    for (const ir::AttributeMap::value_type* entry : InFileOrder(node.attributes)) {
      const auto& [name, attribute] = *entry;
      ALLOT_ASSIGN_OR_RETURN(ByteRope rope,
                             WriteAttribute(name, attribute, node, names, main_node, depth),
                             NodeText(node), ": ");
      spliced[0].fields.AppendField(spliced[0].number, std::move(rope));
    }
    return Splice(proto, std::move(spliced));
  }

  // At depth 0 every node is a `main_node` of its own.
  absl::StatusOr<ByteRope> WriteGraph(const Graph& graph, const ValueNames& names, NodeId main_node,
                                      int depth) {
    if (depth > kMaxNesting) {
      return InputError("bodies are nested deeper than ", kMaxNesting, " levels");
    }
    onnx::GraphProto proto;
    if (!graph.name.empty()) proto.set_name(graph.name);
    if (!graph.doc.empty()) proto.set_doc_string(graph.doc);

    SplicedFields nodes{onnx::GraphProto::kNodeFieldNumber, {}};
    for (NodeId id : graph.nodes()) {
      const NodeId main = depth == 0 ? id : main_node;
      ALLOT_ASSIGN_OR_RETURN(ByteRope rope, WriteNode(graph.node(id), names, main, depth));
      nodes.fields.AppendField(nodes.number, std::move(rope));
    }

    SplicedFields initializers{onnx::GraphProto::kInitializerFieldNumber, {}};
    const auto write_initializer = [&](ValueId id) -> absl::Status {
      Constant constant = module_.constants[graph.value(id).constant];
      constant.name = names[id];
      if (IsSparse(constant)) {
        return SparseConstantToOnnx(constant, proto.add_sparse_initializer());
      }
      ALLOT_ASSIGN_OR_RETURN(ByteRope tensor, WriteTensor(constant));
      initializers.fields.AppendField(initializers.number, std::move(tensor));
      return absl::OkStatus();
    };
    const auto write_value = [&](ValueId id, onnx::ValueInfoProto* out) {
      ValueToOnnx(graph.value(id), out);
      out->set_name(names[id]);
    };
    // Sources may state the type of an output twice; a part, whose boundary is new, does not.
    std::vector<bool> stated(graph.value_id_bound(), false);
    for (ValueId id : graph.inputs()) {
      write_value(id, proto.add_input());
      stated[static_cast<size_t>(id.index())] = true;
      if (graph.value(id).constant.valid()) ALLOT_RETURN_IF_ERROR(write_initializer(id));
    }
    for (ValueId id : graph.initializers()) {
      ALLOT_RETURN_IF_ERROR(write_initializer(id));
      if (list_initializers_as_inputs_ && depth == 0) write_value(id, proto.add_input());
    }
    for (ValueId id : graph.outputs()) {
      write_value(id, proto.add_output());
      if (options_.part) stated[static_cast<size_t>(id.index())] = true;
    }
    for (ValueId id : DeclaredValues(graph, stated)) write_value(id, proto.add_value_info());
    for (const std::string& annotation : graph.quantization_annotations) {
      if (!proto.add_quantization_annotation()->ParsePartialFromString(annotation)) {
        return InputError("graph '", graph.name,
                          "' carries a quantization annotation that is none");
      }
    }
    if (!MergeCarriedFields(graph.unknown_fields, &proto)) {
      return InputError("graph '", graph.name, "' carries bytes that are no fields of a graph");
    }
    std::vector<SplicedFields> spliced;
    spliced.push_back(std::move(nodes));
    spliced.push_back(std::move(initializers));
    return Splice(proto, std::move(spliced));
  }

  // The values whose types the source states and that are neither `stated` already nor gone.
  static std::vector<ValueId> DeclaredValues(const Graph& graph, const std::vector<bool>& stated) {
    std::vector<ValueId> declared;
    for (size_t i = 0; i < graph.value_id_bound(); ++i) {
      const Value& value = graph.value(ValueId(i));
      if (!value.declared || stated[i] || value.name.empty()) continue;
      if (value.origin == Value::Origin::kCapture) continue;
      if (value.origin == Value::Origin::kResult && !graph.alive(value.producer)) continue;
      declared.push_back(ValueId(i));
    }
    return declared;
  }

  absl::StatusOr<ByteRope> WriteFunction(const ir::Function& function) {
    const Graph& body = function.body;
    if (!body.initializers().empty()) {
      return InputError("functions cannot hold initializers, but '",
                        body.value(body.initializers()[0]).name, "' is one");
    }
    onnx::FunctionProto proto;
    proto.set_name(function.name);
    if (!function.domain.empty()) proto.set_domain(function.domain);
    if (!function.doc.empty()) proto.set_doc_string(function.doc);
    for (const std::string& attribute : function.attributes) proto.add_attribute(attribute);
    WriteOpsets(function.opset_imports, *proto.mutable_opset_import());
    const ValueNames names = NamesOf(body);
    std::vector<bool> stated(body.value_id_bound(), false);
    for (ValueId id : body.inputs()) proto.add_input(names[id]);
    for (ValueId id : body.outputs()) proto.add_output(names[id]);

    const Node no_owner;
    SplicedFields defaults{kFunctionAttributeProto, {}};
    for (const auto& [name, attribute] : function.attribute_defaults) {
      ALLOT_ASSIGN_OR_RETURN(ByteRope rope,
                             WriteAttribute(name, attribute, no_owner, names, NodeId(), 0));
      defaults.fields.AppendField(defaults.number, std::move(rope));
    }
    SplicedFields types{kFunctionValueInfo, {}};
    for (ValueId id : DeclaredValues(body, stated)) {
      onnx::ValueInfoProto info;
      ValueToOnnx(body.value(id), &info);
      types.fields.AppendField(types.number, ByteRope(Serialize(info)));
    }
    SplicedFields nodes{onnx::FunctionProto::kNodeFieldNumber, {}};
    in_function_ = true;
    for (NodeId id : body.nodes()) {
      absl::StatusOr<ByteRope> rope = WriteNode(body.node(id), names, NodeId(), 1);
      if (!rope.ok()) return rope.status();
      nodes.fields.AppendField(nodes.number, *std::move(rope));
    }
    in_function_ = false;
    if (!function.overload.empty()) AddBytesField(kFunctionOverload, function.overload, &proto);
    if (!MergeCarriedFields(function.unknown_fields, &proto)) {
      return InputError("carries bytes that are no fields of a function");
    }
    std::vector<SplicedFields> spliced;
    spliced.push_back(std::move(nodes));
    spliced.push_back(std::move(defaults));
    spliced.push_back(std::move(types));
    return Splice(proto, std::move(spliced));
  }

  const Module& module_;
  const OnnxWriteOptions& options_;
  bool list_initializers_as_inputs_ = false;  // of the main graph, before IR version 4
  bool in_function_ = false;
};

}  // namespace

absl::StatusOr<std::string> DataPath(const Module& module, const FileBytes& file) {
  const bool escapes = absl::StartsWith(file.location, "/") || file.location.empty();
  const std::vector<std::string> steps = absl::StrSplit(file.location, '/');
  if (escapes || std::count(steps.begin(), steps.end(), "..") > 0) {
    return InputError("its data is in '", file.location,
                      "', but data must lie in the model's folder or below it");
  }
  if (file.home == FileBytes::Home::kExternalFile) {
    ALLOT_RETURN_IF_ERROR(ir::CheckReach(module.source_folder, module.source_file, file.location));
  }
  if (module.source_folder.empty()) return file.location;
  return absl::StrCat(module.source_folder, absl::EndsWith(module.source_folder, "/") ? "" : "/",
                      file.location);
}

absl::Status CheckData(const Module& module, const Constant& constant) {
  const FileBytes* file = FileOf(constant);
  if (file == nullptr || file->home != FileBytes::Home::kExternalFile) return absl::OkStatus();
  const auto* view = std::get_if<ir::FileView>(&constant.storage);
  ALLOT_ASSIGN_OR_RETURN(const std::string path, DataPath(module, *file));
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) {
    return InputError("its data is in '", file->location, "', but there is no file '", path,
                      "'; put the model's data files beside the model");
  }
  Constant whole = constant;
  if (view != nullptr) whole.dims = view->whole_dims;
  const int64_t length = file->length >= 0 ? file->length : whole.bytes();
  const int64_t end = SaturatingAdd(file->offset, length);
  if (static_cast<uint64_t>(end) > size) {
    return InputError("its data are bytes ", file->offset, " to ", end, " of '", path,
                      "', which has only ", size,
                      "; the file is incomplete or belongs to another model");
  }
  return absl::OkStatus();
}

absl::Status CheckAllData(const Module& module) {
  for (const Constant& constant : module.constants) {
    ALLOT_RETURN_IF_ERROR(CheckData(module, constant), "tensor '", constant.name, "': ");
  }
  return absl::OkStatus();
}

std::vector<std::string> SourceFiles(const Module& module) {
  std::vector<std::string> files;
  std::set<std::string> seen;
  const auto add = [&](const FileBytes& file) {
    const absl::StatusOr<std::string> path = DataPath(module, file);
    if (path.ok() && seen.insert(*path).second) files.push_back(*path);
  };
  if (!module.source_file.empty()) {
    FileBytes model;
    model.location = module.source_file;
    add(model);
  }
  for (const Constant& constant : module.constants) {
    if (const FileBytes* file = FileOf(constant)) add(*file);
  }
  return files;
}

absl::StatusOr<std::vector<FileChunk>> ToOnnx(const Module& module, const Graph& graph,
                                              const OnnxWriteOptions& options) {
  return OnnxWriter(module, options).Write(graph);
}

}  // namespace allot
