#include "lowering/plan_file.h"

#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "support/json.h"
#include "support/read_file.h"
#include "support/status.h"

namespace allot {
namespace {

// A JSON value and where it stands, for messages.
class Place {
 public:
  Place(const Json& json, std::string where) : json_(&json), where_(std::move(where)) {}

  const Json& json() const { return *json_; }

  absl::Status Expected(absl::string_view what) const {
    return InputError(Where(), ": expected ", what, ", not ", json_->KindName());
  }

  bool Has(absl::string_view name) const {
    const Json* member = json_->Find(name);
    return member != nullptr && !member->is_null();
  }

  absl::StatusOr<Place> Member(absl::string_view name) const {
    if (json_->If<Json::Object>() == nullptr) return Expected("an object");
    const Json* member = json_->Find(name);
    if (member == nullptr) {
      return InputError(Where(), ": has no '", name,
                        "'; is it a plan.json that this version of allot wrote? plan again");
    }
    return Place(*member, absl::StrCat(where_, where_.back() == ':' ? " " : ".", name));
  }

  absl::StatusOr<std::vector<Place>> Elements() const {
    const auto* array = json_->If<Json::Array>();
    if (array == nullptr) return Expected("an array");
    std::vector<Place> elements;
    for (size_t i = 0; i < array->size(); ++i) {
      elements.emplace_back((*array)[i], absl::StrCat(where_, "[", i, "]"));
    }
    return elements;
  }

  absl::Status Read(std::string& value) const {
    const auto* text = json_->If<std::string>();
    if (text == nullptr) return Expected("a string");
    value = *text;
    return absl::OkStatus();
  }

  absl::Status Read(int64_t& value) const {
    const auto* number = json_->If<int64_t>();
    if (number == nullptr) return Expected("an integer");
    value = *number;
    return absl::OkStatus();
  }

  absl::Status Read(std::vector<std::string>& values) const {
    ALLOT_ASSIGN_OR_RETURN(const std::vector<Place> elements, Elements());
    for (const Place& element : elements) {
      ALLOT_RETURN_IF_ERROR(element.Read(values.emplace_back()));
    }
    return absl::OkStatus();
  }

  // Microseconds with up to six decimals.
  absl::Status ReadTime(Picos& time) const {
    if (const auto* whole = json_->If<int64_t>()) {
      if (*whole < 0 || *whole > kMaxPicos / kPicosPerMicro) return Expected("a time");
      time = *whole * kPicosPerMicro;
      return absl::OkStatus();
    }
    const auto* number = json_->If<double>();
    const double limit = static_cast<double>(kMaxPicos / kPicosPerMicro);
    if (number == nullptr || !(*number >= 0) || *number > limit) return Expected("a time");
    time = static_cast<Picos>(std::llround(*number * static_cast<double>(kPicosPerMicro)));
    return absl::OkStatus();
  }

 private:
  // The root's place ends in a colon.
  absl::string_view Where() const { return absl::StripSuffix(where_, ":"); }

  const Json* json_;
  std::string where_;
};

template <typename T>
absl::Status Get(const Place& in, absl::string_view name, T& value) {
  ALLOT_ASSIGN_OR_RETURN(const Place member, in.Member(name));
  return member.Read(value);
}

absl::Status GetTime(const Place& in, absl::string_view name, Picos& time) {
  ALLOT_ASSIGN_OR_RETURN(const Place member, in.Member(name));
  return member.ReadTime(time);
}

// Of what may be absent or null.
template <typename T>
absl::Status GetIf(const Place& in, absl::string_view name, T& value) {
  return in.Has(name) ? Get(in, name, value) : absl::OkStatus();
}

absl::Status GetTimeIf(const Place& in, absl::string_view name, Picos& time) {
  return in.Has(name) ? GetTime(in, name, time) : absl::OkStatus();
}

absl::StatusOr<std::vector<Place>> List(const Place& in, absl::string_view name) {
  ALLOT_ASSIGN_OR_RETURN(const Place member, in.Member(name));
  return member.Elements();
}

absl::Status ReadMadeFrom(const Place& plan, PlanFile& file) {
  Provenance& made_from = file.made_from;
  ALLOT_ASSIGN_OR_RETURN(const Place in, plan.Member("made_from"));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "target", made_from.target.path));
  ALLOT_RETURN_IF_ERROR(Get(in, "target_sha256", made_from.target.sha256));
  std::string objective;
  ALLOT_RETURN_IF_ERROR(Get(in, "objective", objective));
  if (objective == ir::ObjectiveName(ir::Objective::kThroughput)) {
    made_from.objective = ir::Objective::kThroughput;
  } else if (objective != ir::ObjectiveName(ir::Objective::kLatency)) {
    return in.Member("objective")->Expected("latency or throughput");
  }
  ALLOT_ASSIGN_OR_RETURN(const Place dims, in.Member("dims"));
  const auto* sizes = dims.json().If<Json::Object>();
  if (sizes == nullptr) return dims.Expected("an object");
  for (const auto& [name, size] : *sizes) {
    if (size.If<int64_t>() == nullptr) return dims.Expected("an object of integers");
    file.dims[name] = *size.If<int64_t>();
  }
  ALLOT_RETURN_IF_ERROR(Get(in, "default_dim", file.default_dim));
  ALLOT_RETURN_IF_ERROR(Get(in, "pins", made_from.pins));
  ALLOT_RETURN_IF_ERROR(Get(in, "forbids", made_from.forbids));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "together", made_from.together));
  ALLOT_RETURN_IF_ERROR(Get(in, "cost_model", made_from.cost_model));
  ALLOT_ASSIGN_OR_RETURN(const std::vector<Place> costs, List(in, "costs"));
  for (const Place& cost : costs) {
    Provenance::File& source = made_from.costs.emplace_back();
    ALLOT_RETURN_IF_ERROR(GetIf(cost, "file", source.path));
    ALLOT_RETURN_IF_ERROR(Get(cost, "sha256", source.sha256));
  }
  if (in.Has("start")) {
    ALLOT_ASSIGN_OR_RETURN(const Place start, in.Member("start"));
    made_from.start.emplace();
    ALLOT_RETURN_IF_ERROR(GetIf(start, "file", made_from.start->path));
    ALLOT_RETURN_IF_ERROR(Get(start, "sha256", made_from.start->sha256));
  }
  int64_t seed = 0;
  ALLOT_RETURN_IF_ERROR(Get(in, "seed", seed));
  made_from.seed = static_cast<uint64_t>(seed);
  return absl::OkStatus();
}

absl::Status ReadPredicted(const Place& plan, std::optional<PlanFile::Predicted>& predicted) {
  if (!plan.Has("predicted")) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(const Place in, plan.Member("predicted"));
  PlanFile::Predicted& out = predicted.emplace(PlanFile::Predicted());
  ALLOT_RETURN_IF_ERROR(GetTime(in, "value_us", out.value));
  ALLOT_RETURN_IF_ERROR(GetTime(in, "lower_bound_us", out.lower_bound));
  ALLOT_RETURN_IF_ERROR(Get(in, "bound", out.bound));
  ALLOT_RETURN_IF_ERROR(Get(in, "solver", out.solver));
  ALLOT_RETURN_IF_ERROR(GetTimeIf(in, "latency_us", out.latency));
  return Get(in, "cut_bytes", out.cut_bytes);
}

absl::Status ReadDevice(const Place& in, PlanFile::Device& device) {
  ALLOT_RETURN_IF_ERROR(Get(in, "id", device.id));
  ALLOT_RETURN_IF_ERROR(Get(in, "memory", device.memory));
  ALLOT_RETURN_IF_ERROR(GetTimeIf(in, "busy_us", device.busy));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "resident_bytes", device.resident));
  return GetIf(in, "peak_bytes", device.peak);
}

absl::Status ReadPart(const Place& in, PlanFile::Part& part) {
  ALLOT_RETURN_IF_ERROR(Get(in, "id", part.id));
  ALLOT_RETURN_IF_ERROR(Get(in, "device", part.device));
  ALLOT_RETURN_IF_ERROR(GetTimeIf(in, "start_us", part.start));
  return GetTimeIf(in, "end_us", part.end);
}

absl::Status ReadCut(const Place& in, PlanFile::Cut& cut) {
  ALLOT_RETURN_IF_ERROR(Get(in, "tensor", cut.tensor));
  ALLOT_RETURN_IF_ERROR(Get(in, "producer", cut.producer));
  ALLOT_RETURN_IF_ERROR(Get(in, "readers", cut.readers));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "from", cut.from));
  ALLOT_ASSIGN_OR_RETURN(const std::vector<Place> to, List(in, "to"));
  for (const Place& part : to) {
    std::string& id = cut.to.emplace_back();
    if (!part.json().is_null()) ALLOT_RETURN_IF_ERROR(part.Read(id));
  }
  ALLOT_RETURN_IF_ERROR(Get(in, "from_device", cut.from_device));
  ALLOT_RETURN_IF_ERROR(Get(in, "to_devices", cut.to_devices));
  ALLOT_RETURN_IF_ERROR(Get(in, "bytes", cut.bytes));
  ALLOT_RETURN_IF_ERROR(Get(in, "cause", cut.cause));
  return Get(in, "why", cut.why);
}

absl::Status ReadNode(const Place& in, PlanFile::Node& node) {
  ALLOT_RETURN_IF_ERROR(Get(in, "name", node.name));
  ALLOT_RETURN_IF_ERROR(Get(in, "op_type", node.op_type));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "domain", node.domain));
  ALLOT_RETURN_IF_ERROR(Get(in, "device", node.device));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "part", node.part));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "kernel", node.kernel));
  ALLOT_RETURN_IF_ERROR(Get(in, "cluster", node.cluster));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "module", node.module));
  ALLOT_RETURN_IF_ERROR(GetTimeIf(in, "start_us", node.start));
  ALLOT_RETURN_IF_ERROR(GetTimeIf(in, "end_us", node.end));
  ALLOT_RETURN_IF_ERROR(GetIf(in, "reason", node.reason));
  if (!in.Has("next_best")) return absl::OkStatus();
  ALLOT_ASSIGN_OR_RETURN(const Place next, in.Member("next_best"));
  node.next_best = PlanFile::NextBest();
  ALLOT_RETURN_IF_ERROR(Get(next, "device", node.next_best->device));
  return GetTime(next, "value_us", node.next_best->value);
}

// Appends what `read` makes of each element of the list `name`.
template <typename T>
absl::Status ReadAll(const Place& in, absl::string_view name,
                     absl::Status (*read)(const Place&, T&), std::vector<T>& out) {
  ALLOT_ASSIGN_OR_RETURN(const std::vector<Place> elements, List(in, name));
  out.reserve(elements.size());
  for (const Place& element : elements) ALLOT_RETURN_IF_ERROR(read(element, out.emplace_back()));
  return absl::OkStatus();
}

absl::Status ReadOrder(const Place& in, std::vector<int64_t>& order) {
  ALLOT_ASSIGN_OR_RETURN(const std::vector<Place> clusters, List(in, "order"));
  for (const Place& cluster : clusters) {
    ALLOT_RETURN_IF_ERROR(cluster.Read(order.emplace_back()));
  }
  return absl::OkStatus();
}

absl::Status ReadShare(const Place& in, int64_t& share) {
  ALLOT_RETURN_IF_ERROR(Get(in, "share", share));
  // Sums over the lanes of any file fit 64 bits.
  if (share >= 1 && share <= 1'000'000) return absl::OkStatus();
  return in.Member("share")->Expected("a share of 1 to 1000000");
}

absl::Status ReadLane(const Place& in, PlanFile::Lane& lane) {
  ALLOT_RETURN_IF_ERROR(ReadShare(in, lane.share));
  ALLOT_RETURN_IF_ERROR(ReadAll(in, "parts", ReadPart, lane.parts));
  ALLOT_RETURN_IF_ERROR(ReadOrder(in, lane.order));
  ALLOT_ASSIGN_OR_RETURN(const std::vector<Place> part_of, List(in, "part_of_cluster"));
  for (const Place& part : part_of) {
    std::string& id = lane.part_of.emplace_back();
    if (!part.json().is_null()) ALLOT_RETURN_IF_ERROR(part.Read(id));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PlanFile> ParsePlanFile(absl::string_view text, const std::string& shown) {
  ALLOT_ASSIGN_OR_RETURN(const Json json, ParseJson(text), shown, ": is no plan.json: ");
  const Place root(json, absl::StrCat(shown, ":"));
  if (json.If<Json::Object>() == nullptr) return InputError(shown, ": is no plan.json");
  const Json* schema = json.Find("schema");
  if (schema == nullptr || *schema != Json("allot.plan/1")) {
    return InputError(shown, ": is no plan.json: its \"schema\" is not \"allot.plan/1\"");
  }
  PlanFile plan;
  ALLOT_ASSIGN_OR_RETURN(const Place tool, root.Member("tool"));
  ALLOT_RETURN_IF_ERROR(Get(tool, "version", plan.tool_version));
  ALLOT_RETURN_IF_ERROR(GetIf(root, "model", plan.model));
  ALLOT_RETURN_IF_ERROR(Get(root, "target", plan.target));
  ALLOT_RETURN_IF_ERROR(Get(root, "pipeline", plan.pipeline));
  ALLOT_RETURN_IF_ERROR(ReadMadeFrom(root, plan));
  ALLOT_RETURN_IF_ERROR(ReadPredicted(root, plan.predicted));
  plan.trains = root.Has("training");
  ALLOT_RETURN_IF_ERROR(ReadAll(root, "devices", ReadDevice, plan.devices));
  ALLOT_RETURN_IF_ERROR(ReadAll(root, "parts", ReadPart, plan.parts));
  ALLOT_RETURN_IF_ERROR(ReadOrder(root, plan.order));
  if (root.Has("lanes")) {
    ALLOT_RETURN_IF_ERROR(ReadShare(root, plan.share));
    ALLOT_RETURN_IF_ERROR(ReadAll(root, "lanes", ReadLane, plan.lanes));
  }
  ALLOT_RETURN_IF_ERROR(ReadAll(root, "cuts", ReadCut, plan.cuts));
  ALLOT_RETURN_IF_ERROR(ReadAll(root, "nodes", ReadNode, plan.nodes));
  ALLOT_ASSIGN_OR_RETURN(const std::vector<Place> travelling, List(root, "travel_with_users"));
  for (const Place& node : travelling) {
    ALLOT_RETURN_IF_ERROR(Get(node, "name", plan.travelling.emplace_back()));
  }
  return plan;
}

absl::StatusOr<PlanFile> ReadPlanFile(const std::string& folder_or_file) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::string path = folder_or_file;
  if (fs::is_directory(path, error)) {
    path = (fs::path(path) / "plan.json").string();
    if (!fs::exists(path, error)) {
      return InputError(folder_or_file, ": has no plan.json; write one with allot MODEL -o ",
                        folder_or_file);
    }
  }
  if (!fs::exists(path, error)) {
    return InputError(path, ": there is no such file; allot MODEL -o DIR writes DIR/plan.json");
  }
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParsePlanFile(text, path);
}

}  // namespace allot
