#include "placement/kinds/stages/formats/stage_plan_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/kinds/stages/formats/layer_names.h"
#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot {
namespace {

// All devices are alike: one class of them.
constexpr char kClass[] = "device";

const LayerWidth* WidthOf(const StageLayer& layer, int64_t devices) {
  for (const LayerWidth& width : layer.widths) {
    if (width.devices == devices) return &width;
  }
  return nullptr;
}

class PlanReader {
 public:
  PlanReader(const StagesProblem& problem, const std::string& file)
      : problem_(problem), names_(problem), file_(file) {}

  absl::StatusOr<StagePlan> Read(const Json& json) {
    const Json wrapped =
        json.If<Json::Array>() != nullptr ? Json(Json::Object{{"stages", json}}) : json;
    if (wrapped.If<Json::Object>() == nullptr) {
      return InputError(file_, ": a plan is an object with stages, not ", json.KindName());
    }
    JsonReader reader(wrapped, file_, "", diagnostics_);
    if (!reader.Has("stages")) reader.Error("stages", "is missing: the list of the stages");
    StagePlan plan;
    if (reader.Has("stages")) {
      for (JsonReader& stage : reader.Objects("stages")) plan.push_back(Stage(stage));
    }
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    return plan;
  }

 private:
  PipelineStage Stage(JsonReader& reader) {
    PipelineStage stage;
    reader.Read("tensor_width", stage.width);
    reader.Read("replicas", stage.replicas);
    const Json* const layers = reader.Find("layers");
    const auto* const members = layers == nullptr ? nullptr : layers->If<Json::Array>();
    if (members == nullptr) {
      reader.Error("layers", "must be an array of layers");
      return stage;
    }
    for (size_t i = 0; i < members->size(); ++i) {
      const absl::StatusOr<int32_t> layer = names_.Find((*members)[i]);
      if (!layer.ok()) {
        reader.Error(absl::StrCat("layers[", i, "]"), std::string(layer.status().message()));
      }
      stage.layers.push_back(layer.value_or(0));
    }
    ReadVariants(reader, stage);
    CheckDevices(reader, stage);
    return stage;
  }

  void ReadVariants(JsonReader& reader, PipelineStage& stage) {
    const Json* const member = reader.Find("variants");
    const auto* const variants = member == nullptr ? nullptr : member->If<Json::Array>();
    if (member != nullptr && (variants == nullptr || variants->size() != stage.layers.size())) {
      reader.Error("variants", "must be an array with one for each layer");
      return;
    }
    for (size_t i = 0; i < stage.layers.size(); ++i) {
      const LayerWidth* const width =
          WidthOf(problem_.layers[static_cast<size_t>(stage.layers[i])], stage.width);
      int32_t number = 0;
      if (width != nullptr && variants != nullptr) {
        number = Variant(reader, *width, (*variants)[i], i);
      } else if (width != nullptr && width->variants.size() > 1) {
        reader.Error("variants", absl::StrCat("is missing, and layer ", stage.layers[i], " has ",
                                              width->variants.size()));
        return;
      }
      stage.variants.push_back(number);
    }
  }

  static int32_t Variant(JsonReader& reader, const LayerWidth& width, const Json& json, size_t i) {
    const auto* const number = json.If<int64_t>();
    const auto* const name = json.If<std::string>();
    const auto count = static_cast<int64_t>(width.variants.size());
    if (number != nullptr && *number >= 0 && *number < count) return static_cast<int32_t>(*number);
    for (int64_t v = 0; name != nullptr && v < count; ++v) {
      if (width.variants[static_cast<size_t>(v)].name == *name) return static_cast<int32_t>(v);
    }
    reader.Error(absl::StrCat("variants[", i, "]"), "is no variant of the layer");
    return 0;
  }

  static void CheckDevices(JsonReader& reader, const PipelineStage& stage) {
    const Json* const devices = reader.Find("devices");
    if (devices == nullptr) return;
    const Json* const count =
        devices->If<Json::Object>() != nullptr ? devices->Find(kClass) : devices;
    const auto* const number = count == nullptr ? nullptr : count->If<int64_t>();
    if (number == nullptr) {
      reader.Error("devices", absl::StrCat("must be {\"", kClass, "\": N}"));
    } else if (stage.width < 1 || stage.replicas < 1 || *number % stage.width != 0 ||
               *number / stage.width != stage.replicas) {
      reader.Error("devices",
                   absl::StrCat("are ", *number, ", but replicas times tensor_width are ",
                                stage.replicas, " times ", stage.width));
    }
  }

  const StagesProblem& problem_;
  const LayerNames names_;
  const std::string file_;
  Diagnostics diagnostics_;
};

}  // namespace

Json StagePlanJson(const StagesProblem& problem, const StagePlan& plan, int64_t period) {
  const LayerNames names(problem);
  Json::Array stages;
  int64_t used = 0;
  for (const PipelineStage& stage : plan) {
    Json::Array layers, variants;
    bool chosen = false;
    for (size_t i = 0; i < stage.layers.size(); ++i) {
      const LayerWidth& width =
          *WidthOf(problem.layers[static_cast<size_t>(stage.layers[i])], stage.width);
      const auto number = static_cast<size_t>(stage.variants[i]);
      const std::string& name = width.variants[number].name;
      const auto same = std::count_if(width.variants.begin(), width.variants.end(),
                                      [&](const LayerVariant& each) { return each.name == name; });
      layers.push_back(names.Print(stage.layers[i]));
      variants.push_back(same == 1 ? Json(name) : Json(static_cast<int64_t>(number)));
      chosen = chosen || width.variants.size() > 1;
    }
    Json::Object json = {{"layers", std::move(layers)},
                         {"devices", Json::Object{{kClass, stage.width * stage.replicas}}},
                         {"tensor_width", stage.width},
                         {"replicas", stage.replicas}};
    if (chosen) json.emplace_back("variants", std::move(variants));
    stages.push_back(std::move(json));
    used += stage.width * stage.replicas;
  }
  Json::Object json = {
      {"stages", std::move(stages)}, {"devices_used", used}, {"devices", problem.devices}};
  if (period > 0) {
    json.emplace_back("per_second",
                      static_cast<double>(problem.ticks_per_second) / static_cast<double>(period));
  }
  return json;
}

absl::StatusOr<StagePlan> ReadStagePlan(const StagesProblem& problem, const Json& json,
                                        const std::string& file) {
  return PlanReader(problem, file).Read(json);
}

}  // namespace allot
