#include "placement/kinds/chips/learning/proposer_weights.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "placement/kinds/chips/learning/features.h"
#include "placement/kinds/chips/learning/graph_net.h"
#include "placement/kinds/chips/learning/shipped_weights.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot::chips {
namespace {

constexpr absl::string_view kSchema = "allot.proposer/1";

}  // namespace

absl::StatusOr<ProposerWeights> ReadProposerWeights(absl::string_view text,
                                                    const std::string& file) {
  ALLOT_ASSIGN_OR_RETURN(const Json document, ParseJson(text), file, ": ");
  if (document.If<Json::Object>() == nullptr) {
    return InputError(file, ": weights are a JSON object, not ", document.KindName());
  }
  Diagnostics diagnostics;
  JsonReader reader(document, file, "", diagnostics);
  ProposerWeights weights;
  std::string schema;
  int64_t width = 0, layers = 0;
  std::vector<std::string> features;
  if (reader.Require("schema", schema) && schema != kSchema) {
    reader.Error("schema", absl::StrCat("must be \"", kSchema, "\", not \"", schema, "\""));
  }
  reader.Require("features", features);
  reader.Require("width", width);
  reader.Require("layers", layers);
  reader.Require("spread", weights.spread);
  reader.Require("levelling", weights.levelling);
  if (!(weights.levelling >= 0 && weights.levelling <= 1)) {
    reader.Error("levelling", "must be from 0 to 1");
  }
  reader.Read("trained_on", weights.trained_on);
  const bool fits = features == std::vector<std::string>(kFeatures.begin(), kFeatures.end()) &&
                    width == int64_t{GraphNet::kWidth} && layers == int64_t{GraphNet::kLayers};
  if (!fits) reader.Error("", "was trained with other features or sizes; train it anew");
  if (!(weights.spread > 0 && weights.spread <= 1)) {
    reader.Error("spread", "must be above 0 and at most 1");
  }
  const Json* const parameters = reader.Find("parameters");
  const auto* const array = parameters == nullptr ? nullptr : parameters->If<Json::Array>();
  const size_t expected = GraphNet(kFeatures.size()).parameters().size();
  if (array == nullptr || array->size() != expected) {
    reader.Error("parameters", absl::StrCat("must be an array of ", expected, " numbers"));
  } else {
    for (size_t i = 0; i < expected; ++i) {
      const auto* const real = (*array)[i].If<double>();
      const auto* const whole = (*array)[i].If<int64_t>();
      const double value = real != nullptr    ? *real
                           : whole != nullptr ? static_cast<double>(*whole)
                                              : std::nan("");
      if (!(std::abs(value) <= 1e6)) {
        reader.Error(absl::StrCat("parameters[", i, "]"), "must be a number of at most a million");
        break;
      }
      weights.parameters.push_back(value);
    }
  }
  reader.Finish();
  ALLOT_RETURN_IF_ERROR(diagnostics.ToStatusOfAll());
  return weights;
}

std::string PrintProposerWeights(const ProposerWeights& weights) {
  Json::Array features, parameters;
  for (const absl::string_view feature : kFeatures) features.push_back(feature);
  // Six digits are as good as all.
  for (const double parameter : weights.parameters) {
    double rounded = 0;
    if (!absl::SimpleAtod(absl::StrFormat("%.6g", parameter), &rounded)) rounded = parameter;
    parameters.push_back(rounded);
  }
  // On one line: compilers need not take longer texts than 64 KiB, and ours is compiled in.
  return PrintJsonCompact(Json::Object{{"schema", kSchema},
                                       {"features", std::move(features)},
                                       {"width", int64_t{GraphNet::kWidth}},
                                       {"layers", int64_t{GraphNet::kLayers}},
                                       {"spread", weights.spread},
                                       {"levelling", weights.levelling},
                                       {"trained_on", weights.trained_on},
                                       {"parameters", std::move(parameters)}}) +
         "\n";
}

const ProposerWeights& ShippedWeights() {
  static const ProposerWeights weights = [] {
    absl::StatusOr<ProposerWeights> read =
        ReadProposerWeights(internal::kShippedWeights[0].text, "the weights that come with Allot");
    return read.ok() ? *std::move(read) : ProposerWeights();
  }();
  return weights;
}

}  // namespace allot::chips
