#include "target/cost_models/measured.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random.h"

namespace allot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A model that charges 1000 ps per op.
class Flat final : public CostModel {
 public:
  absl::StatusOr<Picos> OpTime(const OpFeatures&, const Device&) const override { return 1000; }
  absl::StatusOr<Picos> FusedTime(const std::vector<const OpFeatures*>&, const OpFeatures&,
                                  const Device&) const override {
    return 1500;
  }
};

Device Named(std::string name, std::string kind, std::string provider) {
  Device device;
  device.name = std::move(name);
  device.kind = std::move(kind);
  device.runtime.provider = std::move(provider);
  return device;
}

OpFeatures Op(std::string name) {
  OpFeatures op;
  op.name = std::move(name);
  return op;
}

TEST(MeasuredCsv, ReadsQuotesColumnsInAnyOrderAndBytes) {
  const absl::StatusOr<MeasuredCosts> costs = ParseCosts(
      "\xEF\xBB\xBF"
      "time_us,node,device,bytes\r\n"
      "12.5,\"conv, \"\"1\"\"\",gpu0,\r\n"
      "\r\n"
      "3,relu, cpu ,42\n"
      "1e-3,\"two\nlines\",cpu,7",
      "c.csv");
  ASSERT_TRUE(costs.ok()) << costs.status();
  ASSERT_EQ(costs->rows.size(), 3u);
  EXPECT_EQ(costs->rows[0].node, "conv, \"1\"");
  EXPECT_EQ(costs->rows[0].time, 12'500'000);
  EXPECT_EQ(costs->rows[0].bytes, std::nullopt);
  EXPECT_EQ(costs->rows[1].device, "cpu");
  EXPECT_EQ(costs->rows[1].bytes, 42);
  EXPECT_EQ(costs->rows[1].line, 4);
  EXPECT_EQ(costs->rows[2].node, "two\nlines");
  EXPECT_EQ(costs->rows[2].time, 1000);
}

TEST(MeasuredCsv, MistakesAreSaidWithTheirLine) {
  const auto message = [](const char* text) {
    return std::string(ParseCosts(text, "c.csv").status().message());
  };
  EXPECT_EQ(message(""),
            "c.csv: no header; it must be node,device,time_us[,bytes,fused_into,what,to]");
  EXPECT_THAT(message("node,device\na,b\n"), HasSubstr("c.csv:1: column 'time_us' is missing"));
  EXPECT_THAT(message("node,device,time_ms\n"),
              HasSubstr("c.csv:1: unknown column 'time_ms'; did you mean 'time_us'?"));
  EXPECT_THAT(message("node,node,device,time_us\n"), HasSubstr("column 'node' stands twice"));
  EXPECT_THAT(message("node,device,time_us\na,b\n"),
              HasSubstr("c.csv:2: 2 fields, but the header has 3"));
  EXPECT_THAT(message("node,device,time_us\na,b,-1\n"),
              HasSubstr("c.csv:2: time_us '-1' is not a non-negative number"));
  EXPECT_THAT(message("node,device,time_us\na,b,nan\n"), HasSubstr("'nan'"));
  EXPECT_THAT(message("node,device,time_us\na,b,1e12\n"), HasSubstr("too large"));
  EXPECT_THAT(message("node,device,time_us\n,b,1\n"), HasSubstr("the node's name is empty"));
  EXPECT_THAT(message("node,device,time_us\na,,1\n"), HasSubstr("the device's name is empty"));
  EXPECT_THAT(message("node,device,time_us\na,b,1\na,c,1\na,b,2\n"),
              HasSubstr("c.csv:4: node 'a' on 'b' stands in line 2 already"));
  EXPECT_THAT(message("node,device,time_us,bytes\na,b,1,x\n"), HasSubstr("bytes 'x'"));
  EXPECT_EQ(message("node,device,time_us\na,\"b,1\n"), "c.csv:2: a quote is never closed");
  EXPECT_EQ(message("node,device,time_us\na,\"b\"c,1\n"), "c.csv:2: text behind a closing quote");
}

TEST(MeasuredCsv, ReadsCommentsFusionsLaunchesAndTransfers) {
  const absl::StatusOr<MeasuredCosts> costs = ParseCosts(
      "# measured on a quiet machine, \"twice\"\n"
      "what,node,device,to,bytes,time_us,fused_into\r\n"
      ",relu,gpu0,,,0,\"conv, 1\"\n"
      "#,a,b,c\r\n"
      "op,\"conv, 1\",gpu0,,64,2.5,\n"
      ",\"two\n# lines\",gpu0,,,1,\n"
      " launch ,,gpu0,,,4,\n"
      "transfer,,cpu, gpu0 ,1024,7,\n"
      "transfer,,cpu,gpu0,0,3,\n"
      ",\"#hash\",gpu0,,,1,\n"
      "# the end",
      "c.csv");
  ASSERT_TRUE(costs.ok()) << costs.status();
  ASSERT_EQ(costs->rows.size(), 4u);
  EXPECT_EQ(costs->rows[0].node, "relu");
  EXPECT_EQ(costs->rows[0].fused_into, "conv, 1");
  EXPECT_EQ(costs->rows[0].line, 3);
  EXPECT_EQ(costs->rows[1].fused_into, "");
  EXPECT_EQ(costs->rows[1].line, 5);
  EXPECT_EQ(costs->rows[2].node, "two\n# lines");
  EXPECT_EQ(costs->rows[3].node, "#hash");
  ASSERT_EQ(costs->launches.size(), 1u);
  EXPECT_EQ(costs->launches[0].device, "gpu0");
  EXPECT_EQ(costs->launches[0].time, 4 * kPicosPerMicro);
  EXPECT_EQ(costs->launches[0].line, 8);
  ASSERT_EQ(costs->transfers.size(), 2u);
  EXPECT_EQ(costs->transfers[0].from, "cpu");
  EXPECT_EQ(costs->transfers[0].to, "gpu0");
  EXPECT_EQ(costs->transfers[0].bytes, 1024);
  EXPECT_EQ(costs->transfers[0].time, 7 * kPicosPerMicro);
  EXPECT_EQ(costs->transfers[1].bytes, 0);
}

TEST(MeasuredCsv, MistakesInRowsOfOtherKindsAreSaidWithTheirLine) {
  const auto message = [](const std::string& rows) {
    return std::string(ParseCosts("node,device,time_us,bytes,fused_into,what,to\n" + rows, "c.csv")
                           .status()
                           .message());
  };
  EXPECT_EQ(message("a,b,1,,,lanch,\n"),
            "c.csv:2: what 'lanch' is none of op, launch and transfer; did you mean 'launch'?");
  EXPECT_EQ(message("a,b,1,,,,c\n"),
            "c.csv:2: only a transfer goes to another device; leave 'to' empty, or write transfer "
            "under 'what'");
  EXPECT_THAT(message(",b,1,,,launch,c\n"), HasSubstr("only a transfer goes"));
  EXPECT_EQ(message("a,b,1,,,launch,\n"), "c.csv:2: a launch is of no node; leave 'node' empty");
  EXPECT_EQ(message(",b,1,,x,launch,\n"),
            "c.csv:2: a launch is of no node; leave 'fused_into' empty");
  EXPECT_EQ(message(",b,1,4,,launch,\n"), "c.csv:2: a launch moves nothing; leave 'bytes' empty");
  EXPECT_EQ(message(",b,1,,,launch,\n,c,1,,,launch,\n,b,2,,,launch,\n"),
            "c.csv:4: the launch on 'b' stands in line 2 already");
  EXPECT_EQ(message("a,b,1,4,,transfer,c\n"),
            "c.csv:2: a transfer is of no node; leave 'node' empty");
  EXPECT_EQ(message(",b,1,4,,transfer,\n"),
            "c.csv:2: a transfer needs 'to', the device that receives");
  EXPECT_EQ(message(",b,1,,,transfer,c\n"), "c.csv:2: a transfer needs 'bytes', its size");
  EXPECT_EQ(message(",b,1,4,,transfer,c\n,c,1,4,,transfer,b\n,b,2,4,,transfer,c\n"),
            "c.csv:4: the transfer of 4 bytes from 'b' to 'c' stands in line 2 already");
  EXPECT_EQ(message("a,b,1,,a,,\n"),
            "c.csv:2: node 'a' cannot be fused into itself; leave 'fused_into' of the node that "
            "has the time empty");
  EXPECT_EQ(message("n,b,1,,,,\na,b,1,,n,,\n"),
            "c.csv:3: the time of a fused node is part of the row of 'n'; its own time_us must "
            "be 0");
  EXPECT_EQ(message("n,c,1,,,,\na,b,0,,n,,\n"),
            "c.csv:3: fused_into 'n' has no row on 'b'; add one with the time of the whole kernel");
  EXPECT_EQ(message("a,b,0,,n,,\nn,b,0,,m,,\nm,b,1,,,,\n"),
            "c.csv:2: fused_into 'n' is itself fused into 'm' (line 3); name the node that has "
            "the time");
  EXPECT_EQ(message("a,b,0,,n,,\na,c,0,,n,,\nx,,1,,,,\n"),
            "c.csv:4: the device's name is empty\n"
            "error: c.csv:2: fused_into 'n' has no row on 'b'; add one with the time of the whole "
            "kernel\n"
            "error: c.csv:3: fused_into 'n' has no row on 'c'; add one with the time of the whole "
            "kernel");
}

constexpr char kProfile[] = R"([
{"cat" : "Session","pid" :1,"tid" :1,"dur" :900,"ts" :1,"ph" : "X","name" :"model_run","args" : {}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :900,"ts" :1,"ph" : "X","name" :"conv1_kernel_time","args" : {"op_name" : "Conv","provider" : "CPUExecutionProvider"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :100,"ts" :2,"ph" : "X","name" :"conv1_kernel_time","args" : {"op_name" : "Conv","provider" : "CPUExecutionProvider"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :120,"ts" :3,"ph" : "X","name" :"conv1_kernel_time","args" : {"op_name" : "Conv","provider" : "CPUExecutionProvider"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :7,"ts" :3,"ph" : "X","name" :"conv1_kernel_time","args" : {"op_name" : "Conv","provider" : "CUDAExecutionProvider"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :1,"ts" :3,"ph" : "X","name" :"conv1_fence_before","args" : {"op_name" : "Conv"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :8,"ts" :3,"ph" : "X","name" :"_kernel_time","args" : {"provider" : "CPUExecutionProvider"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :9.5,"ts" :3,"ph" : "X","name" :"relu_kernel_time","args" : {"provider" : "NewThingExecutionProvider"}}
])";

TEST(MeasuredProfile, TakesTheMedianAndTheKindOfTheProvider) {
  const absl::StatusOr<MeasuredCosts> costs = ParseCosts(kProfile, "p.json");
  ASSERT_TRUE(costs.ok()) << costs.status();
  ASSERT_EQ(costs->rows.size(), 3u);
  EXPECT_EQ(costs->rows[0].node, "conv1");
  EXPECT_EQ(costs->rows[0].device, "cpu");
  EXPECT_EQ(costs->rows[0].time, 120 * kPicosPerMicro);
  EXPECT_EQ(costs->rows[0].samples, 3);
  EXPECT_EQ(costs->rows[1].device, "gpu");
  EXPECT_EQ(costs->rows[1].time, 7 * kPicosPerMicro);
  EXPECT_EQ(costs->rows[2].device, "newthing");
  EXPECT_EQ(costs->rows[2].time, 19 * kPicosPerMicro / 2);
}

TEST(MeasuredProfile, NamesWithQuotesAndBackslashesAreRead) {
  const std::vector<std::string> names = {"a\"b", "c\\", "scope\\q", "e\",\"args\" : {", "f\ng"};
  std::string text = "[\n";
  for (const std::string& name : names) {
    text += "{\"cat\" : \"Node\",\"pid\" :1,\"dur\" :4,\"ts\" :1,\"ph\" : \"X\",\"name\" :\"" +
            name +
            "_kernel_time\",\"args\" : {\"op_name\" : \"Relu\",\"provider\" : "
            "\"CPUExecutionProvider\"}},\n";
  }
  text += "{\"cat\" : \"Session\",\"name\" :\"model_run\",\"args\" : {}}\n]\n";
  const absl::StatusOr<MeasuredCosts> costs = ParseCosts(text, "p.json");
  ASSERT_TRUE(costs.ok()) << costs.status();
  ASSERT_EQ(costs->rows.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(costs->rows[i].node, names[i]);
}

TEST(MeasuredProfile, MistakesAreSaid) {
  EXPECT_THAT(std::string(ParseCosts("[]", "p.json").status().message()),
              HasSubstr("p.json: no event of category 'Node'"));
  EXPECT_THAT(std::string(ParseCosts("{\"a\": 1}", "p.json").status().message()),
              HasSubstr("an object with 'traceEvents'"));
  EXPECT_FALSE(ParseCosts("[{", "p.json").ok());
  EXPECT_THAT(
      std::string(ParseCosts("[{\"cat\": \"Node\", \"name\": \"a_kernel_time\", \"dur\": -3, "
                             "\"args\": {\"provider\": \"x\"}}]",
                             "p.json")
                      .status()
                      .message()),
      HasSubstr("event 0 ('a_kernel_time'): 'dur'"));
  EXPECT_TRUE(ParseCosts("{\"traceEvents\": [{\"cat\": \"Node\", \"name\": \"a_kernel_time\", "
                         "\"dur\": 3, \"args\": {\"provider\": \"x\"}}, 7, null]}",
                         "p.json")
                  .ok());
}

TEST(ParseCosts, SurvivesDamagedText) {
  Random random(9);
  const std::string texts[] = {kProfile,
                               "node,device,time_us,bytes,fused_into,what,to\n"
                               "\"a\"\"\",cpu,1.5,3,,,\nb,gpu,0,,c,,\nc,gpu,2e-3,,,,\n"
                               "# note\n,cpu,3,,,launch,\n,cpu,4,5,,transfer,gpu\n"};
  for (int round = 0; round < 4000; ++round) {
    std::string text = texts[round % 2];
    for (int64_t edits = random.Between(1, 3); edits > 0; --edits) {
      const size_t at = static_cast<size_t>(random.Below(static_cast<int64_t>(text.size())));
      if (random.Below(2) == 0) {
        text[at] = static_cast<char>(random.Below(256));
      } else {
        text.erase(at, static_cast<size_t>(random.Between(1, 9)));
      }
    }
    const absl::StatusOr<MeasuredCosts> costs = ParseCosts(text, "file");
    if (!costs.ok()) {
      EXPECT_EQ(costs.status().message().substr(0, 4), "file");
      continue;
    }
    for (const MeasuredCosts::Row& row : costs->rows) {
      EXPECT_GE(row.time, 0);
      EXPECT_LE(row.time, kMaxPicos);
      EXPECT_FALSE(row.node.empty());
    }
  }
}

TEST(MeasuredModel, NameBeatsProviderBeatsKind) {
  MeasuredCosts costs =
      ParseCosts("node,device,time_us\na,gpu,3\na,cuda,2\na,gpu1,1\nb,gpu,4\n", "c.csv").value();
  const auto model = MakeMeasuredCostModel(std::make_unique<Flat>(), costs);
  EXPECT_EQ(*model->OpTime(Op("a"), Named("gpu1", "gpu", "cuda")), 1 * kPicosPerMicro);
  EXPECT_EQ(*model->OpTime(Op("a"), Named("gpu0", "gpu", "cuda")), 2 * kPicosPerMicro);
  EXPECT_EQ(*model->OpTime(Op("a"), Named("gpu0", "gpu", "rocm")), 3 * kPicosPerMicro);
  EXPECT_EQ(*model->OpTime(Op("a"), Named("cpu0", "cpu", "")), 1000);
  EXPECT_EQ(*model->OpTime(Op("c"), Named("gpu0", "gpu", "cuda")), 1000);
}

TEST(MeasuredModel, AKernelMeasuredInPartIsCompleted) {
  MeasuredCosts costs = ParseCosts("node,device,time_us\na,cpu,3\nb,cpu,4\n", "c.csv").value();
  const auto model = MakeMeasuredCostModel(std::make_unique<Flat>(), costs);
  const Device cpu = Named("cpu0", "cpu", "");
  const OpFeatures a = Op("a"), b = Op("b"), c = Op("c");
  EXPECT_EQ(*model->FusedTime({&a, &b}, a, cpu), 7 * kPicosPerMicro);
  EXPECT_EQ(*model->FusedTime({&a, &c}, a, cpu), 3 * kPicosPerMicro + 1000);
  EXPECT_EQ(*model->FusedTime({&c, &c}, c, cpu), 1500) << "no row: the base model fuses";
}

TEST(MeasuredModel, TellsWhatWasFusedOnWhichDevice) {
  MeasuredCosts first = ParseCosts(
                            "node,device,time_us,fused_into\n"
                            "a,gpu,0,n\nb,gpu,0,n\nn,gpu,5,\nb,cpu,2,\n",
                            "c.csv")
                            .value();
  MeasuredCosts second = ParseCosts("node,device,time_us\nb,gpu,4\n", "d.csv").value();
  auto model = MakeMeasuredCostModel(std::make_unique<Flat>(), first);
  const Device gpu = Named("gpu0", "gpu", ""), cpu = Named("cpu0", "cpu", "");
  EXPECT_EQ(model->FusedInto(Op("a"), gpu), "n");
  EXPECT_EQ(model->FusedInto(Op("b"), gpu), "n");
  EXPECT_EQ(model->FusedInto(Op("b"), cpu), "");
  EXPECT_EQ(model->FusedInto(Op("n"), gpu), "");
  EXPECT_EQ(model->FusedInto(Op("x"), gpu), "");
  const OpFeatures a = Op("a"), b = Op("b"), n = Op("n");
  EXPECT_EQ(*model->FusedTime({&a, &b, &n}, n, gpu), 5 * kPicosPerMicro);
  model = MakeMeasuredCostModel(std::move(model), second);
  EXPECT_EQ(model->FusedInto(Op("a"), gpu), "n");
  EXPECT_EQ(model->FusedInto(Op("b"), gpu), "") << "a later row says otherwise";
}

TEST(UnmatchedRows, NamesWhatNobodyAsksFor) {
  Target target;
  target.devices.Add(Named("gpu0", "gpu", "cuda"));
  const MeasuredCosts costs =
      ParseCosts("node,device,time_us\na,gpu0,3\na,cuda,3\na,gpu,3\na,npu,3\nz,gpu,1\n", "c.csv")
          .value();
  EXPECT_THAT(UnmatchedRows(costs, {"a", "b"}, target),
              ElementsAre("c.csv:5: no device 'npu'", "c.csv:6: no node 'z'"));
}

TEST(UnmatchedRows, SuggestsWhatIsNear) {
  Target target;
  target.devices.Add(Named("gpu0", "gpu", "cuda"));
  const MeasuredCosts costs =
      ParseCosts("node,device,time_us\nconv8,gpu0,3\nconv1,gpu1,3\n", "c.csv").value();
  EXPECT_THAT(UnmatchedRows(costs, {"conv1", "pool"}, target),
              ElementsAre("c.csv:2: no node 'conv8' (did you mean 'conv1'?)",
                          "c.csv:3: no device 'gpu1' (did you mean 'gpu0'?)"));
}

TEST(UnmatchedRows, NamesDevicesOfLaunchesAndTransfers) {
  Target target;
  target.devices.Add(Named("cpu0", "cpu", ""));
  target.devices.Add(Named("gpu0", "gpu", "cuda"));
  const MeasuredCosts costs = ParseCosts(
                                  "node,device,time_us,bytes,what,to\n"
                                  ",cuda,3,,launch,\n,npu,3,,launch,\n"
                                  ",cpu,3,4,transfer,gpu\n,tpu,3,4,transfer,gpu\n"
                                  ",cpu,3,4,transfer,npu\n,cpu0,3,4,transfer,cpu\n",
                                  "c.csv")
                                  .value();
  EXPECT_THAT(UnmatchedRows(costs, {}, target),
              ElementsAre("c.csv:3: no device 'npu'", "c.csv:5: no device 'tpu'",
                          "c.csv:6: no device 'npu'", "c.csv:7: no other device 'cpu'"));
}

}  // namespace
}  // namespace allot
