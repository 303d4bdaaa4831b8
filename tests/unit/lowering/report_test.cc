#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"

#include "lowering/emitter.h"
#include "lowering/file_digest.h"
#include "support/json.h"
#include "tests/unit/lowering/lowering_fixture.h"
#include "tests/unit/lowering/model_zoo.h"

namespace allot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kEnd[] = "</script>";

// The report of a model whose even nodes are in one part and whose odd ones in another.
std::string Report(const std::string& model_text, bool scheduled = true,
                   const std::string& path = "../model.onnx", const Target& target = TwoDevices()) {
  const ScratchFolder folder;
  ir::Module module = ImportText(model_text, folder);
  EXPECT_TRUE(module.graph.Compact());
  int next = 0;
  ir::Plan plan = MakePlan(module, [&](const ir::Node&) { return next++ == 0 ? 0 : 1; });
  if (scheduled) {
    ir::Summary& summary = plan.summary.emplace();
    summary.value = 4'000'000;
    summary.lower_bound = 1'000'000;
    summary.baselines = {{"single:cpu0", 5'000'000}, {"greedy", std::nullopt}};
    summary.search = {{0, 5'000'000, 0}, {70, 4'000'000, 1'000'000}};
    summary.devices.resize(2, {1'000'000, 10, 20});
  }
  const absl::StatusOr<Bundle> bundle = Extract(module, target, plan);
  EXPECT_TRUE(bundle.ok()) << bundle.status();
  EmitInput input{.module = module, .target = target, .plan = plan, .bundle = *bundle};
  input.model_path = path;
  const absl::StatusOr<std::vector<OutputFile>> files =
      EmitFiles(BuiltinEmitters(), {"report"}, input);
  EXPECT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->size(), 1u);
  EXPECT_EQ(files->front().name, "model.report.html");
  return Contents(files->front().chunks);
}

std::string Between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t from = text.find(begin);
  EXPECT_NE(from, std::string::npos) << begin;
  if (from == std::string::npos) return "";
  return text.substr(from + begin.size(), text.find(end, from) - from - begin.size());
}

Json PlanOf(const std::string& page) {
  const std::string text = Between(page, "<script type=\"application/json\" id=\"plan\">", kEnd);
  absl::StatusOr<Json> plan = ParseJson(text);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *std::move(plan) : Json();
}

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

std::string Chain(int nodes) {
  std::string graph = Input("t0") + Output(absl::StrCat("t", nodes));
  for (int i = 0; i < nodes; ++i) {
    absl::StrAppend(&graph, Op("Relu", absl::StrCat("node", i), {absl::StrCat("t", i)},
                               {absl::StrCat("t", i + 1)}));
    if (i + 1 < nodes) absl::StrAppend(&graph, Typed(absl::StrCat("t", i + 1)));
  }
  return ModelText(graph);
}

TEST(ReportTest, HoldsThePlan) {
  const Json plan = PlanOf(Report(Chain(3)));
  EXPECT_EQ(*plan.Find("schema"), Json("allot.page/1"));
  EXPECT_EQ(*plan.Find("model"), Json("model.onnx"));
  const Json& nodes = *plan.Find("nodes");
  EXPECT_EQ(*nodes.Find("name"), Json(Json::Array{"node0", "node1", "node2"}));
  EXPECT_EQ(*nodes.Find("op"), Json(Json::Array{0, 0, 0}));
  EXPECT_EQ(*plan.Find("ops"), Json(Json::Array{"Relu"}));
  EXPECT_EQ(*nodes.Find("end_us"), Json(Json::Array{0.123456, 1.123456, 1.123456}));
  EXPECT_EQ(*plan.Find("edges"), Json(Json::Array{0, 1, 1, 2}));
  const Json& clusters = *plan.Find("clusters");
  EXPECT_EQ(*clusters.Find("part"), Json(Json::Array{0, 1, 1}));
  EXPECT_EQ(*clusters.Find("reasons"), Json(Json::Array{"because"}));
  EXPECT_EQ(
      *plan.Find("cuts"),
      Json(Json::Array{Json::Object{
          {"tensor", "t1"}, {"node", 0}, {"from", 0}, {"to", Json::Array{1}}, {"bytes", 8}}}));
  const Json& part = (*plan.Find("parts")->If<Json::Array>())[1];
  EXPECT_EQ(*part.Find("id"), Json("p1"));
  EXPECT_EQ(*part.Find("device"), Json(1));
  const Json& summary = *plan.Find("summary");
  EXPECT_EQ(*summary.Find("value_us"), Json(4));
  EXPECT_EQ(*summary.Find("search"),
            Json(Json::Array{Json::Array{0, 5, 0}, Json::Array{70, 4, 1}}));
}

TEST(ReportTest, SaysWhetherRulesBindWhatIsComparedWith) {
  EXPECT_EQ(*PlanOf(Report(Chain(2))).Find("rules"), Json(false));
  Target target = TwoDevices();
  target.rules.emplace_back();
  EXPECT_EQ(*PlanOf(Report(Chain(2), true, "../model.onnx", target)).Find("rules"), Json(true));
}

TEST(ReportTest, NeedsNoSchedule) {
  EXPECT_TRUE(PlanOf(Report(Chain(2), /*scheduled=*/false)).Find("summary")->is_null());
}

TEST(ReportTest, TextsOfTheModelAreNoMarkup) {
  const std::string evil = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)>";
  const std::string page =
      Report(ModelText(Input("x") + Output("z") + Typed("y") + Op("Relu", evil, {"x"}, {"y"}) +
                       Op("Tanh", "{{script}}", {"y"}, {"z"})),
             true, "../" + absl::StrReplaceAll(evil, {{"/", "|"}}));
  const Json plan = PlanOf(page);
  EXPECT_EQ(*plan.Find("nodes")->Find("name"), Json(Json::Array{evil, "{{script}}"}));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  // The plan, what was measured, and the page's own.
  EXPECT_EQ(Count(page, "<script"), 3u);
  EXPECT_EQ(Count(page, "</script"), 3u);
}

TEST(ReportTest, PolicyAllowsItsOwnScriptOnly) {
  const std::string page = Report(Chain(2));
  FileChunk script;
  script.bytes = Between(page, "<script>", kEnd);
  const absl::StatusOr<FileDigest> digest = DigestOf("script", {script});
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_THAT(page, HasSubstr(absl::StrCat(
                        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri "
                        "'none'; form-action 'none'; script-src 'sha256-",
                        absl::Base64Escape(absl::HexStringToBytes(digest->sha256)), "'\"")));
}

TEST(ReportTest, RefersToNothingElse) {
  // The name of SVG's elements, which nothing is loaded from.
  const std::string page =
      absl::StrReplaceAll(Report(Chain(2)), {{"http://www.w3.org/2000/svg", ""}});
  for (const char* reference : {"http:", "https:", "//cdn", " src=", "@import", "url(", "<link",
                                "fetch(", "import(", "XMLHttpRequest", "innerHTML"}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
  EXPECT_THAT(page, HasSubstr("id=\"measured\">null</script>"));
}

TEST(ReportTest, GrowsWithTheModelOnly) {
  const size_t small = Report(Chain(100)).size(), large = Report(Chain(600)).size();
  EXPECT_LT(large - small, 500u * 120);
}

}  // namespace
}  // namespace allot
