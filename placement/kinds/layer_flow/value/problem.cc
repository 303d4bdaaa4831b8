#include "placement/kinds/layer_flow/value/problem.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "support/status.h"

namespace allot {
namespace {

__extension__ typedef __int128 Int128;

absl::Status CheckServer(const LayerFlowProblem& problem, size_t i) {
  const FlowServer& server = problem.servers[i];
  const std::string where = absl::StrCat("servers[", i, "]");
  if (server.throughput.empty()) {
    return InputError(where, ".throughput: is empty; a server holds at least one layer");
  }
  for (const int64_t rate : server.throughput) {
    if (rate < 0) return InputError(where, ".throughput: must not be negative");
  }
  const size_t entries = problem.kv.has_value() ? server.throughput.size() : 0;
  if (server.kv_capacity.size() != entries) {
    return InputError(where, ".kv_capacity: has ", server.kv_capacity.size(), " entries, not ",
                      entries,
                      entries == 0 ? "; it needs kv_per_query and hop_seconds" : ", as throughput");
  }
  for (const int64_t capacity : server.kv_capacity) {
    if (capacity < 0 || capacity > kMaxKvEntries) {
      return InputError(where, ".kv_capacity: must be 0 to ", kMaxKvEntries);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckLinks(const LayerFlowProblem& problem) {
  const auto servers = static_cast<int32_t>(problem.servers.size());
  std::set<std::pair<int32_t, int32_t>> seen;
  for (size_t i = 0; i < problem.links.size(); ++i) {
    const FlowLink& link = problem.links[i];
    const std::string where = absl::StrCat("links[", i, "]");
    if (link.from != kFlowSource && (link.from < 0 || link.from >= servers)) {
      return InputError(where, ".from: there is no server ", link.from, "; there are ", servers);
    }
    if (link.to != kFlowSink && (link.to < 0 || link.to >= servers)) {
      return InputError(where, ".to: there is no server ", link.to, "; there are ", servers);
    }
    if (link.from == link.to) return InputError(where, ": leads from a server to itself");
    if (link.from == kFlowSource && link.to == kFlowSink) {
      return InputError(where, ": leads from source to sink, past all servers");
    }
    if (link.capacity < 0 || link.capacity > kMaxTokenRate) {
      return InputError(where, ".capacity: must be 0 to ", kMaxTokenRate / kTokenRate);
    }
    if (!seen.insert({link.from, link.to}).second) {
      return InputError(where, ": stands there twice; write their capacities as one");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckLayerFlow(const LayerFlowProblem& problem) {
  if (problem.layers < 1 || problem.layers > kMaxFlowLayers) {
    return InputError("layers: must be 1 to ", kMaxFlowLayers, ", not ", problem.layers);
  }
  if (problem.servers.empty() || problem.servers.size() > kMaxFlowServers) {
    return InputError("servers: there must be 1 to ", kMaxFlowServers, ", not ",
                      problem.servers.size());
  }
  if (problem.max_round_trip < 0) return InputError("max_round_trip: must not be negative");
  if (problem.kv.has_value()) {
    const KvModel& kv = *problem.kv;
    if (kv.entries_per_query < 1 || kv.entries_per_query > kMaxKvEntries) {
      return InputError("kv_per_query: must be 1 to ", kMaxKvEntries);
    }
    if (kv.hop_ns < 1 || kv.hop_ns > kMaxHopNs) {
      return InputError("hop_seconds: must be 1e-9 to ", kMaxHopNs / 1'000'000'000);
    }
  }
  int64_t left = kMaxTokenRate;
  for (size_t i = 0; i < problem.servers.size(); ++i) {
    ALLOT_RETURN_IF_ERROR(CheckServer(problem, i));
    const std::vector<int64_t>& rates = problem.servers[i].throughput;
    const int64_t most = *std::max_element(rates.begin(), rates.end());
    if (most > left) {
      return InputError("servers[", i, "].throughput: the servers together pass more than ",
                        kMaxTokenRate / kTokenRate, " tokens/s");
    }
    left -= most;
  }
  return CheckLinks(problem);
}

int64_t RateCeiling(const LayerFlowProblem& problem) {
  int64_t sum = 1;
  for (const FlowServer& server : problem.servers) {
    sum += *std::max_element(server.throughput.begin(), server.throughput.end());
  }
  return sum;
}

int32_t MostLayers(const LayerFlowProblem& problem, size_t server) {
  return static_cast<int32_t>(std::min<size_t>(static_cast<size_t>(problem.layers),
                                               problem.servers[server].throughput.size()));
}

int64_t ServerRate(const LayerFlowProblem& problem, size_t server, int32_t layers, int32_t depth) {
  const auto at = static_cast<size_t>(layers) - 1;
  const int64_t rate = problem.servers[server].throughput[at];
  if (!problem.kv.has_value() || depth < 1) return rate;
  const KvModel& kv = *problem.kv;
  const Int128 entries = problem.servers[server].kv_capacity[at];
  const Int128 limit = entries * kTokenRate * 1'000'000'000 /
                       (static_cast<Int128>(kv.entries_per_query) * kv.hop_ns * depth);
  return limit < rate ? static_cast<int64_t>(limit) : rate;
}

int32_t LeastDepth(const LayerFlowProblem& problem) {
  int32_t most = 1;
  for (size_t i = 0; i < problem.servers.size(); ++i) {
    most = std::max(most, MostLayers(problem, i));
  }
  return (problem.layers + most - 1) / most;
}

int32_t MostDepth(const LayerFlowProblem& problem) {
  const auto servers = static_cast<int32_t>(problem.servers.size());
  const int32_t depth = std::min(servers, problem.layers);
  return problem.max_round_trip == 0 ? depth : std::min(depth, problem.max_round_trip);
}

LayerFlowProblem AtDepth(const LayerFlowProblem& problem, int32_t depth) {
  LayerFlowProblem at = problem;
  at.kv.reset();
  at.max_round_trip = depth;
  for (size_t i = 0; i < at.servers.size(); ++i) {
    at.servers[i].kv_capacity.clear();
    for (int32_t k = 1; k <= static_cast<int32_t>(at.servers[i].throughput.size()); ++k) {
      at.servers[i].throughput[static_cast<size_t>(k) - 1] = ServerRate(problem, i, k, depth);
    }
  }
  return at;
}

}  // namespace allot
