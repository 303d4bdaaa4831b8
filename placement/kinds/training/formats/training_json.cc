#include "placement/kinds/training/formats/training_json.h"

#include <map>

#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/nearest_name.h"
#include "support/status.h"

namespace allot {
namespace {

Json Integers(const std::vector<int64_t>& values) {
  Json::Array array;
  for (const int64_t value : values) array.emplace_back(value);
  return array;
}

// A required array of integers, or of numbers.
template <typename T>
std::vector<T> ReadNumbers(JsonReader& reader, absl::string_view key) {
  std::vector<T> values;
  const Json* const json = reader.Find(key);
  const auto* const array = json == nullptr ? nullptr : json->If<Json::Array>();
  if (array == nullptr) {
    reader.Error(json == nullptr ? absl::string_view() : key,
                 json == nullptr ? absl::StrCat("key '", key, "' is missing")
                                 : absl::StrCat("expected an array, not ", json->KindName()));
    return values;
  }
  for (const Json& each : *array) {
    if (const auto* const integer = each.If<int64_t>()) {
      values.push_back(static_cast<T>(*integer));
      continue;
    }
    const auto* const real = each.If<double>();
    if constexpr (std::is_same_v<T, double>) {
      if (real != nullptr) {
        values.push_back(*real);
        continue;
      }
    }
    reader.Error(absl::StrCat(key, "[", values.size(), "]"),
                 absl::StrCat("expected ", std::is_same_v<T, double> ? "a number" : "an integer",
                              ", not ", real != nullptr ? "a fraction" : each.KindName()));
    return values;
  }
  return values;
}

TrainingProblem::Profile ReadProfile(JsonReader& reader) {
  TrainingProblem::Profile profile;
  reader.Require("micro_batch", profile.micro_batch);
  reader.Require("tensor_width", profile.width);
  const auto forward = ReadNumbers<int64_t>(reader, "forward_ps"),
             backward = ReadNumbers<int64_t>(reader, "backward_ps"),
             update = ReadNumbers<int64_t>(reader, "update_ps");
  if (backward.size() != forward.size() || update.size() != forward.size()) {
    reader.Error("", "forward_ps, backward_ps and update_ps differ in length");
  } else {
    for (size_t l = 0; l < forward.size(); ++l) {
      profile.layers.push_back({forward[l], backward[l], update[l]});
    }
  }
  reader.Finish();
  return profile;
}

void ReadLayers(JsonReader& reader, TrainingProblem& problem) {
  if (!reader.Has("layers")) {
    reader.Error("", "key 'layers' is missing");
    return;
  }
  JsonReader layers = reader.Object("layers");
  const auto output = ReadNumbers<int64_t>(layers, "output_bytes"),
             parameters = ReadNumbers<int64_t>(layers, "parameter_bytes");
  if (output.size() != parameters.size()) {
    layers.Error("", "output_bytes and parameter_bytes differ in length");
  } else {
    for (size_t l = 0; l < output.size(); ++l) problem.layers.push_back({output[l], parameters[l]});
  }
  layers.Finish();
}

using Names = std::map<std::string, int64_t>;

int64_t Named(JsonReader& reader, absl::string_view key, const Names& names) {
  std::string name;
  if (!reader.Require(key, name)) return 0;
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [each, number] : names) known.push_back(each);
  reader.Error(key, absl::StrCat("there is no '", name, "'", DidYouMean(name, known, "")));
  return 0;
}

}  // namespace

absl::StatusOr<TrainingProblem> ReadTrainingProblem(const Json& document, const std::string& file) {
  Diagnostics diagnostics;
  JsonReader reader(document, file, "", diagnostics);
  TrainingProblem problem;
  std::string schema, cost = "sailor";
  reader.Require("schema", schema);
  reader.Read("model", problem.model);
  if (reader.Read("cost", cost)) {
    const absl::Status status = ParseTrainingCost(cost, problem.cost);
    if (!status.ok()) reader.Error("cost", std::string(status.message()));
  }
  reader.Require("global_batch", problem.global_batch);
  reader.Read("bytes_per_parameter", problem.bytes_per_parameter);
  ReadLayers(reader, problem);
  for (JsonReader& each : reader.Objects("footprints")) {
    TrainingProblem::Footprint footprint;
    each.Require("tensor_width", footprint.width);
    footprint.parameters = ReadNumbers<int64_t>(each, "parameters");
    footprint.activations = ReadNumbers<int64_t>(each, "activation_bytes");
    each.Finish();
    problem.footprints.push_back(std::move(footprint));
  }
  Names gpus, pools;
  for (JsonReader& each : reader.Objects("gpus")) {
    TrainingProblem::Gpu gpu;
    each.Require("name", gpu.name);
    each.Require("memory", gpu.memory);
    for (JsonReader& profile : each.Objects("profiles")) {
      gpu.profiles.push_back(ReadProfile(profile));
    }
    each.Finish();
    gpus.emplace(gpu.name, static_cast<int64_t>(problem.gpus.size()));
    problem.gpus.push_back(std::move(gpu));
  }
  for (JsonReader& each : reader.Objects("pools")) {
    TrainingProblem::Pool pool;
    pool.gpu = Named(each, "gpu", gpus);
    each.Read("zone", pool.zone);
    each.Require("count", pool.count);
    each.Require("gpus_per_machine", pool.per_machine);
    each.Finish();
    problem.pools.push_back(std::move(pool));
    if (problem.gpus.empty()) continue;
    const auto number = static_cast<int64_t>(problem.pools.size()) - 1;
    pools.emplace(PoolName(problem, number), number);
  }
  for (JsonReader& each : reader.Objects("links")) {
    TrainingProblem::Link link;
    link.from = Named(each, "from", pools);
    link.to = Named(each, "to", pools);
    each.Require("from_width", link.from_width);
    each.Require("to_width", link.to_width);
    link.coefficients = ReadNumbers<double>(each, "coefficients");
    each.Finish();
    problem.links.push_back(std::move(link));
  }
  reader.Finish();
  ALLOT_RETURN_IF_ERROR(diagnostics.ToStatusOfAll());
  return problem;
}

std::string PrintTrainingProblem(const TrainingProblem& problem) {
  std::vector<int64_t> output, parameters;
  for (const TrainingProblem::Layer& layer : problem.layers) {
    output.push_back(layer.output), parameters.push_back(layer.parameters);
  }
  Json::Array footprints, gpus, pools, links;
  for (const TrainingProblem::Footprint& each : problem.footprints) {
    footprints.push_back(Json::Object{{"tensor_width", each.width},
                                      {"parameters", Integers(each.parameters)},
                                      {"activation_bytes", Integers(each.activations)}});
  }
  for (const TrainingProblem::Gpu& gpu : problem.gpus) {
    Json::Array profiles;
    for (const TrainingProblem::Profile& profile : gpu.profiles) {
      std::vector<int64_t> forward, backward, update;
      for (const TrainingProblem::LayerTime& time : profile.layers) {
        forward.push_back(time.forward), backward.push_back(time.backward);
        update.push_back(time.update);
      }
      profiles.push_back(Json::Object{{"micro_batch", profile.micro_batch},
                                      {"tensor_width", profile.width},
                                      {"forward_ps", Integers(forward)},
                                      {"backward_ps", Integers(backward)},
                                      {"update_ps", Integers(update)}});
    }
    gpus.push_back(Json::Object{
        {"name", gpu.name}, {"memory", gpu.memory}, {"profiles", std::move(profiles)}});
  }
  for (const TrainingProblem::Pool& pool : problem.pools) {
    pools.push_back(Json::Object{{"gpu", problem.gpus[static_cast<size_t>(pool.gpu)].name},
                                 {"zone", pool.zone},
                                 {"count", pool.count},
                                 {"gpus_per_machine", pool.per_machine}});
  }
  for (const TrainingProblem::Link& link : problem.links) {
    Json::Array coefficients;
    for (const double each : link.coefficients) coefficients.emplace_back(each);
    links.push_back(Json::Object{{"from", PoolName(problem, link.from)},
                                 {"from_width", link.from_width},
                                 {"to", PoolName(problem, link.to)},
                                 {"to_width", link.to_width},
                                 {"coefficients", std::move(coefficients)}});
  }
  return PrintJson(Json::Object{{"schema", kTrainingSchema},
                                {"model", problem.model},
                                {"cost", std::string(TrainingCostName(problem.cost))},
                                {"global_batch", problem.global_batch},
                                {"bytes_per_parameter", problem.bytes_per_parameter},
                                {"layers", Json::Object{{"output_bytes", Integers(output)},
                                                        {"parameter_bytes", Integers(parameters)}}},
                                {"footprints", std::move(footprints)},
                                {"gpus", std::move(gpus)},
                                {"pools", std::move(pools)},
                                {"links", std::move(links)}}) +
         "\n";
}

absl::Status ParseTrainingCost(absl::string_view text, TrainingCost& cost) {
  for (const TrainingCost each : {TrainingCost::kSailor, TrainingCost::kOwn}) {
    if (text != TrainingCostName(each)) continue;
    cost = each;
    return absl::OkStatus();
  }
  return InputError("expected sailor or own, not '", text, "'");
}

}  // namespace allot
