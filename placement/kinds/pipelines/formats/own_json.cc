#include "placement/kinds/pipelines/formats/own_json.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot::pipelines {
namespace {

class OwnReader {
 public:
  OwnReader(const Json& document, const std::string& file)
      : reader_(document, file, "", diagnostics_) {}

  absl::StatusOr<Problem> Read() {
    std::string schema;
    reader_.Require("schema", schema);
    reader_.Require("devices", problem_.devices);
    reader_.Require("memory", problem_.memory);
    reader_.Require("microbatches", problem_.microbatches);
    reader_.Read("recompute", problem_.recompute);
    reader_.Require("ticks_per_second", problem_.ticks_per_second);
    reader_.Require("layers", problem_.names);
    for (const std::vector<int64_t>& edge : Rows(reader_, "edges", 2)) {
      problem_.edges.emplace_back(Index(edge[0]), Index(edge[1]));
    }
    for (JsonReader& width : reader_.Objects("widths")) ReadWidth(width);
    if (reader_.Has("fixed")) {
      JsonReader fixed = reader_.Object("fixed");
      FixedStrategy& strategy = problem_.fixed.emplace();
      fixed.Require("pipeline", strategy.pipeline);
      fixed.Require("tensor", strategy.tensor);
      fixed.Require("data", strategy.data);
      fixed.Require("transformer_layers", strategy.transformer_layers);
      fixed.Finish();
    }
    reader_.Find("note");
    reader_.Finish();
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    return std::move(problem_);
  }

 private:
  static int32_t Index(int64_t number) {
    return number < 0 || number > static_cast<int64_t>(kMostLayers) ? -1
                                                                    : static_cast<int32_t>(number);
  }

  void ReadWidth(JsonReader& reader) {
    Width& width = problem_.widths.emplace_back();
    reader.Require("devices", width.devices);
    for (JsonReader& each : reader.Objects("layers")) {
      Layer& layer = width.layers.emplace_back();
      each.Require("forward", layer.forward);
      each.Require("backward", layer.backward);
      each.Read("state", layer.state);
      each.Read("activations", layer.activations);
      each.Read("update", layer.update);
      each.Read("split", layer.split);
      each.Finish();
    }
    for (const std::vector<int64_t>& transfer : Rows(reader, "transfers", 2)) {
      width.transfers.push_back({transfer[0], transfer[1]});
    }
    reader.Finish();
  }

  // Arrays of so many whole numbers.
  std::vector<std::vector<int64_t>> Rows(JsonReader& reader, absl::string_view key, size_t count) {
    std::vector<std::vector<int64_t>> rows;
    const Json* const member = reader.Find(key);
    if (member == nullptr) return rows;
    const auto* const array = member->If<Json::Array>();
    if (array == nullptr) {
      reader.Error(key, "must be an array");
      return rows;
    }
    for (size_t i = 0; i < array->size(); ++i) {
      const auto* const row = (*array)[i].If<Json::Array>();
      std::vector<int64_t> numbers;
      for (size_t j = 0; row != nullptr && row->size() == count && j < count; ++j) {
        const auto* const number = (*row)[j].If<int64_t>();
        if (number != nullptr) numbers.push_back(*number);
      }
      if (numbers.size() == count) {
        rows.push_back(std::move(numbers));
      } else {
        reader.Error(absl::StrCat(key, "[", i, "]"),
                     absl::StrCat("must be ", count, " whole numbers"));
      }
    }
    return rows;
  }

  Diagnostics diagnostics_;
  JsonReader reader_;
  Problem problem_;
};

}  // namespace

absl::StatusOr<Problem> ReadOwnJson(const Json& document, const std::string& file) {
  return OwnReader(document, file).Read();
}

std::string PrintOwnJson(const Problem& problem) {
  Json::Array names, edges, widths;
  for (const std::string& name : problem.names) names.emplace_back(name);
  for (const auto& [from, to] : problem.edges) {
    edges.push_back(Json::Array{int64_t{from}, int64_t{to}});
  }
  for (const Width& width : problem.widths) {
    Json::Array layers, transfers;
    for (const Layer& layer : width.layers) {
      layers.push_back(Json::Object{{"forward", layer.forward},
                                    {"backward", layer.backward},
                                    {"state", layer.state},
                                    {"activations", layer.activations},
                                    {"update", layer.update},
                                    {"split", layer.split}});
    }
    for (const Transfer& transfer : width.transfers) {
      transfers.push_back(Json::Array{transfer.ticks, transfer.memory});
    }
    widths.push_back(Json::Object{{"devices", width.devices},
                                  {"layers", std::move(layers)},
                                  {"transfers", std::move(transfers)}});
  }
  Json::Object json = {{"schema", kSchema},
                       {"devices", problem.devices},
                       {"memory", problem.memory},
                       {"microbatches", problem.microbatches},
                       {"recompute", problem.recompute},
                       {"ticks_per_second", problem.ticks_per_second},
                       {"layers", std::move(names)},
                       {"edges", std::move(edges)},
                       {"widths", std::move(widths)}};
  if (problem.fixed.has_value()) {
    json.push_back(
        {"fixed", Json::Object{{"pipeline", problem.fixed->pipeline},
                               {"tensor", problem.fixed->tensor},
                               {"data", problem.fixed->data},
                               {"transformer_layers", problem.fixed->transformer_layers}}});
  }
  return PrintJson(std::move(json)) + "\n";
}

}  // namespace allot::pipelines
