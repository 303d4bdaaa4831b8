#include "placement/kinds/rows/format.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/limits.h"
#include "placement/kinds/rows/model/training.h"
#include "placement/kinds/rows/search/baselines.h"
#include "placement/kinds/rows/search/divide.h"
#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot::rows {
namespace {

constexpr int kEnoughErrors = 20;
constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();

class ProblemReader {
 public:
  ProblemReader(const Json& document, std::string file)
      : file_(std::move(file)), root_(document, file_, "", diagnostics_) {}

  absl::StatusOr<Problem> Read() {
    std::string schema;
    root_.Read("schema", schema);
    root_.Read("name", name_);
    int64_t parts = 1;
    root_.Require("parts", parts);
    problem_.parts = Narrow(root_, "parts", parts);
    double imbalance = 0.03;
    root_.Read("imbalance", imbalance);
    // What is no imbalance is left to Check().
    problem_.imbalance =
        imbalance >= 0 && imbalance <= 1000 ? std::llround(imbalance * kMillion) : -1;
    if (const Json* const speeds = root_.Find("speeds")) {
      problem_.speeds = Numbers(*speeds, "speeds");
    }
    ReadLinks();
    for (JsonReader& each : root_.Objects("inputs")) ReadTensor(each, false);
    for (JsonReader& each : root_.Objects("layers")) {
      if (diagnostics_.num_errors() < kEnoughErrors) ReadTensor(each, true);
    }
    root_.Finish();
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    return std::move(problem_);
  }

 private:
  void Error(const std::string& path, std::string message) {
    diagnostics_.Error(absl::StrCat(file_, ": ", path), std::move(message));
  }

  int32_t Narrow(JsonReader& reader, absl::string_view key, int64_t value) {
    if (value >= 0 && value <= kMaxInt32) return static_cast<int32_t>(value);
    reader.Error(key, absl::StrCat("must be from 0 to ", kMaxInt32));
    return 0;
  }

  std::vector<int64_t> Numbers(const Json& json, const std::string& path) {
    std::vector<int64_t> numbers;
    const auto* const array = json.If<Json::Array>();
    if (array == nullptr) {
      Error(path, absl::StrCat("must be an array, not ", json.KindName()));
      return numbers;
    }
    numbers.reserve(array->size());
    for (size_t i = 0; i < array->size() && diagnostics_.num_errors() < kEnoughErrors; ++i) {
      const auto* const number = (*array)[i].If<int64_t>();
      if (number == nullptr) Error(absl::StrCat(path, "[", i, "]"), "must be a whole number");
      numbers.push_back(number == nullptr ? 0 : *number);
    }
    return numbers;
  }

  // The same, of 32 bits; what does not fit is no index of anything.
  std::vector<int32_t> Indices(const Json& json, const std::string& path) {
    std::vector<int32_t> indices;
    for (const int64_t number : Numbers(json, path)) {
      if (number < 0 || number > kMaxInt32) {
        Error(path, absl::StrCat(number, " is no number of a neuron"));
      }
      indices.push_back(static_cast<int32_t>(std::clamp<int64_t>(number, 0, kMaxInt32)));
    }
    return indices;
  }

  void ReadLinks() {
    const Json* const links = root_.Find("links");
    if (links == nullptr) return;
    const auto* const rows = links->If<Json::Array>();
    if (rows == nullptr) {
      Error("links", absl::StrCat("must be an array, not ", links->KindName()));
      return;
    }
    for (size_t i = 0; i < rows->size(); ++i) {
      const std::string path = absl::StrCat("links[", i, "]");
      const std::vector<int64_t> row = Numbers((*rows)[i], path);
      if (row.size() != static_cast<size_t>(problem_.parts)) {
        Error(path, absl::StrCat("has ", row.size(), " costs for ", problem_.parts, " parts"));
      }
      problem_.link_costs.insert(problem_.link_costs.end(), row.begin(), row.end());
    }
  }

  void ReadTensor(JsonReader& reader, bool layer) {
    Tensor tensor;
    reader.Require("name", tensor.name);
    int64_t neurons = 0;
    reader.Require("neurons", neurons);
    tensor.neurons = Narrow(reader, "neurons", neurons);
    reader.Read("words", tensor.words);
    int64_t home = -1;
    if (!layer && reader.Read("home", home)) tensor.home = Narrow(reader, "home", home);
    if (const Json* const weights = layer ? reader.Find("weights") : nullptr) {
      tensor.weights = Numbers(*weights, absl::StrCat(reader.path(), ".weights"));
    }
    if (layer) {
      for (JsonReader& each : reader.Objects("sources")) ReadSource(each, tensor);
      if (tensor.sources.empty()) reader.Error("sources", "a layer reads something");
    }
    reader.Finish();
    if (!index_.try_emplace(tensor.name, static_cast<int32_t>(problem_.tensors.size())).second) {
      reader.Error("name", absl::StrCat("there is another '", tensor.name, "'"));
    }
    problem_.tensors.push_back(std::move(tensor));
  }

  void ReadSource(JsonReader& reader, Tensor& tensor) {
    Source source;
    std::string input;
    if (reader.Require("input", input)) {
      const auto at = index_.find(input);
      if (at == index_.end()) {
        reader.Error("input", absl::StrCat("there is no '", input, "' before it"));
      } else {
        source.input = at->second;
      }
    }
    reader.Read("work", source.work);
    source.begin.push_back(0);
    const Json* const patterns = reader.Find("patterns");
    const auto* const array = patterns == nullptr ? nullptr : patterns->If<Json::Array>();
    if (array == nullptr) {
      reader.Error("patterns", "must be an array with the columns of each pattern");
    }
    for (size_t i = 0; array != nullptr && i < array->size(); ++i) {
      if (diagnostics_.num_errors() >= kEnoughErrors) break;
      const std::vector<int32_t> columns =
          Indices((*array)[i], absl::StrCat(reader.path(), ".patterns[", i, "]"));
      source.columns.insert(source.columns.end(), columns.begin(), columns.end());
      source.begin.push_back(static_cast<int64_t>(source.columns.size()));
    }
    if (const Json* const pattern_of = reader.Find("pattern_of")) {
      source.pattern_of = Indices(*pattern_of, absl::StrCat(reader.path(), ".pattern_of"));
    } else {
      for (int32_t i = 0; i < source.num_patterns(); ++i) source.pattern_of.push_back(i);
    }
    reader.Finish();
    tensor.sources.push_back(std::move(source));
  }

  const std::string file_;
  Diagnostics diagnostics_;
  JsonReader root_;
  std::string name_;
  Problem problem_;
  std::map<std::string, int32_t> index_;
};

template <typename Numbers>
Json::Array ToArray(const Numbers& numbers) {
  Json::Array array;
  array.reserve(numbers.size());
  for (const auto number : numbers) array.emplace_back(static_cast<int64_t>(number));
  return array;
}

Json::Object TensorJson(const Problem& problem, const Tensor& tensor) {
  Json::Object json = {
      {"name", tensor.name}, {"neurons", int64_t{tensor.neurons}}, {"words", tensor.words}};
  if (tensor.is_at_home()) json.push_back({"home", int64_t{tensor.home}});
  if (tensor.sources.empty()) return json;
  if (!tensor.weights.empty()) json.push_back({"weights", ToArray(tensor.weights)});
  Json::Array sources;
  for (const Source& source : tensor.sources) {
    Json::Array patterns;
    for (int32_t i = 0; i < source.num_patterns(); ++i) {
      patterns.push_back(ToArray(source.PatternColumns(i)));
    }
    sources.push_back(
        Json::Object{{"input", problem.tensors[static_cast<size_t>(source.input)].name},
                     {"work", source.work},
                     {"patterns", std::move(patterns)},
                     {"pattern_of", ToArray(source.pattern_of)}});
  }
  json.push_back({"sources", std::move(sources)});
  return json;
}

// The lists of owners of `json`, into the tensors of those names.
absl::Status ReadOwners(const Problem& problem, const Json& json, const std::string& where,
                        const std::map<std::string, size_t>& index, Division& division) {
  const auto* const array = json.If<Json::Array>();
  if (array == nullptr) return InputError(where, ": must be an array, not ", json.KindName());
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string path = absl::StrCat(where, "[", i, "]");
    const Json* const name = (*array)[i].Find("tensor");
    const Json* const owner = (*array)[i].Find("owner");
    const auto* const text = name == nullptr ? nullptr : name->If<std::string>();
    const auto* const owners = owner == nullptr ? nullptr : owner->If<Json::Array>();
    if (text == nullptr || owners == nullptr) {
      return InputError(path, ": must have the members tensor and owner");
    }
    const auto at = index.find(*text);
    if (at == index.end()) return InputError(path, ": the problem has no tensor '", *text, "'");
    std::vector<int32_t>& part_of = division[at->second];
    if (!part_of.empty()) return InputError(path, ": '", *text, "' has owners already");
    const auto neurons = static_cast<size_t>(problem.tensors[at->second].neurons);
    if (owners->size() != neurons) {
      return InputError(path, ": owner: '", *text, "' has ", neurons, " neurons, not ",
                        owners->size());
    }
    for (size_t n = 0; n < neurons; ++n) {
      const auto* const part = (*owners)[n].If<int64_t>();
      if (part == nullptr || *part < 0 || *part >= problem.parts) {
        return InputError(path, ": owner[", n, "]: must be a part from 0 to ", problem.parts - 1);
      }
      part_of.push_back(static_cast<int32_t>(*part));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Problem> ReadProblem(const Json& document, const std::string& file) {
  return ProblemReader(document, file).Read();
}

std::string PrintProblem(const Problem& problem) {
  Json::Object json = {{"schema", kSchema},
                       {"parts", int64_t{problem.parts}},
                       {"imbalance", static_cast<double>(problem.imbalance) / kMillion}};
  if (!problem.speeds.empty()) json.push_back({"speeds", ToArray(problem.speeds)});
  if (!problem.link_costs.empty()) {
    Json::Array links;
    for (int32_t from = 0; from < problem.parts; ++from) {
      Json::Array row;
      for (int32_t to = 0; to < problem.parts; ++to) row.emplace_back(problem.LinkCost(from, to));
      links.push_back(std::move(row));
    }
    json.push_back({"links", std::move(links)});
  }
  Json::Array inputs, layers;
  for (const Tensor& tensor : problem.tensors) {
    (tensor.sources.empty() ? inputs : layers).push_back(TensorJson(problem, tensor));
  }
  json.push_back({"inputs", std::move(inputs)});
  json.push_back({"layers", std::move(layers)});
  return PrintJson(json) + "\n";
}

absl::StatusOr<Division> ReadDivision(const Problem& problem, const Json& json,
                                      const std::string& file) {
  const Json* body = &json;
  if (const Json* const rows = body->Find("rows")) body = rows;
  const Json* const tensors = body->Find("tensors");
  std::map<std::string, size_t> index;
  for (size_t t = 0; t < problem.tensors.size(); ++t) index[problem.tensors[t].name] = t;
  Division division(problem.tensors.size());
  ALLOT_RETURN_IF_ERROR(ReadOwners(problem, tensors == nullptr ? *body : *tensors,
                                   absl::StrCat(file, ": tensors"), index, division));
  bool inputs_missing = false;
  if (const Json* const inputs = body->Find("inputs")) {
    ALLOT_RETURN_IF_ERROR(
        ReadOwners(problem, *inputs, absl::StrCat(file, ": inputs"), index, division));
  }
  for (size_t t = 0; t < division.size(); ++t) {
    if (!division[t].empty()) continue;
    if (!problem.tensors[t].sources.empty()) {
      return InputError(file, ": has no owners for '", problem.tensors[t].name, "'");
    }
    inputs_missing = true;
  }
  if (inputs_missing) {
    Division placed = division;
    PlaceInputs(problem, placed);
    for (size_t t = 0; t < division.size(); ++t) {
      if (division[t].empty()) division[t] = std::move(placed[t]);
    }
  }
  return division;
}

Json LinksJson(const std::vector<int64_t>& links, int32_t parts) {
  Json::Array array;
  for (size_t i = 0; i < links.size(); ++i) {
    if (links[i] == 0) continue;
    array.push_back(Json::Object{{"from", static_cast<int64_t>(i) / parts},
                                 {"to", static_cast<int64_t>(i) % parts},
                                 {"words", links[i]}});
  }
  return array;
}

Json TrainingJson(const Problem& problem, const Division& division) {
  const TrainingStep step = TrainingOf(problem, division);
  return Json::Object{{"words", step.words},
                      {"cost", step.cost},
                      {"messages", step.messages},
                      {"most_sent", step.most_sent},
                      {"forward", ToArray(step.forward)},
                      {"backward", ToArray(step.backward)},
                      {"links", LinksJson(step.links, problem.parts)}};
}

Json DivisionJson(const Problem& problem, const Division& division) {
  const Traffic traffic = TrafficOf(problem, division);
  const Baselines baselines = BaselinesOf(problem);
  Json::Array tensors, inputs;
  int64_t imbalance = 0;
  for (size_t t = 0; t < division.size(); ++t) {
    const Tensor& tensor = problem.tensors[t];
    Json::Object json = {{"tensor", tensor.name}, {"words", traffic.words_of[t]}};
    if (!tensor.sources.empty()) {
      const int64_t above = ImbalanceOf(problem, tensor, division[t]);
      imbalance = std::max(imbalance, above);
      json.push_back({"imbalance", static_cast<double>(above) / kMillion});
    }
    json.push_back({"owner", ToArray(division[t])});
    (tensor.sources.empty() ? inputs : tensors).push_back(std::move(json));
  }
  return Json::Object{{"parts", int64_t{problem.parts}},
                      {"words", traffic.words},
                      {"random_words", baselines.random_words},
                      {"random_words_expected", ExpectedRandomWords(problem)},
                      {"cyclic_words", baselines.cyclic_words},
                      {"broadcast_words", BroadcastWords(problem)},
                      {"imbalance", static_cast<double>(imbalance) / kMillion},
                      {"messages", traffic.messages},
                      {"most_sent", traffic.most_sent},
                      {"links", LinksJson(traffic.links, problem.parts)},
                      {"training", TrainingJson(problem, division)},
                      {"tensors", std::move(tensors)},
                      {"inputs", std::move(inputs)}};
}

}  // namespace allot::rows
