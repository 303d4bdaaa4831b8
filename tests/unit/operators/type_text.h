// Short notations for tables of inference tests.
//
//   types       f32[2,N,?]   i64[]   f32[...] (rank unknown)   ? (nothing known)   seq(f32[2])
//   operands    a type (a graph input); "" (absent); i64=1,-1 (a constant vector); i64:5 (a
//   constant
//               scalar); shape:N,3,? (the Shape of an input of these dimensions)
//   attributes  axis=1 pads=[0,1] scale=0.5 scales=[1.0,2.0] mode='nearest' names=['a','b']
#pragma once

#include <bit>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "gtest/gtest.h"

#include "operators/inference/type_inference.h"
#include "support/diagnostics.h"

namespace allot::testing {

inline std::vector<std::string> Words(const std::string& text, char separator) {
  return absl::StrSplit(text, separator, absl::SkipEmpty());
}

inline ir::Shape ParseDims(const std::string& text) {
  ir::Shape shape;
  if (text.empty()) return shape;
  for (const std::string& word : Words(text, ',')) {
    int64_t size = 0;
    if (absl::SimpleAtoi(word, &size)) {
      shape.push_back(ir::Dim::Known(size));
    } else {
      shape.push_back(word == "?" ? ir::Dim::Unknown() : ir::Dim::Symbol(word));
    }
  }
  return shape;
}

inline ir::Type ParseType(const std::string& text) {
  if (text == "?") return ir::Type::Unknown();
  for (const bool sequence : {true, false}) {
    absl::string_view inner = text;
    if (absl::ConsumePrefix(&inner, sequence ? "seq(" : "opt(")) {
      const ir::Type element = ParseType(std::string(inner.substr(0, inner.size() - 1)));
      return sequence ? ir::Type::Sequence(element) : ir::Type::Optional(element);
    }
  }
  const size_t bracket = text.find('[');
  const std::string name = text.substr(0, bracket);
  ir::ElementType element = ir::ElementType::kUndefined;
  if (name == "str") {
    element = ir::ElementType::kString;
  } else if (name != "any") {
    const auto known = ir::ElementTypeFromMlirName(name);
    EXPECT_TRUE(known.has_value()) << text;
    element = known.value_or(element);
  }
  const std::string dims = text.substr(bracket + 1, text.size() - bracket - 2);
  return ir::Type::Tensor(element,
                          dims == "..." ? std::nullopt : std::optional<ir::Shape>(ParseDims(dims)));
}

inline std::string PrintType(const ir::Type& type) {
  switch (type.kind) {
    case ir::Type::Kind::kUnknown:
      return "?";
    case ir::Type::Kind::kSequence:
      return "seq(" + PrintType(type.parameters.at(0)) + ")";
    case ir::Type::Kind::kOptional:
      return "opt(" + PrintType(type.parameters.at(0)) + ")";
    case ir::Type::Kind::kTensor:
      break;
    default:
      return "other";
  }
  std::string text = type.element == ir::ElementType::kUndefined ? "any"
                     : type.element == ir::ElementType::kString
                         ? "str"
                         : std::string(ir::MlirName(type.element));
  if (!type.shape) return text + "[...]";
  std::vector<std::string> dims;
  for (const ir::Dim& dim : *type.shape) {
    dims.push_back(dim.known() ? absl::StrCat(dim.size) : dim.symbol.empty() ? "?" : dim.symbol);
    if (dim.hint >= 0) absl::StrAppend(&dims.back(), "~", dim.hint);
  }
  return absl::StrCat(text, "[", absl::StrJoin(dims, ","), "]");
}

inline ir::AttributeValue ParseAttributeValue(const std::string& text) {
  if (text[0] == '\'') return text.substr(1, text.size() - 2);
  if (text[0] != '[') {
    if (text.find('.') != std::string::npos) return std::stof(text);
    return int64_t{std::stoll(text)};
  }
  std::vector<int64_t> integers;
  std::vector<float> reals;
  std::vector<std::string> texts;
  const std::string list = text.substr(1, text.size() - 2);
  if (!list.empty()) {
    for (const std::string& word : Words(list, ',')) {
      if (word[0] == '\'') {
        texts.push_back(word.substr(1, word.size() - 2));
      } else if (word.find('.') != std::string::npos) {
        reals.push_back(std::stof(word));
      } else {
        integers.push_back(std::stoll(word));
      }
    }
  }
  if (!texts.empty()) return texts;
  if (!reals.empty()) return reals;
  return integers;
}

inline ir::AttributeMap ParseAttributes(const std::string& text) {
  ir::AttributeMap attributes;
  for (const std::string& word : Words(text, ' ')) {
    const size_t equals = word.find('=');
    attributes[word.substr(0, equals)].value = ParseAttributeValue(word.substr(equals + 1));
  }
  return attributes;
}

// "1,-1,2.5" as elements of the type.
inline ir::Constant ParseConstant(ir::ElementType element, const std::string& list, bool scalar) {
  std::string bytes;
  int64_t count = 0;
  if (!list.empty()) {
    for (const std::string& word : Words(list, ',')) {
      uint64_t bits = 0;
      if (element == ir::ElementType::kFloat) {
        bits = std::bit_cast<uint32_t>(std::stof(word));
      } else {
        bits = static_cast<uint64_t>(std::stoll(word));
      }
      const int width = std::max(ir::BitWidth(element) / 8, 1);
      for (int i = 0; i < width; ++i) bytes += static_cast<char>((bits >> (8 * i)) & 0xff);
      ++count;
    }
  }
  ir::Constant constant;
  constant.element = element;
  if (!scalar) constant.dims = {count};
  constant.storage = ir::InlineBytes{std::make_shared<const std::string>(std::move(bytes))};
  return constant;
}

// A module with opset 17 for ai.onnx.
inline ir::Module EmptyModule(int64_t opset = 17) {
  ir::Module module;
  module.opset_imports = {{"", opset}, {"com.microsoft", 1}, {"ai.onnx.ml", 3}};
  module.graph.name = "main";
  return module;
}

inline ir::ValueId AddOperand(ir::Module& module, ir::Graph& graph, const std::string& text) {
  if (text.empty()) return ir::ValueId();
  const std::string name = absl::StrCat("v", graph.value_id_bound());
  const size_t mark = text.find_first_of("=:[(?");
  const std::string head = text.substr(0, mark);
  if (text[mark] == '=' || (text[mark] == ':' && head != "shape")) {
    ir::Constant constant =
        ParseConstant(*ir::ElementTypeFromMlirName(head), text.substr(mark + 1), text[mark] == ':');
    ir::Type type = constant.type();
    return graph.AddInitializer(name, std::move(type), module.constants.Add(std::move(constant)));
  }
  if (head == "shape") {
    const ir::ValueId input = graph.AddInput(
        name, ir::Type::Tensor(ir::ElementType::kFloat, ParseDims(text.substr(mark + 1))));
    ir::Node node;
    node.op_type = "Shape";
    node.operands = {input};
    return graph.node(graph.AddNode(node, {{name + "_shape", {}}})).results[0];
  }
  return graph.AddInput(name, ParseType(text));
}

// A node "n" of `op_type` ("domain:Name" for other domains) with results r0, r1, ... of unknown
// types.
inline ir::NodeId AddOp(ir::Module& module, ir::Graph& graph, const std::string& op_type,
                        const std::string& attributes, const std::vector<std::string>& operands,
                        size_t num_results = 1) {
  ir::Node node;
  const size_t colon = op_type.find(':');
  node.op_type = colon == std::string::npos ? op_type : op_type.substr(colon + 1);
  if (colon != std::string::npos) node.domain = op_type.substr(0, colon);
  node.name = "n";
  node.attributes = ParseAttributes(attributes);
  for (const std::string& operand : operands) {
    node.operands.push_back(AddOperand(module, graph, operand));
  }
  std::vector<ir::Graph::Result> results;
  for (size_t i = 0; i < num_results; ++i) {
    results.push_back({absl::StrCat("r", i, "_", graph.node_id_bound()), {}});
  }
  return graph.AddNode(std::move(node), results);
}

}  // namespace allot::testing
