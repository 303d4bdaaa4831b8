#include "target/target_json.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random.h"
#include "target/builtin_targets.h"
#include "target/rule.h"
#include "tests/folders.h"
#include "tests/models/damaged_target.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kSmall[] = R"({
  "schema": "allot.target/1",
  "name": "small",
  "note": "two devices",
  "devices": [
    {"name": "cpu0", "kind": "cpu", "memory": "16GiB", "flops": {"float32": "1T"},
     "memory_bandwidth": "50GB/s", "part_cost_us": 5, "op_cost_us": 0.5},
    {"name": "npu0", "kind": "npu", "memory": 1073741824, "flops": {"int8": 6e12, "default": 1000},
     "memory_bandwidth": 25000000000, "part_cost_us": 100,
     "supports": {"ops": ["ai.onnx:Conv", "com.microsoft:*"], "except": ["com.microsoft:Gelu"],
                  "dtypes": ["int8", "float16"], "dynamic_shapes": false},
     "runtime": {"provider": "qnn", "ordinal": 1, "threads": 2, "cores": "0,1,4-6"}}
  ],
  "topology": {"links": [{"from": "cpu0", "to": "npu0", "bandwidth": "10GB/s", "latency_us": 2.5,
                          "duplex": "half", "channel": "dram"}]},
  "rules": [{"pin": "cpu0", "name": "head.*", "note": "why"},
            {"forbid": "npu0", "op": "com.microsoft:FusedConv"},
            {"forbid": "npu0", "domain": "ai.onnx.ml"}]
})";

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(TargetJson, ReadsEverything) {
  const absl::StatusOr<Target> parsed = ParseTarget(kSmall, "small.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Target& target = *parsed;
  EXPECT_EQ(target.name, "small");
  ASSERT_EQ(target.devices.size(), 2u);
  const Device& cpu = target.devices[DeviceId(0)];
  EXPECT_EQ(cpu.memory, int64_t{16} << 30);
  EXPECT_EQ(cpu.flops.at("float32"), 1'000'000'000'000);
  EXPECT_EQ(cpu.op_cost, kPicosPerMicro / 2);
  EXPECT_TRUE(cpu.dynamic_shapes);
  const Device& npu = target.devices[DeviceId(1)];
  EXPECT_EQ(npu.memory, int64_t{1} << 30);
  EXPECT_EQ(npu.flops.at("int8"), 6'000'000'000'000);
  EXPECT_THAT(npu.supported_ops, ElementsAre("Conv", "com.microsoft:*"));
  EXPECT_THAT(npu.unsupported_ops, ElementsAre("com.microsoft:Gelu"));
  EXPECT_THAT(npu.supported_dtypes, ElementsAre("float16", "int8"));
  EXPECT_FALSE(npu.dynamic_shapes);
  EXPECT_EQ(npu.runtime.provider, "qnn");
  EXPECT_EQ(npu.runtime.ordinal, 1);
  EXPECT_EQ(npu.runtime.threads, 2);
  EXPECT_EQ(npu.runtime.cores, "0-1,4-6");
  EXPECT_THAT(target.channels.raw(), ElementsAre("dram"));
  EXPECT_EQ(target.routes[DeviceId(0)][DeviceId(1)]->segments[0],
            (Route::Segment{5 * kPicosPerMicro / 2, 10'000'000'000}));
  ASSERT_EQ(target.rules.size(), 3u);
  EXPECT_EQ(target.rules[0].text, "rules[0] (pin 'head.*' to cpu0)");
  EXPECT_EQ(target.rules[1].op_type, "FusedConv");
  EXPECT_EQ(target.rules[1].domain, "com.microsoft");
  EXPECT_EQ(target.rules[1].text, "rules[1] (forbid op FusedConv domain com.microsoft on npu0)");
  EXPECT_EQ(target.FindDevice("npu0"), DeviceId(1));
  EXPECT_EQ(target.FindDevice("npu"), std::nullopt);
}

TEST(TargetJson, CanonicalTextIsAFixedPoint) {
  const absl::StatusOr<Target> target = ParseTarget(kSmall, "small.json");
  ASSERT_TRUE(target.ok()) << target.status();
  const std::string text = PrintTarget(*target);
  const absl::StatusOr<Target> again = ParseTarget(text, "again.json");
  ASSERT_TRUE(again.ok()) << again.status() << text;
  EXPECT_EQ(PrintTarget(*again), text);
  EXPECT_EQ(again->routes, target->routes);
  EXPECT_EQ(again->channels, target->channels);
  EXPECT_EQ(again->links, target->links);
  EXPECT_THAT(text, HasSubstr("\"memory_bandwidth\": \"25GB/s\""));
  EXPECT_THAT(text, HasSubstr("\"latency_us\": 2.5"));
  EXPECT_THAT(text, HasSubstr("\"cores\": \"0-1,4-6\""));
}

struct WrongCase {
  const char* from;
  const char* to;
  const char* message;
};

TEST(TargetJson, EveryMistakeIsSaidWithItsPath) {
  const WrongCase cases[] = {
      {"\"cpu0\", \"kind\"", "\"npu0\", \"kind\"", "devices[1].name: 'npu0' is declared twice"},
      {"\"cpu0\", \"kind\"", "\"cpu/0\", \"kind\"", "devices[0].name: 'cpu/0' has a '/'"},
      {"\"cpu0\", \"kind\"", "\"\", \"kind\"", "devices[0].name: must not be empty"},
      {"\"16GiB\"", "\"16GB/s\"", "devices[0].memory: cannot read '16GB/s'; write it like '40GiB'"},
      {"\"16GiB\"", "0", "devices[0].memory: must be positive"},
      {"\"16GiB\"", "-4", "devices[0].memory: must be positive"},
      {"\"16GiB\"", "\"5EiB\"", "devices[0].memory: is more than 1EiB"},
      {"\"16GiB\"", "1e300", "devices[0].memory: is out of range"},
      {"\"16GiB\"", "true",
       "devices[0].memory: must be a number or a text with a unit, not true or false"},
      {"\"1T\"", "\"1Tb\"", "devices[0].flops.float32: cannot read '1Tb'; write it like '19.5T'"},
      {"{\"float32\": \"1T\"}", "{\"flaot32\": \"1T\"}",
       "devices[0].flops.flaot32: unknown type 'flaot32'; did you mean 'float32'?"},
      {"{\"float32\": \"1T\"}", "{\"int8\": \"1T\"}",
       "devices[0].flops: needs 'default' or 'float32'"},
      {"\"flops\": {\"float32\": \"1T\"},", "", "devices[0]: 'flops' is missing"},
      {"\"memory_bandwidth\": \"50GB/s\",", "", "devices[0]: 'memory_bandwidth' is missing"},
      {"\"part_cost_us\": 5,", "\"part_cost_us\": -5,",
       "devices[0].part_cost_us: must lie between 0 and 10000000 microseconds"},
      {"\"part_cost_us\": 5,", "\"part_cost\": 5,", "part_cost_us"},
      {"\"ai.onnx:Conv\"", "\"Con*\"", "devices[1].supports.ops: 'Con*' is no operator"},
      {"[\"int8\", \"float16\"]", "[\"int9\"]",
       "devices[1].supports.dtypes: unknown type 'int9'; did you mean 'int8'?"},
      {"\"ordinal\": 1", "\"ordinal\": -1",
       "devices[1].runtime.ordinal: must lie between 0 and 1000000"},
      {"\"0,1,4-6\"", "\"4-6,0\"",
       "devices[1].runtime.cores: '0' does not lie above core 6; cores must ascend, each once"},
      {"\"0,1,4-6\"", "\"\"", "devices[1].runtime.cores: names no core; leave it out to allow any"},
      {"\"0,1,4-6\"", "\"all\"",
       "devices[1].runtime.cores: cannot read 'all'; a list of cores is written like '0-3,8'"},
      {"\"0,1,4-6\"", "4", "devices[1].runtime.cores: "},
      {"\"to\": \"npu0\"", "\"to\": \"npu1\"",
       "topology.links[0].to: 'npu1' is neither a device nor a switch; did you mean "
       "'npu0'?"},
      {"\"to\": \"npu0\"", "\"to\": \"cpu0\"",
       "topology.links[0].to: the link joins 'cpu0' to itself"},
      {"\"10GB/s\"", "\"10Gb/s\"",
       "topology.links[0].bandwidth: cannot read '10Gb/s': 'b' are bits, and rates and "
       "sizes are in bytes; that is 1.25GB/s"},
      {"\"half\"", "\"simplex\"",
       "topology.links[0].duplex: is 'simplex'; it must be 'full' or 'half'"},
      {"\"pin\": \"cpu0\"", "\"pin\": \"cpu1\"",
       "rules[0].pin: there is no device 'cpu1'; did you mean 'cpu0'?"},
      {"\"pin\": \"cpu0\"", "\"forbid\": \"cpu0\", \"pin\": \"cpu0\"",
       "rules[0]: a rule needs one of 'pin', 'forbid' and 'together'"},
      {"\"pin\": \"cpu0\", ", "", "rules[0]: a rule needs one of 'pin', 'forbid' and 'together'"},
      {"\"pin\": \"cpu0\"", "\"together\": true, \"pin\": \"cpu0\"",
       "rules[0]: a rule needs one of 'pin', 'forbid' and 'together'"},
      {"\"pin\": \"cpu0\"", "\"together\": false",
       "rules[0].together: can only be true; leave the rule out"},
      {"\"name\": \"head.*\"", "\"before\": \"head(\"", "rules[0].before: bad pattern 'head('"},
      {"\"name\": \"head.*\"", "\"after\": \"head(\"", "rules[0].after: bad pattern 'head('"},
      {"\"part_cost_us\": 5,", "\"host\": \"a/b\",",
       "devices[0].host: 'a/b' has a '/'; names are letters, digits and _-.:"},
      {"\"part_cost_us\": 5,", "\"max_parts\": 0,",
       "devices[0].max_parts: must lie between 1 and 1000000; leave it out to allow any number"},
      {"head.*", "head(", "rules[0].name: bad pattern 'head(': missing )"},
      {"allot.target/1", "allot.target/2",
       "schema: is 'allot.target/2'; this version reads 'allot.target/1'"},
  };
  for (const WrongCase& wrong : cases) {
    const absl::StatusOr<Target> parsed =
        ParseTarget(Replace(kSmall, wrong.from, wrong.to), "t.json");
    ASSERT_FALSE(parsed.ok()) << wrong.message;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(wrong.message));
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("t.json: "));
  }
}

TEST(TargetJson, ReportsAllMistakes) {
  std::string text = Replace(kSmall, "\"16GiB\"", "0");
  text = Replace(text, "\"10GB/s\"", "0");
  text = Replace(text, "head.*", "[");
  Diagnostics diagnostics;
  EXPECT_FALSE(ParseTarget(text, "t.json", diagnostics).ok());
  ASSERT_EQ(diagnostics.num_errors(), 3);
  EXPECT_EQ(diagnostics.all()[0].where, "t.json: devices[0].memory");
  EXPECT_EQ(diagnostics.all()[1].where, "t.json: topology.links[0].bandwidth");
  EXPECT_EQ(diagnostics.all()[2].where, "t.json: rules[0].name");

  const std::string typo = Replace(text, "\"memory_bandwidth\"", "\"memory_bandwith\"");
  const std::string all(ParseTarget(typo, "t.json").status().message());
  EXPECT_EQ(all.substr(0, all.find('\n')),
            "t.json: devices[0]: unknown key 'memory_bandwith'; did you mean 'memory_bandwidth'?");
  for (const char* each :
       {"\nerror: t.json: devices[0].memory: ",
        "\nerror: t.json: devices[0]: 'memory_bandwidth' is missing",
        "\nerror: t.json: topology.links[0].bandwidth: ", "\nerror: t.json: rules[0].name: "}) {
    EXPECT_THAT(all, HasSubstr(each));
  }
}

TEST(TargetJson, RefusesEmptyAndForeignDocuments) {
  for (const char* text :
       {"", "[]", "3", "null", "{", "{\"schema\": \"allot.target/1\", \"name\": \"x\"}",
        "{\"schema\": \"allot.target/1\", \"name\": \"x\", \"devices\": []}",
        "{\"schema\": \"allot.target/1\", \"name\": \"x\", \"devices\": {}}",
        "{\"schema\": \"allot.target/1\", \"name\": \"x\", \"devices\": [1]}",
        "{\"devices\": [{}], \"topology\": 1, \"rules\": [[]]}"}) {
    EXPECT_FALSE(ParseTarget(text, "t.json").ok()) << text;
  }
}

TEST(TargetJson, SharedChannelsAgreeOnDuplex) {
  const std::string text = Replace(
      kSmall, "\"links\": [",
      "\"switches\": [\"s\"], \"links\": [{\"from\": \"cpu0\", \"to\": \"s\", \"bandwidth\": 1, "
      "\"channel\": \"dram\"}, ");
  EXPECT_THAT(std::string(ParseTarget(text, "t.json").status().message()),
              HasSubstr("topology.links[1].duplex: the links of channel 'dram' must all be"));
}

TEST(TargetJson, SurvivesDamagedText) {
  EXPECT_GT(testing::AcceptedWhenDamaged({kSmall}, "npu0", 5000, Random(5)), 200);
}

TEST(BuiltinTargets, AreValidAndCanonicalisable) {
  EXPECT_THAT(BuiltinTargetNames(), ElementsAre("cpu-2gpu", "cpu-gpu", "dual-socket-4gpu",
                                                "homogeneous-8gpu", "mcm-36", "mcm-8", "soc-npu"));
  for (const std::string& name : BuiltinTargetNames()) {
    const absl::StatusOr<Target> target = ParseTarget(BuiltinTargetText(name).value(), name);
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_EQ(target->name, name);
    for (DeviceId from : target->devices.ids()) {
      for (DeviceId to : target->devices.ids()) {
        EXPECT_TRUE(target->routes[from][to].has_value()) << name;
      }
    }
    const std::string text = PrintTarget(*target);
    const absl::StatusOr<Target> again = ParseTarget(text, name);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(PrintTarget(*again), text);
    EXPECT_EQ(again->routes, target->routes);
  }
  EXPECT_EQ(
      BuiltinTargetText("cpu-2gpus").status().message(),
      "no built-in target 'cpu-2gpus'; did you mean 'cpu-2gpu'? (there are cpu-2gpu, cpu-gpu, "
      "dual-socket-4gpu, homogeneous-8gpu, mcm-36, mcm-8, soc-npu)");
}

TEST(BuiltinTargets, CardsBehindOneSwitchShareItsUplink) {
  const Target target =
      ParseTarget(BuiltinTargetText("dual-socket-4gpu").value(), "builtin").value();
  const auto route = [&](const char* from, const char* to) -> const Route& {
    return *target.routes[*target.FindDevice(from)][*target.FindDevice(to)];
  };
  const auto shared = [](const Route& a, const Route& b) {
    std::vector<ChannelId> both;
    std::set_intersection(a.channels.begin(), a.channels.end(), b.channels.begin(),
                          b.channels.end(), std::back_inserter(both));
    return both.size();
  };
  EXPECT_EQ(shared(route("cpu0", "gpu0"), route("cpu0", "gpu1")), 1u);
  EXPECT_EQ(shared(route("cpu0", "gpu0"), route("gpu0", "cpu0")), 0u) << "full duplex";
  EXPECT_EQ(route("gpu0", "gpu1").segments.size(), 1u);
  EXPECT_EQ(route("gpu0", "gpu2").segments.size(), 3u) << "through both sockets";
}

TEST(TargetDocumentation, ExampleParses) {
  std::ifstream file(std::string(kSourceFolder) + "/docs/target.md");
  std::stringstream stream;
  stream << file.rdbuf();
  const std::string text = stream.str();
  int examples = 0;
  for (size_t at = text.find("```json\n"); at != std::string::npos;
       at = text.find("```json\n", at + 1)) {
    const size_t start = at + 8, end = text.find("```", start);
    ASSERT_NE(end, std::string::npos);
    const absl::StatusOr<Target> target =
        ParseTarget(text.substr(start, end - start), "docs/target.md");
    EXPECT_TRUE(target.ok()) << target.status();
    ++examples;
  }
  EXPECT_GE(examples, 1);
}

TEST(TargetJson, RulesOfPositionAndCompany) {
  std::string text = Replace(kSmall, "{\"forbid\": \"npu0\", \"domain\": \"ai.onnx.ml\"}",
                             "{\"forbid\": \"npu0\", \"op\": \"Conv\", \"before\": \"neck.*\"},"
                             "{\"pin\": \"cpu0\", \"after\": \"a\", \"before\": \"b\"},"
                             "{\"together\": true, \"name\": \"head.*\"}");
  text = Replace(text, "\"part_cost_us\": 100,",
                 "\"part_cost_us\": 100, \"max_parts\": 16, \"host\": \"10.0.0.7\",");
  const absl::StatusOr<Target> target = ParseTarget(text, "t.json");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->devices[DeviceId(0)].max_parts, 0);
  EXPECT_EQ(target->devices[DeviceId(1)].max_parts, 16);
  ASSERT_EQ(target->rules.size(), 5u);
  EXPECT_EQ(target->rules[2].before_regex, "neck.*");
  EXPECT_EQ(target->rules[2].text, "rules[2] (forbid op Conv before 'neck.*' on npu0)");
  EXPECT_EQ(target->rules[3].text, "rules[3] (pin everything before 'b' after 'a' to cpu0)");
  EXPECT_EQ(target->rules[4].effect, Rule::Effect::kTogether);
  EXPECT_EQ(target->rules[4].text, "rules[4] (keep 'head.*' together)");
  const std::string printed = PrintTarget(*target);
  const absl::StatusOr<Target> again = ParseTarget(printed, "printed.json");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(PrintTarget(*again), printed);
  EXPECT_EQ(again->rules[3].before_regex, "b");
  EXPECT_EQ(again->rules[3].after_regex, "a");
  EXPECT_EQ(again->rules[4].effect, Rule::Effect::kTogether);
  EXPECT_EQ(again->devices[DeviceId(1)].max_parts, 16);
  EXPECT_EQ(again->devices[DeviceId(0)].host, "");
  EXPECT_EQ(again->devices[DeviceId(1)].host, "10.0.0.7");
}

TEST(RuleText, SaysWhereNodesStand) {
  const Target target = ParseTarget(kSmall, "small.json").value();
  const absl::StatusOr<Rule> before = ParseRuleText("before:a.*=npu0", Rule::Effect::kPin, target);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->name_regex, "");
  EXPECT_EQ(before->before_regex, "a.*");
  EXPECT_EQ(before->text, "--pin 'before:a.*=npu0'");
  EXPECT_EQ(ParseRuleText("after:a=npu0", Rule::Effect::kForbid, target)->after_regex, "a");
  EXPECT_EQ(ParseRuleText("after:=npu0", Rule::Effect::kPin, target).status().message(),
            "--pin 'after:=npu0': names no nodes");
  EXPECT_EQ(ParseRuleText("after:(=npu0", Rule::Effect::kPin, target).status().message(),
            "--pin: bad pattern '(': missing )");
}

TEST(RuleText, SplitsAtTheLastEqualSign) {
  const Target target = ParseTarget(kSmall, "small.json").value();
  const absl::StatusOr<Rule> rule = ParseRuleText("a=b.*=npu0", Rule::Effect::kPin, target);
  ASSERT_TRUE(rule.ok()) << rule.status();
  EXPECT_EQ(rule->name_regex, "a=b.*");
  EXPECT_EQ(rule->device, DeviceId(1));
  EXPECT_EQ(rule->text, "--pin 'a=b.*=npu0'");
  EXPECT_EQ(ParseRuleText("x=npu", Rule::Effect::kForbid, target).status().message(),
            "--forbid 'x=npu': the target has no device 'npu'; did you mean 'npu0'?");
  EXPECT_EQ(ParseRuleText("conv", Rule::Effect::kPin, target).status().message(),
            "cannot read --pin 'conv'; write it like --pin 'conv.*=cpu0'");
  EXPECT_EQ(ParseRuleText("(=cpu0", Rule::Effect::kPin, target).status().message(),
            "--pin: bad pattern '(': missing )");
}

TEST(RuleMatcher, NodesMeetAllConditions) {
  Target target = ParseTarget(kSmall, "small.json").value();
  Rule between;
  between.op_type = "Conv";
  between.before_regex = "neck.*";
  between.after_regex = "stem";
  target.rules.push_back(between);
  const absl::StatusOr<RuleMatcher> matcher = RuleMatcher::Make(target.rules);
  ASSERT_TRUE(matcher.ok()) << matcher.status();
  EXPECT_TRUE(matcher->Matches(0, "head_1", "", "Conv"));
  EXPECT_FALSE(matcher->Matches(0, "a_head_1", "", "Conv"));
  EXPECT_TRUE(matcher->Matches(1, "x", "com.microsoft", "FusedConv"));
  EXPECT_FALSE(matcher->Matches(1, "x", "", "FusedConv"));
  EXPECT_TRUE(matcher->Matches(2, "x", "ai.onnx.ml", "Scaler"));
  // Where a node stands is for those to say who know the graph.
  EXPECT_TRUE(matcher->Matches(3, "x", "", "Conv"));
  EXPECT_FALSE(matcher->Matches(3, "x", "", "Relu"));
  EXPECT_TRUE(matcher->MatchesBefore(3, "neck_2"));
  EXPECT_FALSE(matcher->MatchesBefore(3, "stem"));
  EXPECT_TRUE(matcher->MatchesAfter(3, "stem"));
  EXPECT_FALSE(matcher->MatchesBefore(0, "head_1"));
  target.rules.back().after_regex = "(";
  target.rules.back().text = "the last rule";
  EXPECT_THAT(std::string(RuleMatcher::Make(target.rules).status().message()),
              HasSubstr("the last rule: bad pattern '('"));
}

}  // namespace
}  // namespace allot
