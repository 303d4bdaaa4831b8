// schedule.trace.json: the predicted schedule in Chrome's trace format, which Perfetto and
// chrome://tracing show. Each device is a process with one row for parts and one for operators; the
// channels are a process with a row each, as a transfer holds all channels of its route. Arrows go
// from the part that computes a tensor through the channel to the parts that take it.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/node_name.h"
#include "lowering/emitter.h"
#include "lowering/emitters/micros.h"
#include "lowering/piece_flow.h"
#include "support/json.h"

namespace allot {
namespace {

struct Options {};

constexpr int64_t kPartsRow = 1, kOperatorsRow = 2;

class TraceWriter {
 public:
  explicit TraceWriter(const EmitInput& input)
      : input_(input), channels_pid_(static_cast<int64_t>(input.target.devices.size()) + 1) {}

  std::string Write() {
    NameRows();
    AddParts();
    AddOperators();
    AddTransfers();
    std::string text = "{\n\"displayTimeUnit\": \"ns\",\n\"traceEvents\": [\n";
    for (size_t i = 0; i < events_.size(); ++i) {
      absl::StrAppend(&text, PrintJsonCompact(events_[i]), i + 1 < events_.size() ? ",\n" : "\n");
    }
    return text + "]\n}\n";
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

  void NameRows() {
    for (DeviceId device : input_.target.devices.ids()) {
      Name("process_name", Pid(device), 0, input_.target.devices[device].name);
      Name("thread_name", Pid(device), kPartsRow, "parts");
      Name("thread_name", Pid(device), kOperatorsRow, "operators");
    }
    if (input_.target.channels.empty()) return;
    Name("process_name", channels_pid_, 0, "channels");
    for (ChannelId channel : input_.target.channels.ids()) {
      Name("thread_name", channels_pid_, channel.index() + 1, input_.target.channels[channel]);
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
      Slice(piece.id, "part", Pid(piece.device), kPartsRow, input_.plan.parts[piece.part].time,
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
      Slice(ir::NameOrPlace(node), "operator", Pid(plan.parts[part].device), kOperatorsRow,
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
    int64_t next_arrow = 1;
    for (const ir::Transfer& transfer : plan.transfers) {
      const std::string& tensor = input_.module.graph.value(transfer.value).name;
      const std::optional<Route>& route = input_.target.routes[transfer.from][transfer.to];
      const std::vector<ChannelId> channels =
          route.has_value() ? route->channels : std::vector<ChannelId>();
      for (ChannelId channel : channels) {
        Slice(tensor, "transfer", channels_pid_, channel.index() + 1, transfer.time,
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
        const int64_t arrow = next_arrow++;
        Arrow("s", arrow, Pid(source.device), kPartsRow, plan.parts[source.part].time.start);
        if (!channels.empty()) {
          Arrow("t", arrow, channels_pid_, channels[0].index() + 1, transfer.time.start);
        }
        Arrow("f", arrow, Pid(user.device), kPartsRow, plan.parts[user.part].time.start);
      }
    }
  }

  const EmitInput& input_;
  const int64_t channels_pid_;
  std::vector<Json> events_;
};

class Trace final : public Emitter {
 public:
  explicit Trace(Options) {}

  absl::StatusOr<std::vector<OutputFile>> Emit(const EmitInput& input) const override {
    std::vector<OutputFile> files(1);
    files[0].name = "schedule.trace.json";
    files[0].chunks.emplace_back();
    files[0].chunks[0].bytes = TraceWriter(input).Write();
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
