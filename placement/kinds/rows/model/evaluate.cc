#include "placement/kinds/rows/model/evaluate.h"

#include <algorithm>
#include <cmath>

#include "placement/kinds/rows/model/readers.h"

namespace allot::rows {

std::vector<int64_t> LinksOf(const Problem& problem, const Division& division, size_t t) {
  const auto parts = static_cast<size_t>(problem.parts);
  const ReaderParts readers = ReadersOf(problem, division, t, -1);
  std::vector<int64_t> links(parts * parts);
  for (size_t neuron = 0; neuron < division[t].size(); ++neuron) {
    int64_t* const from = links.data() + static_cast<size_t>(division[t][neuron]) * parts;
    readers.ForEach(neuron, [&](int32_t part) { ++from[part]; });
  }
  for (size_t from = 0; from < parts; ++from) {
    links[from * parts + from] = 0;
    for (size_t to = 0; to < parts; ++to) links[from * parts + to] *= problem.tensors[t].words;
  }
  return links;
}

Traffic TrafficOf(const Problem& problem, const Division& division) {
  const auto parts = static_cast<size_t>(problem.parts);
  Traffic traffic;
  traffic.words_of.resize(problem.tensors.size());
  traffic.links.resize(parts * parts);
  for (size_t t = 0; t < problem.tensors.size(); ++t) {
    const std::vector<int64_t> links = LinksOf(problem, division, t);
    for (size_t link = 0; link < links.size(); ++link) {
      if (links[link] == 0) continue;
      traffic.links[link] += links[link];
      traffic.words_of[t] += links[link];
      ++traffic.messages;
    }
    traffic.words += traffic.words_of[t];
  }
  for (size_t from = 0; from < parts; ++from) {
    int64_t sent = 0;
    for (size_t to = 0; to < parts; ++to) {
      const int64_t words = traffic.links[from * parts + to];
      sent += words;
      traffic.cost +=
          words * problem.LinkCost(static_cast<int32_t>(from), static_cast<int32_t>(to));
    }
    traffic.most_sent = std::max(traffic.most_sent, sent);
  }
  return traffic;
}

int64_t Evaluate(const Problem& problem, const Division& division) {
  return TrafficOf(problem, division).cost;
}

namespace {

// How many rows read each neuron of tensor `t`, but those that only follow it.
std::vector<int64_t> ReadersOfNeurons(const Problem& problem, size_t t) {
  std::vector<int64_t> readers(static_cast<size_t>(problem.tensors[t].neurons));
  for (size_t u = t + 1; u < problem.tensors.size(); ++u) {
    const Tensor& reader = problem.tensors[u];
    for (size_t s = 0; s < reader.sources.size(); ++s) {
      const Source& source = reader.sources[s];
      if (source.input != static_cast<int32_t>(t)) continue;
      const bool follows = OnlyFollows(reader);
      std::vector<int64_t> rows(static_cast<size_t>(source.num_patterns()));
      for (size_t row = 0; row < source.pattern_of.size(); ++row) {
        if (follows && FirstSource(reader, row) == s) continue;
        ++rows[static_cast<size_t>(source.pattern_of[row])];
      }
      for (int32_t pattern = 0; pattern < source.num_patterns(); ++pattern) {
        for (const int32_t column : source.PatternColumns(pattern)) {
          readers[static_cast<size_t>(column)] += rows[static_cast<size_t>(pattern)];
        }
      }
    }
  }
  return readers;
}

}  // namespace

int64_t BroadcastWords(const Problem& problem) {
  int64_t words = 0;
  for (size_t t = 0; t < problem.tensors.size(); ++t) {
    const std::vector<int64_t> readers = ReadersOfNeurons(problem, t);
    const auto unread = std::count(readers.begin(), readers.end(), 0);
    words += (problem.tensors[t].neurons - unread) * problem.tensors[t].words;
  }
  return words * (problem.parts - 1);
}

double ExpectedRandomWords(const Problem& problem) {
  const double parts = problem.parts;
  double words = 0;
  for (size_t t = 0; t < problem.tensors.size(); ++t) {
    const bool placed = problem.tensors[t].is_input() && !problem.tensors[t].is_at_home();
    for (const int64_t each : ReadersOfNeurons(problem, t)) {
      if (each == 0) continue;
      const double reached = 1 - std::pow(1 - 1 / parts, static_cast<double>(each));
      words += static_cast<double>(problem.tensors[t].words) *
               (placed ? parts * reached - 1 : (parts - 1) * reached);
    }
  }
  return words;
}

}  // namespace allot::rows
