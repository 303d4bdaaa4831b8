#include "placement/kinds/training/formats/plan_json.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/nearest_name.h"
#include "support/status.h"

namespace allot {
namespace {

constexpr int64_t kMostNumber = int64_t{1} << 30;

// Reads plans member by member; the first error ends it, with the path to what is wrong.
class PlanReader {
 public:
  PlanReader(const TrainingProblem& problem, const std::string& file,
             std::vector<std::string>* notes)
      : problem_(problem), file_(file), notes_(notes) {}

  absl::StatusOr<TrainingPlan> Read(const Json& json) const {
    if (json.If<Json::Object>() == nullptr) {
      return InputError(file_, ": a plan is an object, not ", json.KindName());
    }
    if (json.Find("stages") != nullptr) return ReadOurs(json);
    if (json.Find("plan") != nullptr) return Read(*json.Find("plan"));
    for (const Names& names :
         {Names{"pipeline_list", "tmp_per_stage"}, Names{"pipelines", "tmp_stages"}}) {
      if (json.Find(names.pipelines) != nullptr) return ReadPipeline(json, names);
    }
    if (json.Find("P") != nullptr) return ReadUniform(json);
    return InputError(file_,
                      ": no plan: there is no 'stages', 'pipeline_list', 'pipelines' or 'P'");
  }

 private:
  struct Names {
    absl::string_view pipelines, configurations;
  };

  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return InputError(file_, ": ", parts...);
  }

  absl::StatusOr<int64_t> Integer(const Json* json, const std::string& at) const {
    const auto* const value = json == nullptr ? nullptr : json->If<int64_t>();
    if (value != nullptr && *value >= 0 && *value <= kMostNumber) return *value;
    if (json == nullptr) return Error(at, ": is missing");
    return Error(at, ": expected an integer of 0 to ", kMostNumber);
  }

  absl::StatusOr<const Json::Array*> Array(const Json* json, const std::string& at) const {
    const auto* const value = json == nullptr ? nullptr : json->If<Json::Array>();
    if (value != nullptr) return value;
    return Error(at, json == nullptr ? ": is missing" : ": expected an array");
  }

  absl::StatusOr<std::string> Text(const Json* json, const std::string& at) const {
    const auto* const value = json == nullptr ? nullptr : json->If<std::string>();
    if (value != nullptr) return *value;
    return Error(at, json == nullptr ? ": is missing" : ": expected a text");
  }

  // "A100-40@us-central1-a"; without its zone where one pool has such GPUs.
  absl::StatusOr<int64_t> Pool(const std::string& name, const std::string& at) const {
    std::vector<std::string> names;
    std::vector<int64_t> found;
    for (size_t i = 0; i < problem_.pools.size(); ++i) {
      const auto pool = static_cast<int64_t>(i);
      names.push_back(PoolName(problem_, pool));
      if (names.back() == name) return pool;
      if (problem_.gpus[static_cast<size_t>(problem_.pools[i].gpu)].name == name) {
        found.push_back(pool);
      }
    }
    if (found.size() == 1) return found[0];
    return Error(at, ": machines: there are no '", name, "'", DidYouMean(name, names, ", "));
  }

  // `next`: the layer after the stage before; -1: the numbers are as they are meant.
  absl::Status ReadLayers(const Json* json, const std::string& at, int64_t next,
                          TrainingPlan::Stage& stage) const {
    ALLOT_ASSIGN_OR_RETURN(const Json::Array* const array, Array(json, at));
    if (array->empty()) return Error(at, ": layers: a stage holds at least one");
    bool follows = true, alike = true;
    int64_t before = 0;
    for (size_t i = 0; i < array->size(); ++i) {
      ALLOT_ASSIGN_OR_RETURN(const int64_t layer,
                             Integer(&(*array)[i], absl::StrCat(at, "[", i, "]")));
      if (i == 0) stage.first = layer;
      follows = follows && (i == 0 || layer == before + 1);
      alike = alike && next >= 0 && Alike(layer, next + static_cast<int64_t>(i));
      before = layer;
    }
    stage.last = before;
    if (follows) return absl::OkStatus();
    if (!alike) return Error(at, ": layers: a stage holds layers that follow one another");
    stage = {next, next + static_cast<int64_t>(array->size()) - 1, {}};
    if (notes_ != nullptr) {
      notes_->push_back(absl::StrCat(at, ": its numbers do not follow one another; it is read as ",
                                     stage.first, " to ", stage.last));
    }
    return absl::OkStatus();
  }

  // Whether nothing that is known of them tells two layers apart.
  bool Alike(int64_t a, int64_t b) const {
    const auto layers = static_cast<int64_t>(problem_.layers.size());
    if (a >= layers || b >= layers) return false;
    const auto i = static_cast<size_t>(a), j = static_cast<size_t>(b);
    bool alike = problem_.layers[i].output == problem_.layers[j].output &&
                 problem_.layers[i].parameters == problem_.layers[j].parameters;
    for (const TrainingProblem::Footprint& each : problem_.footprints) {
      alike = alike && each.parameters[i] == each.parameters[j] &&
              each.activations[i] == each.activations[j];
    }
    for (const TrainingProblem::Gpu& gpu : problem_.gpus) {
      for (const TrainingProblem::Profile& each : gpu.profiles) {
        alike = alike && each.layers[i] == each.layers[j];
      }
    }
    return alike;
  }

  static void Append(TrainingPlan::Stage& stage, const TrainingPlan::Group& group) {
    std::vector<TrainingPlan::Group>& groups = stage.groups;
    if (!groups.empty() && groups.back().pool == group.pool && groups.back().width == group.width) {
      groups.back().replicas += group.replicas;
    } else {
      groups.push_back(group);
    }
  }

  absl::Status ReadGroups(const Json::Array& array, const std::string& at,
                          TrainingPlan::Stage& stage) const {
    for (size_t i = 0; i < array.size(); ++i) {
      const std::string here = absl::StrCat(at, "[", i, "]");
      TrainingPlan::Group group;
      ALLOT_ASSIGN_OR_RETURN(const std::string name,
                             Text(array[i].Find("devices"), here + ".devices"));
      ALLOT_ASSIGN_OR_RETURN(group.pool, Pool(name, here + ".devices"));
      ALLOT_ASSIGN_OR_RETURN(group.width,
                             Integer(array[i].Find("tensor_width"), here + ".tensor_width"));
      ALLOT_ASSIGN_OR_RETURN(group.replicas,
                             Integer(array[i].Find("replicas"), here + ".replicas"));
      Append(stage, group);
    }
    return absl::OkStatus();
  }

  // A stage without groups: one width on one or more pools, in the order of `devices`.
  absl::Status ReadDevices(const Json& json, const std::string& at,
                           TrainingPlan::Stage& stage) const {
    const Json* const devices = json.Find("devices");
    const auto* const members = devices == nullptr ? nullptr : devices->If<Json::Object>();
    if (members == nullptr) return Error(at, ".devices: expected an object");
    ALLOT_ASSIGN_OR_RETURN(const int64_t width,
                           Integer(json.Find("tensor_width"), at + ".tensor_width"));
    for (const auto& [name, count] : *members) {
      const std::string here = absl::StrCat(at, ".devices.", name);
      TrainingPlan::Group group;
      group.width = width;
      ALLOT_ASSIGN_OR_RETURN(group.pool, Pool(name, here));
      ALLOT_ASSIGN_OR_RETURN(const int64_t gpus, Integer(&count, here));
      if (width < 1 || gpus % width != 0 || gpus == 0) {
        return Error(here, ": tensor_width: ", gpus, " GPUs are no whole replicas of ", width);
      }
      group.replicas = gpus / width;
      Append(stage, group);
    }
    ALLOT_ASSIGN_OR_RETURN(const int64_t replicas,
                           Integer(json.Find("replicas"), at + ".replicas"));
    if (replicas == ReplicasOf(stage)) return absl::OkStatus();
    return Error(at, ".replicas: replicas: ", replicas, " are said, but the devices are those of ",
                 ReplicasOf(stage));
  }

  absl::StatusOr<TrainingPlan> ReadOurs(const Json& json) const {
    TrainingPlan plan;
    ALLOT_ASSIGN_OR_RETURN(plan.micro_batch, Integer(json.Find("micro_batch"), "micro_batch"));
    ALLOT_ASSIGN_OR_RETURN(const Json::Array* const stages, Array(json.Find("stages"), "stages"));
    for (size_t i = 0; i < stages->size(); ++i) {
      const std::string at = absl::StrCat("stages[", i, "]");
      const Json& each = (*stages)[i];
      TrainingPlan::Stage& stage = plan.stages.emplace_back();
      ALLOT_RETURN_IF_ERROR(ReadLayers(each.Find("layers"), at + ".layers", -1, stage));
      const Json* const groups = each.Find("groups");
      if (groups == nullptr) {
        ALLOT_RETURN_IF_ERROR(ReadDevices(each, at, stage));
        continue;
      }
      ALLOT_ASSIGN_OR_RETURN(const Json::Array* const array, Array(groups, at + ".groups"));
      ALLOT_RETURN_IF_ERROR(ReadGroups(*array, at + ".groups", stage));
    }
    return plan;
  }

  // [[[type, count, zone]], width]
  absl::StatusOr<TrainingPlan::Group> ReadConfiguration(const Json& json,
                                                        const std::string& at) const {
    TrainingPlan::Group group;
    ALLOT_ASSIGN_OR_RETURN(const Json::Array* const pair, Array(&json, at));
    if (pair->size() != 2) return Error(at, ": expected machines and a tensor width");
    ALLOT_ASSIGN_OR_RETURN(const Json::Array* const machines, Array(&(*pair)[0], at + "[0]"));
    ALLOT_ASSIGN_OR_RETURN(group.width, Integer(&(*pair)[1], at + "[1]"));
    if (machines->size() != 1) {
      return Error(at, ": tensor_width: a replica is on one machine, not ", machines->size());
    }
    const std::string here = at + "[0][0]";
    ALLOT_ASSIGN_OR_RETURN(const Json::Array* const machine, Array(&(*machines)[0], here));
    if (machine->size() != 3) return Error(here, ": expected a type, a count and a zone");
    ALLOT_ASSIGN_OR_RETURN(const std::string type, Text(&(*machine)[0], here));
    ALLOT_ASSIGN_OR_RETURN(const int64_t count, Integer(&(*machine)[1], here));
    ALLOT_ASSIGN_OR_RETURN(const std::string zone, Text(&(*machine)[2], here));
    if (group.width > count) {
      return Error(at, ": tensor_width: ", group.width, " is more than the ", count,
                   " GPUs of its machine");
    }
    ALLOT_ASSIGN_OR_RETURN(group.pool, Pool(absl::StrCat(type, "@", zone), here));
    return group;
  }

  absl::StatusOr<TrainingPlan> ReadPipeline(const Json& json, const Names& names) const {
    TrainingPlan plan;
    ALLOT_ASSIGN_OR_RETURN(plan.micro_batch, Integer(json.Find("mbs"), "mbs"));
    const std::string list(names.pipelines);
    ALLOT_ASSIGN_OR_RETURN(const Json::Array* const pipelines,
                           Array(json.Find(names.pipelines), list));
    if (pipelines->size() != 1) {
      return Error(list, ": plans of one pipeline are judged, not of ", pipelines->size());
    }
    const Json& pipeline = (*pipelines)[0];
    const std::string at = list + "[0].";
    ALLOT_ASSIGN_OR_RETURN(const Json::Array* const layers,
                           Array(pipeline.Find("layers_per_stage"), at + "layers_per_stage"));
    const std::string key = absl::StrCat(at, names.configurations);
    ALLOT_ASSIGN_OR_RETURN(const Json::Array* const stages,
                           Array(pipeline.Find(names.configurations), key));
    if (layers->size() != stages->size()) {
      return Error(key, ": there are ", stages->size(), " stages, but layers of ", layers->size());
    }
    for (size_t i = 0; i < stages->size(); ++i) {
      TrainingPlan::Stage& stage = plan.stages.emplace_back();
      const int64_t next = i == 0 ? 0 : plan.stages[i - 1].last + 1;
      ALLOT_RETURN_IF_ERROR(ReadLayers(&(*layers)[i], absl::StrCat(at, "layers_per_stage[", i, "]"),
                                       next, plan.stages[i]));
      const std::string here = absl::StrCat(key, "[", i, "]");
      ALLOT_ASSIGN_OR_RETURN(const Json::Array* const replicas, Array(&(*stages)[i], here));
      for (size_t j = 0; j < replicas->size(); ++j) {
        ALLOT_ASSIGN_OR_RETURN(const TrainingPlan::Group group,
                               ReadConfiguration((*replicas)[j], absl::StrCat(here, "[", j, "]")));
        Append(stage, group);
      }
    }
    return plan;
  }

  // Layers in equal numbers, the first stages taking one more of what is left over.
  absl::StatusOr<TrainingPlan> ReadUniform(const Json& json) const {
    TrainingPlan plan;
    TrainingPlan::Group group;
    ALLOT_ASSIGN_OR_RETURN(plan.micro_batch, Integer(json.Find("mbs"), "mbs"));
    ALLOT_ASSIGN_OR_RETURN(const int64_t stages, Integer(json.Find("P"), "P"));
    ALLOT_ASSIGN_OR_RETURN(group.replicas, Integer(json.Find("D"), "D"));
    ALLOT_ASSIGN_OR_RETURN(group.width, Integer(json.Find("T"), "T"));
    ALLOT_ASSIGN_OR_RETURN(const std::string type, Text(json.Find("gpu_type"), "gpu_type"));
    ALLOT_ASSIGN_OR_RETURN(const std::string zone, Text(json.Find("zone"), "zone"));
    ALLOT_ASSIGN_OR_RETURN(group.pool, Pool(absl::StrCat(type, "@", zone), "gpu_type"));
    const auto layers = static_cast<int64_t>(problem_.layers.size());
    if (stages < 1 || stages > layers) {
      return Error("P: ", layers, " layers are no ", stages, " stages");
    }
    int64_t next = 0;
    for (int64_t i = 0; i < stages; ++i) {
      const int64_t size = layers / stages + (i < layers % stages ? 1 : 0);
      plan.stages.push_back({next, next + size - 1, {group}});
      next += size;
    }
    return plan;
  }

  const TrainingProblem& problem_;
  const std::string& file_;
  std::vector<std::string>* const notes_;
};

}  // namespace

Json TrainingPlanJson(const TrainingProblem& problem, const TrainingPlan& plan) {
  const int64_t replicas = ReplicasOf(plan.stages[0]), at_once = plan.micro_batch * replicas;
  Json::Array stages;
  for (const TrainingPlan::Stage& stage : plan.stages) {
    Json::Array layers, groups;
    for (int64_t layer = stage.first; layer <= stage.last; ++layer) layers.emplace_back(layer);
    std::vector<std::pair<int64_t, int64_t>> gpus;  // by pool, in the order in which they come
    bool one_width = true;
    for (const TrainingPlan::Group& group : stage.groups) {
      one_width = one_width && group.width == stage.groups[0].width;
      groups.push_back(Json::Object{{"devices", PoolName(problem, group.pool)},
                                    {"tensor_width", group.width},
                                    {"replicas", group.replicas}});
      const auto same = [&](const auto& each) { return each.first == group.pool; };
      auto found = std::find_if(gpus.begin(), gpus.end(), same);
      if (found == gpus.end()) found = gpus.insert(gpus.end(), {group.pool, 0});
      found->second += group.width * group.replicas;
    }
    Json::Object devices;
    for (const auto& [pool, count] : gpus) devices.push_back({PoolName(problem, pool), count});
    stages.push_back(
        Json::Object{{"layers", std::move(layers)},
                     {"devices", std::move(devices)},
                     {"tensor_width", one_width ? Json(stage.groups[0].width) : Json()},
                     {"replicas", replicas},
                     {"groups", std::move(groups)}});
  }
  return Json::Object{{"micro_batch", plan.micro_batch},
                      {"replicas", replicas},
                      {"micro_batches", (problem.global_batch + at_once - 1) / at_once},
                      {"stages", std::move(stages)}};
}

absl::StatusOr<TrainingPlan> ParseTrainingPlan(const TrainingProblem& problem, const Json& json,
                                               const std::string& file,
                                               std::vector<std::string>* notes) {
  return PlanReader(problem, file, notes).Read(json);
}

}  // namespace allot
