#include "tests/models/rich_module.h"

#include <bit>
#include <limits>
#include <memory>
#include <utility>

#include "ir/constant_view.h"
#include "tests/models/build_graph.h"

namespace allot::testing {
namespace {

using ir::AttributeMap;
using ir::AttributeReference;
using ir::ClusterId;
using ir::Constant;
using ir::ConstantId;
using ir::ConstantPool;
using ir::Dim;
using ir::ElementType;
using ir::FileBytes;
using ir::Function;
using ir::Graph;
using ir::InlineBytes;
using ir::KernelId;
using ir::Module;
using ir::ModuleId;
using ir::Node;
using ir::NodeId;
using ir::Objective;
using ir::OpaqueAttribute;
using ir::OpaqueTensor;
using ir::PartId;
using ir::Plan;
using ir::RegionIndex;
using ir::Shape;
using ir::Summary;
using ir::Type;
using ir::ValueId;

Constant InFile(FileBytes::Home home) {
  Constant constant = FloatConstant({2, 3});
  FileBytes file;
  file.home = home;
  file.location = "weights \"1\".bin";
  file.offset = 4096;
  file.length = home == FileBytes::Home::kModelFile ? 24 : -1;
  file.other = {{"checksum", "abc"}, {"x", ""}};
  constant.storage = file;
  constant.doc = "from a file";
  return constant;
}

Constant Opaque(bool sparse) {
  Constant constant;
  constant.name = sparse ? "sparse" : "";
  constant.element = ElementType::kString;
  constant.dims = {2};
  constant.storage =
      OpaqueTensor{std::make_shared<const std::string>("\x08\xff\0bytes", 8), sparse};
  constant.unknown_fields = "\x01\x02";
  return constant;
}

Constant Empty(ElementType element) {
  Constant constant;
  constant.name = "empty";
  constant.element = element;
  constant.dims = {0, 3};
  constant.storage = InlineBytes{};
  return constant;
}

AttributeMap AllAttributes(ConstantPool& pool) {
  using Ints = std::vector<int64_t>;
  using Floats = std::vector<float>;
  using Strings = std::vector<std::string>;
  const float inf = std::numeric_limits<float>::infinity();
  const float odd_nan = std::bit_cast<float>(0x7fc12345u);
  AttributeMap attributes = {
      {"i", Attr(std::numeric_limits<int64_t>::min())},
      {"f", Attr(0.1f)},
      {"f_inf", Attr(-inf)},
      {"f_nan", Attr(odd_nan)},
      {"f_tiny", Attr(std::numeric_limits<float>::denorm_min())},
      {"f_large", Attr(std::numeric_limits<float>::max())},
      {"f_zero", Attr(-0.0f)},
      {"s", Attr(std::string("a \"quoted\" \\ line\n\ttab \xc3\xa9 and \0 zero", 35))},
      {"s_empty", Attr(std::string())},
      {"ints", Attr(Ints{1, -1, std::numeric_limits<int64_t>::max()})},
      {"ints_empty", Attr(Ints{})},
      {"floats", Attr(Floats{1, 1e-5f, -3.5e20f, inf, odd_nan})},
      {"floats_empty", Attr(Floats{})},
      {"strings", Attr(Strings{"", "x", "\"y\""})},
      {"strings_empty", Attr(Strings{})},
      {"opaque", Attr(OpaqueAttribute{std::string("\n\0\xfe", 3)})},
      {"opaque_empty", Attr(OpaqueAttribute{})},
      // Names that need quotes, hide our own, or are nothing at all.
      {"with space", Attr(int64_t{1})},
      {"9lives", Attr(int64_t{2})},
      {"true", Attr(int64_t{3})},
      {"loc", Attr(int64_t{4})},
      {"i32", Attr(int64_t{5})},
      {"onnx_node_name", Attr(int64_t{6})},
      {"onnx.outputs", Attr(int64_t{7})},
      {"onnx.attribute.x", Attr(int64_t{8})},
      {"place.device", Attr(std::string("no plan"))},
      {"cost.flops", Attr(int64_t{9})},
      {"", Attr(int64_t{10})},
      {"a/b:c", Attr(int64_t{11})},
      {"tensor_inline", Attr(pool.Add(FloatConstant({2, 2})))},
      {"tensor_file", Attr(pool.Add(InFile(FileBytes::Home::kExternalFile)))},
      {"tensor_opaque", Attr(pool.Add(Opaque(false)))},
      {"tensor_sparse", Attr(pool.Add(Opaque(true)))},
      {"tensor_empty", Attr(pool.Add(Empty(ElementType::kInt64)))},
  };
  attributes["i"].doc = "the least \"integer\"";
  attributes["tensor_file"].unknown_fields = "\x7f";
  attributes["onnx.outputs"].doc = "hides our own";
  return attributes;
}

std::vector<Type> AllTypes() {
  std::vector<Type> types = {Type::Unknown(), Type::Tensor(ElementType::kFloat, std::nullopt),
                             Type::Tensor(ElementType::kUndefined, std::nullopt)};
  for (int32_t element = 0; element <= 28; ++element) {
    types.push_back(Type::Tensor(static_cast<ElementType>(element), Shape{Dim::Known(0)}));
    types.push_back(Type::Tensor(static_cast<ElementType>(element), Shape{}));
  }
  types.push_back(Type::Tensor(static_cast<ElementType>(-5), std::nullopt));
  Shape shape = {Dim::Symbol("N"), Dim::Unknown(), Dim::Known(3), Dim::Symbol("a \"b\"")};
  types.push_back(Type::Tensor(ElementType::kFloat16, shape));
  shape[0].hint = 0;
  shape[1].hint = 7;
  types.push_back(Type::Tensor(ElementType::kInt8, shape));
  shape[0].denotation = "DATA_BATCH";
  shape[2].denotation = "DATA_CHANNEL";
  types.push_back(Type::Tensor(ElementType::kFloat, shape));
  types.back().denotation = "IMAGE";
  types.push_back(Type::Tensor(ElementType::kFloat, std::nullopt));
  types.back().denotation = "IMAGE";
  types.push_back(Type::Unknown());
  types.back().denotation = "WHAT";
  types.push_back(Type::Sequence(Type::Optional(types[1])));
  types.back().denotation = "outer";
  types.push_back(Type::Optional(Type::Unknown()));
  Type sparse = Type::Tensor(ElementType::kDouble, Shape{Dim::Known(4), Dim::Symbol("M")});
  sparse.kind = Type::Kind::kSparseTensor;
  types.push_back(sparse);
  Type map;
  map.kind = Type::Kind::kMap;
  map.element = ElementType::kString;
  map.parameters = {Type::Sequence(Type::Tensor(ElementType::kInt64, Shape{}))};
  types.push_back(map);
  map.denotation = "VOCABULARY";
  types.push_back(map);
  Type opaque;
  opaque.kind = Type::Kind::kOpaque;
  opaque.opaque = "\x0a\x0b";
  types.push_back(opaque);
  opaque.denotation = "odd";
  types.push_back(opaque);
  return types;
}

// Captures in another order than that of their use, one unused in every body.
Node NodeWithOddCaptures(GraphBuilder& graph, ValueId a, ValueId b, ValueId unused) {
  Node node;
  node.op_type = "Loop";
  node.operands = {ValueId(), ValueId()};
  node.captures = {unused, b, a};
  Graph body;
  body.name = "the body";
  body.doc = "doc of body";
  body.unknown_fields = "body";
  body.quantization_annotations = {"q1", ""};
  const Graph& outer = graph.graph();
  body.AddInput("iteration", Tensor(ElementType::kInt64, {}));
  const ValueId condition = body.AddInput("go", Tensor(ElementType::kBool, {}));
  std::vector<ValueId> inside;
  for (const ValueId capture : node.captures) {
    inside.push_back(body.AddCapture(outer.value(capture).name, outer.value(capture).type));
  }
  GraphBuilder builder(body, graph.pool());
  const ValueId w = builder.Weight("body w", {8, 8});
  const ValueId sum = builder.Op("Add", {inside[2], inside[1]}, F32({8, 8}));
  const ValueId product = builder.Op("MatMul", {sum, w}, F32({8, 8}));
  body.SetOutputs({condition, product, inside[1]});
  node.attributes["body"] = Attr(RegionIndex{0});
  node.regions.push_back(std::move(body));
  return node;
}

}  // namespace

Module RichModule() {
  ModuleBuilder m;
  Module& module = m.module();
  module.ir_version = 10;
  module.opset_imports = {{"", 17}, {"ai.onnx.ml", 3}, {"com.microsoft", 1}};
  module.producer_name = "producer \"x\"";
  module.producer_version = "1.0";
  module.domain = "org.example";
  module.doc = "model doc\nsecond line";
  module.model_version = -7;
  module.metadata = {{"b", "second"}, {"a", "first"}, {"", "empty"}, {"b", "again"}};
  module.unknown_fields = std::string("\0\1\2", 3);
  module.source_file = "rich model.onnx";
  Graph& graph = m.graph();
  graph.name = "main graph";
  graph.doc = "graph doc";
  graph.unknown_fields = "g";
  graph.quantization_annotations = {std::string("\0", 1), "annotation"};

  // Inputs of every type, some that would collide once made fit for SSA names.
  const ValueId x = m.Input("x", F32({8, 8}));
  const ValueId y = m.Input("none", F32({8, 8}));
  m.Input("a/b", F32({1}));
  m.Input("a:b", F32({1}));
  m.Input("0", F32({1}));
  m.Input("quote\"d", F32({1}));
  size_t number = 0;
  for (const Type& type : AllTypes()) m.Input("typed" + std::to_string(number++), type);
  graph.mutable_value(y).doc = "input doc";
  graph.mutable_value(y).unknown_fields = "\x03";
  graph.mutable_value(y).declared = true;
  Constant fallback = FloatConstant({8, 8}, 3);
  fallback.name = "overridable";
  const ConstantId fallback_id = module.constants.Add(std::move(fallback));
  const ValueId overridable = graph.AddInput("overridable", F32({8, 8}), fallback_id);

  const ValueId w = m.Weight("w", {8, 8});
  graph.mutable_value(w).declared = true;
  graph.mutable_value(w).doc = "weight doc";
  graph.mutable_value(w).type =
      Type::Tensor(ElementType::kFloat, Shape{Dim::Known(8), Dim::Symbol("K")});
  const ValueId shared = m.Weight("shared", {8, 8});
  module.constants[graph.value(shared).constant] = module.constants[graph.value(w).constant];
  const ValueId file = m.Initializer("file", InFile(FileBytes::Home::kModelFile));
  const absl::StatusOr<Constant> rows =
      ir::SliceConstant(InFile(FileBytes::Home::kExternalFile), 0, {{0, 1}});
  m.Initializer("slice", rows.ok() ? *rows : Constant());
  module.constants[graph.value(file).constant].name = "another name";
  const ValueId sparse = m.Initializer("sparse", Opaque(true));
  const ValueId no_bytes = m.Initializer("no bytes", Empty(ElementType::kInt4));
  module.constants[graph.value(no_bytes).constant].name = "";

  const ValueId everything =
      m.Op("Everything", {x, ValueId(), w, shared, file, sparse, no_bytes, overridable, ValueId()},
           F32({8, 8}), AllAttributes(module.constants), "com.microsoft");
  const NodeId odd = m.Node("Odd.Name", {}, {F32({1})}, {}, "a.b");
  m.Node("Relu", {x}, {F32({8, 8})}, {}, "onnx");
  m.Node("Relu", {x}, {F32({8, 8})}, {}, "ai.onnx");
  m.Node("Return", {x}, {F32({8, 8})});
  m.Node("Custom", {x}, {F32({8, 8})});
  m.Node("NoResults", {everything}, {});
  const NodeId split = m.Node("Split", {everything}, {F32({4, 8}), F32({4, 8}), F32({4, 8})});
  graph.mutable_value(graph.node(split).results[0]).declared = true;
  graph.mutable_value(graph.node(split).results[1]).name = "";
  graph.mutable_value(graph.node(split).results[1]).type = Type::Unknown();
  graph.mutable_value(graph.node(split).results[2]).doc = "third";
  graph.mutable_value(graph.node(split).results[2]).unknown_fields = "u";
  graph.mutable_value(graph.node(odd).results[0]).declared = true;
  graph.mutable_node_unknown_fields(odd) = "\x0e";
  graph.mutable_node_name(odd) = "";
  graph.mutable_location(odd) = {
      "fused", "", 0, {{"a", "f.onnx", 3, {}}, {"", "f.onnx", 4, {}}, {"b", "", 0, {}}, {}}};
  graph.mutable_location(split) = {"", "f \"q\".onnx", 12, {}};

  Node documented;
  documented.op_type = "Cast";
  documented.domain = "custom";
  documented.overload = "v2";
  documented.name = "named \"node\"";
  documented.doc = "node doc";
  documented.operands = {x};
  documented.location = {"only a name", "", 0, {}};
  const NodeId cast = graph.AddNode(std::move(documented), {{"cast \"y\"", F32({8, 8})}});

  Node loop = NodeWithOddCaptures(m, w, graph.node(split).results[0], x);
  const NodeId looped = graph.AddNode(std::move(loop), {{"looped", F32({8, 8})}});
  const ValueId branch = m.If(
      x, {everything, y}, F32({8, 8}),
      [](GraphBuilder& body, const std::vector<ValueId>& captures) {
        return body.If(
            captures[0], {captures[1], captures[0]}, F32({8, 8}),
            [](GraphBuilder& inner, const std::vector<ValueId>& in) {
              return inner.Op("Clip", {in[0], ValueId(), in[1]}, F32({8, 8}));
            },
            [](GraphBuilder&, const std::vector<ValueId>& in) { return in[1]; });
      },
      [](GraphBuilder& body, const std::vector<ValueId>&) {
        return body.Constant(FloatConstant({8, 8}, 9));
      });

  m.Function("custom", "Cast", {"a", "b"}, [](GraphBuilder& body, const std::vector<ValueId>& in) {
    AttributeMap attributes;
    attributes["to"] = Attr(AttributeReference{"to", 2});
    return body.Op("Cast", {in[0], ValueId(), in[1]}, Type::Unknown(), attributes);
  });
  Function& function = module.functions.back();
  function.overload = "v2";
  function.doc = "function doc";
  function.unknown_fields = "f";
  function.attributes = {"to", "other", ""};
  function.attribute_defaults["axis"] = Attr(int64_t{-1});
  function.attribute_defaults["axis"].doc = "which";
  function.attribute_defaults["table"] = Attr(module.constants.Add(Int64Constant({1, 2})));
  function.opset_imports = {{"z", 1}, {"", 18}, {"ai.onnx", 2}};
  function.body.name = "named body";
  function.body.doc = "body doc";
  m.Function("a.b", "Other", {}, [](GraphBuilder& body, const std::vector<ValueId>&) {
    return body.Op("Constant", {}, Type::Unknown(), {{"value_int", Attr(int64_t{1})}});
  });
  return std::move(m).Finish({branch, graph.node(looped).results[0], x, w, x,
                              graph.node(cast).results[0], graph.node(split).results[2]});
}

Target TwoDevices() {
  Target target;
  target.name = "two";
  for (const char* name : {"cpu0", "gpu0"}) {
    Device device;
    device.name = name;
    target.devices.Add(device);
  }
  IdVector<DeviceId, std::optional<Route>> routes(2, Route());
  target.routes = IdVector<DeviceId, IdVector<DeviceId, std::optional<Route>>>(2, routes);
  return target;
}

Plan FullPlan(const Graph& graph) {
  Plan plan;
  const size_t nodes = graph.node_id_bound();
  plan.features.resize(nodes);
  plan.kernel_of.resize(nodes);
  plan.cluster_of.resize(nodes);
  plan.node_time.resize(nodes);
  int32_t kernels = 0;
  for (const NodeId node : graph.nodes()) {
    const auto i = static_cast<int64_t>(node.index());
    OpFeatures& features = plan.features[node];
    features.name = i % 2 == 0 ? graph.node(node).name : "synthetic_" + std::to_string(i);
    features.op_type = i % 3 == 0 ? "Other" : graph.node(node).op_type;
    features.domain = i % 3 == 1 ? "other" : graph.node(node).domain;
    features.dtype = "float16";
    features.family = static_cast<OpFamily>(i % 7);
    features.flops = i * 100;
    features.read = i + 1;
    features.written = i + 2;
    features.weights = i + 3;
    features.launches = i + 4;
    features.integer_shape_work = i % 2 == 1;
    plan.node_time[node] = {i * 10, i * 10 + 5};
    if (graph.node(node).Is("Constant")) continue;
    plan.kernel_of[node] = KernelId(kernels++);
    plan.cluster_of[node] = ClusterId(static_cast<size_t>(i) * 2 < nodes ? 0 : 1);
  }
  plan.value_bytes.resize(graph.value_id_bound());
  for (const ValueId value : plan.value_bytes.ids()) plan.value_bytes[value] = value.index() * 3;
  const size_t clusters = plan.num_clusters();
  plan.module_of.resize(clusters, ModuleId(0));
  plan.reasons.resize(clusters, "because \"it\" fits");
  for (size_t i = 0; i < clusters; ++i) {
    plan.device_of.Add(DeviceId(i % 2));
    plan.part_of.Add(PartId(i));
    plan.order.push_back(ClusterId(i));
    const auto start = static_cast<Picos>(i) * 1000;
    plan.parts.Add({DeviceId(i % 2), {start, start + 900}});
  }
  plan.alternatives.resize(clusters);
  if (clusters > 0) plan.alternatives[ClusterId(0)] = ir::Alternative{DeviceId(1), 2100};
  for (size_t i = 0; i < graph.value_id_bound(); ++i) {
    const ir::NodeId producer = graph.value(ValueId(i)).producer;
    if (!producer.valid() || plan.PartOf(producer) != PartId(0)) continue;
    for (const ir::NodeId user : graph.users(ValueId(i))) {
      if (plan.PartOf(user) != PartId(1)) continue;
      const auto cause = static_cast<ir::CutCause>(plan.cuts.size() % 4);
      plan.cuts.push_back({ValueId(i), PartId(0), {PartId(1)}, 64, cause, "it \"pays\""});
      break;
    }
  }
  plan.transfers = {{graph.outputs().front(), DeviceId(0), DeviceId(1), 256, {900, 1000}}};
  Summary& summary = plan.summary.emplace();
  summary.objective = Objective::kThroughput;
  summary.value = 2000;
  summary.cluster_value = 1900;
  summary.blocks = 5;
  summary.distinct_blocks = 2;
  summary.lower_bound = 1800;
  summary.bound_name = "load";
  summary.solver = "milp";
  summary.cut_bytes = 256;
  summary.baselines = {{"single:cpu0", 5000}, {"greedy", std::nullopt}};
  summary.search = {{0, 5000, 0}, {70'000, 2000, 0}, {90'000, 2000, 1800}};
  summary.devices.Add({1, 2, 3});
  summary.devices.Add({4, 5, 6});
  return plan;
}

Plan FullPlanWithLanes(const Graph& graph) {
  Plan plan = FullPlan(graph);
  plan.share = 3;
  plan.summary->latency = 4000;
  ir::Lane copy;
  copy.share = 2;
  copy.order = plan.order;
  copy.part_of.resize(plan.num_clusters(), PartId(0));
  if (plan.num_clusters() > 0) copy.parts.Add({DeviceId(1), {0, 2000}});
  copy.node_time = plan.node_time;
  plan.lanes.push_back(std::move(copy));
  ir::Lane again;
  again.order = plan.order;
  again.part_of = plan.part_of;
  again.parts = plan.parts;
  again.transfers = plan.transfers;
  plan.lanes.push_back(std::move(again));
  return plan;
}

}  // namespace allot::testing
