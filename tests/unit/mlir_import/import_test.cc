#include "mlir_import/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/text/splice_attributes.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A function in onnx-mlir's form with one constant.
std::string WithConstant(const std::string& value) {
  return absl::StrCat("func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n",
                      "  %0 = onnx.Constant ", value, "\n",
                      "  %1 = \"onnx.Relu\"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>\n",
                      "  return %1 : tensor<4xf32>\n}\n");
}

template <typename T>
std::vector<T> ElementsOf(const std::string& value) {
  const absl::StatusOr<MlirModel> model = ImportMlir(WithConstant(value), "m.mlir", nullptr);
  EXPECT_TRUE(model.ok()) << model.status();
  if (!model.ok() || model->parsed.module.constants.size() != 1) return {};
  const ir::Constant& constant = model->parsed.module.constants[ir::ConstantId(0)];
  const std::string& bytes = *std::get<ir::InlineBytes>(constant.storage).bytes;
  std::vector<T> elements(bytes.size() / sizeof(T));
  std::memcpy(elements.data(), bytes.data(), bytes.size());
  return elements;
}

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<MlirModel> model = ImportMlir(text, "m.mlir", nullptr);
  return model.ok() ? "no error" : std::string(model.status().message());
}

TEST(ImportMlirTest, ReadsDenseElements) {
  EXPECT_THAT(ElementsOf<float>("dense<[[1.0, -2.5e-1], [0x7F800000, 3.0]]> : tensor<2x2xf32>"),
              ElementsAre(1.0f, -0.25f, INFINITY, 3.0f));
  EXPECT_THAT(ElementsOf<float>("dense<0.5> : tensor<3xf32>"), ElementsAre(0.5f, 0.5f, 0.5f));
  EXPECT_THAT(ElementsOf<int64_t>("dense<[-1, 7]> : tensor<2xi64>"), ElementsAre(-1, 7));
  EXPECT_THAT(ElementsOf<int8_t>("dense<[true, false, true]> : tensor<3xi1>"),
              ElementsAre(1, 0, 1));
  EXPECT_THAT(ElementsOf<int32_t>("dense<\"0x0100000002000000\"> : tensor<2xi32>"),
              ElementsAre(1, 2));
  // Truth values in hexadecimal are bits.
  EXPECT_THAT(ElementsOf<int8_t>("dense<\"0x0501\"> : tensor<9xi1>"),
              ElementsAre(1, 0, 1, 0, 0, 0, 0, 0, 1));
  EXPECT_THAT(ElementsOf<double>("dense<[[1.5]]> : tensor<1x1xf64>"), ElementsAre(1.5));
}

TEST(ImportMlirTest, RoundsShortFloatsToTheNearest) {
  // 1, the largest, beyond it, the smallest, half of it (a tie), a number between two others.
  EXPECT_THAT(
      ElementsOf<uint16_t>(
          "dense<[1.0, 65504.0, 1.0e9, 5.96046448e-08, 2.98023223876953125e-08, 0.1, -0.0]> "
          ": tensor<7xf16>"),
      ElementsAre(0x3C00, 0x7BFF, 0x7C00, 0x0001, 0x0000, 0x2E66, 0x8000));
  EXPECT_THAT(ElementsOf<uint16_t>("dense<[1.0, -2.0, 0.1]> : tensor<3xbf16>"),
              ElementsAre(0x3F80, 0xC000, 0x3DCD));
}

TEST(ImportMlirTest, RefusesWrongElements) {
  EXPECT_THAT(ErrorOf(WithConstant("dense<[1.0, 2.0]> : tensor<3xf32>")),
              HasSubstr("there are 8 bytes of elements, and the type has 12"));
  EXPECT_THAT(ErrorOf(WithConstant("dense<1.5> : tensor<i64>")), HasSubstr("m.mlir:2:"));
  EXPECT_THAT(ErrorOf(WithConstant("dense<0.0> : tensor<4000000000xf32>")), HasSubstr("m.mlir:2:"));
}

TEST(ImportMlirTest, SaysWhatIsWrongWithAFunction) {
  EXPECT_THAT(ErrorOf("module {\n}\n"), HasSubstr("there is no model"));
  EXPECT_THAT(ErrorOf("module {\n  func.func @f(%a: !torch.vtensor<[2],f32>) -> "
                      "!torch.vtensor<[2],f32> {\n    %0 = torch.operator \"onnx.Relu\"(%a) : "
                      "(!torch.vtensor<[2],f32>) -> !torch.vtensor<[2],f32>\n    return %0 : "
                      "!torch.vtensor<[2],f32>\n  }\n}\n"),
              HasSubstr("m.mlir:2:3: the function does not say its operator set"));
  EXPECT_THAT(ErrorOf("module {\n  func.func @f(%a: tensor<2xf32> {onnx.dim_params = \"5:N\"}) -> "
                      "tensor<2xf32> {\n    %0 = \"onnx.Relu\"(%a) : (tensor<2xf32>) -> "
                      "tensor<2xf32>\n    return %0 : tensor<2xf32>\n  }\n}\n"),
              HasSubstr("expected onnx.dim_params"));
}

TEST(ImportMlirTest, WhatIsOutsideOfTheModelIsLeftAlone) {
  const std::string model = WithConstant("dense<0.5> : tensor<3xf32>");
  // Arrows and comparisons are no brackets, and comments may hold anything.
  const std::string set = "affine_set<(d0) : (d0 - 1 >= 0, -d0 + 5 >= 0)>";
  EXPECT_EQ(ErrorOf(absl::StrCat("memref.global @table : memref<4xf32> // isn't \"read\n", model)),
            "no error");
  EXPECT_EQ(ErrorOf(absl::StrCat("other.set ", set, "\n", model)), "no error");
  EXPECT_EQ(ErrorOf(absl::StrCat("#set = ", set, "\n", model)), "no error");
  EXPECT_EQ(
      ErrorOf(absl::StrCat("other.map affine_map<(d0) -> (d0)> {\n  a = [1], // ]\n}\n", model)),
      "no error");
  EXPECT_THAT(ErrorOf(absl::StrCat("other.op (]\n", model)),
              HasSubstr("m.mlir:1:11: unexpected ']'"));
  EXPECT_THAT(ErrorOf(absl::StrCat("other.op ({\n", model)),
              HasSubstr("1:1: expected an operation"));
}

TEST(ImportMlirTest, EndlessAliasesAreRefused) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    absl::StrAppend(&text, "#a", i + 1, " = [#a", i, ", #a", i, "]\n");
  }
  text += "#a0 = 1 : i64\n";
  text +=
      "func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> attributes {x = #a60} {\n"
      "  %1 = \"onnx.Relu\"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>\n"
      "  return %1 : tensor<4xf32>\n}\n";
  // Whatever it makes of it, it comes to an end.
  EXPECT_NE(ErrorOf(text), "");
}

TEST(ImportMlirTest, SplicedAttributesReplaceThoseOfTheSameNameAndStalePlans) {
  const std::string text =
      "func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
      "  %0 = \"onnx.Relu\"(%arg0) {device = \"cpu\", x = 1 : i64} : (tensor<4xf32>) -> "
      "tensor<4xf32>\n"
      "  %1 = \"onnx.Neg\"(%0) {place.device = \"old\"} : (tensor<4xf32>) -> tensor<4xf32>\n"
      "  return %1 : tensor<4xf32>  // the end\n}\n";
  const absl::StatusOr<ir::text::Document> document =
      ir::text::ParseDocument(text, "m.mlir", ir::text::Dialects::kAny);
  ASSERT_TRUE(document.ok()) << document.status();
  ir::text::Dictionary device;
  Set(device, "device", ir::text::StringAttr("gpu"));
  const size_t relu = text.find("%0 =");
  EXPECT_EQ(ir::text::SpliceAttributes(text, *document, {{relu, device}}),
            "func.func @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {\n"
            "  %0 = \"onnx.Relu\"(%arg0) {x = 1 : i64, device = \"gpu\"} : (tensor<4xf32>) -> "
            "tensor<4xf32>\n"
            "  %1 = \"onnx.Neg\"(%0)  : (tensor<4xf32>) -> tensor<4xf32>\n"
            "  return %1 : tensor<4xf32>  // the end\n}\n");
}

}  // namespace
}  // namespace allot
