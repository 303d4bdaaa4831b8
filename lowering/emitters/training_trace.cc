#include "lowering/emitters/training_trace.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lowering/emitters/micros.h"

namespace allot {
namespace {

using Kind = ir::TrainingStep::Kind;

bool IsSent(Kind kind) { return kind == Kind::kActivation || kind == Kind::kGradient; }

class TrainingTrace {
 public:
  explicit TrainingTrace(const EmitInput& input) : input_(input), training_(*input.plan.training) {}

  std::vector<Json> Make() {
    for (size_t s = 0; s < training_.stages.size(); ++s) {
      const std::string& device = input_.target.devices[training_.stages[s].device].name;
      Name("process_name", static_cast<int64_t>(s), 0, absl::StrCat("stage ", s, " on ", device));
      Name("thread_name", static_cast<int64_t>(s), kComputes, "computes");
      Name("thread_name", static_cast<int64_t>(s), kSends, "sends");
    }
    for (const ir::TrainingStep& step : training_.steps) {
      if (!IsSent(step.kind)) steps_[{step.kind, step.stage, step.microbatch}] = &step;
    }
    for (const ir::TrainingStep& step : training_.steps) AddStep(step);
    return std::move(events_);
  }

 private:
  static constexpr int64_t kComputes = 1, kSends = 2;

  static int64_t Pid(int64_t stage) { return stage + 1; }

  void Name(absl::string_view what, int64_t stage, int64_t tid, absl::string_view name) {
    events_.push_back(Json::Object{{"ph", "M"},
                                   {"name", what},
                                   {"pid", Pid(stage)},
                                   {"tid", tid},
                                   {"args", Json::Object{{"name", name}}}});
  }

  void AddStep(const ir::TrainingStep& step) {
    const std::string kind(ir::TrainingStepName(step.kind));
    const std::string name =
        step.kind == Kind::kUpdate ? kind : absl::StrCat(kind, " ", step.microbatch);
    events_.push_back(Json::Object{{"ph", "X"},
                                   {"name", name},
                                   {"cat", kind},
                                   {"pid", Pid(step.stage)},
                                   {"tid", IsSent(step.kind) ? kSends : kComputes},
                                   {"ts", Micros(step.start)},
                                   {"dur", Micros(step.end - step.start)},
                                   {"args", Json::Object{{"microbatch", step.microbatch}}}});
    if (!IsSent(step.kind)) return;
    const bool forward = step.kind == Kind::kActivation;
    const Kind pass = forward ? Kind::kForward : Kind::kBackward;
    const int64_t to = forward ? step.stage + 1 : step.stage - 1;
    const auto from = steps_.find({pass, step.stage, step.microbatch});
    const auto waits = steps_.find({pass, to, step.microbatch});
    if (from == steps_.end() || waits == steps_.end()) return;
    ++arrows_;
    Arrow("s", step.stage, kComputes, from->second->start);
    Arrow("t", step.stage, kSends, step.start);
    Arrow("f", to, kComputes, waits->second->start);
  }

  void Arrow(absl::string_view phase, int64_t stage, int64_t tid, Picos at) {
    Json::Object event = {{"ph", phase},     {"name", "transfer"}, {"cat", "transfer"},
                          {"id", arrows_},   {"pid", Pid(stage)},  {"tid", tid},
                          {"ts", Micros(at)}};
    // The end of an arrow belongs to the slice around it, not to the next one.
    if (phase == "f") event.emplace_back("bp", "e");
    events_.push_back(std::move(event));
  }

  const EmitInput& input_;
  const ir::Training& training_;
  std::map<std::tuple<Kind, int64_t, int64_t>, const ir::TrainingStep*> steps_;
  std::vector<Json> events_;
  int64_t arrows_ = 0;
};

}  // namespace

std::vector<Json> TrainingEvents(const EmitInput& input) { return TrainingTrace(input).Make(); }

}  // namespace allot
