#include "placement/kinds/training/formats/sailor.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "placement/kinds/training/formats/cluster.h"
#include "placement/kinds/training/formats/neighbour.h"
#include "support/status.h"

namespace allot {
namespace {

using Path = std::filesystem::path;

constexpr int64_t kBytesPerFloat = 4;
constexpr double kMostSeconds = 1000;

class SailorReader {
 public:
  SailorReader(const std::string& file, const std::map<std::string, std::string>& flags)
      : file_(file), flags_(flags) {}

  absl::StatusOr<TrainingProblem> ReadConfiguration(const Json& document) {
    if (flags_.count("model") != 0) {
      return InputError(file_, ": --model is for plans; this says that it is of a model");
    }
    ALLOT_ASSIGN_OR_RETURN(const std::string model, Text(document, "model"));
    ALLOT_RETURN_IF_ERROR(ReadCommon(document, model, "global_batch_size"));
    if (const Json* const layers = document.Find("num_all_layers")) {
      const auto* const count = layers->If<int64_t>();
      if (count == nullptr || *count != static_cast<int64_t>(problem_.layers.size())) {
        return InputError(file_, ": num_all_layers: is not ", problem_.layers.size(),
                          ", which llm_info.json holds of ", model);
      }
    }
    const auto cluster = flags_.find("cluster");
    if (cluster == flags_.end()) {
      return InputError(file_, ": says no machines; write --cluster=GPU:COUNT,... (with zones ",
                        "GPU@ZONE:COUNT) or --cluster=TRACE.csv:ROW");
    }
    ALLOT_ASSIGN_OR_RETURN(const std::vector<ClusterPart> parts,
                           ReadCluster(cluster->second, Path(file_).parent_path().string()));
    return Finish(parts);
  }

  absl::StatusOr<TrainingProblem> ReadPlan(const Json& document) {
    if (flags_.count("cluster") != 0) {
      return InputError(file_, ": --cluster is for configurations; a plan is for its machines");
    }
    ALLOT_ASSIGN_OR_RETURN(const std::string model, ModelOfPlan(document));
    ALLOT_RETURN_IF_ERROR(ReadCommon(document, model, "gbs"));
    int64_t layers = 0;
    ALLOT_ASSIGN_OR_RETURN(std::vector<ClusterPart> parts, MachinesOfPlan(document, layers));
    if (layers < static_cast<int64_t>(problem_.layers.size())) Shorten(layers);
    return Finish(parts);
  }

 private:
  absl::StatusOr<std::string> Text(const Json& document, absl::string_view key) const {
    const Json* const json = document.Find(key);
    const auto* const text = json == nullptr ? nullptr : json->If<std::string>();
    if (text != nullptr) return *text;
    return InputError(file_, ": ", key, json == nullptr ? ": is missing" : ": expected a text");
  }

  // The model, by its name, a flag, or a folder that is called like the start of its name.
  absl::StatusOr<std::string> ModelOfPlan(const Json& document) {
    if (const auto flag = flags_.find("model"); flag != flags_.end()) return flag->second;
    if (document.Find("model") != nullptr) return Text(document, "model");
    ALLOT_ASSIGN_OR_RETURN(const Neighbour sizes, Neighbour::Find(file_, {"llm_info.json"}));
    ALLOT_ASSIGN_OR_RETURN(const Json::Object* const models, sizes.Object(&sizes.json(), ""));
    const auto plain = [](absl::string_view text) {
      std::string result;
      for (const char c : text) {
        if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
          result += absl::ascii_tolower(static_cast<unsigned char>(c));
        }
      }
      return result;
    };
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& [name, value] : *models) names.push_back(name);
    std::vector<Path> folders;
    for (const Path& each : std::filesystem::absolute(file_, error).parent_path()) {
      folders.push_back(each);
    }
    std::reverse(folders.begin(), folders.end());  // the nearest first
    for (const Path& folder : folders) {
      const std::string called = plain(folder.string());
      constexpr size_t kTelling = 4;
      for (const std::string& name : names) {
        if (called.size() >= kTelling && absl::StartsWith(plain(name), called)) return name;
      }
    }
    return InputError(file_, ": does not say its model; write --model=NAME, one of ",
                      absl::StrJoin(names, ", "));
  }

  absl::Status ReadCommon(const Json& document, const std::string& model,
                          const std::string& batch) {
    problem_.model = model;
    const Json* const size = document.Find(batch);
    const auto* const samples = size == nullptr ? nullptr : size->If<int64_t>();
    if (samples == nullptr) {
      return InputError(file_, ": ", batch,
                        size == nullptr ? ": is missing" : ": expected an integer");
    }
    problem_.global_batch = *samples;
    const Json* const optimizer = document.Find("optimizer");
    const auto* const name = optimizer == nullptr ? nullptr : optimizer->If<std::string>();
    // Weights, gradients, a buffer to send them, two copies; Adam keeps two moments, sgd one.
    if (name != nullptr && *name == "sgd") problem_.bytes_per_parameter = 20;
    return ReadSizes(model);
  }

  absl::Status ReadSizes(const std::string& model) {
    ALLOT_ASSIGN_OR_RETURN(const Neighbour sizes, Neighbour::Find(file_, {"llm_info.json"}));
    ALLOT_ASSIGN_OR_RETURN(const Json* const widths, sizes.Member(sizes.json(), model, ""));
    ALLOT_ASSIGN_OR_RETURN(const Json::Object* const members, sizes.Object(widths, model));
    for (const auto& [key, value] : *members) {
      TrainingProblem::Footprint footprint;
      ALLOT_ASSIGN_OR_RETURN(footprint.width, sizes.Key(key, model));
      const std::string at = absl::StrCat(model, ".", key);
      ALLOT_ASSIGN_OR_RETURN(const std::vector<const Json*> layers, sizes.Numbered(&value, at));
      const bool narrowest = footprint.width == 1;
      if (narrowest) problem_.layers.clear();
      for (size_t l = 0; l < layers.size(); ++l) {
        const std::string here = absl::StrCat(at, ".", l, ".");
        const auto floats = [&](const char* name) {
          return sizes.Integer(layers[l]->Find(name), here + name);
        };
        ALLOT_ASSIGN_OR_RETURN(const int64_t parameters, floats("params_floats"));
        ALLOT_ASSIGN_OR_RETURN(const int64_t activations, floats("act_mem_floats"));
        ALLOT_ASSIGN_OR_RETURN(const int64_t output, floats("act_output_floats"));
        constexpr int64_t kMost = int64_t{1} << 58;
        if (std::max({parameters, activations, output}) > kMost) {
          return sizes.Error(here, ": is more than can be counted");
        }
        footprint.parameters.push_back(parameters);
        footprint.activations.push_back(activations * kBytesPerFloat);
        if (narrowest) {
          problem_.layers.push_back({output * kBytesPerFloat, parameters * kBytesPerFloat});
        }
      }
      problem_.footprints.push_back(std::move(footprint));
    }
    std::sort(problem_.footprints.begin(), problem_.footprints.end(),
              [](const auto& a, const auto& b) { return a.width < b.width; });
    if (!problem_.layers.empty()) return absl::OkStatus();
    return sizes.Error(model,
                       ": there is no tensor width of 1, whose sizes are those that are sent");
  }

  absl::StatusOr<std::vector<ClusterPart>> MachinesOfPlan(const Json& document, int64_t& layers) {
    const auto wrong = [&](absl::string_view at, absl::string_view what) {
      return InputError(file_, ": pipeline_list", at, ": ", what);
    };
    const auto* const pipelines = document.Find("pipeline_list")->If<Json::Array>();
    if (pipelines == nullptr || pipelines->empty())
      return wrong("", "expected an array of one pipeline");
    std::map<std::pair<std::string, std::string>, int64_t> gpus;
    for (const Json& pipeline : *pipelines) {
      const Json* const held = pipeline.Find("layers_per_stage");
      const auto* const lists = held == nullptr ? nullptr : held->If<Json::Array>();
      if (lists == nullptr) return wrong("[0].layers_per_stage", "expected an array");
      int64_t count = 0;
      for (const Json& list : *lists) {
        const auto* const each = list.If<Json::Array>();
        count += each == nullptr ? 0 : static_cast<int64_t>(each->size());
      }
      layers = std::max(layers, count);
      const Json* const stages = pipeline.Find("tmp_per_stage");
      const auto* const array = stages == nullptr ? nullptr : stages->If<Json::Array>();
      if (array == nullptr) return wrong("[0].tmp_per_stage", "expected an array");
      for (size_t i = 0; i < array->size(); ++i) {
        const auto* const replicas = (*array)[i].If<Json::Array>();
        for (size_t j = 0; replicas != nullptr && j < replicas->size(); ++j) {
          if (!CountMachine((*replicas)[j], gpus)) {
            return wrong(absl::StrCat("[0].tmp_per_stage[", i, "][", j, "]"),
                         "expected [[[GPU, count, zone]], tensor width]");
          }
        }
      }
    }
    std::vector<ClusterPart> parts;
    for (const auto& [name, count] : gpus) parts.push_back({name.first, name.second, count});
    if (parts.empty()) return wrong("[0].tmp_per_stage", "there is no GPU");
    return parts;
  }

  static bool CountMachine(const Json& json,
                           std::map<std::pair<std::string, std::string>, int64_t>& gpus) {
    const auto* const pair = json.If<Json::Array>();
    if (pair == nullptr || pair->size() != 2) return false;
    const auto* const machines = (*pair)[0].If<Json::Array>();
    const auto* const width = (*pair)[1].If<int64_t>();
    constexpr int64_t kMost = 1 << 16;
    if (machines == nullptr || width == nullptr || *width < 1 || *width > kMost) return false;
    for (const Json& machine : *machines) {
      const auto* const cells = machine.If<Json::Array>();
      if (cells == nullptr || cells->size() != 3) return false;
      const auto* const type = (*cells)[0].If<std::string>();
      const auto* const zone = (*cells)[2].If<std::string>();
      if (type == nullptr || zone == nullptr || (*cells)[1].If<int64_t>() == nullptr) return false;
      gpus[{*type, *zone}] += *width;
    }
    return true;
  }

  void Shorten(int64_t layers) {
    const auto keep = static_cast<size_t>(layers);
    problem_.layers.resize(keep);
    for (TrainingProblem::Footprint& each : problem_.footprints) {
      each.parameters.resize(keep), each.activations.resize(keep);
    }
    shortened_ = keep;
  }

  absl::StatusOr<TrainingProblem> Finish(const std::vector<ClusterPart>& parts) {
    ALLOT_RETURN_IF_ERROR(ReadMachines(parts));
    ALLOT_RETURN_IF_ERROR(ReadProfiles());
    ALLOT_RETURN_IF_ERROR(ReadLinks());
    if (shortened_ > 0) {
      for (TrainingProblem::Gpu& gpu : problem_.gpus) {
        for (TrainingProblem::Profile& profile : gpu.profiles) profile.layers.resize(shortened_);
      }
    }
    return std::move(problem_);
  }

  absl::Status ReadMachines(const std::vector<ClusterPart>& parts) {
    ALLOT_ASSIGN_OR_RETURN(const Neighbour machines,
                           Neighbour::Find(file_, {"basic_cluster_config.json"}));
    std::string usual;
    if (const Json* const zone = machines.json().Find("zone")) {
      if (const auto* const text = zone->If<std::string>()) usual = *text;
    }
    for (const ClusterPart& part : parts) {
      ALLOT_ASSIGN_OR_RETURN(const Json* const machine,
                             machines.Member(machines.json(), part.gpu, ""));
      TrainingProblem::Pool pool;
      ALLOT_ASSIGN_OR_RETURN(
          const int64_t per_machine,
          machines.Integer(machine->Find("gpus_per_node"), part.gpu + ".gpus_per_node"));
      ALLOT_ASSIGN_OR_RETURN(const int64_t memory, machines.Integer(machine->Find("mem_per_gpu"),
                                                                    part.gpu + ".mem_per_gpu"));
      if (per_machine < 1) return machines.Error(part.gpu, ".gpus_per_node: is 0");
      pool.zone = part.zone.empty() ? usual : part.zone;
      pool.count = part.count;
      pool.per_machine = std::min(per_machine, part.count);
      const auto found =
          std::find_if(problem_.gpus.begin(), problem_.gpus.end(),
                       [&](const TrainingProblem::Gpu& gpu) { return gpu.name == part.gpu; });
      pool.gpu = found - problem_.gpus.begin();
      if (found == problem_.gpus.end()) problem_.gpus.push_back({part.gpu, memory, {}});
      problem_.pools.push_back(std::move(pool));
    }
    return absl::OkStatus();
  }

  static absl::StatusOr<Picos> Time(const Neighbour& neighbour, const Json& seconds,
                                    const std::string& at) {
    ALLOT_ASSIGN_OR_RETURN(const double value, neighbour.Number(&seconds, at));
    if (value >= 0 && value <= kMostSeconds) return std::llround(value * 1e12);
    return neighbour.Error(at, ": ", value, " s is not within 0 and ", kMostSeconds);
  }

  absl::Status ReadProfiles() {
    ALLOT_ASSIGN_OR_RETURN(const Neighbour profiles,
                           Neighbour::Find(file_, {"profiles.json", "profiles_tmp.json"}));
    ALLOT_ASSIGN_OR_RETURN(const Json* const model,
                           profiles.Member(profiles.json(), problem_.model, ""));
    for (TrainingProblem::Gpu& gpu : problem_.gpus) {
      ALLOT_ASSIGN_OR_RETURN(const Json* const sizes,
                             profiles.Member(*model, gpu.name, problem_.model));
      const std::string at = absl::StrCat(problem_.model, ".", gpu.name);
      ALLOT_ASSIGN_OR_RETURN(const Json::Object* const by_size, profiles.Object(sizes, at));
      for (const auto& [size, by_width] : *by_size) {
        const std::string in_size = absl::StrCat(at, ".", size);
        ALLOT_ASSIGN_OR_RETURN(const int64_t micro_batch, profiles.Key(size, at));
        ALLOT_ASSIGN_OR_RETURN(const Json::Object* const widths,
                               profiles.Object(&by_width, in_size));
        for (const auto& [width, layers] : *widths) {
          ALLOT_ASSIGN_OR_RETURN(const int64_t number, profiles.Key(width, in_size));
          TrainingProblem::Profile profile{micro_batch, number, {}};
          ALLOT_RETURN_IF_ERROR(
              ReadTimes(profiles, layers, absl::StrCat(in_size, ".", width), profile));
          gpu.profiles.push_back(std::move(profile));
        }
      }
      std::sort(gpu.profiles.begin(), gpu.profiles.end(), [](const auto& a, const auto& b) {
        return std::pair(a.micro_batch, a.width) < std::pair(b.micro_batch, b.width);
      });
    }
    return absl::OkStatus();
  }

  static absl::Status ReadTimes(const Neighbour& profiles, const Json& layers,
                                const std::string& at, TrainingProblem::Profile& profile) {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<const Json*> each, profiles.Numbered(&layers, at));
    for (size_t l = 0; l < each.size(); ++l) {
      const std::string here = absl::StrCat(at, ".", l);
      const auto* const times = each[l]->If<Json::Array>();
      if (times == nullptr || times->size() != 3) {
        return profiles.Error(here, ": expected the times of forward, backward and update");
      }
      TrainingProblem::LayerTime& time = profile.layers.emplace_back();
      ALLOT_ASSIGN_OR_RETURN(time.forward, Time(profiles, (*times)[0], here));
      ALLOT_ASSIGN_OR_RETURN(time.backward, Time(profiles, (*times)[1], here));
      ALLOT_ASSIGN_OR_RETURN(time.update, Time(profiles, (*times)[2], here));
    }
    return absl::OkStatus();
  }

  // [zone][GPU][width][zone][GPU][width]: [coefficients, bytes per second]. What is missing is no
  // link.
  absl::Status ReadLinks() {
    ALLOT_ASSIGN_OR_RETURN(const Neighbour network,
                           Neighbour::Find(file_, {"multizone_bandwidths_het.json"}));
    for (size_t a = 0; a < problem_.pools.size(); ++a) {
      const Json* const from = Side(network.json(), problem_.pools[a]);
      const auto* const widths = from == nullptr ? nullptr : from->If<Json::Object>();
      for (size_t i = 0; widths != nullptr && i < widths->size(); ++i) {
        const auto& [from_width, zones] = (*widths)[i];
        for (size_t b = 0; b < problem_.pools.size(); ++b) {
          const Json* const to = Side(zones, problem_.pools[b]);
          const auto* const others = to == nullptr ? nullptr : to->If<Json::Object>();
          for (size_t j = 0; others != nullptr && j < others->size(); ++j) {
            const auto& [to_width, value] = (*others)[j];
            const auto pool_a = static_cast<int64_t>(a), pool_b = static_cast<int64_t>(b);
            const std::string at = absl::StrJoin(
                {PoolName(problem_, pool_a), from_width, PoolName(problem_, pool_b), to_width},
                ".");
            TrainingProblem::Link link{pool_a, 0, pool_b, 0, {}};
            ALLOT_ASSIGN_OR_RETURN(link.from_width, network.Key(from_width, at));
            ALLOT_ASSIGN_OR_RETURN(link.to_width, network.Key(to_width, at));
            const auto* const pair = value.If<Json::Array>();
            const auto* const coefficients =
                pair == nullptr || pair->empty() ? nullptr : (*pair)[0].If<Json::Array>();
            if (coefficients == nullptr) {
              return network.Error(at, ": expected an array of coefficients and a bandwidth");
            }
            for (const Json& each : *coefficients) {
              ALLOT_ASSIGN_OR_RETURN(link.coefficients.emplace_back(), network.Number(&each, at));
            }
            problem_.links.push_back(std::move(link));
          }
        }
      }
    }
    return absl::OkStatus();
  }

  const Json* Side(const Json& zones, const TrainingProblem::Pool& pool) const {
    const Json* const zone = zones.Find(pool.zone);
    if (zone == nullptr) return nullptr;
    return zone->Find(problem_.gpus[static_cast<size_t>(pool.gpu)].name);
  }

  const std::string& file_;
  const std::map<std::string, std::string>& flags_;
  TrainingProblem problem_;
  size_t shortened_ = 0;  // to how many layers; 0: it is the whole model
};

}  // namespace

bool IsSailor(const Json& document) {
  if (document.Find("pipeline_list") != nullptr) return document.Find("mbs") != nullptr;
  return document.Find("global_batch_size") != nullptr && document.Find("model") != nullptr;
}

absl::StatusOr<TrainingProblem> ReadSailor(const Json& document, const std::string& file,
                                           const std::map<std::string, std::string>& flags) {
  SailorReader reader(file, flags);
  return document.Find("pipeline_list") != nullptr ? reader.ReadPlan(document)
                                                   : reader.ReadConfiguration(document);
}

}  // namespace allot
