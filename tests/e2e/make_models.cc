// Writes the models of the end-to-end tests into a folder: one for each feature that cutting a
// model can break.

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "onnx/defs/parser.h"

#include "examples/models/onnx_builder.h"
#include "examples/models/published_models.h"

namespace allot::examples {
namespace {

using onnx::TensorProto;

// Two towers of unlike width that meet; the batch is symbolic.
OnnxBuilder Branches() {
  OnnxBuilder net("branches", 17);
  const std::string x = net.Input("x", {"batch", 3, 32, 32});
  std::string a = x, b = x;
  for (int i = 0; i < 4; ++i) {
    a = net.ConvRelu(a, i == 0 ? 3 : 32, 32, 3, 1, "a" + std::to_string(i));
    b = net.ConvRelu(b, i == 0 ? 3 : 16, 16, 5, 1, "b" + std::to_string(i));
  }
  const std::string joined = net.Op("Concat", {a, b}, "join");
  OnnxBuilder::Int(net.last(), "axis", 1);
  const std::string y = net.ConvRelu(joined, 48, 8, 1, 1, "head");
  net.Node("GlobalAveragePool", {y}, {"y"}, "pool");
  net.Output("y", {"batch", 8, 1, 1});
  return net;
}

// A table used at both ends; position ids computed from the shape of the input.
OnnxBuilder TiedEmbedding() {
  OnnxBuilder net("tied", 17);
  const std::string ids = net.Input("ids", {"batch", "seq"}, TensorProto::INT64);
  const std::string table = net.Weight("table", {64, 32}, 0.2);
  const std::string position = net.Weight("position", {16, 32}, 0.2);
  std::string x = net.Op("Gather", {table, ids}, "embed");
  const std::string shape = net.Op("Shape", {ids}, "shape");
  const std::string one = net.Integers("one", {1}, {});
  const std::string zero = net.Integers("zero", {0}, {});
  const std::string length = net.Op("Gather", {shape, one}, "length");
  const std::string range = net.Op("Range", {zero, length, one}, "range");
  const std::string where = net.Op("Gather", {position, range}, "where");
  x = net.Op("Add", {x, where}, "add");
  for (int i = 0; i < 3; ++i) {
    const std::string name = "block" + std::to_string(i);
    const std::string scale = net.Weight(name + ".scale", {32}, 0.1, 1.0);
    const std::string bias = net.Weight(name + ".bias", {32}, 0.1);
    const std::string norm = net.Op("LayerNormalization", {x, scale, bias}, name + ".norm");
    const std::string w1 = net.Weight(name + ".w1", {32, 64}, 0.2);
    const std::string w2 = net.Weight(name + ".w2", {64, 32}, 0.1);
    std::string h = net.Op("MatMul", {norm, w1}, name + ".fc1");
    h = net.Op("Tanh", {h}, name + ".tanh");
    h = net.Op("MatMul", {h, w2}, name + ".fc2");
    x = net.Op("Add", {x, h}, name + ".residual");
  }
  const std::string turned = net.Op("Transpose", {table}, "turned");
  net.Node("MatMul", {x, turned}, {"logits"}, "logits");
  net.Output("logits", {"batch", "seq", 64});
  return net;
}

// A decoder of four layers with a cache: what it keeps of earlier tokens goes in as past_key_N and
// past_value_N, and comes out one token longer.
OnnxBuilder Decoder() {
  constexpr int64_t kWidth = 16, kHeads = 2, kSize = kWidth / kHeads, kTokens = 24;
  OnnxBuilder net("decoder", 17);
  const std::string ids = net.Input("input_ids", {"batch", "seq"}, TensorProto::INT64);
  const std::string split = net.Integers("split", {0, 0, kHeads, kSize}, {4});
  const std::string joined = net.Integers("joined", {0, 0, kWidth}, {3});
  std::string x = net.Op("Gather", {net.Weight("tokens", {kTokens, kWidth}, 1.0), ids}, "embed");
  const auto swapped = [&](const std::string& of, const std::string& name,
                           std::vector<int64_t> order) {
    const std::string result = net.Op("Transpose", {of}, name);
    OnnxBuilder::Ints(net.last(), "perm", std::move(order));
    return result;
  };
  for (int i = 0; i < 4; ++i) {
    const std::string number = std::to_string(i), at = "layer" + number + "/";
    const auto product = [&](const std::string& of, const std::string& name) {
      return net.Op("MatMul", {of, net.Weight(at + name + ".w", {kWidth, kWidth}, 0.25)},
                    at + name);
    };
    const auto heads = [&](const std::string& name) {
      const std::string parts = net.Op("Reshape", {product(x, name), split}, at + name + ".split");
      return swapped(parts, at + name + ".heads", {0, 2, 1, 3});
    };
    const auto cached = [&](const std::string& what) {
      const std::string tail = "_" + what + "_" + number, present = "present" + tail;
      const std::string past = net.Input("past" + tail, {"batch", kHeads, "past", kSize});
      OnnxBuilder::Int(net.Node("Concat", {past, heads(what)}, {present}, at + what + ".cache"),
                       "axis", 2);
      net.Output(present, {"batch", kHeads, "total", kSize});
      return present;
    };
    const std::string query = heads("query");
    const std::string keys = swapped(cached("key"), at + "turned", {0, 1, 3, 2});
    const std::string values = cached("value");
    const std::string scores = net.Op("MatMul", {query, keys}, at + "scores");
    const std::string weights = net.Op("Softmax", {scores}, at + "weights");
    const std::string seen = net.Op("MatMul", {weights, values}, at + "seen");
    const std::string rows = swapped(seen, at + "rows", {0, 2, 1, 3});
    const std::string out = product(net.Op("Reshape", {rows, joined}, at + "join"), "out");
    x = net.Op("Tanh", {net.Op("Add", {x, out}, at + "sum")}, at + "tanh");
  }
  net.Node("MatMul", {x, net.Weight("head.w", {kWidth, kTokens}, 0.25)}, {"logits"}, "head");
  net.Output("logits", {"batch", "seq", kTokens});
  return net;
}

// Quantized convolution, weights dequantized from int8.
OnnxBuilder Quantized() {
  OnnxBuilder net("quantized", 13);
  std::string x = net.Input("x", {1, 3, 16, 16});
  const auto scalar = [&](const std::string& name, float value) {
    TensorProto& tensor = *net.graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(TensorProto::FLOAT);
    tensor.add_float_data(value);
    return name;
  };
  const auto zero_point = [&](const std::string& name, int32_t type) {
    TensorProto& tensor = *net.graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    tensor.add_int32_data(0);
    return name;
  };
  for (int i = 0; i < 3; ++i) {
    const std::string name = "q" + std::to_string(i);
    const std::string scale = scalar(name + ".scale", 0.05f);
    const std::string zero = zero_point(name + ".zero", TensorProto::INT8);
    x = net.Op("QuantizeLinear", {x, scale, zero}, name + ".quantize");
    x = net.Op("DequantizeLinear", {x, scale, zero}, name + ".dequantize");
    const int64_t in = i == 0 ? 3 : 8;
    TensorProto& weight = *net.graph().add_initializer();
    weight.set_name(name + ".w");
    weight.set_data_type(TensorProto::INT8);
    for (const int64_t dim : {int64_t{8}, in, int64_t{3}, int64_t{3}}) weight.add_dims(dim);
    for (int64_t k = 0; k < 8 * in * 9; ++k) {
      weight.add_int32_data(static_cast<int32_t>((k * 37 + i) % 101) - 50);
    }
    const std::string weight_scale = scalar(name + ".w_scale", 0.004f);
    const std::string w =
        net.Op("DequantizeLinear", {name + ".w", weight_scale, zero}, name + ".w_dequantize");
    x = net.Op("Conv", {x, w}, name + ".conv");
    OnnxBuilder::Ints(net.last(), "pads", {1, 1, 1, 1});
    x = net.Op("Relu", {x}, name + ".relu");
  }
  net.Node("GlobalMaxPool", {x}, {"y"}, "pool");
  net.Output("y", {1, 8, 1, 1});
  return net;
}

// Outputs that are an input, a weight, an inner value and the end; a dead node; an input nobody
// uses; odd names.
OnnxBuilder OddOutputs() {
  OnnxBuilder net("odd outputs", 17);
  const std::string x = net.Input("x y/z", {2, 8});
  net.Input("unused", {3});
  const std::string w = net.Weight("wéight", {8, 8}, 0.3);
  net.Node("MatMul", {x, w}, {"inner value"}, "");
  net.Node("Relu", {"inner value"}, {"relu:0"}, "a node with spaces");
  net.Node("Neg", {"relu:0"}, {"dead"}, "");
  net.Node("MatMul", {"relu:0", w}, {"again"}, "");
  net.Node("Add", {"again", x}, {"end"}, "");
  net.Output("inner value", {2, 8});
  net.Output("wéight", {8, 8});
  net.Output("end", {2, 8});
  return net;
}

void RefersTo(TensorProto& tensor, const std::string& file, int64_t offset, int64_t length) {
  const auto entry = [&](const char* key, const std::string& value) {
    onnx::StringStringEntryProto& pair = *tensor.add_external_data();
    pair.set_key(key);
    pair.set_value(value);
  };
  entry("location", file);
  entry("offset", std::to_string(offset));
  entry("length", std::to_string(length));
  tensor.set_data_location(TensorProto::EXTERNAL);
}

// Weights in a file of their own.
OnnxBuilder ExternalData(const std::string& folder) {
  OnnxBuilder net("external", 17);
  std::string x = net.Input("x", {4, 64});
  std::string data;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "fc" + std::to_string(i);
    const std::string w = net.Weight(name + ".w", {64, 64}, 0.12);
    TensorProto& tensor = *net.graph().mutable_initializer(net.graph().initializer_size() - 1);
    RefersTo(tensor, "external_weights.bin", static_cast<int64_t>(data.size()),
             static_cast<int64_t>(tensor.raw_data().size()));
    data += tensor.raw_data();
    tensor.clear_raw_data();
    x = net.Op("MatMul", {x, w}, name);
    x = net.Op("Relu", {x}, name + ".relu");
  }
  net.Node("Softmax", {x}, {"y"}, "softmax");
  net.Output("y", {4, 64});
  std::ofstream file(folder + "/external_weights.bin", std::ios::binary);
  file.write(data.data(), static_cast<std::streamsize>(data.size()));
  return net;
}

// Twelve square matrices: inside the model, or in a file that need not exist to write the model.
OnnxBuilder Large(const std::string& name_of_net, int64_t width, bool inside) {
  OnnxBuilder net(name_of_net, 17);
  const int64_t bytes = width * width * 4;
  std::string x = net.Input("x", {1, width});
  for (int i = 0; i < 12; ++i) {
    const std::string name = "fc" + std::to_string(i);
    TensorProto& tensor = *net.graph().add_initializer();
    tensor.set_name(name + ".w");
    tensor.set_data_type(TensorProto::FLOAT);
    tensor.add_dims(width);
    tensor.add_dims(width);
    if (inside) {
      tensor.mutable_raw_data()->assign(static_cast<size_t>(bytes), '\0');
    } else {
      RefersTo(tensor, name_of_net + ".bin", i * bytes, bytes);
    }
    x = net.Op("MatMul", {x, name + ".w"}, name);
  }
  net.Node("Relu", {x}, {"y"}, "relu");
  net.Output("y", {1, width});
  return net;
}

// Models in ONNX's text syntax: control flow with captures, functions, sequences, constant work,
// overridable initializers.
struct TextModel {
  const char* name;
  const char* text;
};

constexpr TextModel kTextModels[] = {
    {"control_flow", R"(
<ir_version: 8, opset_import: ["" : 16]>
control_flow (float[N, 4] x, bool flag) => (float[N, 4] y, float[N, 4] z)
{
  scale = Constant <value = float[4] {0.5, 1.5, -1.0, 2.0}> ()
  h = Mul (x, scale)
  s = Sigmoid (h)
  y = If (flag) <
    then_branch = then_graph () => (float[N, 4] then_out) {
      t = Add (h, s)
      then_out = Relu (t)
    },
    else_branch = else_graph () => (float[N, 4] else_out) {
      else_out = Sub (h, scale)
    }
  >
  trips = Constant <value = int64 {3}> ()
  always = Constant <value = bool {1}> ()
  l = Loop (trips, always, y) <
    body = loop_body (int64 i, bool condition, float[N, 4] carried) => (bool go_on, float[N, 4] next) {
      go_on = Identity (condition)
      u = Mul (carried, s)
      next = Add (u, h)
    }
  >
  z = Tanh (l)
}
)"},
    {"functions", R"(
<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
functions (float[2, 6] x) => (float[2, 6] y)
{
  a = local.gate (x)
  b = Relu (a)
  c = local.twice (b)
  d = local.gate (c)
  y = Add (d, x)
}
<domain: "local", opset_import: ["" : 17]>
gate (v) => (r)
{
  s = Sigmoid (v)
  r = Mul (s, v)
}
<domain: "local", opset_import: ["" : 17, "local" : 1]>
twice (v) => (r)
{
  a = local.gate (v)
  r = local.gate (a)
}
)"},
    {"sequences", R"(
<ir_version: 8, opset_import: ["" : 17]>
sequences (float[6, 4] x) => (float[6, 4] y)
{
  e = Exp (x)
  parts = SplitToSequence <axis = 0> (e)
  position = Constant <value = int64 {2}> ()
  third = SequenceAt (parts, position)
  all = ConcatFromSequence <axis = 0> (parts)
  sum = Add (all, third)
  y = Tanh (sum)
}
)"},
    {"data_dependent", R"(
<ir_version: 8, opset_import: ["" : 16]>
data_dependent (float[8, 4] x) => (float[K, 4] y)
{
  r = Relu (x)
  axes = Constant <value = int64[1] {1}> ()
  sums = ReduceSum <keepdims = 0> (r, axes)
  zero = Constant <value = float {0.5}> ()
  positive = Greater (sums, zero)
  where = NonZero (positive)
  rows = Squeeze (where)
  picked = Gather <axis = 0> (r, rows)
  t = Tanh (picked)
  y = Mul (t, picked)
}
)"},
    // A quantized table, a table of angles and an input in another shape, each used by nodes that
    // the rules of the test put on two devices; a constant that is also an output.
    {"constant_work", R"(
<ir_version: 8, opset_import: ["" : 17]>
constant_work (int64[2, 4] ids, float[6] shift) => (float[2, 4, 8] y, float[6] three)
<int8[8, 6] table = {-45, -8, 29, -35, 2, 39, -25, 12, 49, -15, 22, -42, -5, 32, -32, 5, 42, -22, 15, -49, -12, 25, -39, -2, 35, -29, 8, 45, -19, 18, -46, -9, 28, -36, 1, 38, -26, 11, 48, -16, 21, -43, -6, 31, -33, 4, 41, -23},
 float scale = {0.02}, int8 zero = {3}, int64 first = {0}, int64 limit = {6}, int64 step = {1},
 int64[1] axes = {0}>
{
  positions = Range (first, limit, step)
  numbers = Cast <to = 1> (positions)
  angles = Cos (numbers)
  weights = DequantizeLinear (table, scale, zero)
  three = Constant <value = float[6] {0.5, 1.5, -1.0, 2.0, 0.25, -3.0}> ()
  rows = Gather (weights, ids)
  shifts = Unsqueeze (shift, axes)
  shifted = Mul (rows, shifts)
  a = Add (shifted, shifts)
  b = Tanh (a)
  c = Mul (b, angles)
  near = Add (c, three)
  d = Add (near, angles)
  turned = Transpose (weights)
  e = MatMul (d, turned)
  y = Relu (e)
}
)"},
    // Types of an export at batch 1, where the batch is open; one output that says so, too.
    {"stale_types", R"(
<ir_version: 8, opset_import: ["" : 17]>
stale_types (float[batch, 4] x) => (float[batch, 4] y, float[1, 4] u)
<float[1, 4] s, float[1, 4] r, float[1, 4] first, float[1, 4] t, float[4] z,
 int64[1] starts = {0}, int64[1] ends = {3}, int64[1] axes = {0}>
{
  s = Sigmoid (x)
  r = Relu (s)
  first = Slice (r, starts, ends, axes)
  t = Add (first, first)
  u = Tanh (t)
  z = Add (r, s)
  y = Mul (z, r)
}
)"},
    {"overridable", R"(
<ir_version: 8, opset_import: ["" : 17]>
overridable (float[2, 3] x, float[3] bias) => (float[2, 3] y)
<float[3] bias = {1, 2, 3}>
{
  a = Add (x, bias)
  b = Relu (a)
  c = Mul (b, bias)
  y = Sigmoid (c)
}
)"},
};

bool Write(const OnnxBuilder& net, const std::string& path) {
  if (net.Save(path)) return true;
  std::fprintf(stderr, "error: %s cannot be written\n", path.c_str());
  return false;
}

bool WriteText(const TextModel& model, const std::string& folder) {
  onnx::ModelProto proto;
  onnx::OnnxParser parser(model.text);
  const auto parsed = parser.Parse(proto);
  if (!parsed.IsOK()) {
    std::fprintf(stderr, "error: %s: %s\n", model.name, parsed.ErrorMessage().c_str());
    return false;
  }
  std::ofstream file(folder + "/" + model.name + ".onnx", std::ios::binary);
  return proto.SerializeToOstream(&file) && file.flush().good();
}

// Models that must be refused.
bool WriteBad(const std::string& folder) {
  OnnxBuilder cycle("cycle", 17);
  cycle.Input("x", {4});
  cycle.Node("Add", {"x", "b"}, {"a"}, "first");
  cycle.Node("Relu", {"a"}, {"b"}, "second");
  cycle.Output("b", {4});
  OnnxBuilder undefined("undefined", 17);
  undefined.Input("x", {4});
  undefined.Node("Add", {"x", "nowhere"}, {"y"}, "sum");
  undefined.Output("y", {4});
  OnnxBuilder twice("twice", 17);
  twice.Input("x", {4});
  twice.Node("Relu", {"x"}, {"y"}, "first");
  twice.Node("Tanh", {"x"}, {"y"}, "second");
  twice.Output("y", {4});
  OnnxBuilder shapes("shapes", 17);
  shapes.Input("x", {4, 3});
  shapes.Weight("w", {5, 2}, 0.1);
  shapes.Node("MatMul", {"x", "w"}, {"y"}, "product");
  shapes.Output("y", {4, 2});
  return Write(cycle, folder + "/cycle.onnx") && Write(undefined, folder + "/undefined.onnx") &&
         Write(twice, folder + "/twice.onnx") && Write(shapes, folder + "/shapes.onnx");
}

bool WriteAll(const std::string& folder) {
  bool ok = Write(GoogLeNet(), folder + "/googlenet.onnx") &&
            Write(Branches(), folder + "/branches.onnx") &&
            Write(TiedEmbedding(), folder + "/tied_embedding.onnx") &&
            Write(Decoder(), folder + "/decoder.onnx") &&
            Write(Quantized(), folder + "/quantized.onnx") &&
            Write(OddOutputs(), folder + "/odd_outputs.onnx") &&
            Write(ExternalData(folder), folder + "/external.onnx");
  for (const TextModel& model : kTextModels) ok = ok && WriteText(model, folder);
  return ok;
}

}  // namespace
}  // namespace allot::examples

int main(int argc, char** argv) {
  const std::string kind = argc == 3 ? argv[2] : "";
  if (argc < 2 || argc > 3 || (argc == 3 && kind != "--bad" && kind != "--large")) {
    std::fprintf(stderr, "usage: make-e2e-models FOLDER [--bad|--large]\n");
    return 1;
  }
  const std::string folder = argv[1];
  bool ok = false;
  if (kind == "--bad") {
    ok = allot::examples::WriteBad(folder);
  } else if (kind == "--large") {
    // 3 GiB outside, and 192 MiB inside.
    ok = allot::examples::Write(allot::examples::Large("large", 8192, /*inside=*/false),
                                folder + "/large.onnx") &&
         allot::examples::Write(allot::examples::Large("heavy", 2048, /*inside=*/true),
                                folder + "/heavy.onnx");
  } else {
    ok = allot::examples::WriteAll(folder);
  }
  return ok ? 0 : 1;
}
