#include "tools/solve_command.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "placement/batching.h"
#include "placement/formats/problem_json.h"
#include "placement/formats/solution_json.h"
#include "placement/kinds/kind.h"
#include "placement/kinds/kind_of.h"
#include "placement/lanes/steady_state.h"
#include "placement/solver.h"
#include "support/options.h"
#include "support/status.h"
#include "target/quantity.h"
#include "tools/batch_report.h"
#include "tools/command_line.h"
#include "tools/gzip.h"
#include "tools/listing.h"
#include "tools/name_suggestions.h"
#include "tools/plugin_flags.h"
#include "tools/program_registries.h"
#include "tools/solve_kind.h"
#include "tools/solve_report.h"
#include "tools/solve_within.h"
#include "tools/text_file.h"

namespace allot {
namespace {

// Without a limit, work for a few seconds at some hundred items and for about ten at ten thousand,
// where caches miss and a unit takes longer. Many are so many items times devices.
constexpr int64_t kDefaultWork = 20'000'000, kDefaultWorkOfMany = 8'000'000, kMany = 7'500;
// A move of loads costs a fraction of a simulated schedule.
constexpr int64_t kLoadsFactor = 5, kManyLoads = 40'000;
constexpr int64_t kNoWorkLimit = std::numeric_limits<int64_t>::max();
constexpr Picos kNoTimeLimit = std::numeric_limits<Picos>::max();
constexpr int64_t kMaxBatch = 1 << 20;

struct Arguments {
  Registries registries = ProgramRegistries();
  std::vector<std::string> plugins;
  std::string problem, objective, communication, format = "auto", solver = "auto", verify, judge,
                                                 output;
  std::map<std::string, std::string> flags;  // of kinds; empty: not given
  std::vector<std::string> batches;          // as written, "4:p4.json"
  std::optional<Picos> latency_limit;        // of a batch
  int64_t calls = 0, work = 0, threads = 1, seed = 1;
  int64_t turns = 0;  // of replicas at most; 0: none are asked for
  double seconds = 0;
  bool contiguous = false, json = false, progress = false, list_solvers = false, print = false;
};

// A flag that several kinds take is declared once.
void DeclareKindFlags(CommandLine& line, const Kinds& kinds, Arguments& arguments) {
  std::map<std::string, KindFlag> flags;
  std::map<std::string, std::vector<absl::string_view>> takers;
  for (const std::shared_ptr<const ProblemKind>& kind : kinds) {
    for (KindFlag& flag : kind->flags()) {
      takers[flag.name].push_back(kind->name());
      flags.emplace(flag.name, std::move(flag));
    }
  }
  if (flags.empty()) return;
  line.Section("Questions to other kinds of problems");
  for (const auto& [name, flag] : flags) {
    line.Value(name, flag.metavar, &arguments.flags[name],
               absl::StrCat(flag.help, "\n(", absl::StrJoin(takers[name], ", "), ")"));
  }
}

void Declare(CommandLine& line, const Kinds& kinds, Arguments& arguments) {
  std::vector<std::string> formats = {"auto"};
  for (std::string& name : ProblemFormatNames()) formats.push_back(std::move(name));
  line.Section("Input and output");
  line.Choice("format", formats, &arguments.format, "of PROBLEM.json (default: by its content)");
  line.Value("o", "FILE", &arguments.output, "write the result as JSON to FILE");
  line.Flag("json", &arguments.json, "print the result as JSON");
  line.Flag("print-problem", &arguments.print,
            "print the problem in the format allot, as it would be solved, then stop");
  line.Value("verify", "SOLUTION.json", &arguments.verify,
             "check this result instead of searching; exit with status 1 if it is wrong");
  line.Value("judge", "PLAN.json", &arguments.judge,
             "say what a plan is worth that somebody has published, in our form or in theirs");
  line.Section("The question; what is not given is as the file says");
  line.Choice("objective", {"latency", "throughput"}, &arguments.objective,
              "the last end of one inference, or the period of a steady stream;\n"
              "dnn-partitioning: throughput, moirai: latency");
  line.Choice("comm", {"delay", "link", "blocking"}, &arguments.communication,
              "what a transfer occupies: nothing, its channels, or both devices too;\n"
              "dnn-partitioning: blocking, moirai: delay");
  line.Flag("contiguous", &arguments.contiguous, "no device may get back what its results lead to");
  line.Integer("calls", "Q", 1, 1 << 20, &arguments.calls,
               "how many calls a device makes at most, where it runs in calls");
  line.Section("More than one placement, and more than one inference at once, for throughput");
  line.Action(
      "replicate", "N",
      [&arguments](absl::string_view text) -> absl::Status {
        arguments.turns = kMaxCycle;
        if (text.empty()) return absl::OkStatus();
        ALLOT_RETURN_IF_ERROR(ParseOption(text, arguments.turns));
        if (arguments.turns >= 1 && arguments.turns <= kMaxCycle) return absl::OkStatus();
        return InputError("expected 1 to ", kMaxCycle, ", not '", text, "'");
      },
      absl::StrCat("also find placements that take turns, N turns in a cycle at most\n(default: ",
                   kMaxCycle, ")"));
  line.List("batch", "SIZE:PROBLEM.json", &arguments.batches,
            "instead of PROBLEM.json, once for each size: choose how many inferences\n"
            "to run as one; times and bytes of each file are those of a whole batch");
  line.Action(
      "latency-limit", "TIME",
      [&arguments](absl::string_view text) -> absl::Status {
        ALLOT_ASSIGN_OR_RETURN(arguments.latency_limit, ParseDuration(text));
        return absl::OkStatus();
      },
      "how long a batch may take, such as 5ms (default: no limit)");
  line.Section("The search");
  line.Value("solver", "NAME[{k=v ...}]", &arguments.solver,
             "one of those that --list-solvers prints (default: auto)");
  line.Integer(
      "work-limit", "N", 1, kNoWorkLimit, &arguments.work,
      absl::StrCat("about so many evaluations of an item (default: ", kDefaultWork, ", above ",
                   kMany, " items x devices\n", kDefaultWorkOfMany, "; for throughput ",
                   kLoadsFactor, " times as many; no limit with --time-limit)"));
  line.Number("time-limit", "S", &arguments.seconds,
              "search for S seconds: again and again, each time with more work,\n"
              "from the best so far. Only then the result depends on the machine");
  line.Integer("threads", "N", 1, CommandLine::kMaxThreads, &arguments.threads,
               "never changes the result (default: 1)");
  line.Integer("seed", "N", 0, std::numeric_limits<int64_t>::max(), &arguments.seed,
               "of the random choices (default: 1)");
  line.Flag("progress", &arguments.progress, "print each better value and bound to standard error");
  line.Flag("list-solvers", &arguments.list_solvers,
            "print every solver with its options, then stop");
  DeclareKindFlags(line, kinds, arguments);
  DeclarePluginFlags(line, arguments.plugins);
}

ProblemOptions Question(const Arguments& arguments) {
  ProblemOptions options;
  options.format = arguments.format;
  options.objective = ParseObjective(arguments.objective);
  options.communication = ParseCommunication(arguments.communication);
  options.contiguous = arguments.contiguous;
  if (arguments.calls > 0) options.calls_per_device = static_cast<int32_t>(arguments.calls);
  for (const auto& [name, value] : arguments.flags) {
    if (!value.empty()) options.flags.emplace(name, value);
  }
  return options;
}

std::string MillisText(int64_t value) {
  return absl::StrCat(PrintJsonCompact(ToMillis(value)), " ms");
}

std::optional<double> PartOfValue(int64_t value, int64_t bound) {
  if (value <= 0 || bound <= 0) return std::nullopt;
  return static_cast<double>(value - bound) / static_cast<double>(value);
}

class ProgressPrinter {
 public:
  using Gap = std::function<std::optional<double>(int64_t value, int64_t bound)>;
  explicit ProgressPrinter(std::function<std::string(int64_t value)> print = MillisText,
                           Gap gap = PartOfValue)
      : print_(std::move(print)), gap_(std::move(gap)) {}

  void operator()(Picos value, Picos bound) {
    const bool better = value >= 0 && (value_ < 0 || value < value_);
    if (!better && bound <= bound_) return;
    if (better) value_ = value;
    bound_ = std::max(bound_, bound);
    std::string gap;
    if (const std::optional<double> part = gap_(value_, bound_)) {
      gap = absl::StrFormat("  gap %.2f %%", 100 * std::max(0.0, *part));
    }
    std::fprintf(stderr, "%8.2f s  value %s  bound %s%s\n", Seconds(),
                 value_ < 0 ? "none" : print_(value_).c_str(),
                 bound_ == 0 ? "none" : print_(bound_).c_str(), gap.c_str());
  }
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const std::function<std::string(int64_t value)> print_;
  const Gap gap_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Picos value_ = -1, bound_ = 0;
};

absl::Status VerifyFile(const Arguments& arguments, const PlacementProblem& problem) {
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadText(arguments.verify));
  const std::string name = InputName(arguments.verify);
  ALLOT_ASSIGN_OR_RETURN(const Claim claim, ReadClaim(problem, text, name));
  ALLOT_ASSIGN_OR_RETURN(const Picos value, VerifyClaim(problem, claim), name, ": wrong: ");
  const bool latency = problem.objective == PlacementObjective::kLatency;
  std::printf("OK: %s %s ms\n", latency ? "latency" : "period",
              PrintJsonCompact(ToMillis(value)).c_str());
  if (!claim.replicated.placements.empty()) {
    std::printf("OK: with replicas %s ms\n",
                PrintJsonCompact(ToMillis(claim.replicated_period)).c_str());
  }
  return absl::OkStatus();
}

int64_t WorkFor(const Arguments& arguments, const PlacementProblem& problem) {
  if (arguments.work > 0) return arguments.work;
  const bool loads = problem.objective == PlacementObjective::kThroughput;
  const size_t size = problem.items.size() * problem.devices.size();
  const bool many = static_cast<int64_t>(size) > (loads ? kManyLoads : kMany);
  return (many ? kDefaultWorkOfMany : kDefaultWork) * (loads ? kLoadsFactor : 1);
}

SolveLimits Limits(const Arguments& arguments, const PlacementProblem& problem) {
  SolveLimits limits;
  limits.work = WorkFor(arguments, problem);
  if (arguments.seconds > 0 && arguments.work == 0) limits.work = kNoWorkLimit;
  limits.seed = static_cast<uint64_t>(arguments.seed);
  limits.threads = static_cast<int>(arguments.threads);
  limits.solvers = &arguments.registries.solvers;
  return limits;
}

// The result to where it is wanted.
absl::Status Emit(const Arguments& arguments, const Json& result, const std::string& table) {
  const std::string json = PrintJson(result) + "\n";
  if (!arguments.output.empty()) ALLOT_RETURN_IF_ERROR(WriteText(arguments.output, json));
  if (arguments.output != "-") std::fputs((arguments.json ? json : table).c_str(), stdout);
  return absl::OkStatus();
}

// From the best single placement.
absl::StatusOr<SteadyState> Replicate(const Arguments& arguments, const PlacementProblem& problem,
                                      const ProblemGraph& graph, const SolveResult& result) {
  ALLOT_ASSIGN_OR_RETURN(
      SteadyState state,
      SolveSteadyState(problem, graph, result.best.has_value() ? &*result.best : nullptr,
                       WorkFor(arguments, problem), arguments.turns));
  ALLOT_RETURN_IF_ERROR(
      VerifySteadyState(problem, state, result.best.has_value() ? &result.score : nullptr),
      "replication: ");
  return state;
}

absl::Status Search(const Arguments& arguments, const PlacementProblem& problem, int& exit_status) {
  if (arguments.turns > 0) ALLOT_RETURN_IF_ERROR(CheckReplicable(problem), "--replicate: ");
  ALLOT_ASSIGN_OR_RETURN(const SolverChoice choice, ParseSolverChoice(arguments.solver));
  const std::string& name = choice.name;
  ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<PlacementSolver> solver,
                         MakeSolver(arguments.registries.solvers, choice, KindNameOf(problem)));
  const ProblemGraph graph = BuildGraph(problem);
  ProgressPrinter progress;
  SolveLimits limits = Limits(arguments, problem);
  if (arguments.progress) {
    limits.progress = [&progress](Picos value, Picos bound, int64_t) { progress(value, bound); };
  }
  const SolveInput input{problem, graph, limits, nullptr, {}};
  ALLOT_ASSIGN_OR_RETURN(const SolveResult result,
                         arguments.seconds > 0
                             ? SolveWithin(*solver, name, input, arguments.seconds)
                             : Solve(*solver, name, input));
  if (arguments.progress) {
    progress(result.best.has_value() ? result.score.objective : -1, result.lower_bound.value);
  }
  SolveReport report{problem, graph, result, 0, BestSingleDevice(problem, graph)};
  if (arguments.turns > 0) {
    ALLOT_ASSIGN_OR_RETURN(report.replication, Replicate(arguments, problem, graph, result));
  }
  report.wall_s = progress.Seconds();
  ALLOT_RETURN_IF_ERROR(
      Emit(arguments, SolveJson(report), SolveTable(report, InputName(arguments.problem))));
  if (result.termination == Termination::kNoSolutionFound) exit_status = 1;
  return absl::OkStatus();
}

// Any other kind: without what only placements have.
absl::Status SearchOfKind(const Arguments& arguments, const ProblemKind& kind,
                          const ProblemInstance& problem, int& exit_status) {
  if (arguments.turns > 0) {
    return InputError("--replicate is for placements, not for problems of the kind ", kind.name());
  }
  ALLOT_ASSIGN_OR_RETURN(SolverChoice choice, ParseSolverChoice(arguments.solver));
  const std::vector<std::string> names = kind.SolverNames(arguments.registries.solvers);
  const bool known = std::find(names.begin(), names.end(), choice.name) != names.end();
  if (choice.name == "auto" && !known && !names.empty()) choice.name = names[0];
  ProgressPrinter clock(
      [&problem, &kind](int64_t value) {
        return absl::StrCat(PrintJsonCompact(problem.Objective(value)), " ", kind.unit());
      },
      [&problem](int64_t value, int64_t bound) -> std::optional<double> {
        if (value < 0) return std::nullopt;
        return GapOf(problem, value, bound);
      });
  SolveLimits limits;
  limits.work = arguments.work > 0 ? arguments.work : kDefaultWork;
  if (arguments.seconds > 0) {
    if (arguments.work == 0) limits.work = kNoWorkLimit;
    limits.stop = [&] { return clock.Seconds() >= arguments.seconds; };
  }
  if (arguments.progress) {
    limits.progress = [&clock](int64_t value, int64_t bound, int64_t) { clock(value, bound); };
  }
  limits.seed = static_cast<uint64_t>(arguments.seed);
  limits.threads = static_cast<int>(arguments.threads);
  limits.solvers = &arguments.registries.solvers;
  ALLOT_ASSIGN_OR_RETURN(const KindResult result, problem.Ask(choice, limits));
  const double seconds = clock.Seconds();
  ALLOT_RETURN_IF_ERROR(
      Emit(arguments, KindResultJson(kind, problem, result, seconds),
           KindResultTable(kind, problem, result, seconds, InputName(arguments.problem))));
  if (result.termination == Termination::kNoSolutionFound) exit_status = 1;
  return absl::OkStatus();
}

absl::Status VerifyOfKind(const Arguments& arguments, const ProblemKind& kind,
                          const ProblemInstance& problem) {
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadText(arguments.verify));
  const std::string name = InputName(arguments.verify);
  ALLOT_ASSIGN_OR_RETURN(const Json json, ParseJson(text), name, ": ");
  const Json* const answer = json.If<Json::Object>() != nullptr ? json.Find("answer") : nullptr;
  ALLOT_ASSIGN_OR_RETURN(const int64_t value,
                         problem.VerifyAnswer(answer != nullptr ? *answer : json, name), name,
                         ": wrong: ");
  std::printf("OK: objective %s %s\n", PrintJsonCompact(problem.Objective(value)).c_str(),
              std::string(kind.unit()).c_str());
  return absl::OkStatus();
}

// What a published plan is worth, whatever is claimed for it.
absl::Status JudgeFile(const Arguments& arguments, const ProblemInstance& problem) {
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadText(arguments.judge));
  const std::string name = InputName(arguments.judge);
  ALLOT_ASSIGN_OR_RETURN(const Json plan, ParseJson(text), name, ": ");
  ALLOT_ASSIGN_OR_RETURN(const Json judgement, problem.Judge(plan, name), name, ": wrong: ");
  const auto* const members = judgement.If<Json::Object>();
  std::string table;
  for (size_t i = 0; members != nullptr && i < members->size(); ++i) {
    const auto& [key, value] = (*members)[i];
    absl::StrAppend(&table, key, std::string(key.size() < 20 ? 20 - key.size() : 1, ' '),
                    PrintJsonCompact(value), "\n");
  }
  return Emit(arguments, judgement, table);
}

// "4:p4.json"
absl::StatusOr<BatchCase> ReadBatch(const Arguments& arguments, absl::string_view text,
                                    std::string& name) {
  const size_t colon = text.find(':');
  int64_t size = 0;
  if (colon == text.npos || !ParseOption(text.substr(0, colon), size).ok() || size < 1 ||
      size > kMaxBatch) {
    return InputError("--batch=", text, ": expected SIZE:PROBLEM.json with a size of 1 to ",
                      kMaxBatch);
  }
  const std::string path(text.substr(colon + 1));
  name = InputName(path);
  ALLOT_ASSIGN_OR_RETURN(const std::string file, ReadText(path));
  ProblemOptions question = Question(arguments);
  question.objective = PlacementObjective::kThroughput;
  ALLOT_ASSIGN_OR_RETURN(PlacementProblem problem, ReadProblem(file, name, question));
  return BatchCase{size, std::move(problem)};
}

absl::Status SearchBatches(const Arguments& arguments, int& exit_status) {
  for (const auto& [given, flag] :
       {std::pair(!arguments.verify.empty(), "--verify"),
        std::pair(!arguments.judge.empty(), "--judge"),
        std::pair(arguments.print, "--print-problem"), std::pair(arguments.progress, "--progress"),
        std::pair(arguments.turns > 0, "--replicate"),
        std::pair(arguments.seconds > 0, "--time-limit"),
        std::pair(arguments.objective == "latency", "--objective=latency")}) {
    if (given) return InputError(flag, " is for one problem, not for batches");
  }
  ALLOT_ASSIGN_OR_RETURN(const SolverChoice solver_choice, ParseSolverChoice(arguments.solver));
  ALLOT_ASSIGN_OR_RETURN(const std::unique_ptr<PlacementSolver> solver,
                         MakeSolver(arguments.registries.solvers, solver_choice, kItemsKind));
  std::vector<BatchCase> cases;
  std::vector<std::string> files;
  for (const std::string& text : arguments.batches) {
    ALLOT_ASSIGN_OR_RETURN(BatchCase batch, ReadBatch(arguments, text, files.emplace_back()));
    for (const BatchCase& other : cases) {
      if (other.size == batch.size) {
        return InputError("--batch=", text, ": a batch of ", batch.size, " is given twice");
      }
    }
    cases.push_back(std::move(batch));
  }
  const auto largest =
      std::max_element(cases.begin(), cases.end(), [](const BatchCase& a, const BatchCase& b) {
        return a.problem.items.size() < b.problem.items.size();
      });
  const ProgressPrinter clock;
  ALLOT_ASSIGN_OR_RETURN(const BatchChoice choice,
                         ChooseBatch(cases, arguments.latency_limit.value_or(kNoTimeLimit), *solver,
                                     solver_choice.name, Limits(arguments, largest->problem)));
  const BatchReport report{cases, files, choice, arguments.latency_limit, clock.Seconds()};
  ALLOT_RETURN_IF_ERROR(Emit(arguments, BatchJson(report), BatchTable(report)));
  if (!choice.chosen.has_value()) exit_status = 1;
  return absl::OkStatus();
}

}  // namespace

absl::Status RunSolveCommand(int argc, const char* const* argv, const Kinds& kinds,
                             int& exit_status) {
  Arguments arguments;
  CommandLine line("allot-solve", "PROBLEM.json|- [--objective=...] [--json] [-o FILE]",
                   "places what a problem file describes, and says how far from the best it is");
  ALLOT_RETURN_IF_ERROR(LoadPlugins(argc, argv, arguments.registries));
  Declare(line, kinds, arguments);
  SuggestNames(line, arguments.registries);
  line.Suggest("solver", arguments.registries.solvers.names());  // problems in calls, too
  line.Example("allot-solve problem.json --objective=throughput --replicate",
               "places what the file describes, in placements that take turns if that is better");
  ALLOT_RETURN_IF_ERROR(line.Parse(argc, argv));
  if (const std::optional<std::string> answer = line.Answer()) {
    std::fputs(answer->c_str(), stdout);
    return absl::OkStatus();
  }
  if (arguments.list_solvers) {
    std::fputs(Listing(arguments.registries.solvers).c_str(), stdout);
    return absl::OkStatus();
  }
  if (!arguments.batches.empty()) {
    if (line.positional().empty()) return SearchBatches(arguments, exit_status);
    return InputError("both a problem and batches given; write --batch=1:", line.positional()[0]);
  }
  if (arguments.latency_limit.has_value()) {
    return InputError("--latency-limit is for batches; write --batch=SIZE:PROBLEM.json");
  }
  if (line.positional().size() != 1) {
    return InputError(
        line.positional().empty() ? "no problem given" : "more than one problem given",
        "; usage: allot-solve PROBLEM.json [--objective=...] [--json] [-o FILE]");
  }
  arguments.problem = line.positional()[0];
  ALLOT_ASSIGN_OR_RETURN(const std::string text, ReadPlainOrGzip(arguments.problem));
  ALLOT_ASSIGN_OR_RETURN(
      const std::unique_ptr<ProblemInstance> problem,
      ReadProblemOfAnyKind(kinds, text, InputName(arguments.problem), Question(arguments)));
  if (arguments.print) {
    return WriteText(arguments.output.empty() ? "-" : arguments.output, problem->Print());
  }
  if (!arguments.judge.empty()) return JudgeFile(arguments, *problem);
  if (const PlacementProblem* const placement = problem->placement()) {
    if (!arguments.verify.empty()) return VerifyFile(arguments, *placement);
    return Search(arguments, *placement, exit_status);
  }
  const ProblemKind& kind = *FindKind(kinds, problem->kind());
  if (!arguments.verify.empty()) return VerifyOfKind(arguments, kind, *problem);
  return SearchOfKind(arguments, kind, *problem, exit_status);
}

}  // namespace allot
