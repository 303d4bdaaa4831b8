#include "passes/pipeline/pipeline.h"

#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "absl/strings/str_cat.h"
#include "support/status.h"
#include "tests/models/build_graph.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Doubles as every graph pass of these tests.
struct EditOptions {
  int64_t times = 1;
  std::string mode = "none";
};
class Edit final : public GraphPass {
 public:
  explicit Edit(EditOptions options) : options_(std::move(options)) {}
  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    context.statistics->Add("runs", options_.times);
    if (options_.mode == "fail") return InputError("told to fail");
    if (options_.mode == "break") module.graph.mutable_value(ir::ValueId(0)).name.clear();
    if (options_.mode == "append") {
      ir::Node node;
      node.op_type = "Relu";
      node.operands = {module.graph.outputs()[0]};
      const ir::NodeId id =
          module.graph.AddNode(node, {{absl::StrCat("more", module.graph.num_nodes()),
                                       module.graph.value(node.operands[0]).type}});
      module.graph.SetOutputs({module.graph.node(id).results[0]});
      return true;
    }
    return false;
  }

 private:
  EditOptions options_;
};

struct DecideOptions {
  std::string text;
  std::vector<std::string> list;
  bool wrong = false;
};
class Decide final : public PlanPass {
 public:
  explicit Decide(DecideOptions options) : options_(std::move(options)) {}
  absl::Status Run(const ir::Module& module, ir::Plan& plan, PassContext&) const override {
    const size_t nodes = module.graph.node_id_bound();
    plan.features.resize(options_.wrong ? nodes + 1 : nodes);
    return absl::OkStatus();
  }

 private:
  DecideOptions options_;
};

PassRegistry TestPasses() {
  PassRegistry registry;
  registry.graph_passes.Add(
      MakeEntry<GraphPass, Edit>("edit-graph", "edits",
                                 OptionSchema<EditOptions>()
                                     .Add("times", &EditOptions::times, "how often")
                                     .Add("mode", &EditOptions::mode, "what to do")));
  registry.graph_passes.Add(
      MakeEntry<GraphPass, Edit>("plain", "edits", OptionSchema<EditOptions>()));
  registry.plan_passes.Add(MakeEntry<PlanPass, Decide>(
      "decide", "decides",
      OptionSchema<DecideOptions>()
          .Add("text", &DecideOptions::text, "any")
          .Add("list", &DecideOptions::list, "any")
          .Add("wrong", &DecideOptions::wrong, "make a plan of the wrong size")));
  registry.pipelines.push_back({"both", "", "edit-graph{times=2},decide"});
  registry.pipelines.push_back({"loop", "", "plain,loop"});
  registry.pipelines.push_back({"nested", "", "plain,both"});
  registry.pipelines.push_back({"stale", "", "no-such-pass"});
  registry.pipelines.push_back(MakePipeline(
      "repeat", "edits often",
      OptionSchema<EditOptions>().Add("times", &EditOptions::times, "how often"),
      +[](const EditOptions& options) {
        return absl::StrCat("edit-graph{times=", options.times, "}");
      }));
  return registry;
}

std::string Canonical(const std::string& text) {
  const absl::StatusOr<Pipeline> pipeline = ParsePipeline(text, TestPasses());
  return pipeline.ok() ? PrintPipeline(*pipeline) : std::string(pipeline.status().message());
}

TEST(ParsePipelineTest, TakesAnyWrapping) {
  const std::string expected =
      "builtin.module(onnx.graph(edit-graph{times=1 mode=none},decide{text= list= wrong=false}))";
  EXPECT_EQ(Canonical("edit-graph,decide"), expected);
  EXPECT_EQ(Canonical("onnx.graph(edit-graph,decide)"), expected);
  EXPECT_EQ(Canonical("builtin.module(onnx.graph(edit-graph,decide))"), expected);
  EXPECT_EQ(Canonical("builtin.module(onnx.graph(edit-graph),onnx.graph(decide))"), expected);
  EXPECT_EQ(Canonical(" builtin.module (\n onnx.graph ( edit-graph , decide{} ) ) \n"), expected);
}

TEST(ParsePipelineTest, EmptyPipelinesAreFine) {
  EXPECT_EQ(Canonical(""), "builtin.module(onnx.graph())");
  EXPECT_EQ(Canonical("onnx.graph()"), "builtin.module(onnx.graph())");
  EXPECT_EQ(Canonical("builtin.module( )"), "builtin.module(onnx.graph())");
}

TEST(ParsePipelineTest, PrintedTextParsesBack) {
  for (const char* text : {"edit-graph{times=7 mode=x},plain", "nested", "decide{text={a=1 b=2}}",
                           "decide{text='x, y)' list=a,b,c wrong}"}) {
    const std::string printed = Canonical(text);
    EXPECT_THAT(printed, HasSubstr("builtin.module(onnx.graph(")) << text;
    EXPECT_EQ(Canonical(printed), printed) << text;
  }
  EXPECT_THAT(Canonical("decide{text={a=1 b=2}}"), HasSubstr("text=\"a=1 b=2\" list="));
}

TEST(ParsePipelineTest, NamedPipelinesExpand) {
  EXPECT_EQ(Canonical("both"), Canonical("edit-graph{times=2},decide"));
  EXPECT_EQ(Canonical("plain,nested"), Canonical("plain,plain,edit-graph{times=2},decide"));
}

TEST(ParsePipelineTest, NamedPipelinesTakeOptions) {
  EXPECT_EQ(Canonical("repeat"), Canonical("edit-graph{times=1}"));
  EXPECT_EQ(Canonical("repeat{times=3},plain"), Canonical("edit-graph{times=3},plain"));
  EXPECT_THAT(Canonical("plain,repeat{tims=3}"),
              HasSubstr("pipeline:1:14: pipeline 'repeat': no such option 'tims'; did you mean "
                        "'times'? (its options and their defaults: times=1)\n"));
}

TEST(ParsePipelineTest, UnknownNamesPointAndSuggest) {
  EXPECT_EQ(Canonical("builtin.module(edit-grpah)"),
            "pipeline:1:16: 'edit-grpah' does not refer to a registered pass or pass pipeline; did "
            "you mean 'edit-graph'?\n"
            "builtin.module(edit-grpah)\n"
            "               ^");
  EXPECT_THAT(Canonical("zzzzzzzzzzzzzzzzzzzz"), HasSubstr("known are edit-graph, plain, decide"));
  EXPECT_EQ(Canonical("plain,\n\tdecid"),
            "pipeline:2:2: 'decid' does not refer to a registered pass or pass pipeline; did you "
            "mean 'decide'?\n"
            "\tdecid\n"
            "\t^");
}

TEST(ParsePipelineTest, GraphIsFrozenOncePlanningBegins) {
  const std::string message = Canonical("edit-graph,decide,plain");
  EXPECT_THAT(message, HasSubstr("pipeline:1:19: graph pass 'plain' cannot run after plan pass "
                                 "'decide': the graph is frozen"));
  EXPECT_THAT(Canonical("both,both"), HasSubstr("pipeline:1:6: in pipeline 'both': "));
}

TEST(ParsePipelineTest, OptionErrorsPointAtTheOption) {
  const std::string message = Canonical("plain,edit-graph{times=2 tims=3}");
  EXPECT_THAT(message, HasSubstr("pipeline:1:26: pass 'edit-graph': no such option 'tims'; did you "
                                 "mean 'times'?"));
  EXPECT_THAT(message, HasSubstr("(its options and their defaults: times=1 mode=none)"));
  EXPECT_THAT(message, HasSubstr("\n                         ^"));
  EXPECT_THAT(Canonical("edit-graph{mode=x times=many}"), HasSubstr("pipeline:1:19: "));
  EXPECT_THAT(Canonical("plain{x=1}"), HasSubstr("(it takes no options)"));
  EXPECT_THAT(Canonical("both{x=1}"), HasSubstr("pipeline 'both' takes no options"));
}

TEST(ParsePipelineTest, SyntaxErrorsPoint) {
  EXPECT_THAT(Canonical("plain,,plain"), HasSubstr("pipeline:1:7: expected the name of a pass"));
  EXPECT_THAT(Canonical("plain plain"), HasSubstr("pipeline:1:7: expected ','"));
  EXPECT_THAT(Canonical("plain)"), HasSubstr("pipeline:1:6: this ')' closes nothing"));
  EXPECT_THAT(Canonical("onnx.graph(plain"), HasSubstr("pipeline:1:17: expected ',' or the ')'"));
  EXPECT_THAT(Canonical("func.func(plain)"), HasSubstr("'func.func' is not an anchor"));
  EXPECT_THAT(Canonical("onnx.graph(builtin.module(plain))"), HasSubstr("cannot stand inside"));
  EXPECT_THAT(Canonical("onnx.graph"), HasSubstr("expected '(' and a list of passes"));
  EXPECT_THAT(Canonical("plain{a={b}"), HasSubstr("pipeline:1:6: these options are not closed"));
  EXPECT_THAT(Canonical("plain{a='}"), HasSubstr("a quote in these options is not closed"));
  EXPECT_THAT(Canonical("plain,"), HasSubstr("pipeline:1:7: expected the name"));
  EXPECT_THAT(Canonical(std::string("plain\0x", 7)), HasSubstr("pipeline:1:6"));
}

TEST(ParsePipelineTest, BrokenNamedPipelinesAreErrors) {
  EXPECT_THAT(Canonical("loop"), HasSubstr("nested more than 8 deep"));
  EXPECT_THAT(Canonical("stale"), HasSubstr("in pipeline 'stale': pipeline:1:1: 'no-such-pass'"));
}

class Recorder final : public PassHooks {
 public:
  void Before(const PipelineStep& step, int index, const ir::Module&, const ir::Plan&) override {
    log.push_back(absl::StrCat("before ", index, " ", step.name));
  }
  void After(const PipelineStep& step, int index, const ir::Module&, const ir::Plan&,
             const absl::Status& outcome, bool changed, const PassStatistics& statistics) override {
    log.push_back(absl::StrCat("after ", index, " ", step.name, outcome.ok() ? " ok" : " failed",
                               changed ? " changed" : "", " ", statistics.counts().size()));
  }
  std::vector<std::string> log;
};

class RunPipelineTest : public ::testing::Test {
 protected:
  RunPipelineTest() {
    context_.diagnostics = &diagnostics_;
    context_.statistics = &statistics_;
  }
  absl::Status Run(const std::string& text, const RunOptions& options = {}) {
    const absl::StatusOr<Pipeline> pipeline = ParsePipeline(text, TestPasses());
    if (!pipeline.ok()) return pipeline.status();
    return RunPipeline(*pipeline, module_, plan_, context_, options);
  }
  ir::Module module_ = testing::Chain(3);
  ir::Plan plan_;
  Diagnostics diagnostics_;
  PassStatistics statistics_;
  PassContext context_;
};

TEST_F(RunPipelineTest, HooksSeeEveryStep) {
  Recorder recorder;
  RunOptions options;
  options.hooks = &recorder;
  ASSERT_TRUE(Run("edit-graph{mode=append},plain,decide", options).ok());
  EXPECT_THAT(recorder.log, ElementsAre("before 0 edit-graph", "after 0 edit-graph ok changed 1",
                                        "before 1 plain", "after 1 plain ok 1", "before 2 decide",
                                        "after 2 decide ok changed 0"));
  EXPECT_EQ(module_.graph.num_nodes(), 4u);
  EXPECT_EQ(plan_.features.size(), 4u);
  EXPECT_EQ(context_.statistics, &statistics_);
}

TEST_F(RunPipelineTest, ErrorsNameThePass) {
  Recorder recorder;
  RunOptions options;
  options.hooks = &recorder;
  const absl::Status status = Run("plain,edit-graph{mode=fail},decide", options);
  EXPECT_EQ(status.message(), "pass 'edit-graph': told to fail");
  EXPECT_EQ(recorder.log.back(), "after 1 edit-graph failed 1");
}

TEST_F(RunPipelineTest, VerifiesWhatPassesLeave) {
  const absl::Status graph = Run("edit-graph{mode=break}");
  EXPECT_THAT(std::string(graph.message()),
              HasSubstr("pass 'edit-graph': left an invalid graph: "));
  module_ = testing::Chain(3);
  const absl::Status plan = Run("decide{wrong}");
  EXPECT_THAT(std::string(plan.message()), HasSubstr("pass 'decide': left an invalid plan: "));
  module_ = testing::Chain(3);
  RunOptions unchecked;
  unchecked.verify_each = false;
  EXPECT_TRUE(Run("decide{wrong}", unchecked).ok());
}

TEST_F(RunPipelineTest, ChangedGraphsDropTheirPlan) {
  plan_.features.resize(3);
  ASSERT_TRUE(Run("plain").ok());
  EXPECT_EQ(plan_.features.size(), 3u);
  EXPECT_TRUE(diagnostics_.all().empty());
  ASSERT_TRUE(Run("edit-graph{mode=append}").ok());
  EXPECT_TRUE(plan_.features.empty());
  ASSERT_EQ(diagnostics_.all().size(), 1u);
  EXPECT_THAT(diagnostics_.all()[0].message, HasSubstr("changed the graph"));
}

}  // namespace
}  // namespace allot
