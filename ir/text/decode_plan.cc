// Attributes -> plan.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "ir/plan_stages.h"
#include "ir/text/decode_summary.h"
#include "ir/text/keys.h"
#include "ir/text/plan_attributes.h"
#include "ir/text/plan_fields.h"
#include "ir/text/plan_keys.h"
#include "ir/text/training_text.h"
#include "support/status.h"

namespace allot::ir::text {

bool IsPlanAttribute(absl::string_view name) {
  return absl::StartsWith(name, kPlacePrefix) || absl::StartsWith(name, kCostPrefix);
}

namespace {

class Decoder : private PlanFields {
 public:
  Decoder(const Op& graph_op, const std::vector<const Op*>& nodes, const Graph& graph,
          const Target* target, const MakeError& error)
      : PlanFields(target, error), graph_op_(graph_op), nodes_(nodes), graph_(graph) {}

  absl::StatusOr<Plan> Run() {
    ALLOT_RETURN_IF_ERROR(CheckNames());
    ALLOT_RETURN_IF_ERROR(ReadStages());
    ALLOT_RETURN_IF_ERROR(ReadParts(graph_op_.FindAttr(kParts), kParts, plan_.parts));
    Resize(PlanExtent::kNodes, nodes_.size());
    Resize(PlanExtent::kValues, graph_.value_id_bound());
    for (const NodeId node : plan_.cluster_of.ids()) {
      ALLOT_RETURN_IF_ERROR(ReadId(OpOf(node), kCluster, nodes_.size(), plan_.cluster_of[node]));
      num_clusters_ =
          std::max(num_clusters_, static_cast<size_t>(plan_.cluster_of[node].index() + 1));
    }
    Resize(PlanExtent::kClusters, num_clusters_);
    ALLOT_RETURN_IF_ERROR(ReadValueBytes(graph_op_, SourceValues(graph_)));
    first_of_cluster_.resize(num_clusters_);
    for (size_t i = 0; i < nodes_.size(); ++i) ALLOT_RETURN_IF_ERROR(ReadNode(NodeId(i)));
    ALLOT_RETURN_IF_ERROR(ReadOrder(graph_op_.FindAttr(kOrder), kOrder, plan_.order));
    ReadValueNames();
    ALLOT_RETURN_IF_ERROR(
        ReadTransfers(graph_op_.FindAttr(kTransfers), kTransfers, plan_.transfers));
    ALLOT_RETURN_IF_ERROR(ReadLanes());
    ALLOT_RETURN_IF_ERROR(ReadCuts());
    ALLOT_RETURN_IF_ERROR(ReadSummary());
    if (const Attr* attr = graph_op_.FindAttr(kTraining)) {
      ALLOT_ASSIGN_OR_RETURN(plan_.training, DecodeTraining(*attr, *this));
    }
    return std::move(plan_);
  }

 private:
  // Sums of as many lanes as a text can hold fit 64 bits.
  static constexpr int64_t kMostShare = 1'000'000;

  const Op& OpOf(NodeId node) const { return *nodes_[static_cast<size_t>(node.index())]; }

  absl::Status CheckNamesOf(const Op& op, std::initializer_list<absl::string_view> known) const {
    for (const Dictionary* dictionary : {&op.attributes, &op.properties}) {
      for (const NamedAttr& entry : *dictionary) {
        if (!IsPlanAttribute(entry.name)) continue;
        const bool count =
            std::any_of(kCounts.begin(), kCounts.end(), [&](const auto& known_count) {
              return known_count.first == entry.name && &op != &graph_op_;
            });
        if (count || std::find(known.begin(), known.end(), entry.name) != known.end()) continue;
        return error_(entry.value.offset,
                      absl::StrCat("'", entry.name, "' is no attribute of a plan here"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckNames() const {
    ALLOT_RETURN_IF_ERROR(
        CheckNamesOf(graph_op_, {kStages, kOrder, kParts, kTransfers, kShare, kLanes, kCuts,
                                 kSummary, kTraining, kValueBytes}));
    for (const Op* node : nodes_) {
      ALLOT_RETURN_IF_ERROR(CheckNamesOf(
          *node,
          {kKernel, kCluster, kModule, kDevice, kPart, kStart, kEnd, kReason, kNextDevice,
           kNextValue, kValueBytes, kFamily, kDtype, kName, kCostOpType, kCostDomain, kShapeWork}));
    }
    return absl::OkStatus();
  }

  // Whether there is a table of this name.
  bool Reach(absl::string_view name) {
    for (size_t i = 0; i < kNumPlanTables; ++i) {
      if (name.empty() || PlanTables()[i].name != name) continue;
      reached_[i] = true;
      return true;
    }
    return false;
  }

  // Makes room in the tables that were filled.
  void Resize(PlanExtent extent, size_t size) {
    for (size_t i = 0; i < kNumPlanTables; ++i) {
      const PlanTable& table = PlanTables()[i];
      if (reached_[i] && table.extent == extent) table.resize(plan_, size);
    }
  }

  // The stages that the graph names, and those whose attributes are there without being named.
  absl::Status ReadStages() {
    if (const Attr* stages = graph_op_.FindAttr(kStages)) {
      const auto* list = stages->If<Array>();
      if (list == nullptr) return Wrong(*stages, kStages, "a list of strings");
      for (const Attr& stage : *list) {
        const auto* name = stage.If<std::string>();
        if (name == nullptr || !Reach(*name)) {
          return Wrong(stage, kStages, "a list of known stages");
        }
      }
    }
    for (const Op* node : nodes_) {
      for (const auto& [table, shown_by] : kShownBy) {
        if (node->FindAttr(shown_by) != nullptr) Reach(table);
      }
    }
    return absl::OkStatus();
  }

  template <typename IdType>
  absl::Status ReadId(const Op& op, absl::string_view name, size_t bound, IdType& id) const {
    const Attr* attr = op.FindAttr(name);
    if (attr == nullptr) return absl::OkStatus();
    const auto* integer = attr->If<Integer>();
    if (integer == nullptr || integer->value < 0 ||
        static_cast<uint64_t>(integer->value) >= bound) {
      return Wrong(*attr, name, absl::StrCat("an integer of at least 0 and below ", bound));
    }
    id = IdType(static_cast<int32_t>(integer->value));
    return absl::OkStatus();
  }

  absl::Status ReadParts(const Attr* attr, absl::string_view name,
                         IdVector<PartId, Part>& parts) const {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<const Attr*> entries,
                           Entries(attr, name, {"device", "start_ps", "end_ps"}));
    for (const Attr* entry : entries) {
      Part part;
      const Dictionary& in = *entry->If<Dictionary>();
      ALLOT_RETURN_IF_ERROR(ReadDeviceOf(in, *entry, "device", part.device));
      ALLOT_RETURN_IF_ERROR(ReadInterval(in, *entry, part.time));
      parts.Add(part);
    }
    return absl::OkStatus();
  }

  absl::Status ReadValueBytes(const Op& op, const std::vector<ValueId>& values) {
    if (plan_.value_bytes.empty()) return absl::OkStatus();
    const Attr* attr = op.FindAttr(kValueBytes);
    if (attr == nullptr) return absl::OkStatus();
    const auto* bytes = attr->If<Integers>();
    if (bytes == nullptr || bytes->size() != values.size()) {
      return Wrong(*attr, kValueBytes, absl::StrCat("an array<i64: ...> of ", values.size()));
    }
    for (size_t i = 0; i < values.size(); ++i) plan_.value_bytes[values[i]] = (*bytes)[i];
    return absl::OkStatus();
  }

  absl::Status ReadFeatures(const Op& op, const Node& node, OpFeatures& features) const {
    features.name = node.name;
    features.op_type = node.op_type;
    features.domain = node.domain;
    for (const auto& [name, field] :
         {std::pair(kName, &OpFeatures::name), std::pair(kCostOpType, &OpFeatures::op_type),
          std::pair(kCostDomain, &OpFeatures::domain), std::pair(kDtype, &OpFeatures::dtype)}) {
      const Attr* attr = op.FindAttr(name);
      if (attr == nullptr) continue;
      if (attr->If<std::string>() == nullptr) return Wrong(*attr, name, "a string");
      features.*field = *attr->If<std::string>();
    }
    for (const auto& [name, field] : kCounts) {
      const Attr* attr = op.FindAttr(name);
      if (attr == nullptr) continue;
      if (attr->If<Integer>() == nullptr) return Wrong(*attr, name, "an integer");
      features.*field = attr->If<Integer>()->value;
    }
    if (const Attr* attr = op.FindAttr(kShapeWork)) {
      if (attr->If<Unit>() == nullptr) return Wrong(*attr, kShapeWork, "without a value");
      features.integer_shape_work = true;
    }
    const Attr* attr = op.FindAttr(kFamily);
    if (attr == nullptr) return absl::OkStatus();
    const auto* family = attr->If<std::string>();
    for (const OpFamily known : kFamilies) {
      if (family == nullptr || *family != OpFamilyName(known)) continue;
      features.family = known;
      return absl::OkStatus();
    }
    return Wrong(*attr, kFamily, "a family of operators");
  }

  absl::Status ReadNode(NodeId node) {
    const Op& op = OpOf(node);
    if (!plan_.features.empty()) {
      ALLOT_RETURN_IF_ERROR(ReadFeatures(op, graph_.node(node), plan_.features[node]));
    }
    ALLOT_RETURN_IF_ERROR(ReadValueBytes(op, graph_.node(node).results));
    if (!plan_.kernel_of.empty()) {
      ALLOT_RETURN_IF_ERROR(ReadId(op, kKernel, nodes_.size(), plan_.kernel_of[node]));
    }
    if (!plan_.node_time.empty()) {
      for (const auto& [name, field] :
           {std::pair(kStart, &Interval::start), std::pair(kEnd, &Interval::end)}) {
        const Attr* attr = op.FindAttr(name);
        if (attr == nullptr) continue;
        if (attr->If<Integer>() == nullptr) return Wrong(*attr, name, "an integer");
        plan_.node_time[node].*field = attr->If<Integer>()->value;
      }
    }
    return ReadCluster(node, op);
  }

  absl::Status ReadCluster(NodeId node, const Op& op) {
    const ClusterId cluster = plan_.cluster_of.empty() ? ClusterId() : plan_.cluster_of[node];
    if (!cluster.valid()) {
      for (const absl::string_view name : {kModule, kDevice, kPart, kReason}) {
        if (const Attr* attr = op.FindAttr(name)) {
          return error_(attr->offset, absl::StrCat("'", name, "' needs 'place.cluster' beside it"));
        }
      }
      return absl::OkStatus();
    }
    ModuleId module;
    ALLOT_RETURN_IF_ERROR(ReadId(op, kModule, num_clusters_, module));
    PartId part;
    ALLOT_RETURN_IF_ERROR(ReadId(op, kPart, plan_.parts.size(), part));
    DeviceId device;
    if (const Attr* attr = op.FindAttr(kDevice)) {
      ALLOT_RETURN_IF_ERROR(ReadDevice(*attr, kDevice, device));
    }
    std::string reason;
    if (const Attr* attr = op.FindAttr(kReason)) {
      if (attr->If<std::string>() == nullptr) return Wrong(*attr, kReason, "a string");
      reason = *attr->If<std::string>();
    }
    std::optional<Alternative> next;
    ALLOT_RETURN_IF_ERROR(ReadAlternative(op, next));
    const NodeId first =
        std::exchange(first_of_cluster_[cluster],
                      first_of_cluster_[cluster].valid() ? first_of_cluster_[cluster] : node);
    const auto agree = [&](auto& of_cluster, const auto& value, absl::string_view name) {
      if (of_cluster.empty()) return absl::OkStatus();
      if (!first.valid()) of_cluster[cluster] = value;
      if (of_cluster[cluster] == value) return absl::OkStatus();
      return error_(op.offset,
                    absl::StrCat("'", name, "' differs from that of an earlier node of cluster ",
                                 cluster.index(), "; nodes of a cluster stay together"));
    };
    ALLOT_RETURN_IF_ERROR(agree(plan_.module_of, module, kModule));
    ALLOT_RETURN_IF_ERROR(agree(plan_.device_of, device, kDevice));
    ALLOT_RETURN_IF_ERROR(agree(plan_.part_of, part, kPart));
    ALLOT_RETURN_IF_ERROR(agree(plan_.reasons, reason, kReason));
    return agree(plan_.alternatives, next, kNextDevice);
  }

  absl::Status ReadAlternative(const Op& op, std::optional<Alternative>& next) const {
    const Attr* device = op.FindAttr(kNextDevice);
    const Attr* value = op.FindAttr(kNextValue);
    if (device == nullptr && value == nullptr) return absl::OkStatus();
    if (device == nullptr || value == nullptr) {
      return error_(op.offset,
                    absl::StrCat("'", kNextDevice, "' and '", kNextValue, "' go together"));
    }
    if (value->If<Integer>() == nullptr) return Wrong(*value, kNextValue, "an integer");
    next.emplace().value = value->If<Integer>()->value;
    return ReadDevice(*device, kNextDevice, next->device);
  }

  absl::Status ReadOrder(const Attr* attr, absl::string_view name,
                         std::vector<ClusterId>& into) const {
    if (attr == nullptr) return absl::OkStatus();
    const auto* order = attr->If<Integers>();
    if (order == nullptr) return Wrong(*attr, name, "an array<i64: ...> of clusters");
    for (const int64_t cluster : *order) {
      if (cluster < 0 || static_cast<uint64_t>(cluster) >= num_clusters_) {
        return Wrong(*attr, name, absl::StrCat("a list of clusters below ", num_clusters_));
      }
      into.push_back(ClusterId(static_cast<int32_t>(cluster)));
    }
    return absl::OkStatus();
  }

  // Only what refers to values by name needs them.
  void ReadValueNames() {
    const auto has = [&](absl::string_view name) { return graph_op_.FindAttr(name) != nullptr; };
    if (!has(kTransfers) && !has(kCuts) && !has(kLanes)) return;
    for (size_t i = 0; i < graph_.value_id_bound(); ++i) {
      values_.emplace(graph_.value(ValueId(i)).name, ValueId(i));
    }
  }

  absl::Status ReadValueOf(const Dictionary& in, const Attr& whole, ValueId& value) const {
    std::string name;
    ALLOT_RETURN_IF_ERROR(ReadString(in, "value", name));
    const auto found = values_.find(name);
    if (found == values_.end()) {
      return error_(whole.offset, absl::StrCat("there is no value '", name, "'"));
    }
    value = found->second;
    return absl::OkStatus();
  }

  absl::Status ReadPartOf(int64_t index, const Attr& whole, PartId& part) const {
    if (index < 0 || static_cast<uint64_t>(index) >= plan_.parts.size()) {
      return error_(whole.offset, absl::StrCat("there is no part ", index));
    }
    part = PartId(static_cast<int32_t>(index));
    return absl::OkStatus();
  }

  absl::Status ReadCuts() {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<const Attr*> entries,
                           Entries(graph_op_.FindAttr(kCuts), kCuts,
                                   {"value", "from", "to", "bytes", "cause", "why"}));
    for (const Attr* entry : entries) {
      const Dictionary& in = *entry->If<Dictionary>();
      Cut cut;
      int64_t from = 0;
      ALLOT_RETURN_IF_ERROR(ReadValueOf(in, *entry, cut.value));
      ALLOT_RETURN_IF_ERROR(ReadInteger(in, *entry, "from", from));
      ALLOT_RETURN_IF_ERROR(ReadPartOf(from, *entry, cut.from));
      const Attr* to = Find(in, "to");
      const auto* parts = to == nullptr ? nullptr : to->If<Integers>();
      if (parts == nullptr) return Wrong(*entry, "to", "an array<i64: ...> of parts");
      for (const int64_t part : *parts) {
        ALLOT_RETURN_IF_ERROR(ReadPartOf(part, *entry, cut.to.emplace_back()));
      }
      ALLOT_RETURN_IF_ERROR(ReadInteger(in, *entry, "bytes", cut.bytes));
      std::string cause;
      ALLOT_RETURN_IF_ERROR(ReadString(in, "cause", cause));
      const auto known =
          std::find_if(kCutCauses.begin(), kCutCauses.end(),
                       [&](CutCause candidate) { return CutCauseName(candidate) == cause; });
      if (known == kCutCauses.end()) {
        return Wrong(*entry, "cause", "support, memory, pin, objective or cycle");
      }
      cut.cause = *known;
      ALLOT_RETURN_IF_ERROR(ReadString(in, "why", cut.why));
      plan_.cuts.push_back(std::move(cut));
    }
    return absl::OkStatus();
  }

  absl::Status ReadTransfers(const Attr* attr, absl::string_view name,
                             std::vector<Transfer>& transfers) const {
    ALLOT_ASSIGN_OR_RETURN(
        const std::vector<const Attr*> entries,
        Entries(attr, name, {"value", "from", "to", "bytes", "start_ps", "end_ps"}));
    for (const Attr* entry : entries) {
      const Dictionary& in = *entry->If<Dictionary>();
      Transfer transfer;
      ALLOT_RETURN_IF_ERROR(ReadValueOf(in, *entry, transfer.value));
      ALLOT_RETURN_IF_ERROR(ReadDeviceOf(in, *entry, "from", transfer.from));
      ALLOT_RETURN_IF_ERROR(ReadDeviceOf(in, *entry, "to", transfer.to));
      ALLOT_RETURN_IF_ERROR(ReadInteger(in, *entry, "bytes", transfer.bytes));
      ALLOT_RETURN_IF_ERROR(ReadInterval(in, *entry, transfer.time));
      transfers.push_back(transfer);
    }
    return absl::OkStatus();
  }

  // A list of whole numbers, as many as `size`; absent is empty.
  absl::StatusOr<Integers> ReadList(const Dictionary& in, absl::string_view name,
                                    size_t size) const {
    const Attr* attr = Find(in, name);
    if (attr == nullptr) return Integers();
    const auto* list = attr->If<Integers>();
    if (list == nullptr || list->size() != size) {
      return Wrong(*attr, name, absl::StrCat("an array<i64: ...> of ", size));
    }
    return *list;
  }

  absl::Status ReadShare(const Attr* attr, absl::string_view name, int64_t& share) const {
    if (attr == nullptr) return absl::OkStatus();
    const auto* integer = attr->If<Integer>();
    if (integer == nullptr || integer->value < 1 || integer->value > kMostShare) {
      return Wrong(*attr, name, absl::StrCat("an integer from 1 to ", kMostShare));
    }
    share = integer->value;
    return absl::OkStatus();
  }

  absl::Status ReadLanes() {
    ALLOT_RETURN_IF_ERROR(ReadShare(graph_op_.FindAttr(kShare), kShare, plan_.share));
    ALLOT_ASSIGN_OR_RETURN(
        const std::vector<const Attr*> entries,
        Entries(graph_op_.FindAttr(kLanes), kLanes,
                {"share", "order", "part_of", "parts", "start_ps", "end_ps", "transfers"}));
    for (const Attr* entry : entries) {
      const Dictionary& in = *entry->If<Dictionary>();
      Lane lane;
      ALLOT_RETURN_IF_ERROR(ReadShare(Find(in, "share"), "share", lane.share));
      ALLOT_RETURN_IF_ERROR(ReadOrder(Find(in, "order"), "order", lane.order));
      ALLOT_RETURN_IF_ERROR(ReadParts(Find(in, "parts"), "parts", lane.parts));
      ALLOT_ASSIGN_OR_RETURN(const Integers part_of, ReadList(in, "part_of", num_clusters_));
      for (const int64_t part : part_of) {
        if (part < 0 || static_cast<uint64_t>(part) >= lane.parts.size()) {
          return Wrong(*entry, "part_of",
                       absl::StrCat("a list of parts below ", lane.parts.size()));
        }
        lane.part_of.Add(PartId(static_cast<int32_t>(part)));
      }
      ALLOT_ASSIGN_OR_RETURN(const Integers starts, ReadList(in, "start_ps", nodes_.size()));
      ALLOT_ASSIGN_OR_RETURN(const Integers ends, ReadList(in, "end_ps", nodes_.size()));
      if (starts.size() != ends.size()) {
        return error_(entry->offset, "'start_ps' and 'end_ps' go together");
      }
      for (size_t i = 0; i < starts.size(); ++i) lane.node_time.Add({starts[i], ends[i]});
      ALLOT_RETURN_IF_ERROR(ReadTransfers(Find(in, "transfers"), "transfers", lane.transfers));
      plan_.lanes.push_back(std::move(lane));
    }
    return absl::OkStatus();
  }

  absl::Status ReadSummary() {
    const Attr* attr = graph_op_.FindAttr(kSummary);
    if (attr == nullptr) return absl::OkStatus();
    ALLOT_ASSIGN_OR_RETURN(plan_.summary, DecodeSummary(*attr, *this));
    return absl::OkStatus();
  }

  const Op& graph_op_;
  const std::vector<const Op*>& nodes_;
  const Graph& graph_;
  std::array<bool, kNumPlanTables> reached_ = {};
  size_t num_clusters_ = 0;
  IdVector<ClusterId, NodeId> first_of_cluster_;
  absl::flat_hash_map<absl::string_view, ValueId> values_;  // by name; see ReadValueNames()
  Plan plan_;
};

}  // namespace

absl::StatusOr<Plan> DecodePlan(const Op& graph_op, const std::vector<const Op*>& nodes,
                                const Graph& graph, const Target* target, const MakeError& error) {
  return Decoder(graph_op, nodes, graph, target, error).Run();
}

}  // namespace allot::ir::text
