// schedule.trace.json: the predicted schedule in Chrome's trace format, which Perfetto and
// chrome://tracing show. Each device is a process with one row for parts and one for operators; the
// channels are a process with a row each, as a transfer holds all channels of its route. Arrows go
// from the part that computes a tensor through the channel to the parts that take it.
//
// Every further lane has rows of its own: each shows one inference by itself on an empty machine.
// How lanes overlap in a stream is nothing that a plan says. Of a plan that trains it is an
// iteration (training_trace.h).
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/node_name.h"
#include "lowering/emitter.h"
#include "lowering/emitters/micros.h"
#include "lowering/emitters/text_file.h"
#include "lowering/emitters/training_trace.h"
#include "lowering/piece_flow.h"
#include "support/json.h"

namespace allot {
namespace {

struct Options {};

// The events of one lane.
class TraceWriter {
 public:
  // `input` is that of the lane; `first_arrow` the first number that no arrow has. Adds to
  // `events`.
  TraceWriter(const EmitInput& input, size_t lane, int64_t first_arrow, std::vector<Json>& events)
      : input_(input),
        lane_(static_cast<int64_t>(lane)),
        channels_pid_(static_cast<int64_t>(input.target.devices.size()) + 1),
        next_arrow_(first_arrow),
        events_(events) {}

  // Returns the next free arrow.
  int64_t Write() {
    NameRows();
    AddParts();
    AddOperators();
    AddTransfers();
    return next_arrow_;
  }

 private:
  static int64_t Pid(DeviceId device) { return int64_t{device.index()} + 1; }

  void Name(absl::string_view what, int64_t pid, int64_t tid, absl::string_view name) {
    events_.push_back(Json::Object{{"ph", "M"},
                                   {"name", what},
                                   {"pid", pid},
                                   {"tid", tid},
                                   {"args", Json::Object{{"name", name}}}});
  }

  // Row 0 is the process itself.
  int64_t PartsRow() const { return 2 * lane_ + 1; }
  int64_t OperatorsRow() const { return 2 * lane_ + 2; }
  int64_t Row(ChannelId channel) const {
    return lane_ * static_cast<int64_t>(input_.target.channels.size()) + channel.index() + 1;
  }

  void NameRows() {
    const std::string of_lane = lane_ == 0 ? "" : absl::StrCat(" of lane ", lane_);
    for (DeviceId device : input_.target.devices.ids()) {
      if (lane_ == 0) Name("process_name", Pid(device), 0, input_.target.devices[device].name);
      const bool used = std::any_of(input_.bundle.pieces.begin(), input_.bundle.pieces.end(),
                                    [&](const Piece& piece) { return piece.device == device; });
      if (lane_ > 0 && !used) continue;
      Name("thread_name", Pid(device), PartsRow(), absl::StrCat("parts", of_lane));
      Name("thread_name", Pid(device), OperatorsRow(), absl::StrCat("operators", of_lane));
    }
    if (input_.target.channels.empty() || (lane_ > 0 && input_.plan.transfers.empty())) return;
    if (lane_ == 0) Name("process_name", channels_pid_, 0, "channels");
    for (ChannelId channel : input_.target.channels.ids()) {
      Name("thread_name", channels_pid_, Row(channel),
           absl::StrCat(input_.target.channels[channel], of_lane));
    }
  }

  void Slice(absl::string_view name, absl::string_view category, int64_t pid, int64_t tid,
             const ir::Interval& time, Json::Object args) {
    events_.push_back(Json::Object{{"ph", "X"},
                                   {"name", name},
                                   {"cat", category},
                                   {"pid", pid},
                                   {"tid", tid},
                                   {"ts", Micros(time.start)},
                                   {"dur", Micros(time.end - time.start)},
                                   {"args", std::move(args)}});
  }

  void AddParts() {
    for (const Piece& piece : input_.bundle.pieces) {
      if (!input_.plan.parts.Contains(piece.part)) continue;
      Slice(piece.id, "part", Pid(piece.device), PartsRow(), input_.plan.parts[piece.part].time,
            Json::Object{{"file", piece.file},
                         {"nodes", static_cast<int64_t>(piece.graph.num_nodes())}});
    }
  }

  void AddOperators() {
    const ir::Plan& plan = input_.plan;
    for (ir::NodeId id : input_.module.graph.nodes()) {
      const ir::PartId part = plan.PartOf(id);
      if (!part.valid() || !plan.node_time.Contains(id)) continue;
      const ir::Node& node = input_.module.graph.node(id);
      Json::Object args = {{"op_type", node.op_type},
                           {"cluster", static_cast<int64_t>(plan.cluster_of[id].index())}};
      if (plan.features.Contains(id)) {
        args.emplace_back("flops", plan.features[id].flops);
        args.emplace_back("weight_bytes", plan.features[id].weights);
      }
      Slice(ir::NameOrPlace(node), "operator", Pid(plan.parts[part].device), OperatorsRow(),
            plan.node_time[id], std::move(args));
    }
  }

  void Arrow(absl::string_view phase, int64_t id, int64_t pid, int64_t tid, Picos at) {
    Json::Object event = {{"ph", phase}, {"name", "transfer"}, {"cat", "transfer"}, {"id", id},
                          {"pid", pid},  {"tid", tid},         {"ts", Micros(at)}};
    // The end of an arrow belongs to the slice around it, not to the next one.
    if (phase == "f") event.emplace_back("bp", "e");
    events_.push_back(std::move(event));
  }

  void AddTransfers() {
    const ir::Plan& plan = input_.plan;
    std::map<ir::ValueId, PieceFlow> flows;
    for (PieceFlow& flow : PieceFlows(input_.module, plan, input_.bundle)) {
      flows[flow.value] = std::move(flow);
    }
    for (const ir::Transfer& transfer : plan.transfers) {
      const std::string& tensor = input_.module.graph.value(transfer.value).name;
      const std::optional<Route>& route = input_.target.routes[transfer.from][transfer.to];
      const std::vector<ChannelId> channels =
          route.has_value() ? route->channels : std::vector<ChannelId>();
      for (ChannelId channel : channels) {
        Slice(tensor, "transfer", channels_pid_, Row(channel), transfer.time,
              Json::Object{{"from", input_.target.devices[transfer.from].name},
                           {"to", input_.target.devices[transfer.to].name},
                           {"bytes", transfer.bytes}});
      }
      const auto flow = flows.find(transfer.value);
      if (flow == flows.end()) continue;
      const Piece& source = input_.bundle.pieces[flow->second.from];
      for (size_t to : flow->second.to) {
        const Piece& user = input_.bundle.pieces[to];
        if (user.device != transfer.to || !plan.parts.Contains(user.part) ||
            !plan.parts.Contains(source.part)) {
          continue;
        }
        const int64_t arrow = next_arrow_++;
        Arrow("s", arrow, Pid(source.device), PartsRow(), plan.parts[source.part].time.start);
        if (!channels.empty()) {
          Arrow("t", arrow, channels_pid_, Row(channels[0]), transfer.time.start);
        }
        Arrow("f", arrow, Pid(user.device), PartsRow(), plan.parts[user.part].time.start);
      }
    }
  }

  const EmitInput& input_;
  const int64_t lane_;
  const int64_t channels_pid_;
  int64_t next_arrow_;
  std::vector<Json>& events_;
};

std::string TraceText(const EmitInput& input) {
  std::vector<Json> events;
  if (input.plan.training.has_value()) events = TrainingEvents(input);
  const size_t num_lanes = input.plan.training.has_value() ? 0 : input.plan.num_lanes();
  int64_t arrow = 1;
  for (size_t i = 0; i < num_lanes; ++i) {
    const ir::Plan plan = ir::LaneView(input.plan, i);
    const EmitInput lane = InputOfLane(input, i, plan);
    arrow = TraceWriter(lane, i, arrow, events).Write();
  }
  std::string text = "{\n\"displayTimeUnit\": \"ns\",\n\"traceEvents\": [\n";
  for (size_t i = 0; i < events.size(); ++i) {
    absl::StrAppend(&text, PrintJsonCompact(events[i]), i + 1 < events.size() ? ",\n" : "\n");
  }
  return text + "]\n}\n";
}

class Trace final : public Emitter {
 public:
  explicit Trace(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    std::vector<OutputFile> files;
    files.push_back(TextFile("schedule.trace.json", TraceText(input)));
    return files;
  }
};

}  // namespace

Entry<Emitter> TraceEntry() {
  return MakeEntry<Emitter, Trace>(
      "trace", "schedule.trace.json: the predicted schedule for Perfetto and chrome://tracing",
      OptionSchema<Options>());
}

}  // namespace allot
