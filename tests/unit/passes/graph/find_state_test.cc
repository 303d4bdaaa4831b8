// Which names are those of a state.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/models/build_graph.h"
#include "tests/unit/passes/planning.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using testing::F32;
using ::testing::IsEmpty;
using testing::ModuleBuilder;
using ::testing::Pair;
using testing::Planning;

// Of a model with these inputs and outputs, all of one type.
std::vector<std::pair<std::string, std::string>> StatesOf(const std::vector<std::string>& inputs,
                                                          const std::vector<std::string>& outputs) {
  ModuleBuilder b;
  std::vector<ir::ValueId> read, made;
  for (const std::string& name : inputs) read.push_back(b.Input(name, F32({2, 4})));
  for (size_t i = 0; i < outputs.size(); ++i) made.push_back(b.Op("Relu", {read[0]}, F32({2, 4})));
  ir::Module module = std::move(b).Finish(made);
  for (size_t i = 0; i < outputs.size(); ++i)
    module.graph.Rename(module.graph.outputs()[i], outputs[i]);
  Planning planning(std::move(module));
  EXPECT_TRUE(planning.Run("find-state").ok());
  return planning.module.state;
}

TEST(FindStateTest, PairsAreFoundByName) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"past_key_values.0.key", "present.0.key"},
      {"past_key_values.3.value", "present_key_values.3.value"},
      {"past_key_values.1.decoder.key", "present.1.decoder.key"},
      {"past_conv.2", "present_conv.2"},
      {"past_0", "present_0"},
      {"h", "new_h"},
      {"h0", "hn"},
      {"h_in", "h_out"},
      {"state", "stateN"},
      {"state", "updatedState"},
      {"prev_cache", "next_cache"},
      {"input_hidden", "output_hidden"},
  };
  for (const auto& [input, output] : pairs) {
    EXPECT_THAT(StatesOf({"x", input}, {"y", output}), ElementsAre(Pair(input, output)));
  }
}

TEST(FindStateTest, WhatIsCalledAlikeNeedNotBeAState) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"past_key_values.1.key", "present.0.key"},
      {"past_key_values.0.value", "present.0.key"},
      {"x", "y"},
      {"input_ids", "logits"},
      {"input", "output"},
      {"input_1", "output_1"},
      {"sample", "out_sample"},
      {"image_in", "image_out"},
  };
  for (const auto& [input, output] : pairs) {
    EXPECT_THAT(StatesOf({input}, {output}), IsEmpty()) << input << " " << output;
  }
}

TEST(FindStateTest, WhatFitsSeveralIsNoGuess) {
  EXPECT_THAT(StatesOf({"past_a", "prev_a", "past_b"}, {"present_a", "present_b"}),
              ElementsAre(Pair("past_b", "present_b")));
  EXPECT_THAT(StatesOf({"past_a"}, {"present_a", "new_a"}), IsEmpty());
}

}  // namespace
}  // namespace allot
