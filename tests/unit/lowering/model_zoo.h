// Small models with one unusual feature each, as protobuf text.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/lowering/lowering_fixture.h"

namespace allot {

struct ZooModel {
  std::string name;
  std::string text;
  bool checkable = true;  // libonnx's checker knows everything in it
};
inline void PrintTo(const ZooModel& model, std::ostream* out) { *out << model.name; }

inline std::string Body(const std::string& attribute, const std::string& graph) {
  return "attribute { name: '" + attribute + "' type: GRAPH g { name: '" + attribute + "' " +
         graph + "} } ";
}

inline std::string BoolInput(const std::string& name) {
  return "input { name: '" + name + "' type { tensor_type { elem_type: 9 shape { } } } } ";
}

inline std::vector<ZooModel> Zoo() {
  std::vector<ZooModel> zoo;
  zoo.push_back(
      {"chain", ModelText(Input("x") + Output("z") + Typed("y") + Op("Relu", "a", {"x"}, {"y"}) +
                          Op("Tanh", "b", {"y"}, {"z"}))});
  zoo.push_back(
      {"texts", ModelText("doc_string: 'the graph' " + Input("x") + Output("z") + "value_info { " +
                              Info("y") + " doc_string: 'middle' } " +
                              Op("Relu", "", {"x"}, {"y"}, "doc_string: 'a node' ") +
                              Op("Tanh", "name with \\\" and \\n", {"y"}, {"z"}),
                          "producer_name: 'p' producer_version: '3' domain: 'd' model_version: 7 "
                          "doc_string: 'the model' metadata_props { key: 'k' value: 'v' } "
                          "opset_import { domain: 'com.example' version: 2 } ")});
  zoo.push_back({"weights",
                 ModelText(Input("x") + Input("v") + Output("z") + Typed("y") + Weight("w") +
                           Weight("v", 3, 4) + Op("Add", "a", {"x", "w"}, {"y"}) +
                           Op("Mul", "b", {"y", "v"}, {"t"}) + Op("Add", "c", {"t", "w"}, {"z"}))});
  zoo.push_back({"constants", ModelText(Input("x") + Output("z") + Output("k") + Typed("y") +
                                        ConstantOp("k", 5) + Op("Add", "a", {"x", "k"}, {"y"}) +
                                        Op("Mul", "b", {"y", "k"}, {"z"}))});
  zoo.push_back(
      {"outputs_at_hand", ModelText(Input("x") + Input("unused") + Output("x") + Output("w") +
                                    Output("z") + Weight("w") + Op("Relu", "a", {"x"}, {"z"}))});
  const std::string nested =
      Op("If", "inner", {"c"}, {"q"},
         Body("then_branch", Output("i") + Op("Add", "deep", {"y", "w"}, {"i"})) +
             Body("else_branch", Output("j") + Weight("local", 8, 9) +
                                     Op("Mul", "deeper", {"y", "local"}, {"j"})));
  zoo.push_back({"captures",
                 ModelText(BoolInput("c") + Input("x") + Output("z") + Typed("y") + Weight("w") +
                           Op("Relu", "a", {"x"}, {"y"}) +
                           Op("If", "b", {"c"}, {"z"},
                              Body("then_branch", Output("q") + nested) +
                                  Body("else_branch", Output("s") + Typed("t") +
                                                          Op("Tanh", "in_else", {"y"}, {"t"}) +
                                                          Op("Neg", "in_else_2", {"t"}, {"s"}))))});
  const std::string loop_body =
      "input { name: 'i' type { tensor_type { elem_type: 7 shape { } } } } " + BoolInput("go") +
      Input("state") + "output { name: 'go_on' type { tensor_type { elem_type: 9 shape { } } } } " +
      Output("next") + Op("Identity", "keep", {"go"}, {"go_on"}) +
      Op("Add", "step", {"state", "w"}, {"next"});
  zoo.push_back(
      {"loop", ModelText(Input("x") + Output("z") + Weight("w") +
                         "initializer { name: 'trips' data_type: 7 int64_data: 3 } " +
                         Op("Loop", "l", {"trips", "", "x"}, {"y"}, Body("body", loop_body)) +
                         Typed("y") + Op("Relu", "r", {"y"}, {"z"}))});
  zoo.push_back(
      {"absent", ModelText(Input("x") + Output("z") + Op("Clip", "a", {"x", "", "m"}, {"y"}) +
                           "initializer { name: 'm' data_type: 1 float_data: 1 } " + Typed("y") +
                           Op("Dropout", "b", {"y"}, {"z", ""}))});
  zoo.push_back(
      {"attributes",
       ModelText(
           Input("x") + Output("z") +
               Op("Odd", "a", {"x"}, {"z"},
                  "domain: 'com.example' "
                  "attribute { name: 'i' type: INT i: -3 } attribute { name: 'f' type: FLOAT f: "
                  "0.1 doc_string: 'about f' } attribute { name: 's' type: STRING s: 'a\\000b' } "
                  "attribute { name: 'is' type: INTS ints: [1, 2] } attribute { name: 'fs' type: "
                  "FLOATS floats: [0.5, nan] } attribute { name: 'ss' type: STRINGS strings: "
                  "'one' strings: '' } attribute { name: 'none' type: INTS } attribute { name: "
                  "'ts' type: TENSORS tensors { dims: 1 data_type: 1 float_data: 2 } } attribute "
                  "{ name: 'tp' type: TYPE_PROTO tp { sequence_type { elem_type { tensor_type { "
                  "elem_type: 1 } } } } } "),
           "opset_import { domain: 'com.example' version: 1 } "),
       false});
  zoo.push_back(
      {"functions",
       ModelText(
           Input("x") + Output("z") + Typed("y") +
               Op("twice", "a", {"x"}, {"y"},
                  "domain: 'local' attribute { name: 'alpha' type: FLOAT f: 0.5 } ") +
               Op("Relu", "b", {"y"}, {"z"}),
           "opset_import { domain: 'local' version: 1 } "
           "functions { name: 'once' domain: 'local' input: 'p' output: 'q' attribute: 'beta' "
           "opset_import { version: 16 } " +
               Op("Elu", "e", {"p"}, {"q"},
                  "attribute { name: 'alpha' type: FLOAT ref_attr_name: 'beta' } ") +
               "} functions { name: 'twice' domain: 'local' doc_string: 'two' input: 'p' "
               "output: 'r' attribute: 'alpha' opset_import { version: 16 } opset_import { "
               "domain: 'local' version: 1 } " +
               Op("once", "f", {"p"}, {"q"},
                  "domain: 'local' attribute { name: 'beta' type: FLOAT ref_attr_name: "
                  "'alpha' } ") +
               Op("once", "g", {"q"}, {"r"},
                  "domain: 'local' attribute { name: 'beta' type: FLOAT ref_attr_name: "
                  "'alpha' } ") +
               "} ")});
  zoo.push_back({"sparse", ModelText(Input("x") + Output("z") +
                                     "sparse_initializer { values { name: 's' dims: 1 data_type: 1 "
                                     "float_data: 4 } indices { dims: 1 data_type: 7 int64_data: 1 "
                                     "} dims: 2 } " +
                                     Op("Add", "a", {"x", "s"}, {"z"}))});
  zoo.push_back(
      {"strings", ModelText("input { name: 'x' type { tensor_type { elem_type: 8 shape { dim { "
                            "dim_value: 1 } } } } } output { name: 'z' type { tensor_type { "
                            "elem_type: 9 shape { dim { dim_param: 'n' denotation: 'D' } } } "
                            "denotation: 'T' } } initializer { name: 's' dims: 1 data_type: 8 "
                            "string_data: 'hello' } " +
                            Op("Equal", "a", {"x", "s"}, {"z"}))});
  zoo.push_back(
      {"sequences",
       ModelText(Input("x") + Output("z") +
                 "value_info { name: 'q' type { sequence_type { elem_type { tensor_type { "
                 "elem_type: 1 } } } } } " +
                 Op("SequenceConstruct", "a", {"x", "x"}, {"q"}) +
                 "initializer { name: 'at' data_type: 7 int64_data: 0 } " +
                 Op("SequenceAt", "b", {"q", "at"}, {"z"}))});
  zoo.push_back({"quantization",
                 ModelText(Input("x") + Output("z") + Typed("y") + Weight("s") +
                           "quantization_annotation { tensor_name: 'y' "
                           "quant_parameter_tensor_names { key: 'SCALE_TENSOR' value: 's' } } " +
                           Op("Relu", "a", {"x"}, {"y"}) + Op("Mul", "b", {"y", "s"}, {"z"}))});
  zoo.push_back({"scattered_types",
                 ModelText("initializer { name: 'h' dims: 2 data_type: 10 int32_data: [15360, "
                           "16384] } initializer { name: 'b' dims: 3 data_type: 9 int32_data: [1, "
                           "0, 1] } initializer { name: 'd' data_type: 11 double_data: 0.25 } "
                           "initializer { name: 'e' dims: 0 data_type: 1 } "
                           "initializer { name: 'u' dims: 1 data_type: 13 uint64_data: 9 } " +
                           Input("x") + Output("z") + Op("Relu", "a", {"x"}, {"z"}) +
                           "output { name: 'h' type { tensor_type { elem_type: 10 shape { dim { "
                           "dim_value: 2 } } } } } output { name: 'b' type { tensor_type { "
                           "elem_type: 9 shape { dim { dim_value: 3 } } } } } output { name: 'd' "
                           "type { tensor_type { elem_type: 11 shape { } } } } output { name: 'e' "
                           "type { tensor_type { elem_type: 1 shape { dim { dim_value: 0 } } } } } "
                           "output { name: 'u' type { tensor_type { elem_type: 13 shape { dim { "
                           "dim_value: 1 } } } } } ")});
  return zoo;
}

}  // namespace allot
