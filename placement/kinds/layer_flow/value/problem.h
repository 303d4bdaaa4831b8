// Layers of a language model over unlike servers: every server holds one interval of the layers, a
// token passes servers whose intervals follow each other, and what counts is how many tokens per
// second get through (Mei et al., Helix, ASPLOS 2025).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"

namespace allot {

// Rates are whole nano-tokens per second: 1e-9 of a token.
inline constexpr int64_t kTokenRate = 1'000'000'000;
// Of all servers together, and of a link: what is above counts as this.
inline constexpr int64_t kMaxTokenRate = 4'000'000'000 * kTokenRate;
inline constexpr int64_t kMaxKvEntries = 1'000'000'000'000, kMaxHopNs = 1'000'000'000'000;
inline constexpr int32_t kMaxFlowLayers = 10'000, kMaxFlowServers = 500;

struct FlowServer {
  // Of holding 1, 2, ... layers; it holds no more than that. Need not fall.
  std::vector<int64_t> throughput;
  // Entries of its cache of keys and values when it holds 1, 2, ... layers; as long as throughput
  // where the problem has a KvModel, else empty.
  std::vector<int64_t> kv_capacity;

  friend bool operator==(const FlowServer&, const FlowServer&) = default;
};

// The coordinator sends tokens out as kFlowSource and takes them back as kFlowSink.
inline constexpr int32_t kFlowSource = -1, kFlowSink = -2;

struct FlowLink {
  int32_t from = kFlowSource;  // a server, or kFlowSource
  int32_t to = kFlowSink;      // a server, or kFlowSink
  int64_t capacity = 0;        // a rate

  friend bool operator==(const FlowLink&, const FlowLink&) = default;
};

// Why depth costs: a query occupies entries in every server that it passes until its next token is
// there, which takes hop_ns for each server on the longest route.
struct KvModel {
  int64_t entries_per_query = 0;
  int64_t hop_ns = 0;

  friend bool operator==(const KvModel&, const KvModel&) = default;
};

struct LayerInterval {
  int32_t first = 0, layers = 0;

  int32_t end() const { return first + layers; }
  friend bool operator==(const LayerInterval&, const LayerInterval&) = default;
};

// By server.
using LayerPlacement = std::vector<LayerInterval>;

// What somebody says that a placement is worth. Information only: nothing searches or bounds with
// it.
struct PublishedFlow {
  std::optional<double> value;  // tokens/s
  LayerPlacement placement;

  friend bool operator==(const PublishedFlow&, const PublishedFlow&) = default;
};

struct LayerFlowProblem {
  int32_t layers = 0;
  std::vector<FlowServer> servers;
  std::vector<FlowLink> links;
  std::optional<KvModel> kv;
  // How many servers a token may pass; 0: any number.
  int32_t max_round_trip = 0;
  std::optional<PublishedFlow> published;

  friend bool operator==(const LayerFlowProblem&, const LayerFlowProblem&) = default;
};

// The rules of a problem; InvalidArgument names what breaks one.
absl::Status CheckLayerFlow(const LayerFlowProblem& problem);

// More than any placement's rate, as values count rates down from it: a value is
// RateCeiling() - rate, so that less is better and what is proved of a rate stays exact.
int64_t RateCeiling(const LayerFlowProblem& problem);

// How many layers a server can hold: no more than there are.
int32_t MostLayers(const LayerFlowProblem& problem, size_t server);

// What a server passes at most when it holds so many layers and the longest route has `depth`
// servers.
int64_t ServerRate(const LayerFlowProblem& problem, size_t server, int32_t layers, int32_t depth);

// How few servers can hold all layers, were all as large as the largest.
int32_t LeastDepth(const LayerFlowProblem& problem);

// How many servers a token passes at most.
int32_t MostDepth(const LayerFlowProblem& problem);

// Without the caches: as if they were filled by routes of `depth` servers, longer ones not
// counting. A placement whose longest route has so many is worth the same in both.
LayerFlowProblem AtDepth(const LayerFlowProblem& problem, int32_t depth);

}  // namespace allot
