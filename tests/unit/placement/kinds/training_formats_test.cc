// Problems and plans of training as JSON: our form, and the files of Sailor.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "placement/kinds/kind.h"
#include "placement/kinds/training/formats/cluster.h"
#include "placement/kinds/training/formats/plan_json.h"
#include "placement/kinds/training/formats/sailor.h"
#include "placement/kinds/training/formats/training_json.h"
#include "support/read_file.h"
#include "tests/folders.h"
#include "tests/models/random_training.h"

namespace allot {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kConfiguration[] =
    R"({"global_batch_size": 8, "model": "Toy-1.5", "optimizer": "Adam", "num_all_layers": 3})";
constexpr char kPlan[] = R"({
  "pipeline_list": [{"num_stages": 2, "layers_per_stage": [[0, 2], [2]],
    "tmp_per_stage": [[[[["A", 2, "z"]], 2]], [[[["A", 2, "z"]], 2]]], "dp": [1, 1]}],
  "mbs": 1, "gbs": 8, "real": 0.5, "max_mem": 9000000000})";

// A folder of Sailor's files for a model of three layers, the last two of which are alike.
class TrainingFormats : public ::testing::Test {
 protected:
  TrainingFormats() {
    std::string name = ::testing::TempDir() + "/trainingXXXXXX";
    folder_ = mkdtemp(name.data());
    std::filesystem::create_directories(folder_ + "/validation/TOY-1");
    std::filesystem::create_directories(folder_ + "/configs");
    const auto layer = [](int64_t parameters) {
      return absl::StrCat(R"({"params_floats": )", parameters,
                          R"(, "act_output_floats": 1000000, "act_mem_floats": 5000000})");
    };
    const std::string layers = absl::StrCat(R"({"0": )", layer(1000), R"(, "1": )", layer(5000000),
                                            R"(, "2": )", layer(5000000), "}");
    Write("llm_info.json",
          absl::StrCat(R"({"Toy-1.5": {"1": )", layers, R"(, "2": )", layers, "}}"));
    Write("profiles.json",
          R"({"Toy-1.5": {"A": {"1": {"2": {"0": [0.001, 0.002, 0.0001], "1": [0.01, 0.02, 0.0001],
              "2": [0.01, 0.02, 0.0001]}}}}})");
    const std::string to = R"({"z": {"A": {"1": [[1.0], 1], "2": [[2.0], 1]}}})";
    Write("multizone_bandwidths_het.json",
          absl::StrCat(R"({"z": {"A": {"1": )", to, R"(, "2": )", to, "}}}"));
    Write("configs/basic_cluster_config.json",
          R"({"A": {"gpus_per_node": 4, "mem_per_gpu": 40000000000}, "zone": "z"})");
    Write("configs/trace.csv", ",Timestamp,A_z,B_z\n0,17.5,8,0\n1,18.5,16,0\n");
    configuration_ = Write("configs/training.json", kConfiguration);
    plan_ = Write("validation/TOY-1/plan.json", kPlan);
  }
  ~TrainingFormats() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

  absl::StatusOr<TrainingProblem> Read(const std::string& file,
                                       const std::map<std::string, std::string>& flags = {}) const {
    const absl::StatusOr<std::string> text = ReadTextFile(file);
    EXPECT_TRUE(text.ok()) << text.status();
    const absl::StatusOr<Json> document = ParseJson(*text);
    EXPECT_TRUE(document.ok()) << document.status();
    EXPECT_TRUE(IsSailor(*document));
    return ReadSailor(*document, file, flags);
  }
  std::string Error(const std::string& file,
                    const std::map<std::string, std::string>& flags = {}) const {
    return std::string(Read(file, flags).status().message());
  }

  std::string folder_, configuration_, plan_;
};

TEST(TrainingJson, PrintsWhatItReads) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::string text = PrintTrainingProblem(testing::RandomTraining(seed));
    const absl::StatusOr<TrainingProblem> problem = ReadTrainingProblem(*ParseJson(text), "p.json");
    ASSERT_TRUE(problem.ok()) << problem.status();
    EXPECT_EQ(PrintTrainingProblem(*problem), text);
  }
}

TEST(TrainingJson, SaysWhereItIsWrong) {
  const std::string text = PrintTrainingProblem(testing::RandomTraining(3));
  const auto error = [&](absl::string_view from, absl::string_view to) {
    const std::string wrong = absl::StrReplaceAll(text, {{from, to}});
    EXPECT_NE(wrong, text);
    const auto document = ParseJson(wrong);
    EXPECT_TRUE(document.ok()) << document.status();
    return std::string(ReadTrainingProblem(*document, "p.json").status().message());
  };
  EXPECT_THAT(error("\"global_batch\"", "\"global_bach\""),
              AllOf(HasSubstr("global_bach"), HasSubstr("global_batch")));
  EXPECT_THAT(error("\"forward_ps\": [", "\"forward_ps\": [0.5, "),
              HasSubstr("p.json: gpus[0].profiles[0].forward_ps[0]: expected an integer"));
  EXPECT_THAT(error("\"update_ps\": [", "\"update_ps\": [1, "), HasSubstr("differ in length"));
  EXPECT_THAT(error("\"from\": \"gpu", "\"from\": \"cpu"), HasSubstr("links[0].from: there is no"));
  EXPECT_THAT(error("\"coefficients\": [", "\"coefficients\": [null, "),
              HasSubstr("links[0].coefficients[0]: expected a number"));
  EXPECT_THAT(error("\"cost\": \"", "\"cost\": \"x"), HasSubstr("expected sailor or own"));
  EXPECT_THAT(error("\"layers\": {", "\"layer\": {"), HasSubstr("key 'layers' is missing"));
}

TEST(TrainingClusters, AreTextsOrRowsOfTraces) {
  const auto parts = ReadCluster("A-1:32,B@z:96,C:0", "");
  ASSERT_TRUE(parts.ok()) << parts.status();
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].gpu, "A-1");
  EXPECT_EQ((*parts)[1].zone, "z");
  EXPECT_EQ((*parts)[1].count, 96);
  for (const char* wrong : {"", "A", "A:", "A:-1", "A:99999999999999999999", ":3", "A:0", "A:1,",
                            "A:1.5", "x.csvy", "x.csv:-1", "/nowhere/x.csv"}) {
    EXPECT_THAT(std::string(ReadCluster(wrong, "").status().message()), HasSubstr("--cluster"))
        << wrong;
  }
}

TEST_F(TrainingFormats, AConfigurationFindsItsNeighbours) {
  const auto problem = Read(configuration_, {{"cluster", "trace.csv:1"}});
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(CheckTrainingProblem(*problem), absl::OkStatus());
  EXPECT_EQ(problem->model, "Toy-1.5");
  EXPECT_EQ(problem->global_batch, 8);
  EXPECT_EQ(problem->layers.size(), 3u);
  EXPECT_EQ(problem->layers[1].parameters, 20'000'000);
  ASSERT_EQ(problem->pools.size(), 1u);
  EXPECT_EQ(problem->pools[0].count, 16);
  EXPECT_EQ(problem->pools[0].zone, "z");
  EXPECT_EQ(problem->gpus[0].profiles[0].layers[0].backward, 2'000'000'000);
  EXPECT_EQ(problem->links.size(), 4u);
  EXPECT_EQ(Read(configuration_, {{"cluster", "A:2"}})->pools[0].per_machine, 2);
}

TEST_F(TrainingFormats, APlanSaysItsMachines) {
  const auto problem = Read(plan_);
  ASSERT_TRUE(problem.ok()) << problem.status();
  EXPECT_EQ(problem->model, "Toy-1.5");  // by its folder
  EXPECT_EQ(problem->pools[0].count, 4);
  std::vector<std::string> notes;
  const auto plan = ParseTrainingPlan(*problem, *ParseJson(kPlan), "plan.json", &notes);
  ASSERT_TRUE(plan.ok()) << plan.status();
  // [0, 2] is misnumbered: it is two layers, and 2 is like 1.
  EXPECT_EQ(plan->stages[0].last, 1);
  EXPECT_EQ(notes.size(), 1u);
  const std::string fewer = absl::StrReplaceAll(kPlan, {{"[0, 2], [2]", "[0], [1]"}});
  EXPECT_EQ(Read(Write("validation/TOY-1/fewer.json", fewer))->layers.size(), 2u);
  const std::string unlike = absl::StrReplaceAll(kPlan, {{"[0, 2], [2]", "[1, 0], [2]"}});
  EXPECT_THAT(
      std::string(ParseTrainingPlan(*problem, *ParseJson(unlike), "plan.json").status().message()),
      HasSubstr("pipeline_list[0].layers_per_stage[0]: layers: a stage holds layers that follow"));
}

TEST_F(TrainingFormats, AnErrorNamesTheFileAndThePlace) {
  const std::map<std::string, std::string> two = {{"cluster", "A:8"}};
  EXPECT_THAT(Error(configuration_), AllOf(HasSubstr(configuration_), HasSubstr("--cluster=")));
  EXPECT_THAT(Error(configuration_, {{"cluster", "X:8"}}),
              AllOf(HasSubstr("basic_cluster_config.json"), HasSubstr("there is no 'X'")));
  EXPECT_THAT(Error(configuration_, {{"cluster", "trace.csv:2"}}), HasSubstr("has no row 2"));
  EXPECT_THAT(Error(configuration_, {{"cluster", "A:8"}, {"model", "Toy"}}), HasSubstr("--model"));
  EXPECT_THAT(Error(plan_, two), HasSubstr("--cluster is for configurations"));
  EXPECT_THAT(Error(plan_, {{"model", "Toy-2"}}),
              AllOf(HasSubstr("llm_info.json"), HasSubstr("there is no 'Toy-2'")));
  EXPECT_THAT(Error(Write("elsewhere.json", kPlan)),
              HasSubstr("write --model=NAME, one of Toy-1.5"));
  const auto with = [&](const char* name, const char* text) {
    const std::string path = folder_ + "/" + name;
    const std::string before = *ReadTextFile(path);
    Write(name, text);
    std::string error = Error(configuration_, two);
    EXPECT_THAT(error, HasSubstr(name));
    Write(name, before);
    return error;
  };
  with("profiles.json", "{");
  with("profiles.json", R"({"Toy-1.5": {"B": {}}})");
  with("profiles.json", R"({"Toy-1.5": {"A": {"1": {"x": {}}}}})");
  with("profiles.json", R"({"Toy-1.5": {"A": {"1": {"1": {"0": [1, 2]}}}}})");
  with("profiles.json", R"({"Toy-1.5": {"A": {"1": {"1": {"0": [1, -2, 3]}}}}})");
  with("profiles.json", R"({"Toy-1.5": {"A": {"1": {"1": {"7": [1, 2, 3]}}}}})");
  with("llm_info.json", R"({"Toy-1.5": {"1": {"0": {"params_floats": -1}}}})");
  with("llm_info.json", R"({"Toy-1.5": {"2": {}}})");
  with("llm_info.json", "[]");
  with("multizone_bandwidths_het.json", R"({"z": {"A": {"1": {"z": {"A": {"1": 7}}}}}})");
  with("configs/basic_cluster_config.json", R"({"A": {"gpus_per_node": 0, "mem_per_gpu": 1}})");
  std::filesystem::remove(folder_ + "/profiles.json");
  EXPECT_THAT(Error(configuration_, two), HasSubstr("needs profiles.json, which is not beside it"));
}

TEST(TrainingPlans, OursAndUniformOnesAreRead) {
  TrainingProblem problem;
  problem.global_batch = 16;
  problem.layers.resize(5);
  problem.gpus = {{"A", 1, {}}, {"B", 1, {}}};
  problem.pools = {{0, "y", 8, 4}, {0, "z", 8, 4}, {1, "z", 8, 4}};
  const TrainingPlan plan = {2, {{0, 1, {{0, 2, 1}, {2, 1, 2}}}, {2, 4, {{1, 2, 3}}}}};
  const Json json = TrainingPlanJson(problem, plan);
  EXPECT_EQ(*json.Find("micro_batches")->If<int64_t>(), 3);
  const auto back = ParseTrainingPlan(problem, json, "a.json");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->stages, plan.stages);
  const auto read = [&](const char* text) {
    return ParseTrainingPlan(problem, *ParseJson(text), "a.json");
  };
  const auto brief = read(R"({"micro_batch": 1, "stages": [{"layers": [0, 1, 2, 3, 4],
      "devices": {"A@y": 4, "B": 2}, "tensor_width": 2, "replicas": 3}]})");
  ASSERT_TRUE(brief.ok()) << brief.status();
  EXPECT_EQ(brief->stages[0].groups, (std::vector<TrainingPlan::Group>{{0, 2, 2}, {2, 2, 1}}));
  const auto uniform = read(R"({"P": 2, "D": 3, "T": 2, "mbs": 1, "gpu_type": "A", "zone": "z"})");
  ASSERT_TRUE(uniform.ok()) << uniform.status();
  EXPECT_EQ(uniform->stages[0].last, 2);  // the first stages take what is left over
  EXPECT_EQ(ReplicasOf(uniform->stages[1]), 3);
  const auto error = [&](const char* text) { return std::string(read(text).status().message()); };
  EXPECT_THAT(error("{}"), HasSubstr("no plan"));
  EXPECT_THAT(error("[]"), HasSubstr("a plan is an object"));
  EXPECT_THAT(error(R"({"micro_batch": 1, "stages": [{"layers": [0], "devices": {"A": 4},
      "tensor_width": 2, "replicas": 2}]})"),
              HasSubstr("there are no 'A'"));  // of two zones
  EXPECT_THAT(error(R"({"micro_batch": 1, "stages": [{"layers": [0], "devices": {"B": 3},
      "tensor_width": 2, "replicas": 2}]})"),
              HasSubstr("no whole replicas of 2"));
  EXPECT_THAT(error(R"({"micro_batch": 1, "stages": [{"layers": [0], "devices": {"B": 4},
      "tensor_width": 2, "replicas": 3}]})"),
              HasSubstr("stages[0].replicas"));
  EXPECT_THAT(error(R"({"micro_batch": 1, "stages": [{"layers": [0, 2], "devices": {"B": 4}}]})"),
              HasSubstr("stages[0].layers: layers"));
  EXPECT_THAT(error(R"({"mbs": 1, "pipeline_list": [{}, {}]})"), HasSubstr("of one pipeline"));
  EXPECT_THAT(error(R"({"mbs": -1, "pipeline_list": [{}]})"), HasSubstr("mbs: expected"));
  EXPECT_THAT(error(R"({"mbs": 1, "pipeline_list": [{"layers_per_stage": [[0]],
      "tmp_per_stage": [[[[["A", 2, "z"], ["A", 2, "z"]], 4]]]}]})"),
              HasSubstr("a replica is on one machine"));
  EXPECT_THAT(error(R"({"mbs": 1, "pipeline_list": [{"layers_per_stage": [[0]],
      "tmp_per_stage": [[[[["A", 2, "z"]], 4]]]}]})"),
              HasSubstr("more than the 2"));
  EXPECT_THAT(error(R"({"P": 9, "D": 1, "T": 1, "mbs": 1, "gpu_type": "A", "zone": "z"})"),
              HasSubstr("5 layers are no 9 stages"));
}

// What was published: the plans that were measured, and by how much each model errs.
TEST(TrainingPublished, BothModelsAgainstWhatWasMeasured) {
  const std::string folder = absl::StrCat(kSourceFolder, "/../shared/workloads/sailor/validation/");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "without the published plans";
  const auto errors = [&](const std::string& model, const char* key) {
    std::vector<double> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder + model)) {
      const std::string file = entry.path().string(), text = *ReadTextFile(file);
      const auto problem = ReadProblemOfAnyKind(BuiltinKinds(), text, file);
      EXPECT_TRUE(problem.ok()) << problem.status();
      if (!problem.ok()) continue;
      const auto judged = (*problem)->Judge(*ParseJson(text), file);
      EXPECT_TRUE(judged.ok()) << judged.status();
      if (judged.ok()) all.push_back(std::abs(*judged->Find(key)->If<double>()));
    }
    std::sort(all.begin(), all.end());
    return all;
  };
  const auto mean = [](const std::vector<double>& all, size_t without = 0) {
    double sum = 0;
    for (size_t i = 0; i + without < all.size(); ++i) sum += all[i];
    return sum / static_cast<double>(all.size() - without);
  };
  const std::vector<double> sailor = errors("OPT-350", "sailor_error_percent");
  ASSERT_EQ(sailor.size(), 15u);
  EXPECT_NEAR(mean(sailor), 8.923806907452506, 1e-6);
  EXPECT_NEAR(sailor.back(), 16.06856727363393, 1e-6);
  const std::vector<double> neo = errors("GPT-NEO", "sailor_error_percent");
  ASSERT_EQ(neo.size(), 12u);
  EXPECT_NEAR(mean(neo), 18.494333496514226, 1e-6);
  EXPECT_NEAR(mean(neo, 2), 7.130665059451575, 1e-6);
  EXPECT_LT(mean(errors("OPT-350", "own_error_percent")), 3.4);
  EXPECT_LT(mean(errors("GPT-NEO", "own_error_percent"), 2), 4.3);
  EXPECT_LT(errors("OPT-350", "memory_error_percent").back(), 8.9);
}

}  // namespace
}  // namespace allot
