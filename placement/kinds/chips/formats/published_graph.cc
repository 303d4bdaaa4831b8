#include "placement/kinds/chips/formats/published_graph.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "placement/formats/item_ids.h"
#include "placement/formats/number.h"
#include "placement/kinds/chips/formats/draft.h"
#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/status.h"

namespace allot::chips {
namespace {

class Reader {
 public:
  Reader(const Json& document, const std::string& file, int64_t bandwidth)
      : file_(file), bandwidth_(bandwidth), reader_(document, file, "", diagnostics_) {}

  absl::StatusOr<Problem> Read() {
    for (JsonReader& node : reader_.Objects("nodes")) {
      Node& read = draft_.nodes.emplace_back();
      read.name = absl::StrCat(ids_.Read(node, ItemId(draft_.nodes.size() - 1)));
      RequireMillis(node, "fpgaLatency", read.work);
      bool supported = true, backward = false;
      ReadFlag(node, "supportedOnFpga", supported);
      ReadFlag(node, "isBackwardNode", backward);
      if (!supported) node.Error("supportedOnFpga", "is false, but there are only chips");
      if (backward) {
        node.Error("isBackwardNode", "is true; chips in an order have no way back for training");
      }
      double size = 0;
      if (node.Has("size") && RequireSize(node, "size", size)) {
        read.weights = static_cast<Bytes>(std::ceil(size));
      }
      if (diagnostics_.num_errors() >= 20) break;
    }
    priced_.resize(draft_.nodes.size());
    for (JsonReader& edge : reader_.Objects("edges")) {
      if (diagnostics_.num_errors() >= 20) break;
      ReadEdge(edge);
    }
    ALLOT_RETURN_IF_ERROR(diagnostics_.ToStatusOfAll());
    ALLOT_ASSIGN_OR_RETURN(Problem problem, FinishDraft(std::move(draft_)), file_, ": ");
    return problem;
  }

 private:
  void ReadEdge(JsonReader& edge) {
    const ItemId from = ids_.Find(edge, "sourceId"), to = ids_.Find(edge, "destId");
    Picos transfer = 0;
    if (edge.Has("size")) {
      double size = 0;
      if (!RequireSize(edge, "size", size)) return;
      transfer = DurationAtRate(static_cast<Bytes>(std::ceil(size)), bandwidth_);
    } else if (!RequireMillis(edge, "cost", transfer)) {
      return;
    }
    if (!from.valid() || !to.valid()) return;
    const auto u = static_cast<size_t>(from.index());
    Node& source = draft_.nodes[u];
    if (priced_[u] && source.transfer != transfer) {
      return edge.Error(edge.Has("size") ? "size" : "cost",
                        absl::StrCat("the output of node ", source.name,
                                     " has another one at an earlier edge; an output has one"));
    }
    priced_[u] = true;
    source.transfer = transfer;
    draft_.nodes[static_cast<size_t>(to.index())].reads.push_back(static_cast<int32_t>(u));
  }

  const std::string file_;
  const int64_t bandwidth_;
  Diagnostics diagnostics_;
  JsonReader reader_;
  Draft draft_;
  std::vector<bool> priced_;
  ItemIds ids_{"node", "nodes"};
};

}  // namespace

bool IsPublishedGraph(const Json& document) {
  const Json* const nodes = document.Find("nodes");
  const auto* const array = nodes == nullptr ? nullptr : nodes->If<Json::Array>();
  return array != nullptr && document.Find("edges") != nullptr && !array->empty() &&
         (*array)[0].Find("fpgaLatency") != nullptr;
}

absl::StatusOr<Problem> ReadPublishedGraph(const Json& document, const std::string& file,
                                           int64_t bandwidth) {
  return Reader(document, file, bandwidth).Read();
}

}  // namespace allot::chips
