// A profile of layers as Piper publishes them (Tarnawski et al., NeurIPS 2021), read as a problem
// of this kind.
#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "placement/kinds/pipelines/formats/draft.h"
#include "support/json.h"

namespace allot::pipelines {

bool IsPiperProfile(const Json& document);

// What the two models have not in common is settled thus:
// - of each width the first variant counts, which keeps its activations;
// - a third of a layer's time is forward, two thirds are backward;
// - what makes no data of its own (no time, no parameters, nothing before it) is no layer: an
// input;
// - a layer's edges come from the layers before it, and each moves the largest tensor that the
//   layer reads, of inputs too;
// - the most that a split layer exchanges with a neighbour before it takes its time forward in
// every
//   microbatch, and with one behind it backward: these are the collectives of its split;
// - at a width of more than one device every layer is split; the optimizer is SGD.
absl::StatusOr<Draft> ReadPiperProfile(const Json& document, const std::string& file);

}  // namespace allot::pipelines
