// Divides the rows of layers with sparse weights among parts that exchange few words, and writes
// the parts: pieces of weights without the columns that a part does not read, and what crosses from
// part to part. On one device the same packs nonzeros into small dense matrices. Where it does not
// pay nothing changes but what the module says of itself.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "ir/rows_metadata.h"
#include "passes/pipeline/pass.h"
#include "passes/sparsity/row_choice.h"
#include "passes/sparsity/row_lowering.h"
#include "passes/sparsity/row_problem.h"
#include "passes/sparsity/row_report.h"
#include "placement/kinds/rows/model/evaluate.h"
#include "placement/kinds/rows/model/verify.h"
#include "placement/kinds/rows/search/baselines.h"
#include "placement/kinds/rows/search/divide.h"
#include "support/options.h"
#include "support/registry.h"
#include "support/status.h"
#include "target/fastest_devices.h"
#include "target/peak_rate.h"

namespace allot {
namespace {

struct Options {
  int64_t parts = 0;
  double imbalance = 0.03;
  std::string exchange = "auto";
  std::string layout = "auto";
  double max_density = 0.5;
  bool force = false;
};

class DivideRows final : public GraphPass {
 public:
  explicit DivideRows(Options options) : options_(std::move(options)) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    ALLOT_RETURN_IF_ERROR(CheckOptions());
    ALLOT_ASSIGN_OR_RETURN(RowProblem rows, ProblemOfRows(module, options_.max_density));
    if (rows.network.num_layers() == 0) {
      return Declined(context, absl::StrFormat("no layer has weights of which at most %g %% are "
                                               "not zero",
                                               100 * options_.max_density));
    }
    const bool exchanges =
        options_.exchange == "parts" || (options_.exchange == "auto" && context.target != nullptr &&
                                         context.target->devices.size() > 1);
    if (!exchanges && context.target == nullptr) {
      return InputError("needs a target: give --target, or exchange=parts");
    }
    rows.problem.imbalance = std::llround(options_.imbalance * rows::kMillion);
    rows.problem.parts = static_cast<int32_t>(std::max<int64_t>(options_.parts, 2));
    ALLOT_RETURN_IF_ERROR(rows::Check(rows.problem));
    Chosen chosen = exchanges ? Divided(rows, context) : Compacted(rows, context);
    ALLOT_RETURN_IF_ERROR(rows::Verify(rows.problem, chosen.division).status());
    const bool pays = chosen.against.empty() || options_.force;
    const rows::Division& division = chosen.division;
    int64_t gathered = 0;
    if (pays) {
      const RowExchange exchange = exchanges ? RowExchange::kParts : RowExchange::kWhole;
      ALLOT_ASSIGN_OR_RETURN(
          const LoweredRows lowered,
          LowerRows(module, rows, division, exchange, LayoutFor(module, rows, context)));
      const int64_t words = rows::TrafficOf(rows.problem, division).words;
      if (exchanges && lowered.words != words) {
        return absl::InternalError(
            absl::StrCat("the division is of ", words, " words, but nodes send ", lowered.words));
      }
      gathered = lowered.gathered;
      context.statistics->Add("elements of weights", lowered.weight_elements);
    }
    module.metadata.emplace_back(
        ir::kRowsMetadata, PrintJsonCompact(RowReport(rows.problem, division, pays, exchanges,
                                                      gathered, chosen.against, chosen.devices)));
    context.statistics->Add("layers", static_cast<int64_t>(rows.network.num_layers()));
    context.statistics->Add("parts", rows.problem.parts);
    if (!pays) return Declined(context, chosen.against);
    return true;
  }

 private:
  struct Chosen {
    rows::Division division;
    std::string against;               // why it does not pay; empty: it does
    std::vector<std::string> devices;  // of the parts, where each has its own
  };

  absl::Status CheckOptions() const {
    if (options_.parts < 0 || options_.parts > rows::kMaxParts) {
      return InputError("parts=", options_.parts, ": must be from 1 to ", rows::kMaxParts,
                        ", or 0 to choose");
    }
    if (!(options_.imbalance >= 0 && options_.imbalance <= 1000)) {
      return InputError("imbalance=", options_.imbalance, ": must be from 0 to 1000");
    }
    if (!(options_.max_density >= 0 && options_.max_density <= 1)) {
      return InputError("max-density=", options_.max_density, ": must be from 0 to 1");
    }
    if (options_.exchange != "auto" && options_.exchange != "parts" &&
        options_.exchange != "whole") {
      return InputError("exchange=", options_.exchange, ": must be auto, parts or whole");
    }
    if (options_.layout != "auto" && options_.layout != "neurons" && options_.layout != "batch") {
      return InputError("layout=", options_.layout, ": must be auto, neurons or batch");
    }
    return absl::OkStatus();
  }

  // Few samples are read as they lie; of more whole rows are gathered. Measured in ONNX Runtime.
  RowLayout LayoutFor(const ir::Module& module, const RowProblem& rows,
                      const PassContext& context) const {
    constexpr int64_t kManySamples = 16;
    const bool batch = options_.layout == "batch" ||
                       (options_.layout == "auto" && BatchOf(context) < kManySamples);
    return batch && CanBeBatchFirst(module, rows) ? RowLayout::kBatchFirst
                                                  : RowLayout::kNeuronsFirst;
  }

  static bool Declined(PassContext& context, const std::string& why) {
    context.diagnostics->Note("", absl::StrCat("dividing rows does not pay: ", why));
    return false;
  }

  static rows::Division Search(const rows::Problem& problem, const PassContext& context) {
    SolveLimits limits;
    limits.work = 20'000'000;
    limits.seed = context.seed;
    limits.stop = context.stop;
    rows::Division division = rows::Divide(problem, rows::Effort(), limits).division;
    KeepReading(problem, division);
    return division;
  }

  // For parts on devices of their own: as many as there are, if nothing is said.
  Chosen Divided(RowProblem& rows, const PassContext& context) const {
    if (options_.parts == 0 && context.target != nullptr) {
      rows.problem.parts = static_cast<int32_t>(
          std::min<size_t>(context.target->devices.size(), static_cast<size_t>(rows::kMaxParts)));
    } else {
      rows.problem.parts = static_cast<int32_t>(std::max<int64_t>(options_.parts, 1));
    }
    Chosen chosen;
    if (context.target != nullptr) {
      const auto parts = static_cast<size_t>(rows.problem.parts);
      const std::vector<DeviceId> devices = FastestDevices(*context.target, parts);
      const bool own = devices.size() == parts;  // for each part
      if (own) UseMachine(*context.target, devices, rows.problem);
      for (size_t p = 0; own && p < parts; ++p) {
        chosen.devices.push_back(context.target->devices[devices[p]].name);
      }
    }
    chosen.division = Search(rows.problem, context);
    const int64_t words = rows::TrafficOf(rows.problem, chosen.division).words;
    const int64_t random = rows::BaselinesOf(rows.problem).random_words;
    if (words * 100 > random * kWorthwhilePercent) {
      chosen.against = absl::StrFormat(
          "%d parts would exchange %d words for each sample, and rows dealt out at random %d",
          rows.problem.parts, words, random);
    }
    return chosen;
  }

  // What `value` is of the largest, in whole numbers up to `most`, at least 1.
  static int64_t Scaled(double value, double largest, int64_t most) {
    return std::clamp<int64_t>(std::llround(static_cast<double>(most) * value / largest), 1, most);
  }

  // Of a byte from one device to another; 0: there is no way.
  static double TimeOfByte(const Target& target, DeviceId from, DeviceId to) {
    const std::optional<Route>& route = target.routes[from][to];
    double time = 0;
    if (!route.has_value()) return time;
    for (const Route::Segment& segment : route->segments) {
      if (segment.bandwidth > 0) time += 1.0 / static_cast<double>(segment.bandwidth);
    }
    return time;
  }

  // Shares by the speed of the parts' own devices, relative to the fastest; costs of words by their
  // links, in tenths of the fastest link, and at least as much as any where there is no link.
  static void UseMachine(const Target& target, const std::vector<DeviceId>& devices,
                         rows::Problem& problem) {
    if (devices.size() < 2) return;
    std::vector<double> speeds, times;
    double least = 0, most = 0;
    for (const DeviceId from : devices) {
      speeds.push_back(static_cast<double>(PeakRate(target.devices[from], "float32")));
      for (const DeviceId to : devices) {
        times.push_back(from == to ? 0 : TimeOfByte(target, from, to));
        if (times.back() == 0) continue;
        least = least == 0 ? times.back() : std::min(least, times.back());
        most = std::max(most, times.back());
      }
    }
    const double slowest = *std::min_element(speeds.begin(), speeds.end());
    const double fastest = *std::max_element(speeds.begin(), speeds.end());
    if (slowest > 0 && slowest < fastest) {
      for (const double speed : speeds) {
        problem.speeds.push_back(Scaled(speed, fastest, rows::kMaxSpeed));
      }
    }
    if (least == 0 || most <= 1.01 * least) return;
    constexpr int64_t kMostCost = 10'000;
    for (size_t i = 0; i < times.size(); ++i) {
      const bool own = i / devices.size() == i % devices.size();
      const int64_t cost =
          times[i] == 0 ? kMostCost
                        : std::clamp<int64_t>(std::llround(10 * times[i] / least), 1, kMostCost);
      problem.link_costs.push_back(own ? 0 : cost);
    }
  }

  // For one device: with the number of parts that takes least time by formula, if none is given.
  Chosen Compacted(RowProblem& rows, const PassContext& context) const {
    const Device& device = context.target->devices[DeviceId(0)];
    const int64_t batch = BatchOf(context);
    std::vector<int32_t> candidates = {2, 4, 8, 16, 32, 64};
    if (options_.parts > 0) candidates = {static_cast<int32_t>(options_.parts)};
    Chosen best;
    RowTimes least;
    int32_t parts = 0;
    int worse = 0;  // in a row: with more pieces times fall, then rise
    for (const int32_t candidate : candidates) {
      if (worse == 2) break;
      rows.problem.parts = candidate;
      rows::Division division = Search(rows.problem, context);
      const RowTimes times = TimesOnOneDevice(rows, division, device, batch);
      ++worse;
      if (parts > 0 && times.divided >= least.divided) continue;
      worse = 0;
      least = times;
      parts = candidate;
      best.division = std::move(division);
    }
    rows.problem.parts = parts;
    // What is gained on paper only is not worth a larger graph.
    if (SaturatingMultiply(least.divided, 5) > SaturatingMultiply(least.whole, 4)) {
      best.against = absl::StrFormat(
          "on %s %d parts would take %.3f ms for a batch of %d by formula, and whole matrices "
          "%.3f ms",
          device.name, parts, ToMillis(least.divided), batch, ToMillis(least.whole));
    }
    return best;
  }

  // Samples for which it is planned: of the dimension called batch or N, or of any open one.
  static int64_t BatchOf(const PassContext& context) {
    for (const char* const name : {"batch", "batch_size", "N"}) {
      const auto found = context.dims.symbols.find(name);
      if (found != context.dims.symbols.end()) return found->second;
    }
    return context.dims.fallback;
  }

  Options options_;
};

}  // namespace

Entry<GraphPass> DivideRowsEntry() {
  return MakeEntry<GraphPass, DivideRows>(
      "divide-rows", "divide the rows of sparse weights among parts that exchange few words",
      OptionSchema<Options>()
          .Add("parts", &Options::parts,
               "how many; 0: a part for each device, or on one device what takes least time")
          .Add("imbalance", &Options::imbalance, "that a part of a layer may exceed its share by")
          .Add("exchange", &Options::exchange,
               "parts: each sends what others read; whole: layers are joined, for one device; "
               "auto: by the number of devices")
          .Add("layout", &Options::layout,
               "of matrices between layers: neurons first, batch first, or auto, by the batch")
          .Add("max-density", &Options::max_density,
               "of the weights of a layer that is divided, at most, not zero")
          .Add("force", &Options::force, "divide also where it does not pay"));
}

}  // namespace allot
