#include "placement/kinds/pipelines/formats/plan_json.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "placement/kinds/pipelines/model/verify.h"
#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot::pipelines {
namespace {

class PlanReader {
 public:
  PlanReader(const Problem& problem, const Json& json, const std::string& file)
      : reader_(json, file, "", diagnostics_) {
    for (size_t i = 0; i < problem.names.size(); ++i) {
      numbers_.emplace(problem.names[i], static_cast<int32_t>(i));
    }
  }

  absl::StatusOr<Plan> Read() {
    Plan plan;
    const bool published = reader_.Has("tensorParallelDegree");
    reader_.Require(published ? "tensorParallelDegree" : "tensor", plan.tensor);
    reader_.Require(published ? "dataParallelDegree" : "data", plan.data);
    if (!reader_.Has("stages")) reader_.Error("stages", "is missing: the list of the stages");
    for (JsonReader& each : reader_.Objects("stages")) {
      Stage& stage = plan.stages.emplace_back();
      each.Require(published ? "devicesForStage" : "devices", stage.devices);
      ReadLayers(each, published ? "nodes" : "layers", stage);
    }
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    return plan;
  }

 private:
  void ReadLayers(JsonReader& reader, absl::string_view key, Stage& stage) {
    const Json* const member = reader.Find(key);
    const auto* const array = member == nullptr ? nullptr : member->If<Json::Array>();
    if (array == nullptr) {
      reader.Error(key, "must be an array of layers");
      return;
    }
    for (size_t i = 0; i < array->size(); ++i) {
      const auto* const text = (*array)[i].If<std::string>();
      const auto* const number = (*array)[i].If<int64_t>();
      const std::string name = text != nullptr     ? *text
                               : number != nullptr ? absl::StrCat(*number)
                                                   : std::string();
      const auto at = numbers_.find(name);
      if (at == numbers_.end()) {
        reader.Error(absl::StrCat(key, "[", i, "]"), "is no layer");
      } else {
        stage.layers.push_back(at->second);
      }
    }
    std::sort(stage.layers.begin(), stage.layers.end());
  }

  Diagnostics diagnostics_;
  JsonReader reader_;
  std::map<std::string, int32_t> numbers_;
};

}  // namespace

absl::StatusOr<Plan> ReadPlan(const Problem& problem, const Json& json, const std::string& file) {
  if (json.If<Json::Object>() == nullptr) {
    return InputError(file, ": a plan is an object with stages, not ", json.KindName());
  }
  return PlanReader(problem, json, file).Read();
}

Json PlanJson(const Problem& problem, const Plan& plan) {
  Json::Array stages;
  for (const Stage& stage : plan.stages) {
    Json::Array layers;
    for (const int32_t layer : stage.layers) {
      layers.emplace_back(problem.names[static_cast<size_t>(layer)]);
    }
    stages.push_back(Json::Object{{"layers", std::move(layers)}, {"devices", stage.devices}});
  }
  Json::Object json = {{"tensor", plan.tensor},
                       {"data", plan.data},
                       {"pipeline", static_cast<int64_t>(plan.stages.size())},
                       {"stages", std::move(stages)}};
  if (problem.fixed.has_value()) {
    const absl::StatusOr<int64_t> value = Verify(problem, FixedPlan(problem, *problem.fixed));
    Json::Object fixed;
    if (value.ok()) {
      fixed.push_back({"objective", static_cast<double>(*value) /
                                        static_cast<double>(problem.ticks_per_second)});
    } else {
      fixed.push_back({"objective", Json()});
      fixed.push_back({"why", std::string(value.status().message())});
    }
    json.push_back({"fixed_strategy", std::move(fixed)});
  }
  return json;
}

}  // namespace allot::pipelines
