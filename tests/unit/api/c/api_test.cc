// The C interface as a caller from another language meets it, wrong calls included.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "api/allot.h"
#include "api/c/status.h"
#include "api/compile.h"
#include "examples/models/onnx_builder.h"
#include "support/json.h"
#ifdef ALLOT_WITH_GLPK
#include "api/milp/allot_milp.h"
#endif

namespace allot {
namespace {

using ::testing::HasSubstr;

// Two branches of convolutions, joined.
std::string TwoBranches() {
  examples::OnnxBuilder net("two_branches", 13);
  const std::string x = net.Input("x", {1, 8, 32, 32});
  const std::string left = net.ConvRelu(x, 8, 16, 3, 1, "left");
  const std::string right = net.ConvRelu(x, 8, 16, 5, 1, "right");
  net.Op("Neg", {net.Concat({left, right}, 1, "join")}, "end");
  net.Output("end_out", {1, 32, 32, 32});
  return net.model().SerializeAsString();
}

// Takes a status, which must be OK.
void ExpectOk(allot_status* status) {
  EXPECT_EQ(allot_status_code(status), ALLOT_OK) << allot_status_message(status);
  allot_status_free(status);
}

struct Failure {
  allot_code code;
  std::string message;
};
// Takes a status: what it says.
Failure Take(allot_status* status) {
  Failure failure{allot_status_code(status), allot_status_message(status)};
  EXPECT_EQ(allot_status_free(status), ALLOT_OK);
  return failure;
}

class CApi : public ::testing::Test {
 protected:
  void SetUp() override { ExpectOk(allot_options_create(&options_)); }
  void TearDown() override { EXPECT_EQ(allot_options_free(options_), ALLOT_OK); }

  void Set(const char* name, const char* value) {
    ExpectOk(allot_options_set(options_, name, value));
  }
  Failure Refused(const char* name, const char* value) {
    return Take(allot_options_set(options_, name, value));
  }
  allot_plan* Plan() {
    allot_plan* plan = nullptr;
    ExpectOk(allot_compile_memory(options_, model_.data(), model_.size(), "m.onnx", &plan));
    return plan;
  }
  std::string PlanText() {
    allot_plan* const plan = Plan();
    const char* json = nullptr;
    ExpectOk(allot_plan_json(plan, &json));
    const std::string text = json == nullptr ? "" : json;
    EXPECT_EQ(allot_plan_free(plan), ALLOT_OK);
    return text;
  }

  const std::string model_ = TwoBranches();
  allot_options* options_ = nullptr;
};

TEST_F(CApi, PreparedModelsGiveTheSamePlans) {
  Set("target", "cpu-gpu");
  Set("pin", "right.*=cpu0");
  const std::string truth = PlanText();
  allot_model* model = nullptr;
  ExpectOk(allot_prepare_memory(nullptr, model_.data(), model_.size(), "m.onnx", &model));
  EXPECT_EQ(allot_model_num_nodes(model), 6);
  EXPECT_EQ(allot_model_num_diagnostics(model), 0);
  EXPECT_EQ(allot_model_diagnostic(model, 0), nullptr);
  allot_plan* plan = nullptr;
  ExpectOk(allot_model_plan(model, options_, &plan));
  EXPECT_EQ(allot_model_free(model), ALLOT_OK);
  const char* json = nullptr;
  ExpectOk(allot_plan_json(plan, &json));
  EXPECT_EQ(json, truth);
  EXPECT_EQ(allot_plan_free(plan), ALLOT_OK);

  EXPECT_EQ(Take(allot_model_plan(model, options_, &plan)).code, ALLOT_INVALID_HANDLE);
  EXPECT_EQ(plan, nullptr);
  EXPECT_EQ(Take(allot_model_plan(nullptr, options_, &plan)).code, ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(Take(allot_prepare(nullptr, "-", &model)).code, ALLOT_INVALID_INPUT);
  EXPECT_EQ(Take(allot_prepare(nullptr, "no-such.onnx", &model)).code, ALLOT_INVALID_INPUT);
  EXPECT_EQ(model, nullptr);
  EXPECT_EQ(allot_model_num_nodes(model), -1);
  EXPECT_EQ(allot_model_free(model), ALLOT_OK) << "NULL";
}

TEST_F(CApi, SaysWhatThePlanSays) {
  Set("target", "cpu-gpu");
  Set("pin", "right.*=cpu0");
  Set("pin", "left.*=gpu0");
  allot_plan* const plan = Plan();
  CompileOptions same;
  same.target = "cpu-gpu";
  same.pins = {"right.*=cpu0", "left.*=gpu0"};
  Diagnostics diagnostics;
  const absl::StatusOr<Compilation> truth = CompileBytes(model_, "m.onnx", same, diagnostics);
  ASSERT_TRUE(truth.ok()) << truth.status();

  const ir::Summary& summary = *truth->plan.summary;
  EXPECT_EQ(allot_plan_objective(plan), ALLOT_LATENCY);
  EXPECT_EQ(allot_plan_value_ps(plan), summary.value);
  EXPECT_EQ(allot_plan_bound_ps(plan), summary.lower_bound);
  EXPECT_EQ(allot_plan_gap_ps(plan), summary.value - summary.lower_bound);
  EXPECT_EQ(allot_plan_solver(plan), summary.solver);
  EXPECT_EQ(allot_plan_pipeline(plan), truth->pipeline);
  ASSERT_EQ(allot_plan_num_devices(plan), 2);
  EXPECT_STREQ(allot_plan_device_name(plan, 1), "gpu0");
  EXPECT_GT(allot_plan_device_busy_ps(plan, 1), 0);

  const ir::Graph& graph = truth->module->graph;
  ASSERT_EQ(allot_plan_num_nodes(plan), static_cast<int64_t>(graph.num_nodes()));
  int64_t on_both = 0;
  for (int64_t i = 0; i < allot_plan_num_nodes(plan); ++i) {
    const ir::NodeId node(static_cast<size_t>(i));
    EXPECT_EQ(allot_plan_node_name(plan, i), graph.node(node).name);
    EXPECT_EQ(allot_plan_node_operator(plan, i), graph.node(node).op_type);
    EXPECT_EQ(allot_plan_node_device(plan, i), truth->plan.DeviceOf(node).index());
    EXPECT_EQ(allot_plan_node_part(plan, i), truth->plan.PartOf(node).index());
    EXPECT_EQ(allot_plan_node_end_ps(plan, i), truth->plan.node_time[node].end);
    EXPECT_STRNE(allot_plan_node_reason(plan, i), "");
    on_both |= int64_t{1} << allot_plan_node_device(plan, i);
  }
  EXPECT_EQ(on_both, 3);
  EXPECT_EQ(allot_plan_num_parts(plan), static_cast<int64_t>(truth->plan.parts.size()));
  ASSERT_GT(allot_plan_num_transfers(plan), 0);
  EXPECT_STREQ(allot_plan_transfer_tensor(plan, 0),
               graph.value(truth->plan.transfers[0].value).name.c_str());
  EXPECT_EQ(allot_plan_transfer_bytes(plan, 0), truth->plan.transfers[0].bytes);

  const char* text = nullptr;
  ExpectOk(allot_plan_json(plan, &text));
  const absl::StatusOr<Json> json = ParseJson(text);
  ASSERT_TRUE(json.ok()) << json.status();
  ASSERT_NE(json->Find("nodes"), nullptr);
  allot_plan_free(plan);
}

TEST_F(CApi, CompilesFilesAndWritesFolders) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / "allot_c_api_test";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const std::string file = folder / "m.onnx";
  std::ofstream(file, std::ios::binary) << model_;

  allot_plan* plan = nullptr;
  ExpectOk(allot_compile(nullptr, file.c_str(), &plan));
  const std::string out = folder / "out";
  ExpectOk(allot_plan_write(plan, out.c_str(), "plan,dot"));
  const char* text = nullptr;
  ExpectOk(allot_plan_json(plan, &text));
  std::ostringstream written;
  written << std::ifstream(fs::path(out) / "plan.json").rdbuf();
  EXPECT_EQ(written.str(), text);
  const Failure failure = Take(allot_plan_write(plan, out.c_str(), "plam"));
  EXPECT_EQ(failure.code, ALLOT_INVALID_INPUT);
  EXPECT_THAT(failure.message, HasSubstr("plam"));
  allot_plan_free(plan);
  fs::remove_all(folder);
}

TEST_F(CApi, WritesAsOtherOptionsSay) {
  namespace fs = std::filesystem;
  Set("target", "cpu-gpu");
  allot_plan* const plan = Plan();
  EXPECT_GT(allot_plan_device_memory_bytes(plan, 0), 0);
  const fs::path folder = fs::path(::testing::TempDir()) / "c_api_written_as";
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::ofstream(folder / "model.dot") << "of the user";
  EXPECT_THAT(Take(allot_plan_write_as(plan, nullptr, folder.c_str(), "dot")).message,
              HasSubstr("model.dot"));
  Set("force", "true");
  ExpectOk(allot_plan_write_as(plan, options_, folder.c_str(), "dot"));
  EXPECT_GT(fs::file_size(folder / "model.dot"), 20U);
  const auto* dead = reinterpret_cast<const allot_options*>(plan);
  EXPECT_EQ(Take(allot_plan_write_as(plan, dead, folder.c_str(), "dot")).code,
            ALLOT_INVALID_HANDLE);
  EXPECT_EQ(Take(allot_plan_write_as(nullptr, nullptr, folder.c_str(), "dot")).code,
            ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(allot_plan_free(plan), ALLOT_OK);
}

TEST_F(CApi, RefusesOptionsThatAreWrong) {
  EXPECT_THAT(Refused("objektive", "latency").message, HasSubstr("did you mean 'objective'?"));
  EXPECT_THAT(Refused("objective", "speed").message, HasSubstr("none of latency, throughput"));
  EXPECT_THAT(Refused("threads", "0").message, HasSubstr("from 1 to 256"));
  EXPECT_THAT(Refused("work", "many").message, HasSubstr("not an integer"));
  EXPECT_THAT(Refused("strict-shapes", "2").message, HasSubstr("strict-shapes"));
  EXPECT_THAT(Refused("target-json", "{").message, HasSubstr("target-json"));
  EXPECT_EQ(Refused(nullptr, "x").code, ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(Refused("work", nullptr).code, ALLOT_NULL_ARGUMENT);
  ExpectOk(allot_options_set_integer(options_, "work", 1000));
  EXPECT_EQ(Take(allot_options_set_integer(options_, "work", -1)).code, ALLOT_INVALID_INPUT);
}

TEST_F(CApi, TakesAMachineAsText) {
  Set("target-json", R"({"schema": "allot.target/1", "name": "one", "devices": [
      {"name": "only", "kind": "cpu", "memory": "1GiB", "flops": {"default": "1T"},
       "memory_bandwidth": "10GB/s"}]})");
  allot_plan* const plan = Plan();
  ASSERT_EQ(allot_plan_num_devices(plan), 1);
  EXPECT_STREQ(allot_plan_device_name(plan, 0), "only");
  EXPECT_EQ(allot_plan_num_transfers(plan), 0);
  allot_plan_free(plan);
}

TEST_F(CApi, ReadsMachines) {
  allot_target* target = nullptr;
  ExpectOk(allot_target_load("cpu-gpu", &target));
  const std::string canonical = allot_target_json(target);
  EXPECT_THAT(canonical, HasSubstr("\"name\": \"cpu-gpu\""));
  allot_target* again = nullptr;
  ExpectOk(allot_target_parse(canonical.c_str(), nullptr, &again));
  EXPECT_EQ(allot_target_json(again), canonical);
  EXPECT_EQ(allot_target_free(again), ALLOT_OK);
  EXPECT_EQ(allot_target_free(target), ALLOT_OK);
  EXPECT_EQ(allot_target_free(target), ALLOT_INVALID_HANDLE);
  EXPECT_EQ(allot_target_json(target), nullptr);

  EXPECT_THAT(Take(allot_target_load("cpu-gpo", &target)).message, HasSubstr("cpu-gpu"));
  EXPECT_EQ(target, nullptr);
  allot_status* const status = allot_target_parse(
      R"({"schema": "allot.target/1", "name": "n", "devices": [{"nme": 1}]})", "mine", &target);
  EXPECT_GT(allot_status_num_diagnostics(status), 1);
  EXPECT_THAT(Take(status).message, HasSubstr("mine: devices[0]"));
  EXPECT_EQ(Take(allot_target_parse(nullptr, "n", &target)).code, ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(Take(allot_target_load(nullptr, &target)).code, ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(Take(allot_target_load("cpu-gpu", nullptr)).code, ALLOT_NULL_ARGUMENT);
}

TEST_F(CApi, ListsTheMachinesThatAreBuiltIn) {
  const int64_t count = allot_num_builtin_targets();
  ASSERT_GT(count, 1);
  for (int64_t i = 0; i < count; ++i) {
    allot_target* target = nullptr;
    ExpectOk(allot_target_load(allot_builtin_target(i), &target));
    EXPECT_EQ(allot_target_free(target), ALLOT_OK);
  }
  EXPECT_EQ(allot_builtin_target(count), nullptr);
  EXPECT_EQ(allot_builtin_target(-1), nullptr);
}

TEST_F(CApi, GivesWhatAnEmitterMakesAsText) {
  Set("target", "cpu-gpu");
  allot_plan* const plan = Plan();
  const char* text = nullptr;
  ExpectOk(allot_plan_text(plan, "report", &text));
  EXPECT_THAT(text, HasSubstr("<html"));
  const char* same = nullptr;
  ExpectOk(allot_plan_text(plan, "report", &same));
  EXPECT_EQ(text, same);
  const char* json = nullptr;
  ExpectOk(allot_plan_json(plan, &json));
  ExpectOk(allot_plan_text(plan, "plan", &text));
  EXPECT_EQ(text, json);
  EXPECT_THAT(Take(allot_plan_text(plan, "annotated", &text)).message, HasSubstr("no text"));
  EXPECT_EQ(text, nullptr);
  EXPECT_THAT(Take(allot_plan_text(plan, "triton", &text)).message, HasSubstr("files"));
  EXPECT_THAT(Take(allot_plan_text(plan, "reprot", &text)).message, HasSubstr("report"));
  EXPECT_EQ(Take(allot_plan_text(plan, nullptr, &text)).code, ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(Take(allot_plan_text(plan, "dot", nullptr)).code, ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(allot_plan_free(plan), ALLOT_OK);
}

TEST_F(CApi, WeighsParts) {
  Set("target", "cpu-2gpu");
  Set("pin", "left.*=gpu0");
  Set("pin", "right.*=cpu0");
  allot_plan* const plan = Plan();
  int64_t sum = 0;
  for (int64_t part = 0; part < allot_plan_num_parts(plan); ++part) {
    sum += allot_plan_part_weight_bytes(plan, part);
  }
  // Two convolutions and their biases, each used by one part.
  EXPECT_EQ(sum, 4 * (16 * 8 * 3 * 3 + 16 + 16 * 8 * 5 * 5 + 16));
  EXPECT_EQ(allot_plan_part_weight_bytes(plan, allot_plan_num_parts(plan)), -1);
  EXPECT_EQ(allot_plan_free(plan), ALLOT_OK);
}

TEST_F(CApi, LoadsPlugins) {
  Set("load-plugin", ALLOT_TEST_PLUGINS "/says_what_it_is_told.so");
  Set("cost-model", "told{time=10000000}");
  allot_plan* const plan = Plan();
  EXPECT_GT(allot_plan_value_ps(plan), 0);
  allot_plan_free(plan);
  EXPECT_THAT(Refused("load-plugin", "there/is/none.so").message, HasSubstr("there/is/none.so"));
}

TEST_F(CApi, TellsWhatIsWrongWithAModel) {
  allot_plan* plan = reinterpret_cast<allot_plan*>(uintptr_t{77});
  const Failure missing = Take(allot_compile(options_, "there/is/none.onnx", &plan));
  EXPECT_EQ(missing.code, ALLOT_INVALID_INPUT);
  EXPECT_THAT(missing.message, HasSubstr("there/is/none.onnx"));
  EXPECT_EQ(plan, nullptr);
  // The library prints nothing, and neither do the libraries below it.
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  const Failure damaged =
      Take(allot_compile_memory(options_, model_.data(), model_.size() / 2, nullptr, &plan));
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(damaged.code, ALLOT_INVALID_INPUT);
  EXPECT_THAT(damaged.message, HasSubstr("model"));
  EXPECT_EQ(Take(allot_compile_memory(options_, nullptr, 0, nullptr, &plan)).code,
            ALLOT_INVALID_INPUT);
  EXPECT_THAT(Take(allot_compile(options_, "-", &plan)).message,
              HasSubstr("does not read standard input"));
  Set("pass-pipeline", "infer-shapes");
  EXPECT_THAT(
      Take(allot_compile_memory(options_, model_.data(), model_.size(), nullptr, &plan)).message,
      HasSubstr("makes no schedule"));
}

TEST_F(CApi, SurvivesWrongHandles) {
  allot_plan* plan = Plan();
  allot_plan* const none = nullptr;
  const auto wrong = [](const void* handle) {
    return reinterpret_cast<allot_plan*>(reinterpret_cast<uintptr_t>(handle));
  };
  int local = 0;
  const std::vector<allot_plan*> wrong_plans = {none, wrong(options_), wrong(&local),
                                                reinterpret_cast<allot_plan*>(uintptr_t{1})};
  for (allot_plan* bad : wrong_plans) {
    EXPECT_EQ(allot_plan_value_ps(bad), -1);
    EXPECT_EQ(allot_plan_node_name(bad, 0), nullptr);
    EXPECT_EQ(allot_plan_free(bad), bad == nullptr ? ALLOT_OK : ALLOT_INVALID_HANDLE);
    const char* json = "";
    EXPECT_NE(Take(allot_plan_json(bad, &json)).code, ALLOT_OK);
    EXPECT_EQ(json, nullptr);
  }
  for (const int64_t index : {int64_t{-1}, allot_plan_num_nodes(plan), INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(allot_plan_node_name(plan, index), nullptr);
    EXPECT_EQ(allot_plan_node_device(plan, index), -1);
    EXPECT_EQ(allot_plan_diagnostic(plan, index), nullptr);
  }
  EXPECT_EQ(allot_plan_free(plan), ALLOT_OK);
  EXPECT_EQ(allot_plan_free(plan), ALLOT_INVALID_HANDLE);
  EXPECT_EQ(allot_plan_num_parts(plan), -1);

  const auto* options = reinterpret_cast<const allot_options*>(wrong(plan));
  EXPECT_EQ(Take(allot_compile(options, "m.onnx", &plan)).code, ALLOT_INVALID_HANDLE);
  EXPECT_EQ(Take(allot_compile(options_, "m.onnx", nullptr)).code, ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(Take(allot_compile(options_, nullptr, &plan)).code, ALLOT_NULL_ARGUMENT);
  EXPECT_EQ(Take(allot_options_create(nullptr)).code, ALLOT_NULL_ARGUMENT);

  allot_status* const status = allot_compile(options_, nullptr, &plan);
  EXPECT_EQ(allot_status_free(status), ALLOT_OK);
  EXPECT_EQ(allot_status_code(status), ALLOT_INVALID_HANDLE);
  EXPECT_EQ(allot_status_free(status), ALLOT_INVALID_HANDLE);
  EXPECT_EQ(allot_status_num_diagnostics(status), -1);
}

TEST_F(CApi, PlansAlikeInTwoThreads) {
  Set("target", "cpu-2gpu");
  const std::string alone = PlanText();
  std::vector<std::string> together(4);
  std::vector<std::thread> threads;
  for (std::string& text : together) {
    threads.emplace_back([&] { text = PlanText(); });
  }
  // Those that compile took what was set when they began, or take this.
  ExpectOk(allot_options_set(options_, "objective", "latency"));
  for (std::thread& thread : threads) thread.join();
  for (const std::string& text : together) EXPECT_EQ(text, alone);
}

TEST_F(CApi, SharesHandlesAmongThreads) {
  allot_plan* const plan = Plan();
  std::vector<std::thread> threads;
  int64_t freed[4] = {};
  for (int64_t& count : freed) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) allot_plan_value_ps(plan);
      ExpectOk(allot_options_set(options_, "dim", "n=4"));
      count = allot_plan_free(plan) == ALLOT_OK ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(freed[0] + freed[1] + freed[2] + freed[3], 1);
}

#ifdef ALLOT_WITH_GLPK
TEST_F(CApi, KnowsGlpkWhenAsked) {
  Set("solver", "milp");
  allot_plan* plan = nullptr;
  EXPECT_THAT(
      Take(allot_compile_memory(options_, model_.data(), model_.size(), nullptr, &plan)).message,
      HasSubstr("milp"));
  ExpectOk(allot_options_add_milp(options_));
  plan = Plan();
  EXPECT_GE(allot_plan_gap_ps(plan), 0);
  allot_plan_free(plan);
  const std::string alone = PlanText();
  std::string first, second;
  std::thread other([&] { first = PlanText(); });
  second = PlanText();
  other.join();
  EXPECT_EQ(first, alone);
  EXPECT_EQ(second, alone);
  EXPECT_EQ(Take(allot_options_add_milp(nullptr)).code, ALLOT_NULL_ARGUMENT);
}
#endif

TEST(CApiBorder, TurnsExceptionsIntoStatuses) {
  const auto thrown = [](const auto& exception) {
    return Take(capi::Guard([&]() -> allot_status* { throw exception; }));
  };
  EXPECT_EQ(thrown(std::bad_alloc()).code, ALLOT_OUT_OF_MEMORY);
  EXPECT_EQ(thrown(7).code, ALLOT_INTERNAL_ERROR);
  const Failure failure = thrown(std::runtime_error("of some library"));
  EXPECT_EQ(failure.code, ALLOT_INTERNAL_ERROR);
  EXPECT_THAT(failure.message, HasSubstr("of some library"));
}

TEST(CApiVersion, IsThatOfTheHeader) {
  EXPECT_EQ(allot_abi_version(), ALLOT_ABI_VERSION);
  EXPECT_THAT(allot_version(), HasSubstr("."));
}

}  // namespace
}  // namespace allot
