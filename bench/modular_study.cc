// Random modular graphs (chains of Watts-Strogatz stages, three unlike devices): how far from the
// bound, how far ahead of list scheduling, and what splitting saves against one MILP. Markdown.
// usage: modular-study [SEEDS] [WORK]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "bench/solve_run.h"
#include "tests/models/random_modular.h"

namespace allot::bench {
namespace {

using testing::RandomModularOptions;
using testing::RandomModularProblem;

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}
double Largest(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

constexpr const char* kRivals[] = {"heft", "peft", "m-etf", "m-sct", "priority-greedy"};

struct Shape {
  int64_t stages, nodes, percent;
  Communication communication = Communication::kDelay;
};

void Quality(int seeds, int64_t work) {
  std::printf(
      "\n### Quality (WS(n, 4, 0.75) stages, 3 unlike devices)\n\n"
      "Gap: 1 - bound / value. Gain: 1 - value / best of all list schedulers;\nbehind it the mean "
      "gain over each.\n\n"
      "| stages x nodes | transfers : compute | model | seeds | mean gap %% | largest gap %% | "
      "proved |"
      " mean gain %% | heft | peft | m-etf | m-sct | priority-greedy | mean CPU s |\n"
      "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
  for (const Shape& shape : {Shape{6, 8, 100},
                             {4, 16, 50},
                             {4, 16, 100},
                             {4, 16, 200},
                             {4, 16, 100, Communication::kLink},
                             {4, 24, 100},
                             {3, 32, 100}}) {
    std::vector<double> gaps, gains, seconds;
    std::vector<std::vector<double>> each(std::size(kRivals));
    int proved = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
      RandomModularOptions options;
      options.stages = shape.stages;
      options.nodes = shape.nodes;
      options.communication_to_compute = shape.percent;
      options.communication = shape.communication;
      const PlacementProblem problem = RandomModularProblem(static_cast<uint64_t>(seed), options);
      const absl::StatusOr<SolveRun> run = RunSolver("auto", problem, work);
      if (!run.ok() || !run->found()) continue;
      gaps.push_back(100 * (1 - run->ratio()));
      seconds.push_back(run->cpu_s);
      proved += run->proved() ? 1 : 0;
      double best = 0;
      for (size_t r = 0; r < std::size(kRivals); ++r) {
        const absl::StatusOr<SolveRun> rival = RunSolver(kRivals[r], problem, work);
        if (!rival.ok() || !rival->found()) continue;
        best = best == 0 ? rival->value_ms() : std::min(best, rival->value_ms());
        each[r].push_back(100 * (1 - run->value_ms() / rival->value_ms()));
      }
      if (best > 0) gains.push_back(100 * (1 - run->value_ms() / best));
    }
    std::string over_each;
    for (const std::vector<double>& rival : each) over_each += Number(Mean(rival), 1) + " | ";
    std::printf("| %d x %d | %.1f | %s | %zu | %.2f | %.2f | %d | %.1f | %s%.2f |\n",
                static_cast<int>(shape.stages), static_cast<int>(shape.nodes),
                static_cast<double>(shape.percent) / 100,
                shape.communication == Communication::kLink ? "link" : "delay", gaps.size(),
                Mean(gaps), Largest(gaps), proved, Mean(gains), over_each.c_str(), Mean(seconds));
    std::fflush(stdout);
  }
}

// What the MILP may spend, a minute or two: it should finish if it can.
constexpr int64_t kMilpWork = 50'000'000;

// Sizes at which the MILP still proves its answers, and some just beyond.
void Splitting(int64_t work) {
  std::printf(
      "\n### One MILP against splitting\n\n"
      "| stages x nodes | items | MILP ms | proved | MILP CPU s | split ms | proved | split CPU s |"
      " times faster |\n|---|---:|---:|---|---:|---:|---|---:|---:|\n");
  for (const auto& [stages, nodes] :
       {std::pair<int64_t, int64_t>{2, 8}, {3, 8}, {4, 8}, {1, 16}, {2, 12}, {2, 16}}) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      RandomModularOptions options;
      options.stages = stages;
      options.nodes = nodes;
      const PlacementProblem problem = RandomModularProblem(seed, options);
      const absl::StatusOr<SolveRun> whole = RunSolver("milp", problem, kMilpWork);
      const absl::StatusOr<SolveRun> split = RunSolver("chain-dp", problem, work);
      const auto cells = [](const absl::StatusOr<SolveRun>& run) {
        if (!run.ok()) return std::string(run.status().message()) + " | | ";
        // GLPK proves up to its tolerance.
        const bool proved = run->ratio() > 1 - 2e-6;
        return (run->found() ? Number(run->value_ms(), 4) : "none") +
               (proved ? " | yes | " : " | no | ") + Number(run->cpu_s, 2);
      };
      const bool both = whole.ok() && split.ok() && split->cpu_s > 0;
      std::printf("| %d x %d | %zu | %s | %s | %s |\n", static_cast<int>(stages),
                  static_cast<int>(nodes), problem.items.size(), cells(whole).c_str(),
                  cells(split).c_str(), both ? Number(whole->cpu_s / split->cpu_s, 0).c_str() : "");
      std::fflush(stdout);
    }
  }
}

}  // namespace
}  // namespace allot::bench

int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 100;
  const int64_t work = argc > 2 ? std::atoll(argv[2]) : 20'000'000;
  std::printf("Work limit %lld.\n", static_cast<long long>(work));
  allot::bench::Quality(seeds, work);
  allot::bench::Splitting(work);
  return 0;
}
