// One line per rule: operator, attributes, operand types and the result types that follow from the
// ONNX specification.
#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "operators/inference/type_inference.h"
#include "operators/shapes/shape_rules.h"
#include "support/random.h"
#include "tests/unit/operators/type_text.h"

namespace allot {
namespace {

using testing::AddOp;
using testing::EmptyModule;
using testing::PrintType;

struct Case {
  std::string op;
  std::string attributes;
  std::vector<std::string> operands;
  std::vector<std::string> results;
  int64_t opset = 17;
};

void Check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.op + " {" + one.attributes + "} (" + absl::StrJoin(one.operands, "; ") + ")");
    ir::Module module = EmptyModule(one.opset);
    const ir::NodeId node =
        AddOp(module, module.graph, one.op, one.attributes, one.operands, one.results.size());
    Diagnostics diagnostics;
    const absl::StatusOr<InferredTypes> types = InferTypes(module, nullptr, diagnostics);
    ASSERT_TRUE(types.ok()) << types.status();
    for (size_t i = 0; i < one.results.size(); ++i) {
      EXPECT_EQ(PrintType(types->main().types[module.graph.node(node).results[i]]), one.results[i])
          << "result " << i;
    }
  }
}

TEST(ShapeRules, Elementwise) {
  Check({
      {"Relu", "", {"f32[N,?]"}, {"f32[N,?]"}},
      {"Gelu", "", {"f16[2]"}, {"f16[2]"}, 20},
      {"Add", "", {"f32[2,3]", "f32[3]"}, {"f32[2,3]"}},
      {"Add", "", {"f32[2,1,4]", "f32[3,1]"}, {"f32[2,3,4]"}},
      {"Add", "", {"f32[N,4]", "f32[1,4]"}, {"f32[N,4]"}},
      {"Add", "", {"f32[N,4]", "f32[M,4]"}, {"f32[?,4]"}},
      {"Add", "", {"f32[N]", "f32[N]"}, {"f32[N]"}},
      // The other side can only be 5 or 1.
      {"Add", "", {"f32[?]", "f32[5]"}, {"f32[5]"}},
      {"Add", "", {"f32[?]", "f32[1]"}, {"f32[?]"}},
      {"Mul", "", {"f32[0]", "f32[1]"}, {"f32[0]"}},
      {"Add", "", {"f32[...]", "f32[3]"}, {"f32[...]"}},
      {"Add", "", {"f32[]", "f32[]"}, {"f32[]"}},
      // Before opset 7 the second operand is brought to the first one's shape.
      {"Add", "broadcast=1 axis=0", {"f32[2,3]", "f32[2]"}, {"f32[2,3]"}, 6},
      {"Max", "", {"f32[1,4]", "f32[3,1]", "f32[4]"}, {"f32[3,4]"}},
      {"Pow", "", {"f32[2]", "i64[]"}, {"f32[2]"}},
      {"Less", "", {"f32[2,1]", "f32[3]"}, {"i1[2,3]"}},
      {"IsNaN", "", {"f32[N]"}, {"i1[N]"}},
      {"Where", "", {"i1[2,1]", "f32[1,3]", "f32[]"}, {"f32[2,3]"}},
      {"Cast", "to=7", {"f32[N,2]"}, {"i64[N,2]"}},
      {"Cast", "to=99", {"f32[2]"}, {"any[2]"}},
      {"BitCast", "to=6", {"f32[N,2]"}, {"i32[N,2]"}, 26},
      {"BitCast", "to=7", {"f32[N,2]"}, {"?"}, 26},  // of another width
      {"SwiGLU", "", {"f32[N,4]", "f32[2,4]"}, {"f32[2,4]"}, 28},
      {"SwiGLU", "", {"f32[...]", "f32[2,4]"}, {"f32[2,4]"}, 28},
      {"CastLike", "", {"f32[N]", "f16[4]"}, {"f16[N]"}},
      {"Dropout", "", {"f32[2,3]"}, {"f32[2,3]", "i1[2,3]"}},
      {"Dropout", "", {"f32[2,3]"}, {"f32[2,3]", "f32[2,3]"}, 7},
      {"PRelu", "", {"f32[N,4,8]", "f32[4,1]"}, {"f32[N,4,8]"}},
      {"Clip", "", {"f32[N]", "f32:0", "f32:6"}, {"f32[N]"}},
      {"Identity", "", {"seq(f32[2])"}, {"seq(f32[2])"}},
  });
}

TEST(ShapeRules, Convolution) {
  Check({
      // floor((224 + 3 + 3 - 7) / 2) + 1 = 112
      {"Conv",
       "strides=[2,2] pads=[3,3,3,3] kernel_shape=[7,7]",
       {"f32[N,3,224,224]", "f32[64,3,7,7]"},
       {"f32[N,64,112,112]"}},
      {"Conv", "", {"f32[1,3,8,8]", "f32[4,3,3,3]"}, {"f32[1,4,6,6]"}},
      // dilated window: 2 * 2 + 1 = 5; (10 - 5) / 1 + 1 = 6
      {"Conv", "dilations=[2]", {"f32[1,2,10]", "f32[4,2,3]"}, {"f32[1,4,6]"}},
      {"Conv", "group=2", {"f32[1,4,5,5]", "f32[6,2,1,1]"}, {"f32[1,6,5,5]"}},
      {"Conv",
       "auto_pad='SAME_UPPER' strides=[2,2]",
       {"f32[1,3,7,8]", "f32[4,3,3,3]"},
       {"f32[1,4,4,4]"}},
      {"Conv",
       "auto_pad='VALID' strides=[2,2]",
       {"f32[1,3,7,8]", "f32[4,3,3,3]"},
       {"f32[1,4,3,3]"}},
      // Padding that makes up for the window keeps any size, symbols too.
      {"Conv", "pads=[1,1,1,1]", {"f32[1,3,H,?]", "f32[4,3,3,3]"}, {"f32[1,4,H,?]"}},
      {"Conv", "", {"f32[1,3,H,8]", "f32[4,3,3,3]"}, {"f32[1,4,?,6]"}},
      {"Conv", "", {"f32[1,3,8,8]", "f32[4,3,?,3]"}, {"f32[1,4,?,?]"}},
      {"Conv", "", {"f32[1,3,8,8]", "f32[...]"}, {"f32[...]"}},
      {"Conv", "", {"f32[1,3,2,8]", "f32[4,3,3,3]"}, {"f32[1,4,?,6]"}},
      {"ConvInteger", "", {"ui8[1,3,8,8]", "ui8[4,3,3,3]"}, {"i32[1,4,6,6]"}},
      // 2 * (4 - 1) + 3 = 9; minus 1 + 1 padding, plus 1 output padding
      {"ConvTranspose", "strides=[2,2]", {"f32[1,3,4,4]", "f32[3,5,3,3]"}, {"f32[1,5,9,9]"}},
      {"ConvTranspose",
       "strides=[2,2] pads=[1,1,1,1] output_padding=[1,1]",
       {"f32[1,3,4,4]", "f32[3,5,3,3]"},
       {"f32[1,5,8,8]"}},
      {"ConvTranspose",
       "strides=[1,1] pads=[1,1,1,1]",
       {"f32[1,3,H,W]", "f32[3,5,3,3]"},
       {"f32[1,5,H,W]"}},
      {"ConvTranspose", "group=3", {"f32[1,3,4]", "f32[3,2,2]"}, {"f32[1,6,5]"}},
      {"ConvTranspose",
       "output_shape=[10,11] strides=[2,2]",
       {"f32[1,3,4,4]", "f32[3,5,3,3]"},
       {"f32[1,5,10,11]"}},
      {"ConvTranspose",
       "auto_pad='SAME_UPPER' strides=[2,2]",
       {"f32[1,3,4,4]", "f32[3,5,3,3]"},
       {"f32[1,5,8,8]"}},
  });
}

TEST(ShapeRules, Pooling) {
  Check({
      {"MaxPool",
       "kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]",
       {"f32[N,8,112,112]"},
       {"f32[N,8,56,56]", "i64[N,8,56,56]"}},
      // floor((7 - 2) / 2) + 1 = 3; rounded up 4
      {"MaxPool", "kernel_shape=[2] strides=[2]", {"f32[1,8,7]"}, {"f32[1,8,3]"}},
      {"MaxPool", "kernel_shape=[2] strides=[2] ceil_mode=1", {"f32[1,8,7]"}, {"f32[1,8,4]"}},
      // ceil((2 + 1 + 1 - 1) / 2) + 1 = 3, but the third window would start at 4 >= 2 + 1.
      {"MaxPool",
       "kernel_shape=[1] strides=[2] pads=[1,1] ceil_mode=1",
       {"f32[1,1,2]"},
       {"f32[1,1,2]"}},
      // window (3 - 1) * 2 + 1 = 5
      {"AveragePool", "kernel_shape=[3] dilations=[2]", {"f32[1,1,10]"}, {"f32[1,1,6]"}, 19},
      {"AveragePool",
       "kernel_shape=[2,2] auto_pad='SAME_LOWER' strides=[2,2]",
       {"f32[1,1,5,6]"},
       {"f32[1,1,3,3]"}},
      {"LpPool", "kernel_shape=[2,2]", {"f32[1,1,5,W]"}, {"f32[1,1,4,?]"}},
      {"GlobalAveragePool", "", {"f32[N,16,7,?]"}, {"f32[N,16,1,1]"}},
      {"MaxUnpool",
       "kernel_shape=[2,2] strides=[2,2]",
       {"f32[1,1,3,3]", "i64[1,1,3,3]"},
       {"f32[1,1,6,6]"}},
      {"MaxUnpool",
       "kernel_shape=[2,2] strides=[2,2]",
       {"f32[1,1,3,3]", "i64[1,1,3,3]", "i64=1,1,7,7"},
       {"f32[1,1,7,7]"}},
      {"Col2Im", "", {"f32[1,20,12]", "i64=5,5", "i64=1,5"}, {"f32[1,4,5,5]"}, 18},
  });
}

TEST(ShapeRules, Matrices) {
  Check({
      {"MatMul", "", {"f32[2,3]", "f32[3,4]"}, {"f32[2,4]"}},
      {"MatMul", "", {"f32[B,1,S,64]", "f32[12,64,T]"}, {"f32[B,12,S,T]"}},
      {"MatMul", "", {"f32[3]", "f32[3,4]"}, {"f32[4]"}},
      {"MatMul", "", {"f32[2,3]", "f32[3]"}, {"f32[2]"}},
      {"MatMul", "", {"f32[3]", "f32[3]"}, {"f32[]"}},
      {"MatMul", "", {"f32[5,3]", "f32[...]"}, {"f32[...]"}},
      {"MatMulInteger", "", {"i8[2,3]", "i8[3,4]"}, {"i32[2,4]"}},
      {"Gemm", "", {"f32[N,3]", "f32[3,4]", "f32[4]"}, {"f32[N,4]"}},
      {"Gemm", "transA=1 transB=1", {"f32[3,2]", "f32[4,3]"}, {"f32[2,4]"}},
      {"Gemm", "", {"f32[...]", "f32[3,4]"}, {"f32[?,?]"}},
      {"Einsum", "equation='bij,bjk->bik'", {"f32[2,3,4]", "f32[2,4,5]"}, {"f32[2,3,5]"}},
      {"Einsum", "equation='ij,jk'", {"f32[3,4]", "f32[4,5]"}, {"f32[3,5]"}},
      {"Einsum", "equation='...ij,...jk->...ik'", {"f32[N,1,3,4]", "f32[7,4,5]"}, {"f32[N,7,3,5]"}},
      {"Einsum", "equation='ii->i'", {"f32[3,3]"}, {"f32[3]"}},
      {"Einsum", "equation='ij->'", {"f32[3,3]"}, {"f32[]"}},
      {"Einsum", "equation='ba'", {"f32[2,3]"}, {"f32[3,2]"}},
      {"Einsum", "equation='i,j->ij'", {"f32[2,3]", "f32[4]"}, {"f32[...]"}},
      {"Det", "", {"f32[N,3,3]"}, {"f32[N]"}},
  });
}

TEST(ShapeRules, Reductions) {
  Check({
      {"ReduceMean", "axes=[1]", {"f32[N,3,4]"}, {"f32[N,1,4]"}},
      {"ReduceMean", "axes=[-1,0] keepdims=0", {"f32[2,3,4]"}, {"f32[3]"}},
      {"ReduceMax", "", {"f32[2,3]"}, {"f32[1,1]"}},
      {"ReduceMax", "keepdims=0", {"f32[2,3]"}, {"f32[]"}},
      {"ReduceSum", "", {"f32[2,3]", "i64=1"}, {"f32[2,1]"}},
      {"ReduceSum", "noop_with_empty_axes=1", {"f32[2,3]"}, {"f32[2,3]"}},
      {"ReduceSum", "noop_with_empty_axes=1", {"f32[2,3]", "i64="}, {"f32[2,3]"}},
      {"ReduceSum", "", {"f32[2,3]", "i64="}, {"f32[1,1]"}},
      {"ReduceSum", "", {"f32[2,3]", "i64[1]"}, {"f32[?,?]"}},
      {"ReduceSum", "keepdims=0", {"f32[2,3]", "i64[1]"}, {"f32[?]"}},
      {"ReduceSum", "keepdims=0", {"f32[2,3]", "i64[?]"}, {"f32[...]"}},
      {"ReduceMin", "", {"f32[2,3]", "i64=0"}, {"f32[1,3]"}, 18},
      {"ReduceL2", "axes=[7]", {"f32[2,3]"}, {"f32[...]"}},
      {"ArgMax", "axis=-1", {"f32[N,10]"}, {"i64[N,1]"}},
      {"ArgMin", "keepdims=0", {"f32[4,10]"}, {"i64[10]"}},
      {"CumSum", "", {"f32[N,2]", "i32:0"}, {"f32[N,2]"}},
      {"CumProd", "", {"f64[N,2]", "i32:0"}, {"f64[N,2]"}, 26},
      {"Softmax", "axis=1", {"f32[N,10]"}, {"f32[N,10]"}},
  });
}

TEST(ShapeRules, Normalizations) {
  Check({
      {"BatchNormalization",
       "",
       {"f32[N,8,4,4]", "f32[8]", "f32[8]", "f32[8]", "f32[8]"},
       {"f32[N,8,4,4]", "f32[8]", "f32[8]"}},
      {"LayerNormalization",
       "axis=-2",
       {"f16[N,5,8]", "f16[5,8]"},
       {"f16[N,5,8]", "f32[N,1,1]", "f32[N,1,1]"}},
      {"GroupNormalization",
       "num_groups=2",
       {"f32[N,4,H]", "f32[4]", "f32[4]"},
       {"f32[N,4,H]"},
       21},
      {"RMSNormalization", "", {"f32[N,4]", "f32[4]"}, {"f32[N,4]"}, 23},
      {"InstanceNormalization", "", {"f32[N,4,H]", "f32[4]", "f32[4]"}, {"f32[N,4,H]"}},
      {"LRN", "size=3", {"f32[N,4,5,5]"}, {"f32[N,4,5,5]"}},
  });
}

TEST(ShapeRules, Reshape) {
  Check({
      {"Reshape", "", {"f32[2,3,4]", "i64=2,12"}, {"f32[2,12]"}},
      {"Reshape", "", {"f32[2,3,4]", "i64=-1,6"}, {"f32[4,6]"}},
      {"Reshape", "", {"f32[2,3,4]", "i64=0,-1"}, {"f32[2,12]"}},
      {"Reshape", "", {"f32[N,S,768]", "i64=0,0,12,-1"}, {"f32[N,S,12,64]"}},
      // Unknown dimensions that are copied cancel as well.
      {"Reshape", "", {"f32[?,?,768]", "i64=0,0,12,-1"}, {"f32[?,?,12,64]"}},
      {"Reshape", "", {"f32[N,4,5]", "i64=-1,20"}, {"f32[N,20]"}},
      {"Reshape", "", {"f32[N,4]", "i64=-1"}, {"f32[?]"}},
      {"Reshape", "", {"f32[N,M]", "i64=-1,1"}, {"f32[?,1]"}},
      {"Reshape", "", {"f32[N,6]", "shape:N,2,3"}, {"f32[N,2,3]"}},
      {"Reshape", "", {"f32[N,6]", "shape:N,?,3"}, {"f32[N,2,3]"}},
      {"Reshape", "allowzero=1", {"f32[0,3]", "i64=3,0"}, {"f32[3,0]"}},
      {"Reshape", "", {"f32[2,6]", "i64[3]"}, {"f32[?,?,?]"}},
      {"Reshape", "", {"f32[2,6]", "i64[1]"}, {"f32[12]"}},
      {"Reshape", "", {"f32[2,6]", "i64[?]"}, {"f32[...]"}},
      {"Reshape", "", {"f32[...]", "i64=2,-1"}, {"f32[2,?]"}},
      {"Reshape", "shape=[3,-1]", {"f32[2,6]"}, {"f32[3,4]"}, 1},
      // A zero among the others: -1 could be anything.
      {"Reshape", "allowzero=1", {"f32[0,3]", "i64=0,-1"}, {"f32[0,?]"}},
  });
}

TEST(ShapeRules, Layout) {
  Check({
      {"Flatten", "", {"f32[N,3,4]"}, {"f32[N,12]"}},
      {"Flatten", "axis=0", {"f32[2,3,4]"}, {"f32[1,24]"}},
      {"Flatten", "axis=3", {"f32[2,3,4]"}, {"f32[24,1]"}},
      {"Flatten", "axis=-1", {"f32[N,3,4]"}, {"f32[?,4]"}},
      {"Transpose", "", {"f32[N,3,4]"}, {"f32[4,3,N]"}},
      {"Transpose", "perm=[0,2,1]", {"f32[N,3,4]"}, {"f32[N,4,3]"}},
      {"Squeeze", "axes=[0]", {"f32[1,N]"}, {"f32[N]"}, 11},
      {"Squeeze", "", {"f32[1,3,1]", "i64=-1"}, {"f32[1,3]"}},
      {"Squeeze", "", {"f32[1,3,1]"}, {"f32[3]"}},
      {"Squeeze", "", {"f32[1,N]"}, {"f32[...]"}},
      {"Squeeze", "", {"f32[1,N]", "i64[1]"}, {"f32[?]"}},
      {"Unsqueeze", "axes=[0,2]", {"f32[N]"}, {"f32[1,N,1]"}, 11},
      {"Unsqueeze", "", {"f32[N,2]", "i64=-1"}, {"f32[N,2,1]"}},
      {"Unsqueeze", "", {"f32[N,2]", "i64[2]"}, {"f32[?,?,?,?]"}},
      {"Concat", "axis=1", {"f32[N,2]", "f32[N,3]"}, {"f32[N,5]"}},
      {"Concat", "axis=-1", {"f32[N,2]", "f32[?,S]"}, {"f32[N,?]"}},
      {"Concat", "axis=0", {"f32[2,?]", "f32[...]"}, {"f32[?,?]"}},
      {"Expand", "", {"f32[3,1]", "i64=2,1,6"}, {"f32[2,3,6]"}},
      {"Expand", "", {"f32[1,N]", "shape:B,1"}, {"f32[B,N]"}},
      {"Expand", "", {"f32[3,1]", "i64[2]"}, {"f32[3,?]"}},
      {"Tile", "", {"f32[2,N]", "i64=3,1"}, {"f32[6,N]"}},
      {"Tile", "", {"f32[2,N]", "i64[2]"}, {"f32[?,?]"}},
      {"Pad", "pads=[0,1,0,2]", {"f32[N,3]"}, {"f32[N,6]"}, 2},
      {"Pad", "", {"f32[N,3]", "i64=0,-1,0,0"}, {"f32[N,2]"}},
      {"Pad", "", {"f32[N,3]", "i64=1,2", "", "i64=-1"}, {"f32[N,6]"}, 18},
      {"Pad", "", {"f32[N,3]", "i64[4]"}, {"f32[?,?]"}},
      {"DepthToSpace", "blocksize=2", {"f32[N,16,3,W]"}, {"f32[N,4,6,?]"}},
      {"SpaceToDepth", "blocksize=2", {"f32[N,4,6,8]"}, {"f32[N,16,3,4]"}},
      {"Split", "split=[1,3]", {"f32[4,N]"}, {"f32[1,N]", "f32[3,N]"}, 11},
      {"Split", "axis=1", {"f32[N,7]", "i64=3,4"}, {"f32[N,3]", "f32[N,4]"}},
      {"Split", "axis=1", {"f32[N,6]"}, {"f32[N,2]", "f32[N,2]", "f32[N,2]"}},
      {"Split", "num_outputs=3", {"f32[7]"}, {"f32[3]", "f32[3]", "f32[1]"}, 18},
      {"Split", "", {"f32[7]"}, {"f32[?]", "f32[?]"}},
      {"Split", "", {"f32[N]"}, {"f32[?]", "f32[?]"}},
      {"Trilu", "", {"f32[N,4,4]"}, {"f32[N,4,4]"}},
  });
}

TEST(ShapeRules, Indexing) {
  Check({
      {"Slice", "starts=[1] ends=[3] axes=[1]", {"f32[N,5]"}, {"f32[N,2]"}, 9},
      {"Slice", "", {"f32[10,N]", "i64=-3", "i64=9223372036854775807"}, {"f32[3,N]"}},
      {"Slice", "", {"f32[10]", "i64=1", "i64=9", "i64=0", "i64=3"}, {"f32[3]"}},
      {"Slice", "", {"f32[10]", "i64=9", "i64=-100", "i64=0", "i64=-1"}, {"f32[10]"}},
      {"Slice", "", {"f32[10]", "i64=8", "i64=2", "i64=0", "i64=-4"}, {"f32[2]"}},
      {"Slice", "", {"f32[10]", "i64=5", "i64=2"}, {"f32[0]"}},
      {"Slice", "", {"f32[N]", "i64=0", "i64=9223372036854775807"}, {"f32[N]"}},
      {"Slice", "", {"f32[N,4]", "i64=0", "shape:N"}, {"f32[N,4]"}},
      {"Slice",
       "",
       {"f32[N]", "i64=-1", "i64=-9223372036854775807", "i64=0", "i64=-1"},
       {"f32[N]"}},
      {"Slice", "", {"f32[N,4]", "i64=1", "i64=3"}, {"f32[?,4]"}},
      {"Slice", "", {"f32[5,4]", "i64[1]", "i64=3"}, {"f32[?,4]"}},
      {"Slice", "", {"f32[5,4]", "i64[1]", "i64[1]", "i64=1"}, {"f32[5,?]"}},
      {"Slice", "", {"f32[5,4]", "i64[?]", "i64[?]"}, {"f32[?,?]"}},
      {"Gather", "axis=1", {"f32[2,N,4]", "i64[3,5]"}, {"f32[2,3,5,4]"}},
      {"Gather", "", {"f32[9,4]", "i64[]"}, {"f32[4]"}},
      {"GatherElements", "", {"f32[9,4]", "i64[2,4]"}, {"f32[2,4]"}},
      {"GatherND", "", {"f32[2,3,4]", "i64[5,2]"}, {"f32[5,4]"}},
      {"GatherND", "batch_dims=1", {"f32[2,3,4]", "i64[2,1]"}, {"f32[2,4]"}},
      {"ScatterElements", "", {"f32[N,3]", "i64[1,1]", "f32[1,1]"}, {"f32[N,3]"}},
      {"ScatterND", "", {"f32[N,3]", "i64[1,1]", "f32[1,3]"}, {"f32[N,3]"}},
      {"TopK", "", {"f32[N,10]", "i64=3"}, {"f32[N,3]", "i64[N,3]"}},
      {"TopK", "axis=0", {"f32[N,10]", "i64[1]"}, {"f32[?,10]", "i64[?,10]"}},
      {"TopK", "k=2", {"f32[N,10]"}, {"f32[N,2]", "i64[N,2]"}, 9},
      {"NonZero", "", {"f32[2,3]"}, {"i64[2,?]"}},
      {"NonZero", "", {"i64=0,5,7"}, {"i64[1,2]"}},
      {"Compress", "", {"f32[2,3]", "i1[6]"}, {"f32[?]"}},
      {"Compress", "axis=1", {"f32[2,3]", "i1[3]"}, {"f32[2,?]"}},
      {"Compress", "axis=1", {"f32[2,3]", "i1=1,0,1"}, {"f32[2,2]"}},
      {"Unique", "", {"f32[2,3]"}, {"f32[?]", "i64[?]", "i64[6]", "i64[?]"}},
      {"Unique", "axis=0", {"f32[2,3]"}, {"f32[?,3]", "i64[?]", "i64[2]", "i64[?]"}},
      {"OneHot", "", {"i64[N]", "i64:10", "f32[2]"}, {"f32[N,10]"}},
      {"OneHot", "axis=0", {"i64[N]", "i64[]", "f32[2]"}, {"f32[?,N]"}},
  });
}

TEST(ShapeRules, Creation) {
  Check({
      {"Constant", "value_ints=[1,2,3]", {}, {"i64[3]"}},
      {"Constant", "value_int=1", {}, {"i64[]"}},
      {"Constant", "value_float=1.5", {}, {"f32[]"}},
      {"Constant", "value_strings=['a','b']", {}, {"str[2]"}},
      {"ConstantOfShape", "", {"i64=2,3"}, {"f32[2,3]"}},
      {"ConstantOfShape", "", {"shape:N,?"}, {"f32[N,?]"}},
      {"ConstantOfShape", "", {"i64[2]"}, {"f32[?,?]"}},
      {"Shape", "", {"f32[N,3]"}, {"i64[2]"}},
      {"Shape", "start=1", {"f32[N,3,4]"}, {"i64[2]"}},
      {"Shape", "start=-2 end=-1", {"f32[N,3,4]"}, {"i64[1]"}},
      {"Shape", "start=5", {"f32[N,3,4]"}, {"i64[0]"}},
      {"Shape", "", {"f32[...]"}, {"i64[?]"}},
      {"Size", "", {"f32[...]"}, {"i64[]"}},
      {"Range", "", {"i64:2", "i64:9", "i64:3"}, {"i64[3]"}},
      {"Range", "", {"i64:9", "i64:2", "i64:-3"}, {"i64[3]"}},
      {"Range", "", {"i64:2", "i64:2", "i64:1"}, {"i64[0]"}},
      {"Range", "", {"i64:2", "i64:9", "i64:-3"}, {"i64[0]"}},
      {"Range", "", {"f32:0", "f32:1", "f32:0.25"}, {"f32[4]"}},
      {"Range", "", {"i64:0", "i64[]", "i64:1"}, {"i64[?]"}},
      {"EyeLike", "", {"f32[3,N]"}, {"f32[3,N]"}},
      {"RandomNormal", "shape=[2,3] dtype=11", {}, {"f64[2,3]"}},
      {"RandomUniformLike", "", {"f16[N]"}, {"f16[N]"}},
      {"Multinomial", "sample_size=4", {"f32[N,10]"}, {"i32[N,4]"}},
      {"HannWindow", "", {"i64:16"}, {"f32[16]"}},
  });
}

TEST(ShapeRules, RecurrentAndAttention) {
  Check({
      {"LSTM",
       "hidden_size=8 direction='bidirectional'",
       {"f32[S,B,4]", "f32[2,32,4]", "f32[2,32,8]"},
       {"f32[S,2,B,8]", "f32[2,B,8]", "f32[2,B,8]"}},
      {"GRU", "", {"f32[S,B,4]", "f32[1,24,4]", "f32[1,24,8]"}, {"f32[S,1,B,8]", "f32[1,B,8]"}},
      {"LSTM",
       "hidden_size=8 layout=1",
       {"f32[B,S,4]", "f32[1,32,4]", "f32[1,32,8]"},
       {"f32[B,S,1,8]", "f32[B,1,8]", "f32[B,1,8]"}},
      // Four dimensions: batch, heads, sequence, size.
      {"Attention", "", {"f32[B,8,S,64]", "f32[B,8,T,64]", "f32[B,8,T,32]"}, {"f32[B,8,S,32]"}, 23},
      // Three: heads packed; values of 512 / 8 each.
      {"Attention",
       "q_num_heads=8 kv_num_heads=8",
       {"f32[B,S,512]", "f32[B,6,512]", "f32[B,6,512]", "", "f32[B,8,4,64]", "f32[B,8,4,64]"},
       {"f32[B,S,512]", "f32[B,8,10,64]", "f32[B,8,10,64]", "f32[B,8,S,10]"},
       23},
      // Grouped: 8 query heads of 64 share 2 key heads.
      {"Attention",
       "q_num_heads=8 kv_num_heads=2",
       {"f32[B,S,512]", "f32[B,T,128]", "f32[B,T,128]"},
       {"f32[B,S,512]"},
       24},
      {"RotaryEmbedding", "", {"f32[B,S,64]", "f32[9,8]", "f32[9,8]"}, {"f32[B,S,64]"}, 23},
  });
}

TEST(ShapeRules, Quantization) {
  Check({
      {"QuantizeLinear", "", {"f32[N]", "f32[]", "i8[]"}, {"i8[N]"}},
      {"QuantizeLinear", "", {"f32[N]", "f32[]"}, {"ui8[N]"}},
      {"QuantizeLinear", "output_dtype=3", {"f32[N]", "f32[]"}, {"i8[N]"}, 21},
      {"DequantizeLinear", "", {"i8[N]", "f16[]"}, {"f16[N]"}, 19},
      {"DynamicQuantizeLinear", "", {"f32[N,2]"}, {"ui8[N,2]", "f32[]", "ui8[]"}},
      {"QLinearConv",
       "",
       {"ui8[1,3,8,8]", "f32[]", "ui8[]", "i8[4,3,3,3]", "f32[]", "i8[]", "f32[]", "ui8[]"},
       {"ui8[1,4,6,6]"}},
      {"QLinearMatMul",
       "",
       {"ui8[2,3]", "f32[]", "ui8[]", "i8[3,4]", "f32[]", "i8[]", "f32[]", "i8[]"},
       {"i8[2,4]"}},
  });
}

TEST(ShapeRules, Containers) {
  Check({
      {"SequenceConstruct", "", {"f32[2,3]", "f32[4,3]"}, {"seq(f32[?,3])"}},
      {"SequenceConstruct", "", {"f32[2]", "f32[2,3]"}, {"seq(f32[...])"}},
      {"SequenceEmpty", "dtype=7", {}, {"seq(i64[...])"}},
      {"SequenceAt", "", {"seq(f32[2,N])", "i64[]"}, {"f32[2,N]"}},
      {"SequenceInsert", "", {"seq(f32[2])", "f32[3]"}, {"seq(f32[?])"}},
      {"SequenceErase", "", {"seq(f32[2])"}, {"seq(f32[2])"}},
      {"SequenceLength", "", {"seq(f32[2])"}, {"i64[]"}},
      {"SplitToSequence", "", {"f32[4,3]"}, {"seq(f32[1,3])"}},
      {"SplitToSequence", "keepdims=0", {"f32[4,3]"}, {"seq(f32[3])"}},
      {"SplitToSequence", "", {"f32[4,3]", "i64:2"}, {"seq(f32[2,3])"}},
      {"SplitToSequence", "", {"f32[5,3]", "i64:2"}, {"seq(f32[?,3])"}},
      {"SplitToSequence", "", {"f32[5,3]", "i64=2,3"}, {"seq(f32[?,3])"}},
      {"ConcatFromSequence", "axis=0", {"seq(f32[2,3])"}, {"f32[?,3]"}},
      {"ConcatFromSequence", "axis=-1 new_axis=1", {"seq(f32[2,3])"}, {"f32[2,3,?]"}},
      {"Optional", "", {"f32[2]"}, {"opt(f32[2])"}},
      {"OptionalGetElement", "", {"opt(f32[2])"}, {"f32[2]"}},
      {"OptionalGetElement", "", {"f32[2]"}, {"f32[2]"}, 18},
      {"OptionalHasElement", "", {"opt(f32[2])"}, {"i1[]"}},
  });
}

TEST(ShapeRules, Vision) {
  Check({
      {"Resize", "", {"f32[N,3,5,7]", "", "f32=1,1,2,1.5"}, {"f32[N,3,10,10]"}},
      {"Resize", "", {"f32[N,3,5,7]", "", "", "i64=1,3,9,9"}, {"f32[1,3,9,9]"}},
      {"Resize", "", {"f32[N,3,5,7]", "f32=", "f32=", "i64=1,3,9,9"}, {"f32[1,3,9,9]"}},
      {"Resize", "", {"f32[N,3,H,7]", "f32=1,1,2,2"}, {"f32[N,3,?,14]"}, 10},
      {"Resize", "axes=[2,3]", {"f32[N,3,5,7]", "", "", "i64=8,9"}, {"f32[N,3,8,9]"}, 18},
      // Scales 2 and 3 asked for: the smaller one for both; 5 * 2, 7 * 2.
      {"Resize",
       "axes=[2,3] keep_aspect_ratio_policy='not_larger'",
       {"f32[N,3,5,7]", "", "", "i64=10,21"},
       {"f32[N,3,10,14]"},
       18},
      {"Resize",
       "axes=[2,3] keep_aspect_ratio_policy='not_smaller'",
       {"f32[N,3,5,7]", "", "", "i64=10,21"},
       {"f32[N,3,15,21]"},
       18},
      {"Resize",
       "coordinate_transformation_mode='tf_crop_and_resize'",
       {"f32[1,3,5,7]", "f32[8]", "f32=1,1,2,2"},
       {"f32[?,?,?,?]"}},
      {"Upsample", "scales=[1.0,1.0,2.0,2.0]", {"f32[1,3,5,7]"}, {"f32[1,3,10,14]"}, 7},
      {"RoiAlign",
       "output_height=7 output_width=6",
       {"f32[N,16,H,W]", "f32[R,4]", "i64[R]"},
       {"f32[R,16,7,6]"}},
      {"MaxRoiPool", "pooled_shape=[2,3]", {"f32[N,16,H,W]", "f32[R,5]"}, {"f32[R,16,2,3]"}},
      {"NonMaxSuppression", "", {"f32[1,9,4]", "f32[1,2,9]"}, {"i64[?,3]"}},
      {"GridSample", "", {"f32[N,3,H,W]", "f32[N,5,6,2]"}, {"f32[N,3,5,6]"}},
      {"AffineGrid", "", {"f32[N,2,3]", "i64=2,3,4,5"}, {"f32[2,4,5,2]"}, 20},
      {"CenterCropPad", "axes=[1]", {"f32[N,9]", "i64=4"}, {"f32[N,4]"}, 18},
  });
}

TEST(ShapeRules, SignalsAndText) {
  Check({
      {"DFT", "axis=1 onesided=1", {"f32[N,10,1]"}, {"f32[N,6,2]"}},
      {"DFT", "onesided=1", {"f32[N,10,1]"}, {"f32[N,6,2]"}, 20},
      {"DFT", "", {"f32[N,10,1]", "i64:16", "i64:1"}, {"f32[N,16,2]"}, 20},
      {"DFT", "", {"f32[N,10,1]", "", "i64[]"}, {"f32[N,10,2]"}, 20},
      {"DFT", "", {"f32[N,10,1]", "i64:4", "i64[]"}, {"f32[?,?,2]"}, 20},
      {"DFT", "", {"f32[N,10,1]", "", "i64:2"}, {"f32[?,?,?]"}, 20},
      // Back from half a spectrum to real numbers: 2 * (n - 1), or as many as are asked for.
      {"DFT", "onesided=1 inverse=1", {"f32[N,6,2]"}, {"f32[N,10,1]"}, 20},
      {"DFT", "onesided=1 inverse=1", {"f32[N,6,2]", "i64:11"}, {"f32[N,11,1]"}, 20},
      {"DFT", "onesided=1 inverse=1", {"f32[N,F,2]"}, {"f32[N,?,1]"}, 20},
      {"DFT", "onesided=1 inverse=1", {"f32[N,6,2]", "", "i64[]"}, {"f32[?,?,1]"}, 20},
      {"DFT", "onesided=1 inverse=1", {"f32[N,1,2]"}, {"f32[N,?,1]"}, 20},
      {"DFT", "inverse=1", {"f32[N,6,2]"}, {"f32[N,6,2]"}, 20},
      {"StringConcat", "", {"str[2,1]", "str[3]"}, {"str[2,3]"}, 20},
      {"RegexFullMatch", "pattern='a'", {"str[N]"}, {"i1[N]"}, 20},
      {"StringSplit", "", {"str[N]"}, {"str[N,?]", "i64[N]"}, 20},
      {"StringNormalizer", "", {"str[4]"}, {"str[4]"}},
      {"StringNormalizer", "stopwords=['a']", {"str[4]"}, {"str[?]"}},
      {"TfIdfVectorizer", "ngram_indexes=[0,4,2]", {"i64[N,6]"}, {"f32[N,5]"}},
  });
}

TEST(ShapeRules, ShortTimeFourierTransforms) {
  for (const int64_t opset : {17, 20, 25, 26, 28}) {
    Check({
        // (128 - 16) / 8 + 1 frames of 16 / 2 + 1 frequencies: one-sided unless told otherwise.
        {"STFT", "", {"f32[N,128,1]", "i64:8", "", "i64:16"}, {"f32[N,15,9,2]"}, opset},
        {"STFT", "onesided=1", {"f32[N,128,1]", "i64:8", "", "i64:16"}, {"f32[N,15,9,2]"}, opset},
        {"STFT", "onesided=0", {"f32[N,128,1]", "i64:8", "", "i64:16"}, {"f32[N,15,16,2]"}, opset},
        {"STFT", "", {"f32[N,128,1]", "i64:8", "f32[16]"}, {"f32[N,15,9,2]"}, opset},
        {"STFT", "onesided=0", {"f32[N,128,1]", "i64:8", "f32[16]"}, {"f32[N,15,16,2]"}, opset},
        {"STFT", "", {"f32[N,128,1]", "i64:8", "f32[16]", "i64:16"}, {"f32[N,15,9,2]"}, opset},
        {"STFT", "", {"f32[N,128,1]", "i64:8", "f32[16]", "i64[]"}, {"f32[N,15,9,2]"}, opset},
        {"STFT", "", {"f32[N,128]", "i64:8", "", "i64:16"}, {"f32[N,15,9,2]"}, opset},
        // A complex signal has no redundant half.
        {"STFT", "onesided=0", {"f32[N,128,2]", "i64:8", "", "i64:16"}, {"f32[N,15,16,2]"}, opset},
        {"STFT", "", {"f32[N,128,2]", "i64:8", "", "i64:16"}, {"f32[N,15,?,2]"}, opset},
        // One frame, as long as the signal.
        {"STFT", "", {"f64[N,10,1]", "i64:8"}, {"f64[N,1,6,2]"}, opset},
        {"STFT", "onesided=0", {"f32[N,L,1]", "i64:8"}, {"f32[N,1,L,2]"}, opset},
        // What is not known, by itself and for the rest.
        {"STFT", "onesided=0", {"f32[N,L,1]", "i64:8", "f32[W]"}, {"f32[N,?,W,2]"}, opset},
        {"STFT", "", {"f32[N,L,1]", "i64:8", "f32[W]"}, {"f32[N,?,?,2]"}, opset},
        {"STFT", "", {"f32[N,128,1]", "i64[]", "", "i64:16"}, {"f32[N,?,9,2]"}, opset},
        {"STFT", "", {"f32[N,128,1]", "i64:0", "", "i64:16"}, {"f32[N,?,9,2]"}, opset},
        {"STFT", "", {"f32[N,8,1]", "i64:8", "", "i64:16"}, {"f32[N,?,9,2]"}, opset},
        {"STFT", "", {"f32[...]", "i64:8", "", "i64:16"}, {"f32[?,?,9,2]"}, opset},
        {"STFT", "", {"f32[N,128,1]", "i64:8", "", "i64[]"}, {"f32[N,?,?,2]"}, opset},
        {"MelWeightMatrix",
         "",
         {"i64:8", "i64:16", "i64:8192", "f32:0", "f32:4000"},
         {"f32[9,8]"},
         opset},
        {"MelWeightMatrix",
         "output_datatype=11",
         {"i64[]", "i64:16", "i64:8192", "f32:0", "f32:4000"},
         {"f64[9,?]"},
         opset},
    });
  }
}

TEST(ShapeRules, LossesAndOptimizers) {
  for (const int64_t opset : {13, 25, 28}) {
    Check({
        {"NegativeLogLikelihoodLoss", "", {"f32[3,5]", "i64[3]"}, {"f32[]"}, opset},
        {"NegativeLogLikelihoodLoss",
         "reduction='none'",
         {"f32[3,5]", "i64[3]"},
         {"f32[3]"},
         opset},
        {"NegativeLogLikelihoodLoss",
         "reduction='none'",
         {"f32[N,5,H,W]", "i64[3,2,?]", "f32[5]"},
         {"f32[3,2,W]"},
         opset},
        {"NegativeLogLikelihoodLoss",
         "reduction='none'",
         {"f32[...]", "i64[N,2]"},
         {"f32[N,2]"},
         opset},
        {"NegativeLogLikelihoodLoss",
         "reduction='none'",
         {"f32[N,5,2]", "i64[...]"},
         {"f32[N,2]"},
         opset},
        {"SoftmaxCrossEntropyLoss", "", {"f32[3,5,2]", "i64[3,2]"}, {"f32[]", "f32[3,5,2]"}, opset},
        {"SoftmaxCrossEntropyLoss",
         "reduction='none'",
         {"f32[3,5,2]", "i64[3,2]"},
         {"f32[3,2]", "f32[3,5,2]"},
         opset},
    });
  }
  const std::string t = "ai.onnx.preview.training:";
  Check({
      {t + "Adagrad",
       "",
       {"f32[]", "i64[]", "f32[1]", "f32[1]", "f32[1]"},
       {"f32[1]", "f32[1]"},
       1},
      {t + "Momentum",
       "",
       {"f32[]", "i64[]", "f32[1]", "f64[2]", "f32[1]", "f64[2]", "f32[1]", "f64[2]"},
       {"f32[1]", "f64[2]", "f32[1]", "f64[2]"},
       1},
      {t + "Adam",
       "",
       {"f32[]", "i64[]", "f32[1]", "f32[2]", "f32[1]", "f32[2]", "f32[1]", "f32[2]", "f32[1]",
        "f32[2]"},
       {"f32[1]", "f32[2]", "f32[1]", "f32[2]", "f32[1]", "f32[2]"},
       1},
      {t + "Adam", "", {"f32[]", "i64[]", "f32[1]"}, {"?"}, 1},
      {t + "Gradient",
       "xs=['a','b'] y='c'",
       {"f32[2]", "f32[N]", "f32[4]"},
       {"f32[2]", "f32[N]"},
       1},
  });
}

TEST(ShapeRules, AttentionOfNewerOpsets) {
  Check({
      {"LinearAttention",
       "q_num_heads=4 kv_num_heads=2",
       {"f32[B,T,32]", "f32[2,T,16]", "f32[2,T,20]", "", "f32[2,7,2]", "f32[2,7,2]"},
       {"f32[2,7,40]", "f32[2,2,8,10]"},
       27},
      // The state may be of another type than the data, and says what they leave open.
      {"LinearAttention",
       "q_num_heads=4 kv_num_heads=2",
       {"f16[B,T,?]", "f16[B,T,?]", "f16[B,T,?]", "f32[B,2,8,10]"},
       {"f16[B,T,40]", "f32[B,2,8,10]"},
       27},
      {"LinearAttention",
       "",
       {"f32[B,T,32]", "f32[B,T,16]", "f32[B,T,20]"},
       {"f32[B,T,?]", "f32[B,?,?,?]"},
       27},
      {"CausalConvWithState",
       "",
       {"f32[B,C,L]", "f32[6,1,4]", "f32[6]"},
       {"f32[B,6,L]", "f32[B,6,3]"},
       27},
      {"CausalConvWithState",
       "",
       {"f32[...]", "f32[6,1,K]", "", "f32[2,6,3]"},
       {"f32[2,6,?]", "f32[2,6,3]"},
       27},
      {"CausalConvWithState", "", {"f32[2,6,8]", "f32[6,1,1]"}, {"f32[2,6,8]", "f32[2,6,0]"}, 27},
      {"ai.onnx.preview:FlexAttention",
       "",
       {"f16[B,8,L,64]", "f16[2,4,S,64]", "f16[2,4,S,32]"},
       {"f16[2,8,L,32]"},
       1},
  });
}

TEST(ShapeRules, RanksFollowFromLengths) {
  Check({
      {"AffineGrid", "", {"f32[2,2,3]", "i64[4]"}, {"f32[2,?,?,2]"}, 20},
      {"AffineGrid", "", {"f32[N,3,4]", "i64[5]"}, {"f32[N,?,?,?,3]"}, 20},
      {"AffineGrid", "", {"f32[...]", "i64[5]"}, {"f32[?,?,?,?,3]"}, 20},
      {"AffineGrid", "", {"f32[N,3,4]", "i64[?]"}, {"f32[N,?,?,?,3]"}, 20},
      {"AffineGrid", "", {"f32[N,?,?]", "i64[?]"}, {"f32[...]"}, 20},
      {"AffineGrid", "", {"f32[N,2,3]", "i64=2,3,5,6"}, {"f32[2,5,6,2]"}, 20},
      {"Col2Im", "", {"f32[N,18,?]", "i64[2]", "i64=3,3"}, {"f32[N,2,?,?]"}, 18},
      {"Col2Im", "", {"f32[N,18,?]", "i64[3]", "i64[3]"}, {"f32[N,?,?,?,?]"}, 18},
      {"Col2Im", "", {"f32[...]", "i64=5,6", "i64[?]"}, {"f32[?,?,5,6]"}, 18},
      {"Col2Im", "pads=[0,0,0,0]", {"f32[N,18,?]", "i64[?]", "i64[?]"}, {"f32[N,?,?,?]"}, 18},
      {"Col2Im", "", {"f32[N,18,?]", "i64[?]", "i64[?]"}, {"f32[...]"}, 18},
  });
}

TEST(ShapeRules, RoundingThatDiffersStaysUnknown) {
  Check({
      // 2 * 3/4 = 1.5, half up: every number on the way is exact.
      {"Resize",
       "keep_aspect_ratio_policy='not_smaller' axes=[2,3]",
       {"f32[1,1,2,4]", "", "", "i64=1,3"},
       {"f32[1,1,2,3]"},
       18},
      // 3 * 5/6 = 2.5, but 5/6 is rounded.
      {"Resize",
       "keep_aspect_ratio_policy='not_smaller' axes=[2,3]",
       {"f32[1,1,3,6]", "", "", "i64=1,5"},
       {"f32[1,1,?,5]"},
       18},
      // 16777217 is no float32, 33554434 is one.
      {"Resize", "", {"f32[1,16777217]", "", "f32=1,2"}, {"f32[1,?]"}, 18},
      {"Resize", "", {"f32[1,16777216]", "", "f32=1,2"}, {"f32[1,33554432]"}, 18},
      // 10 times what float32 has for 0.7 is below 7, and 7 when rounded.
      {"Resize", "", {"f32[1,10]", "", "f32=1,0.7"}, {"f32[1,?]"}, 18},
      {"Resize", "", {"f32[1,10]", "", "f32=1,0.75"}, {"f32[1,7]"}, 18},
  });
}

TEST(ShapeRules, ClassicMl) {
  Check({
      {"ai.onnx.ml:Scaler", "", {"i64[N,3]"}, {"f32[N,3]"}},
      {"ai.onnx.ml:TreeEnsembleClassifier",
       "classlabels_int64s=[0,1,2]",
       {"f32[N,4]"},
       {"i64[N]", "f32[N,?]"}},
      {"ai.onnx.ml:TreeEnsembleClassifier",
       "classlabels_strings=['a']",
       {"f32[N,4]"},
       {"str[N]", "f32[N,?]"}},
      {"ai.onnx.ml:TreeEnsembleRegressor", "n_targets=2", {"f32[N,4]"}, {"f32[N,2]"}},
      {"ai.onnx.ml:LinearRegressor", "", {"f32[N,4]"}, {"f32[N,1]"}},
      {"ai.onnx.ml:LabelEncoder", "keys_strings=['a'] values_int64s=[1]", {"str[N]"}, {"i64[N]"}},
      {"ai.onnx.ml:OneHotEncoder", "cats_int64s=[1,2,3]", {"i64[N]"}, {"f32[N,3]"}},
      {"ai.onnx.ml:ArrayFeatureExtractor", "", {"f32[N,9]", "i64[2]"}, {"f32[N,2]"}},
      {"ai.onnx.ml:FeatureVectorizer",
       "inputdimensions=[2,3]",
       {"f32[N,2]", "f32[N,3]"},
       {"f32[N,5]"}},
  });
}

TEST(ShapeRules, Microsoft) {
  Check({
      {"com.microsoft:FusedConv",
       "activation='Relu'",
       {"f32[1,3,8,8]", "f32[4,3,3,3]"},
       {"f32[1,4,6,6]"}},
      {"com.microsoft:FusedMatMul", "transB=1", {"f32[N,2,3]", "f32[4,3]"}, {"f32[N,2,4]"}},
      {"com.microsoft:MatMulNBits",
       "K=64 N=128 bits=4",
       {"f16[B,S,64]", "ui8[128,2,16]"},
       {"f16[B,S,128]"}},
      {"com.microsoft:SkipLayerNormalization",
       "",
       {"f16[B,S,8]", "f16[B,S,8]", "f16[8]"},
       {"f16[B,S,8]", "f32[B,S,1]", "f32[B,S,1]", "f16[B,S,8]"}},
      {"com.microsoft:EmbedLayerNormalization",
       "",
       {"i32[B,S]", "i32[B,S]", "f32[30,8]", "f32[9,8]"},
       {"f32[B,S,8]"}},
      {"com.microsoft:Attention",
       "num_heads=4",
       {"f32[B,6,32]", "f32[32,96]", "f32[96]"},
       {"f32[B,6,32]", "f32[2,B,4,6,8]"}},
      {"com.microsoft:MultiHeadAttention",
       "num_heads=4",
       {"f32[B,S,32]", "f32[B,7,32]", "f32[B,7,64]"},
       {"f32[B,S,64]", "f32[B,4,7,8]", "f32[B,4,7,16]"}},
      {"com.microsoft:GroupQueryAttention",
       "num_heads=4 kv_num_heads=2",
       {"f32[B,S,64]", "", "", "f32[B,2,9,8]", "f32[B,2,9,8]"},
       {"f32[B,S,32]", "f32[B,2,?,8]", "f32[B,2,?,8]"}},
      {"com.microsoft:QLinearAdd",
       "",
       {"ui8[N,3]", "f32[]", "ui8[]", "ui8[3]", "f32[]", "ui8[]", "f32[]", "ui8[]"},
       {"ui8[N,3]"}},
      {"com.microsoft:QLinearConcat",
       "axis=1",
       {"f32[]", "ui8[]", "ui8[N,2]", "f32[]", "ui8[]", "ui8[N,3]", "f32[]", "ui8[]"},
       {"ui8[N,5]"}},
      {"com.microsoft:BiasGelu", "", {"f32[N,3]", "f32[3]"}, {"f32[N,3]"}},
      {"com.microsoft:Gelu", "", {"f32[N,3]"}, {"f32[N,3]"}},
  });
}

// --- what must not be guessed, and what is refused
// ------------------------------------------------

TEST(ShapeRules, SayNothingOfOddNodes) {
  Check({
      {"Conv", "", {}, {"any[...]"}},
      {"Conv", "strides=[1]", {"f32[1,3,8,8]", "f32[4,3,3,3]"}, {"f32[1,4,?,?]"}},
      {"Transpose", "perm=[0,5]", {"f32[2,3]"}, {"f32[...]"}},
      {"Gather", "axis=7", {"f32[2,3]", "i64[1]"}, {"f32[...]"}},
      {"Concat", "axis=9", {"f32[2]", "f32[2]"}, {"f32[...]"}},
      {"Slice", "", {"f32[10]", "i64=0", "i64=9", "i64=0", "i64=0"}, {"f32[?]"}},
      {"Split", "", {"f32[2]", "i64=1,1,5"}, {"f32[?]", "f32[?]"}},
      {"Relu", "", {}, {"?"}},
      {"Relu", "", {"?"}, {"?"}},
      {"custom.domain:Relu", "", {"f32[2]"}, {"?"}},
      {"Einsum", "equation='i1j'", {"f32[2]"}, {"f32[...]"}},
      {"Einsum", "", {"f32[2]"}, {"f32[...]"}},
      {"DepthToSpace", "blocksize=0", {"f32[1,4,2,2]"}, {"f32[?,?,?,?]"}},
      {"MaxPool", "kernel_shape=[0,0]", {"f32[1,4,2,2]"}, {"f32[1,4,?,?]"}},
  });
}

// Every operator with no operands, and with far too many scalars: no crash, no error.
TEST(ShapeRules, StandAnyNumberOfOperands) {
  for (const auto& rules :
       {ElementwiseShapeRules(), WindowShapeRules(), MatrixShapeRules(), ReductionShapeRules(),
        NormalizationShapeRules(), ReshapeShapeRules(), LayoutShapeRules(), IndexingShapeRules(),
        CreationShapeRules(), SequenceModelShapeRules(), QuantizationShapeRules(),
        ContainerShapeRules(), VisionShapeRules(), SignalAndTextShapeRules(), ClassicMlShapeRules(),
        MicrosoftShapeRules()}) {
    for (const ShapeRuleEntry& rule : rules) {
      for (const std::string domain : {"", "com.microsoft:", "ai.onnx.ml:"}) {
        for (const char* operand :
             {"f32[]", "f32[1]", "i64[...]", "seq(f32[2])", "i64:0", "i64=-1"}) {
          for (const size_t count : {size_t{0}, size_t{3}, size_t{10}}) {
            SCOPED_TRACE(domain + rule.op_type + " " + operand);
            ir::Module module = EmptyModule();
            AddOp(module, module.graph, domain + rule.op_type, "",
                  std::vector<std::string>(count, operand), 4);
            Diagnostics diagnostics;
            const absl::StatusOr<InferredTypes> types = InferTypes(module, nullptr, diagnostics);
            // Vectors of one element fit together everywhere but as a reshape's data.
            EXPECT_TRUE(types.ok()) << types.status();
          }
        }
      }
    }
  }
}

// Random operands and attributes, extreme numbers among them: an answer or an error, never a crash.
TEST(ShapeRules, StandAnyNumbers) {
  Random random(7);
  const std::vector<int64_t> numbers = {0,
                                        1,
                                        2,
                                        3,
                                        5,
                                        -1,
                                        -2,
                                        100,
                                        int64_t{1} << 31,
                                        int64_t{1} << 62,
                                        std::numeric_limits<int64_t>::max(),
                                        std::numeric_limits<int64_t>::min()};
  const auto number = [&] {
    return numbers[static_cast<size_t>(random.Below(static_cast<int64_t>(numbers.size())))];
  };
  const auto list = [&](bool dims) {
    std::vector<std::string> words;
    for (int64_t i = random.Below(5); i > 0; --i) {
      const int64_t one = number();
      words.push_back(dims && one < 0 ? (one == -1 ? "?" : "N") : absl::StrCat(one));
    }
    return absl::StrJoin(words, ",");
  };
  const char* const kNames[] = {"axis",
                                "axes",
                                "pads",
                                "strides",
                                "kernel_shape",
                                "dilations",
                                "starts",
                                "ends",
                                "steps",
                                "blocksize",
                                "group",
                                "output_padding",
                                "output_shape",
                                "perm",
                                "split",
                                "num_outputs",
                                "keepdims",
                                "ceil_mode",
                                "k",
                                "batch_dims",
                                "hidden_size",
                                "num_heads",
                                "shape",
                                "start",
                                "end",
                                "N",
                                "allowzero",
                                "kv_num_heads",
                                "output_height",
                                "pooled_shape",
                                "repeats",
                                "to"};
  int64_t answers = 0;
  for (const auto& rules :
       {ElementwiseShapeRules(), WindowShapeRules(), MatrixShapeRules(), ReductionShapeRules(),
        ReshapeShapeRules(), LayoutShapeRules(), IndexingShapeRules(), CreationShapeRules(),
        SequenceModelShapeRules(), QuantizationShapeRules(), ContainerShapeRules(),
        VisionShapeRules(), SignalAndTextShapeRules(), ClassicMlShapeRules(),
        MicrosoftShapeRules()}) {
    for (const ShapeRuleEntry& rule : rules) {
      for (int i = 0; i < 30; ++i) {
        ir::Module module = EmptyModule(random.Between(1, 25));
        std::vector<std::string> operands;
        for (int64_t n = random.Below(5); n >= 0; --n) {
          switch (random.Below(6)) {
            case 0:
              operands.push_back("i64=" + list(false));
              break;
            case 1:
              operands.push_back(absl::StrCat("i64:", number()));
              break;
            case 2:
              operands.push_back("shape:" + list(true));
              break;
            case 3:
              operands.push_back("i64[" + list(true) + "]");
              break;
            case 4:
              operands.push_back(absl::StrCat("f32=0.5,", random.Below(100), ",1e30,-7"));
              break;
            default:
              operands.push_back("f32[" + list(true) + "]");
          }
        }
        const char* const domains[] = {"", "com.microsoft:", "ai.onnx.ml:"};
        const ir::NodeId node = AddOp(
            module, module.graph,
            domains[random.Below(3) % (i % 3 + 1)] + std::string(rule.op_type), "", operands, 3);
        for (const char* name : kNames) {
          ir::AttributeMap& attributes = module.graph.mutable_attributes(node);
          const int64_t kind = random.Below(4);
          if (kind == 0) attributes[name].value = number();
          if (kind == 1) {
            std::vector<int64_t> values;
            for (int64_t n = random.Below(5); n > 0; --n) values.push_back(number());
            attributes[name].value = values;
          }
        }
        Diagnostics diagnostics;
        if (InferTypes(module, nullptr, diagnostics).ok()) ++answers;
        InferConcreteTypes(module, nullptr, {});
      }
    }
  }
  EXPECT_GT(answers, 1000);
}

// Ranks that double with every node, and containers in containers, stay bounded.
TEST(ShapeRules, StandTypesThatGrow) {
  for (const std::string op : {"Gather", "SequenceConstruct"}) {
    ir::Module module = EmptyModule();
    ir::ValueId value = testing::AddOperand(module, module.graph, "i64[1,1,1]");
    for (int i = 0; i < 1000; ++i) {
      ir::Node node;
      node.op_type = op;
      node.operands = {value, value};
      value =
          module.graph.node(module.graph.AddNode(node, {{absl::StrCat("y", i), {}}})).results[0];
    }
    Diagnostics diagnostics;
    EXPECT_TRUE(InferTypes(module, nullptr, diagnostics).ok());
  }
}

TEST(ShapeRules, RefuseWhatCannotFit) {
  const std::vector<std::pair<Case, std::string>> cases = {
      {{"MatMul", "", {"f32[2,3]", "f32[4,5]"}, {}}, "inner dimensions 3 and 4 differ"},
      {{"Gemm", "transB=1", {"f32[2,3]", "f32[5,4]"}, {}}, "inner dimensions 3 and 4 differ"},
      {{"Add", "", {"f32[2,3]", "f32[2,4]"}, {}}, "dimensions 3 and 4 do not broadcast"},
      {{"Concat", "axis=0", {"f32[2,3]", "f32[2,4]"}, {}}, "axis 1: dimensions 3 and 4 differ"},
      {{"Concat", "axis=0", {"f32[2,3]", "f32[2]"}, {}}, "ranks 2 and 1 differ"},
      {{"Conv", "", {"f32[1,3,8,8]", "f32[4,2,3,3]"}, {}},
       "the data have 3 channels, the weight takes 2"},
      {{"Reshape", "", {"f32[2,3]", "i64=4,-1"}, {}}, "6 elements do not divide by 4"},
      {{"Reshape", "", {"f32[2,3]", "i64=5"}, {}}, "6 elements cannot take the shape [5]"},
      {{"Squeeze", "", {"f32[2,3]", "i64=0"}, {}}, "axis 0 of size 2 cannot be squeezed"},
      {{"Expand", "", {"f32[3]", "i64=4"}, {}}, "dimensions 3 and 4 do not broadcast"},
      {{"Einsum", "equation='ij,jk'", {"f32[2,3]", "f32[4,5]"}, {}},
       "index 'j': dimensions 3 and 4 do not broadcast"},
  };
  for (const auto& [one, message] : cases) {
    SCOPED_TRACE(one.op);
    ir::Module module = EmptyModule(one.opset);
    AddOp(module, module.graph, one.op, one.attributes, one.operands);
    Diagnostics diagnostics;
    const absl::StatusOr<InferredTypes> types = InferTypes(module, nullptr, diagnostics);
    ASSERT_FALSE(types.ok());
    const std::string text(types.status().message());
    EXPECT_NE(text.find(message), std::string::npos) << text;
    EXPECT_NE(text.find("'onnx." + one.op + "' op \"n\""), std::string::npos) << text;
    EXPECT_NE(text.find("(float32["), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace allot
