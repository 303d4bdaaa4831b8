#include "tools/compile_flags.h"

#include <chrono>
#include <functional>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "placement/trained/chain.h"
#include "support/options.h"
#include "support/status.h"
#include "target/builtin_targets.h"
#include "target/host/host_target.h"
#include "target/quantity.h"
#include "tools/name_suggestions.h"
#include "tools/plugin_flags.h"

namespace allot {

namespace {

// More than any time limit leaves room for.
constexpr int64_t kUnlimitedWork = int64_t{1} << 50;

// "30", "0.5s", "2ms".
absl::StatusOr<Picos> ParseSeconds(absl::string_view text) {
  if (const absl::StatusOr<int64_t> plain = ParseScaledDecimal(text, kPicosPerSecond); plain.ok()) {
    return *plain;
  }
  return ParseDuration(text);
}

// Reads a percentage, "1" or "0.5", as thousandths.
std::function<absl::Status(absl::string_view)> PercentInto(int64_t& permille,
                                                           int64_t most = INT32_MAX) {
  return [&permille, most](absl::string_view text) -> absl::Status {
    const absl::StatusOr<int64_t> amount = ParseScaledDecimal(text, 10);
    if (!amount.ok()) return InputError("expected a percentage such as 1 or 0.5");
    if (*amount > most) {
      return InputError("'", text, "' is too large; expected at most ", most / 10);
    }
    permille = *amount;
    return absl::OkStatus();
  };
}

}  // namespace

void DeclareTargetFlag(CommandLine& line, CompileFlags& flags) {
  line.Value("target", "FILE|NAME", &flags.options.target,
             absl::StrCat("the machine: a JSON file, or one of\n",
                          absl::StrJoin(BuiltinTargetNames(), ", "), ",\nor ", kHostTargetUsage,
                          ": this machine\n(default: host)"));
}

void DeclarePlanningFlags(CommandLine& line, CompileFlags& flags) {
  CompileOptions& compile = flags.options;
  line.Section("The question");
  line.Choice("objective", {"latency", "throughput"}, &flags.objective,
              "latency (default): time of one inference;\nthroughput: period of a steady stream");
  line.List("dim", "NAME=SIZE", &compile.dims, "size of a symbolic dimension, for costs only");
  line.List("scenario", "NAME:SIZES[*N]", &compile.scenarios,
            "a use of the model, such as prefill:tokens=512,past=0;\nall of them share one "
            "placement: times add up over N\ninferences of each, memory is the largest");
  line.Integer("default-dim", "SIZE", &flags.default_dim,
               "size of every other open dimension (default: 1)");
  line.List("set", "NAME=VALUE", &compile.fixed,
            "an input that has one value for ever, such as\nuse_cache_branch=true: decides what "
            "depends on it");
  line.Value(
      "state", "auto|off|OUT=IN,...", &compile.state,
      "outputs that are inputs of the next inference, such as a\ndecoder's cache: they stay on "
      "their device (default: auto,\nby name)");
  line.List("pin", "REGEX=DEVICE", &compile.pins,
            "nodes whose whole name matches run there; before:REGEX\nand after:REGEX: all that "
            "lead there, or follow");
  line.List("forbid", "REGEX=DEVICE", &compile.forbids, "nodes whose whole name matches do not");
  line.List("together", "REGEX", &compile.together,
            "nodes whose whole name matches run on one device");
  line.Section("Training");
  line.Choice(
      "workload", {"inference", "training"}, &flags.workload,
      "inference (default), or training: a range of the model for\neach device, forward and "
      "backward");
  line.Integer("microbatches", "M", 1, kMostMicrobatches, &flags.microbatches,
               "of a batch; the sizes of the model are those of one\n(default: 8)");
  line.Choice("optimizer", {"adam", "sgd"}, &flags.optimizer,
              "adam (default): two moments of 32 bits for each\nparameter; sgd: none");
  line.Choice("recompute", {"no", "yes", "auto"}, &flags.recompute,
              "run forward again before backward, keeping only what a\nstage is given; auto "
              "(default): where it does not fit else");
  line.Value("freeze", "REGEX", &compile.freeze,
             "weights whose whole name matches are not trained");
  line.Flag("whole-layers", &compile.whole_layers, "ranges end between repeated layers only");
  line.Section("Dividing operators");
  line.List("split", "REGEX=KIND:PARTS", &compile.splits,
            "nodes whose whole name matches into so many slices, by\ncolumns, rows, heads, experts "
            "or batch; pairs: what ends\nwith them");
  line.Action(
      "tensor-width", "N|auto",
      [&compile](absl::string_view text) -> absl::Status {
        int64_t width = 0;
        constexpr int64_t kMost = 64;
        if (text != "auto" && (!absl::SimpleAtoi(text, &width) || width < 1 || width > kMost)) {
          return InputError("expected auto, or a number of slices from 1 to ", kMost);
        }
        compile.tensor_width = std::string(text);
        return absl::OkStatus();
      },
      "all attention and feed-forward layers into N slices, each\non a device of its own; auto: "
      "the best of 1, 2, 4, ...\n(default: 1)");
  line.Flag("split-state", &compile.split_state,
            "caches of divided attention are inputs and outputs of each\nslice, and stay with it");
  line.Value(
      "sparse", "P|auto", &compile.sparse,
      "divide the rows of sparse weights among P parts that\nexchange few words, one for each "
      "device; on one device\npack them; auto: as many as there are devices, or as pay");
  line.Action(
      "eps", "X",
      [&compile](absl::string_view text) -> absl::Status {
        ALLOT_RETURN_IF_ERROR(ParseOption(text, compile.sparse_imbalance));
        if (compile.sparse_imbalance >= 0 && compile.sparse_imbalance <= 1000) {
          return absl::OkStatus();
        }
        return InputError("expected a number from 0 to 1000, such as 0.03");
      },
      "how much more than its share of a layer a part of --sparse\nmay take (default: 0.03)");
  line.Flag("sparse-force", &compile.sparse_force, "divide also where it does not pay");
  line.Section("Costs");
  line.Value("cost-model", "NAME", &compile.cost_model,
             absl::StrCat("how operators are costed (default: roofline): ",
                          absl::StrJoin(flags.registries.cost_models.names(), ", ")));
  line.List("costs", "FILE", &compile.cost_files,
            "measured times: CSV node,device,time_us or an ONNX Runtime profile");
  line.Section("The plan");
  line.Choice("replicas", {"yes", "no"}, &flags.replicas,
              "yes (default): a stream may be served by several\nplacements that take turns");
  line.Action(
      "latency-limit", "TIME",
      [&compile](absl::string_view text) -> absl::Status {
        ALLOT_ASSIGN_OR_RETURN(compile.latency_limit, ParseDuration(text));
        if (compile.latency_limit >= kPicosPerMicro) return absl::OkStatus();
        return InputError("'", text, "' is less than a microsecond; give 1us or more");
      },
      "how long one inference of a stream may take, such as 5ms,\nin whole microseconds");
  line.Action("simplify", "PERCENT", PercentInto(compile.simplify_permille),
              "how much slower a plan may be for having fewer parts\n(default: 1)");
  line.Action(
      "min-gain", "PERCENT", PercentInto(compile.min_gain_permille, 1000),
      "what a plan must gain over the model as a whole, on one\ndevice or in copies that take "
      "turns (default: 0)");
  line.Flag("contiguous", &compile.contiguous,
            "devices can be put in an order in which nothing leads\nback; no placements in turn");
  line.Integer("max-parts", "N", &compile.max_parts,
               "parts of the plan, at most; of all placements that take turns");
  line.Value("start", "DIR|FILE", &compile.start,
             "the plan of an output folder, or a plan.json: what comes\nout is never worse");
  line.Action("migration-cost", "PERCENT", PercentInto(compile.migration_cost_permille),
              "what a plan must gain over that of --start for moving all\nweights, less for fewer "
              "(default: 0)");
  line.Section("The search");
  line.Value("solver", "NAME", &compile.solver,
             absl::StrCat("of the default pipeline: ",
                          absl::StrJoin(SolversOfItems(flags.registries.solvers), ", ")));
  line.Integer("work", "N", &compile.work, "work limit of the default pipeline's search");
  line.Action(
      "time-limit", "TIME",
      [&compile](absl::string_view text) -> absl::Status {
        Picos limit = 0;
        ALLOT_ASSIGN_OR_RETURN(limit, ParseSeconds(text));
        const auto end =
            std::chrono::steady_clock::now() + std::chrono::microseconds(limit / kPicosPerMicro);
        compile.stop = [end] { return std::chrono::steady_clock::now() >= end; };
        return absl::OkStatus();
      },
      "search as long as this, in seconds, and take the best so far");
  line.Integer("seed", "N", 0, std::numeric_limits<int64_t>::max(), &flags.seed,
               "of the random choices (default: 1)");
  line.Integer("threads", "N", 1, CommandLine::kMaxThreads, &flags.threads,
               "never changes the result (default: 1)");
  line.Value("proposer", "FILE", &compile.proposer,
             "on a module of chips: weights by allot train-proposer;\nwithout it, those that come "
             "with Allot");
  line.Integer("finetune", "N", 0, std::numeric_limits<int64_t>::max(), &compile.finetune,
               "on a module of chips: proposals at most of what learns");
  line.Value("pass-pipeline", "TEXT", &compile.pipeline,
             "run these passes instead of the default ones");
  line.Flag("strict-shapes", &compile.strict_shapes, "values that stay untyped are an error");
  DeclarePluginFlags(line, flags.plugins);
}

namespace {

// What is asked of training only, or of inferences only, is not asked of the other.
absl::Status FinishTrainingFlags(CompileFlags& flags) {
  CompileOptions& compile = flags.options;
  compile.trains = flags.workload == "training";
  if (!compile.trains) {
    const absl::string_view given = flags.microbatches > 0     ? "--microbatches"
                                    : !flags.optimizer.empty() ? "--optimizer"
                                    : !flags.recompute.empty() ? "--recompute"
                                    : !compile.freeze.empty()  ? "--freeze"
                                    : compile.whole_layers     ? "--whole-layers"
                                                               : "";
    if (given.empty()) return absl::OkStatus();
    return InputError(given, " is of training: add --workload=training, or leave it out");
  }
  const CompileOptions usual;
  const absl::string_view given =
      !flags.objective.empty()                               ? "--objective"
      : !compile.scenarios.empty()                           ? "--scenario"
      : !compile.pipeline.empty()                            ? "--pass-pipeline"
      : !compile.splits.empty()                              ? "--split"
      : compile.tensor_width != usual.tensor_width           ? "--tensor-width"
      : compile.split_state                                  ? "--split-state"
      : !compile.sparse.empty()                              ? "--sparse"
      : compile.state != usual.state                         ? "--state"
      : !compile.replicas                                    ? "--replicas"
      : compile.latency_limit > 0                            ? "--latency-limit"
      : compile.min_gain_permille != usual.min_gain_permille ? "--min-gain"
      : !compile.start.empty()                               ? "--start"
      : compile.solver != usual.solver                       ? "--solver"
      : !compile.proposer.empty() || compile.finetune > 0    ? "--proposer or --finetune"
                                                             : "";
  if (!given.empty()) {
    return InputError(given, " is of inferences: leave it out, or --workload=training");
  }
  compile.objective = ir::Objective::kThroughput;
  if (flags.microbatches > 0) compile.microbatches = flags.microbatches;
  if (!flags.optimizer.empty()) compile.optimizer = flags.optimizer;
  if (!flags.recompute.empty()) compile.recompute = flags.recompute;
  return absl::OkStatus();
}

}  // namespace

absl::Status FinishCompileFlags(CompileFlags& flags) {
  CompileOptions& compile = flags.options;
  compile.registries = &flags.registries;
  compile.objective =
      flags.objective == "throughput" ? ir::Objective::kThroughput : ir::Objective::kLatency;
  compile.replicas = flags.replicas == "yes";
  ALLOT_RETURN_IF_ERROR(FinishTrainingFlags(flags));
  if (compile.max_parts < 0) {
    return InputError("--max-parts=", compile.max_parts, ": expected a positive number");
  }
  if (compile.latency_limit > 0 && compile.objective == ir::Objective::kLatency) {
    return InputError(
        "--latency-limit is of a stream: add --objective=throughput; a plan for latency takes as "
        "little as was found");
  }
  const CompileOptions usual;
  const bool divides = !compile.splits.empty() || compile.tensor_width != usual.tensor_width;
  if (compile.split_state && !divides) {
    return InputError(
        "--split-state is of divided attention: add --tensor-width or --split, or leave it out");
  }
  const bool shares = compile.sparse_imbalance != usual.sparse_imbalance;
  if (compile.sparse.empty() && (compile.sparse_force || shares)) {
    return InputError(compile.sparse_force ? "--sparse-force" : "--eps",
                      " is of the division of sparse weights: add --sparse, or leave it out");
  }
  if (!compile.sparse.empty() && compile.sparse != "auto") {
    int64_t parts = 0;
    if (!ParseOption(compile.sparse, parts).ok() || parts < 1 || parts > 1024) {
      return InputError("--sparse=", compile.sparse, ": must be from 1 to 1024, or auto");
    }
  }
  if (compile.work < 0) return InputError("--work=", compile.work, ": expected a positive number");
  if (compile.stop && compile.work == 0) compile.work = kUnlimitedWork;
  compile.threads = static_cast<int>(flags.threads);
  compile.seed = static_cast<uint64_t>(flags.seed);
  compile.default_dim = flags.default_dim;
  return absl::OkStatus();
}

}  // namespace allot
