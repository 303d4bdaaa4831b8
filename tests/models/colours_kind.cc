#include "tests/models/colours_kind.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

#include "support/diagnostics.h"
#include "support/json_reader.h"
#include "support/json_schema.h"

namespace allot::testing {
namespace {

constexpr absl::string_view kColours = "colours", kSchema = "allot.colours/1";

struct NoOptions {};

bool Excludes(const ColouringProblem& problem, size_t a, size_t b) {
  return std::any_of(problem.apart.begin(), problem.apart.end(), [&](const auto& pair) {
    const auto first = static_cast<size_t>(pair.first), second = static_cast<size_t>(pair.second);
    return (first == a && second == b) || (first == b && second == a);
  });
}

bool MayTake(const ColouringProblem& problem, const Colouring& colouring, size_t item,
             DeviceId device) {
  for (size_t other = 0; other < item; ++other) {
    if (colouring[other] == device && Excludes(problem, item, other)) return false;
  }
  return true;
}

int64_t Cost(const ColouringProblem& problem, const Colouring& colouring) {
  std::vector<bool> used(problem.devices.size());
  int64_t cost = 0;
  for (const DeviceId device : colouring) {
    const auto d = static_cast<size_t>(device.index());
    if (!used[d]) cost += problem.devices[device].part_cost;
    used[d] = true;
  }
  return cost;
}

// Each item on the first device that it may go to.
class FirstFit final : public ColouringSolver {
 public:
  explicit FirstFit(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kColours}; }
  absl::StatusOr<ResultOf<Colouring>> Solve(const ColouringProblem& problem,
                                            const SolveLimits&) const override {
    ResultOf<Colouring> result;
    Colouring colouring;
    for (size_t item = 0; item < static_cast<size_t>(problem.num_items); ++item) {
      std::optional<DeviceId> found;
      for (const DeviceId device : problem.devices.ids()) {
        if (!found.has_value() && MayTake(problem, colouring, item, device)) found = device;
      }
      if (!found.has_value()) return result;
      colouring.push_back(*found);
    }
    result.best = std::move(colouring);
    result.termination = Termination::kFeasible;
    return result;
  }
};

class Exhaustive final : public ColouringSolver {
 public:
  explicit Exhaustive(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kColours}; }
  absl::StatusOr<ResultOf<Colouring>> Solve(const ColouringProblem& problem,
                                            const SolveLimits&) const override {
    ResultOf<Colouring> result;
    Colouring colouring;
    Extend(problem, colouring, result);
    result.termination = result.best.has_value() ? Termination::kOptimal : Termination::kInfeasible;
    return result;
  }

 private:
  static void Extend(const ColouringProblem& problem, Colouring& colouring,
                     ResultOf<Colouring>& result) {
    ++result.work;
    if (colouring.size() == static_cast<size_t>(problem.num_items)) {
      const bool better =
          !result.best.has_value() || Cost(problem, colouring) < Cost(problem, *result.best);
      if (better) result.best = colouring;
      return;
    }
    for (const DeviceId device : problem.devices.ids()) {
      if (!MayTake(problem, colouring, colouring.size(), device)) continue;
      colouring.push_back(device);
      Extend(problem, colouring, result);
      colouring.pop_back();
    }
  }
};

// Everything on the first device, as if nothing excluded anything.
class Boastful final : public ColouringSolver {
 public:
  explicit Boastful(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {kColours}; }
  absl::StatusOr<ResultOf<Colouring>> Solve(const ColouringProblem& problem,
                                            const SolveLimits&) const override {
    ResultOf<Colouring> result;
    result.best = Colouring(static_cast<size_t>(problem.num_items), DeviceId(0));
    result.termination = Termination::kOptimal;
    return result;
  }
};

// Takes problems of another kind of the same types.
class Foreign final : public ColouringSolver {
 public:
  explicit Foreign(NoOptions) {}
  std::vector<absl::string_view> kinds() const override { return {"tints"}; }
  absl::StatusOr<ResultOf<Colouring>> Solve(const ColouringProblem&,
                                            const SolveLimits&) const override {
    return ResultOf<Colouring>();
  }
};

Registry<ColouringSolver> Solvers() {
  Registry<ColouringSolver> solvers;
  const OptionSchema<NoOptions> none;
  solvers.Add(MakeEntry<ColouringSolver, Exhaustive>("exhaustive", "Tries everything.", none));
  solvers.Add(MakeEntry<ColouringSolver, FirstFit>("first-fit", "First devices first.", none));
  solvers.Add(MakeEntry<ColouringSolver, Boastful>("boastful", "Is wrong.", none));
  solvers.Add(MakeEntry<ColouringSolver, Foreign>("foreign", "Is for others.", none));
  return solvers;
}

class Colours final : public KindOf<ColouringProblem, Colouring> {
 public:
  absl::string_view name() const override { return kColours; }
  absl::string_view summary() const override { return "Items that exclude each other."; }
  absl::string_view unit() const override { return "ps"; }
  bool Recognizes(const Json& document) const override { return HasSchema(document, kSchema); }

  absl::Status Check(const ColouringProblem& problem) const override {
    ALLOT_RETURN_IF_ERROR(CheckMachine(problem));
    for (const auto& [a, b] : problem.apart) {
      if (a == b) return InputError("item ", a, " excludes itself");
      if (std::min(a, b) < 0 || std::max(a, b) >= problem.num_items) {
        return InputError("there is no item ",
                          std::min(a, b) < 0 ? std::min(a, b) : std::max(a, b));
      }
    }
    return absl::OkStatus();
  }

  int64_t Evaluate(const ColouringProblem& problem, const Colouring& colouring) const override {
    return Cost(problem, colouring);
  }

  absl::StatusOr<int64_t> Verify(const ColouringProblem& problem,
                                 const Colouring& colouring) const override {
    if (static_cast<int64_t>(colouring.size()) != problem.num_items) {
      return InputError("there are devices for ", colouring.size(), " items");
    }
    for (const auto& [a, b] : problem.apart) {
      if (colouring[static_cast<size_t>(a)] != colouring[static_cast<size_t>(b)]) continue;
      return InputError("items ", a, " and ", b, " exclude each other, but share a device");
    }
    int64_t cost = 0;
    for (const DeviceId device : std::set<DeviceId>(colouring.begin(), colouring.end())) {
      if (!problem.devices.Contains(device)) return InputError("no device ", device.index());
      cost += problem.devices[device].part_cost;
    }
    return cost;
  }

  absl::StatusOr<ColouringProblem> ParseProblem(const Json& document, const std::string& file,
                                                const ProblemOptions&) const override {
    Diagnostics diagnostics;
    JsonReader reader(document, file, "", diagnostics);
    ColouringProblem problem;
    std::string schema;
    reader.Require("schema", schema);
    for (JsonReader& each : reader.Objects("devices")) {
      Machine::MachineDevice device;
      each.Require("name", device.name);
      each.Require("part_cost", device.part_cost);
      each.Finish();
      problem.devices.Add(std::move(device));
    }
    reader.Require("items", problem.num_items);
    const Json* const apart = reader.Find("apart");
    const auto* const pairs = apart == nullptr ? nullptr : apart->If<Json::Array>();
    for (size_t i = 0; pairs != nullptr && i < pairs->size(); ++i) {
      const auto* const pair = (*pairs)[i].If<Json::Array>();
      const bool two = pair != nullptr && pair->size() == 2 &&
                       (*pair)[0].If<int64_t>() != nullptr && (*pair)[1].If<int64_t>() != nullptr;
      if (!two) {
        reader.Error(absl::StrCat("apart[", i, "]"), "must be two items");
        continue;
      }
      problem.apart.emplace_back(*(*pair)[0].If<int64_t>(), *(*pair)[1].If<int64_t>());
    }
    reader.Finish();
    ALLOT_RETURN_IF_ERROR(diagnostics.ToStatusOfAll());
    return problem;
  }

  std::string PrintProblem(const ColouringProblem& problem) const override {
    Json::Array devices, apart;
    for (const Machine::MachineDevice& device : problem.devices) {
      devices.push_back(Json::Object{{"name", device.name}, {"part_cost", device.part_cost}});
    }
    for (const auto& [a, b] : problem.apart) apart.push_back(Json::Array{a, b});
    return PrintJson(Json::Object{{"schema", kSchema},
                                  {"devices", std::move(devices)},
                                  {"items", problem.num_items},
                                  {"apart", std::move(apart)}}) +
           "\n";
  }

  absl::StatusOr<Colouring> ParseAnswer(const ColouringProblem&, const Json& json,
                                        const std::string& file) const override {
    const auto* const array = json.If<Json::Array>();
    if (array == nullptr) return InputError(file, ": expected an array, not ", json.KindName());
    Colouring colouring;
    for (const Json& each : *array) {
      const auto* const device = each.If<int64_t>();
      if (device == nullptr || *device < 0) return InputError(file, ": expected devices' numbers");
      colouring.push_back(DeviceId(static_cast<size_t>(*device)));
    }
    return colouring;
  }

  Json AnswerJson(const ColouringProblem&, const Colouring& colouring) const override {
    Json::Array array;
    for (const DeviceId device : colouring) array.emplace_back(int64_t{device.index()});
    return array;
  }

  absl::StatusOr<ResultOf<Colouring>> Solve(const ColouringProblem& problem,
                                            const SolverChoice& choice,
                                            const SolveLimits& limits) const override {
    ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<ColouringSolver> solver,
                           MakeSolver(Solvers(), choice, name()));
    return solver->Solve(problem, limits);
  }
  std::vector<std::string> SolverNames(const Registry<PlacementSolver>&) const override {
    return {"exhaustive", "first-fit"};
  }
};

}  // namespace

std::shared_ptr<const ProblemKind> ColoursKind() { return std::make_shared<const Colours>(); }

}  // namespace allot::testing
