#include "placement/kinds/pipelines/formats/draft.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/graph/topo_order.h"
#include "support/options.h"
#include "support/status.h"
#include "target/quantity.h"

namespace allot::pipelines {
namespace {

constexpr double kMostTicksPerSecond = 1e15, kMostUnitsPerByte = 1e12, kFewestUnitsPerByte = 1e-3;
constexpr double kUpdatePasses = 4;  // what synchronising moves, of each byte of parameters

absl::Status ApplyFlags(const std::map<std::string, std::string>& flags, Draft& draft) {
  for (const auto& [flag, text] : flags) {
    if (flag == kDevicesFlag) {
      ALLOT_RETURN_IF_ERROR(ParseOption(text, draft.devices), "--devices: ");
    } else if (flag == kMemoryFlag) {
      ALLOT_ASSIGN_OR_RETURN(const int64_t bytes, ParseQuantity(text, Unit::kBytes), "--memory: ");
      draft.memory = static_cast<double>(bytes);
    } else if (flag == kBandwidthFlag) {
      ALLOT_ASSIGN_OR_RETURN(const int64_t rate, ParseQuantity(text, Unit::kNetworkBytesPerSecond),
                             "--bandwidth: ");
      draft.bandwidth = static_cast<double>(rate);
    } else if (flag == kRecomputeFlag) {
      ALLOT_RETURN_IF_ERROR(ParseOption(text, draft.recompute), "--recompute: ");
    }
  }
  return absl::OkStatus();
}

// By new number, the old one.
absl::StatusOr<std::vector<int32_t>> OrderOf(const Draft& draft) {
  std::vector<std::vector<int32_t>> after(draft.names.size());
  for (const auto& [from, to] : draft.edges) after[static_cast<size_t>(from)].push_back(to);
  const auto visit_users = [&](int32_t layer, const auto& visit) {
    for (const int32_t user : after[static_cast<size_t>(layer)]) visit(user);
  };
  TopologicalSort<int32_t> sort =
      SortTopologically(static_cast<int32_t>(draft.names.size()), visit_users);
  if (sort.order.size() == draft.names.size()) return std::move(sort.order);
  for (size_t i = 0; i < sort.missing.size(); ++i) {
    if (sort.missing[i] > 0)
      return InputError("layer ", draft.names[i], " is on or behind a cycle");
  }
  return std::move(sort.order);
}

// `amount` in whole steps; what is too large to be added up is as large as anything.
int64_t Whole(double amount, double scale) {
  return static_cast<int64_t>(std::llround(std::min(amount * scale, kLargestSum)));
}

class Builder {
 public:
  Builder(const Draft& draft, std::vector<int32_t> order)
      : draft_(draft), order_(std::move(order)) {
    problem_.devices = draft.devices;
    problem_.microbatches = draft.microbatches;
    problem_.recompute = draft.recompute;
    problem_.fixed = draft.fixed;
    const std::vector<int32_t> position = Positions(order_);
    for (const int32_t old : order_)
      problem_.names.push_back(draft.names[static_cast<size_t>(old)]);
    for (const auto& [from, to] : draft.edges) {
      problem_.edges.emplace_back(position[static_cast<size_t>(from)],
                                  position[static_cast<size_t>(to)]);
    }
    edge_order_.resize(draft.edges.size());
    std::iota(edge_order_.begin(), edge_order_.end(), size_t{0});
    std::stable_sort(edge_order_.begin(), edge_order_.end(),
                     [&](size_t a, size_t b) { return problem_.edges[a] < problem_.edges[b]; });
    std::sort(problem_.edges.begin(), problem_.edges.end());
    for (const DraftWidth& width : draft.widths) {
      Width& made = problem_.widths.emplace_back();
      made.devices = width.devices;
      made.layers.resize(order_.size());
      made.transfers.resize(edge_order_.size());
      for (size_t i = 0; i < order_.size(); ++i) {
        made.layers[i].split = width.layers[static_cast<size_t>(order_[i])].split;
      }
    }
  }

  Problem Build() {
    double ticks = kMostTicksPerSecond, units = kMostUnitsPerByte;
    SetTimes(ticks);
    while (ticks > 1 && SumsOf(problem_).ticks > kLargestSum) SetTimes(ticks /= 10);
    SetMemory(units);
    while (units > kFewestUnitsPerByte && SumsOf(problem_).memory > kLargestSum)
      SetMemory(units /= 10);
    problem_.ticks_per_second = std::llround(ticks);
    return std::move(problem_);
  }

 private:
  // visit(draft's, problem's) for each layer, and for each edge, of each width.
  template <typename VisitLayer, typename VisitEdge>
  void ForEach(VisitLayer layer, VisitEdge edge) {
    for (size_t w = 0; w < problem_.widths.size(); ++w) {
      for (size_t i = 0; i < order_.size(); ++i) {
        layer(draft_.widths[w].layers[static_cast<size_t>(order_[i])],
              problem_.widths[w].layers[i]);
      }
      for (size_t e = 0; e < edge_order_.size(); ++e) {
        edge(draft_.widths[w].bytes[edge_order_[e]], problem_.widths[w].transfers[e]);
      }
    }
  }

  void SetTimes(double ticks) {
    const double per_byte = ticks / draft_.bandwidth;
    ForEach(
        [&](const DraftLayer& from, Layer& to) {
          to.forward = Whole(from.forward + from.forward_moves / draft_.bandwidth, ticks);
          to.backward = Whole(from.backward + from.backward_moves / draft_.bandwidth, ticks);
          to.update = Whole(from.parameters * kUpdatePasses, per_byte);
        },
        [&](double bytes, Transfer& to) { to.ticks = Whole(bytes, per_byte); });
  }

  void SetMemory(double units) {
    const double copies = draft_.adam ? 3 : 2;  // of parameters: themselves, gradients, moments
    problem_.memory = Whole(draft_.memory, units);
    ForEach(
        [&](const DraftLayer& from, Layer& to) {
          to.state = Whole(from.parameters * copies, units);
          to.activations = Whole(from.activations, units);
        },
        [&](double bytes, Transfer& to) { to.memory = Whole(bytes, units); });
  }

  const Draft& draft_;
  const std::vector<int32_t> order_;
  std::vector<size_t> edge_order_;
  Problem problem_;
};

}  // namespace

absl::StatusOr<Problem> FinishDraft(Draft draft, const std::map<std::string, std::string>& flags) {
  ALLOT_RETURN_IF_ERROR(ApplyFlags(flags, draft));
  if (!(draft.bandwidth >= 1e-9)) return InputError("bandwidth must be positive");
  ALLOT_ASSIGN_OR_RETURN(std::vector<int32_t> order, OrderOf(draft));
  return Builder(draft, std::move(order)).Build();
}

}  // namespace allot::pipelines
