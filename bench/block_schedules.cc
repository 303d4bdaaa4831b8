// Prints the schedules of a model's blocks on a dozen accelerators as JSON: tasks with their times,
// the bound, what lists and the exact search find, and how long that takes; for
// block_schedules.py, which asks an integer programme for the same.
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "api/placement_setup.h"
#include "api/prepared_model.h"
#include "design/model/layer_graph.h"
#include "design/search/search.h"
#include "onnx_import/import.h"
#include "support/status.h"
#include "target/hardware/space_json.h"

namespace allot {
namespace {

using design::Ticks;

constexpr int64_t kNodes = 20'000;

Json ScheduleJson(const design::BlockTasks::Unit& unit,
                  const std::vector<design::TaskLatency>& latencies, design::CoreCount count) {
  Json::Array tasks;
  for (size_t i = 0; i < unit.order.size(); ++i) {
    Json::Array before;
    for (const int32_t source : unit.order.before[i]) before.emplace_back(int64_t{source});
    tasks.push_back(Json::Object{{"one", latencies[i].one},
                                 {"all", latencies[i].all},
                                 {"tensor", unit.order.cores[i].tensor},
                                 {"vector", unit.order.cores[i].vector},
                                 {"before", std::move(before)}});
  }
  // Of the processor: the machine may be busy.
  const std::clock_t begin = std::clock();
  const design::BlockSchedule listed = design::ScheduleBlock(unit.order, latencies, count);
  const std::clock_t middle = std::clock();
  const design::ExactBlockSchedule exact =
      design::ScheduleBlockExactly(unit.order, latencies, count, kNodes);
  const std::clock_t end = std::clock();
  const auto millis = [](std::clock_t time) {
    return 1000.0 * static_cast<double>(time) / static_cast<double>(CLOCKS_PER_SEC);
  };
  return Json::Object{{"tensor_cores", count.tensor},
                      {"vector_cores", count.vector},
                      {"tasks", std::move(tasks)},
                      {"bound", design::ScheduleBound(unit.order, latencies, count)},
                      {"listed", listed.length},
                      {"listed_ms", millis(middle - begin)},
                      {"exact", exact.schedule.length},
                      {"exact_proved", exact.proved},
                      {"exact_ms", millis(end - middle)}};
}

absl::Status Run(int argc, const char* const* argv) {
  if (argc < 2) return InputError("usage: block_schedules MODEL [NAME=SIZE...]");
  const std::unique_ptr<ir::OperatorSchemas> schemas = MakeOnnxSchemas();
  ALLOT_ASSIGN_OR_RETURN(const DimBindings dims, ParseDims({argv + 2, argv + argc}, 1));
  Diagnostics diagnostics;
  ALLOT_ASSIGN_OR_RETURN(const PreparedModel model, Prepare(argv[1], {}, diagnostics));
  design::Question question;
  ALLOT_ASSIGN_OR_RETURN(question.space, hardware::LoadSpace("phaze"));
  ALLOT_ASSIGN_OR_RETURN(
      design::LayerGraph layers,
      design::ReadLayers(model.module(), argv[1], schemas.get(), dims, model.operators()));
  const design::BlockTasks tasks(question, layers);
  // The block that takes most of the model, and of each the longest.
  size_t largest = 0;
  for (size_t b = 0; b < layers.blocks.size(); ++b) {
    if (layers.blocks[b].operations.size() > layers.blocks[largest].operations.size()) largest = b;
  }
  Json::Array schedules;
  for (const auto& [tensor, vector] :
       {std::pair<int64_t, int64_t>{1, 1}, {2, 2}, {4, 4}, {8, 2}, {2, 8}, {16, 16}}) {
    for (const int64_t width : {64, 128}) {
      const hardware::Configuration c{tensor, vector, width, width, width, 32};
      const auto latencies =
          design::Latencies(question, tasks, c, design::CostProducts(question, tasks, c));
      for (const design::Direction direction :
           {design::Direction::kForward, design::Direction::kBackward}) {
        const size_t unit = tasks.Index(largest, 0, 0, direction);
        schedules.push_back(ScheduleJson(tasks.units()[unit], latencies[unit], {tensor, vector}));
      }
    }
  }
  std::printf("%s\n", PrintJsonCompact(schedules).c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace allot

int main(int argc, char** argv) {
  const absl::Status status = allot::Run(argc, argv);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
