// The ways to cut a graph of layers into stages: sets of layers that may lie before a cut, and the
// stages between two of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "placement/kinds/pipelines/search/stage_cost.h"

namespace allot::pipelines {

// The stage between a cut and a later one.
struct CutArc {
  int32_t to = 0;  // the later cut
  StageCost cost;
};

// Cuts are numbered so that the later of two has the smaller number: 0 is behind all layers, the
// last before all. The arcs of cut c are arcs[first_arc[c]] to arcs[first_arc[c + 1] - 1].
struct CutGraph {
  std::vector<size_t> first_arc;
  std::vector<CutArc> arcs;
  std::vector<int32_t> layers_behind;  // of a cut

  size_t num_cuts() const { return layers_behind.size(); }
};

// Sets of layers that may lie before a cut, from all of them to none.
struct Cuts {
  std::vector<std::vector<bool>> before;  // by cut, by layer
};

// All cuts of so many layers with these edges, if there are few enough of them that comparing all
// pairs takes less than `work`; else those of the order of the layers, and `complete` is false.
// Stages of two cuts may be several branches side by side, which a device runs one after another.
Cuts FindCuts(size_t layers, const std::vector<std::pair<int32_t, int32_t>>& edges, int64_t work,
              bool& complete);

// Whether all that is before one cut is before the other as well.
bool IsWithin(const std::vector<bool>& inner, const std::vector<bool>& outer);

CutGraph MakeCutGraph(const Problem& problem, const Width& width, const Cuts& cuts);

// The layers between two cuts, ascending.
std::vector<int32_t> LayersBetween(const Cuts& cuts, size_t from, size_t to);

}  // namespace allot::pipelines
