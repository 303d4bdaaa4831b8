// The published instances of a folder, solved and set beside what others have found, as Markdown.
// usage: anchors FOLDER PUBLISHED.json [WORK]
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "bench/solve_run.h"
#include "placement/formats/problem_json.h"
#include "placement/proofs/lower_bounds.h"
#include "support/json.h"

namespace allot::bench {
namespace {

struct Instance {
  std::string path;
  std::string name;  // the last two parts of the path, without extension
  std::string text;
  bool moirai = false, latency = false;
};

class Anchors {
 public:
  Anchors(std::vector<Instance> instances, Json published, int64_t work)
      : instances_(std::move(instances)), published_(std::move(published)), work_(work) {}

  void Print() {
    Contiguous();
    Throughput();
    Latency();
    Sheets();
  }

 private:
  // What others have found; nothing if they are not known to have looked.
  double Published(absl::string_view family, const std::string& name, absl::string_view key) const {
    const Json* table = published_.Find(family);
    const Json* row = table == nullptr ? nullptr : table->Find(name);
    const Json* cell = row == nullptr ? nullptr : row->Find(key);
    if (cell == nullptr) return 0;
    if (const auto* whole = cell->If<int64_t>()) return static_cast<double>(*whole);
    return cell->If<double>() == nullptr ? 0 : *cell->If<double>();
  }
  static std::string Cell(double value, int digits) {
    return value == 0 ? "" : Number(value, digits);
  }

  static void Row(const std::vector<std::string>& cells) {
    std::printf("| %s |\n", absl::StrJoin(cells, " | ").c_str());
    std::fflush(stdout);
  }
  static void Head(const std::string& title, const std::vector<std::string>& cells) {
    std::printf("\n### %s\n\n", title.c_str());
    Row(cells);
    std::vector<std::string> rule(cells.size(), "---:");
    rule[0] = "---";
    Row(rule);
  }

  // Reads the instance as asked, or says why not in a row of its own.
  bool Read(const Instance& instance, const ProblemOptions& options, PlacementProblem& problem) {
    absl::StatusOr<PlacementProblem> read = ReadProblem(instance.text, instance.path, options);
    if (!read.ok()) {
      Row({instance.name, std::string(read.status().message())});
      return false;
    }
    problem = *std::move(read);
    return true;
  }
  bool Run(const Instance& instance, const std::string& solver, const PlacementProblem& problem,
           SolveRun& run) {
    // As allot-solve does by itself: a move of loads costs a fraction of a simulated schedule.
    const bool loads = problem.objective == PlacementObjective::kThroughput;
    absl::StatusOr<SolveRun> done = RunSolver(solver, problem, loads ? 5 * work_ : work_);
    if (!done.ok()) {
      Row({instance.name, std::string(done.status().message())});
      return false;
    }
    run = *std::move(done);
    if (!run.found()) Row({instance.name, std::string(TerminationName(run.result.termination))});
    return run.found();
  }

  void Contiguous() {
    Head("Throughput, contiguous (largest load, ms)",
         {"instance", "items", "value", "proved", "published optimum", "one order", "CPU s",
          "published CPU s"});
    for (const Instance& instance : instances_) {
      if (instance.moirai || instance.latency) continue;
      PlacementProblem problem;
      ProblemOptions options;
      options.objective = PlacementObjective::kThroughput;
      options.contiguous = true;
      SolveRun run;
      if (!Read(instance, options, problem) || !Run(instance, "auto", problem, run)) continue;
      contiguous_.emplace_back(instance.name, run.value_ms());
      const absl::StatusOr<SolveRun> line = RunSolver("linear-dp", problem, work_);
      Row({instance.name, absl::StrCat(problem.items.size()), Number(run.value_ms(), 4),
           run.proved() ? "yes" : "no", Cell(Published("throughput", instance.name, "dp"), 4),
           line.ok() && line->found() ? Number(line->value_ms(), 4) : "", Number(run.cpu_s, 2),
           Cell(Published("throughput", instance.name, "dp_cpu_s"), 2)});
    }
  }

  void Throughput() {
    Head("Throughput, any placement (largest load, ms)",
         {"instance", "value", "bound", "bound / value", "by", "best published", "contiguous",
          "CPU s"});
    double ratios = 0;
    int count = 0;
    for (const Instance& instance : instances_) {
      if (instance.moirai || instance.latency) continue;
      PlacementProblem problem;
      ProblemOptions options;
      options.objective = PlacementObjective::kThroughput;
      SolveRun run;
      if (!Read(instance, options, problem) || !Run(instance, "auto", problem, run)) continue;
      double contiguous = 0;
      for (const auto& [name, value] : contiguous_) {
        if (name == instance.name) contiguous = value;
      }
      ratios += run.ratio();
      ++count;
      Row({instance.name, Number(run.value_ms(), 4), Number(run.bound_ms(), 4),
           Number(run.ratio(), 3), run.result.lower_bound.name,
           Cell(Published("throughput", instance.name, "best"), 4), Cell(contiguous, 4),
           Number(run.cpu_s, 2)});
    }
    if (count > 0) std::printf("\nMean bound / value: %.3f.\n", ratios / count);
  }

  void Latency() {
    Head("Latency, one call per accelerator (ms)",
         {"instance", "value", "bound", "bound / value", "best published", "published greedy",
          "critical path", "CPU s"});
    for (const Instance& instance : instances_) {
      if (instance.moirai || !instance.latency) continue;
      PlacementProblem problem;
      ProblemOptions options;
      options.objective = PlacementObjective::kLatency;
      SolveRun run;
      if (!Read(instance, options, problem) || !Run(instance, "auto", problem, run)) continue;
      Row({instance.name, Number(run.value_ms(), 4), Number(run.bound_ms(), 4),
           Number(run.ratio(), 3), Cell(Published("latency", instance.name, "best"), 4),
           Cell(Published("latency", instance.name, "greedy"), 2),
           Number(CriticalPathMs(problem), 2), Number(run.cpu_s, 2)});
    }
  }

  // Of the fastest device for every item, and no transfers.
  static double CriticalPathMs(const PlacementProblem& problem) {
    const ProblemGraph graph = BuildGraph(problem);
    IdVector<ItemId, Picos> end(problem.items.size());
    Picos longest = 0;
    for (const ItemId item : graph.topological) {
      std::optional<Picos> least;
      for (const std::optional<Picos>& time : problem.items[item].time) {
        if (time.has_value() && (!least.has_value() || *time < *least)) least = time;
      }
      for (const ItemId before : graph.predecessors[item]) {
        end[item] = std::max(end[item], end[before]);
      }
      end[item] += *least;
      longest = std::max(longest, end[item]);
    }
    return static_cast<double>(longest) / 1e9;
  }

  void Sheets() {
    const std::vector<std::string> rivals = {"heft", "peft", "m-etf", "m-sct", "priority-greedy"};
    std::vector<std::string> head = {"sheet", "transfers", "value",          "bound",
                                     "gap %", "by",        "best published", "published HEFT",
                                     "CPU s", "one device"};
    head.insert(head.end(), rivals.begin(), rivals.end());
    Head("Latency, measured sheets (ms)", head);
    for (const Instance& instance : instances_) {
      if (!instance.moirai) continue;
      for (const Communication communication : {Communication::kDelay, Communication::kLink}) {
        PlacementProblem problem;
        ProblemOptions options;
        options.objective = PlacementObjective::kLatency;
        options.communication = communication;
        SolveRun run;
        if (!Read(instance, options, problem) || !Run(instance, "auto", problem, run)) continue;
        const bool delay = communication == Communication::kDelay;
        std::vector<std::string> row = {
            instance.name,
            std::string(CommunicationName(communication)),
            Number(run.value_ms(), 5),
            Number(run.bound_ms(), 5),
            Number(100 * (1 - run.ratio()), 1),
            run.result.lower_bound.name,
            delay ? Cell(Published("moirai", instance.name, "best"), 5) : "",
            delay ? Cell(Published("moirai", instance.name, "heft"), 3) : "",
            Number(run.cpu_s, 2)};
        std::vector<std::string> others = {"single-device"};
        others.insert(others.end(), rivals.begin(), rivals.end());
        for (const std::string& rival : others) {
          const absl::StatusOr<SolveRun> other = RunSolver(rival, problem, work_);
          row.push_back(other.ok() && other->found() ? Number(other->value_ms(), 3) : "");
        }
        Row(row);
      }
    }
  }

  std::vector<Instance> instances_;
  Json published_;
  int64_t work_;
  std::vector<std::pair<std::string, double>> contiguous_;
};

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!(text << file.rdbuf())) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return text.str();
}

absl::StatusOr<std::vector<Instance>> Find(const std::string& folder) {
  std::vector<Instance> instances;
  std::error_code error;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (file.path().extension() != ".json") continue;
    Instance instance;
    instance.path = file.path().string();
    ALLOT_ASSIGN_OR_RETURN(instance.text, ReadText(instance.path));
    instance.name = absl::StrCat(file.path().parent_path().filename().string(), "/",
                                 file.path().stem().string());
    // The published folders hold instances for one objective each.
    instance.latency = absl::StrContains(instance.path, "latency");
    const absl::StatusOr<Json> json = ParseJson(instance.text);
    if (!json.ok()) continue;
    instance.moirai = json->Find("ops") != nullptr;
    if (!instance.moirai && json->Find("maxFPGAs") == nullptr) continue;
    instances.push_back(std::move(instance));
  }
  if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  std::sort(instances.begin(), instances.end(),
            [](const Instance& a, const Instance& b) { return a.path < b.path; });
  return instances;
}

absl::Status Main(int argc, char** argv) {
  if (argc < 3) return absl::InvalidArgumentError("usage: anchors FOLDER PUBLISHED.json [WORK]");
  ALLOT_ASSIGN_OR_RETURN(std::vector<Instance> instances, Find(argv[1]));
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadText(argv[2]));
  ALLOT_ASSIGN_OR_RETURN(Json published, ParseJson(text));
  const int64_t work = argc > 3 ? std::atoll(argv[3]) : 20'000'000;
  std::printf("Work limit %lld, for throughput five times as much.\n",
              static_cast<long long>(work));
  Anchors(std::move(instances), std::move(published), work).Print();
  return absl::OkStatus();
}

}  // namespace
}  // namespace allot::bench

int main(int argc, char** argv) {
  const absl::Status status = allot::bench::Main(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}
