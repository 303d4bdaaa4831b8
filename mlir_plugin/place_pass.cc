// allot-place: the plan of a module's model, as attributes of its operations.
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/Pass.h"

#include "api/placed_tree.h"
#include "ir/text/plan_attributes.h"
#include "mlir_plugin/operation_tree.h"
#include "mlir_plugin/passes.h"
#include "mlir_plugin/plan_attributes.h"
#include "tools/program_registries.h"

namespace allot {
namespace {

// Where the text of the module lies, for what lies beside it.
std::string FolderOf(mlir::Operation* module) {
  const auto file = llvm::dyn_cast<mlir::FileLineColLoc>(module->getLoc());
  if (!file) return "";
  return std::filesystem::path(file.getFilename().str()).parent_path().string();
}

class PlacePass final : public mlir::PassWrapper<PlacePass, mlir::OperationPass<mlir::ModuleOp>> {
 public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PlacePass)

  PlacePass() = default;
  PlacePass(const PlacePass& other) : PassWrapper(other) {}
  explicit PlacePass(const PlacePassOptions& options) {
    target_ = options.target;
    objective_ = options.objective;
    solver_ = options.solver;
    work_ = options.work;
    pipeline_ = options.pipeline;
    dims_ = options.dims;
    pins_ = options.pins;
    forbids_ = options.forbids;
    together_ = options.together;
    costs_ = options.costs;
    default_dim_ = options.default_dim;
    max_parts_ = options.max_parts;
    seed_ = options.seed;
    contiguous_ = options.contiguous;
    replicas_ = options.replicas;
    threads_ = options.threads;
    words_ = options.words;
    report_ = options.report;
  }

  llvm::StringRef getArgument() const override { return "allot-place"; }
  llvm::StringRef getName() const override { return "AllotPlace"; }
  llvm::StringRef getDescription() const override {
    return "Decide where each operator of an ONNX model runs, by Allot";
  }

  void runOnOperation() override {
    mlir::Operation* const module = getOperation();
    TreeOptions options;
    const Registries registries = ProgramRegistries();
    if (!ReadOptions(options)) return signalPassFailure();
    options.compile.registries = &registries;
    options.source_folder = FolderOf(module);
    OperationTree tree = TreeOf(module);
    const PlacedTree placed = PlaceTree(std::move(tree.document), options);
    for (const TreeDiagnostic& diagnostic : placed.diagnostics) {
      Report(diagnostic, tree.operations[diagnostic.offset]);
    }
    if (!placed.compilation.has_value()) return signalPassFailure();
    for (mlir::Operation* const operation : tree.operations) DropPlan(operation);
    for (const PlacedOp& op : placed.ops) {
      if (!Annotate(op, tree.operations[op.offset])) return signalPassFailure();
    }
    Count(*placed.compilation);
    if (report_) {
      mlir::emitRemark(tree.operations[placed.graph_offset]->getLoc())
          << ReportOf(*placed.compilation);
    }
    markAllAnalysesPreserved();
  }

 private:
  bool ReadOptions(TreeOptions& options) {
    CompileOptions& compile = options.compile;
    if (objective_ != "latency" && objective_ != "throughput") {
      mlir::emitError(getOperation().getLoc())
          << "objective=" << objective_.getValue() << ": expected latency or throughput";
      return false;
    }
    if (words_ != "both" && words_ != "own" && words_ != "users") {
      mlir::emitError(getOperation().getLoc())
          << "words=" << words_.getValue() << ": expected both, own or users";
      return false;
    }
    options.words = words_ == "own"     ? PlanWords::kOwn
                    : words_ == "users" ? PlanWords::kUsers
                                        : PlanWords::kBoth;
    compile.objective =
        objective_ == "latency" ? ir::Objective::kLatency : ir::Objective::kThroughput;
    compile.target = target_;
    compile.solver = solver_;
    compile.work = work_;
    compile.pipeline = pipeline_;
    compile.dims = *dims_;
    compile.pins = *pins_;
    compile.forbids = *forbids_;
    compile.together = *together_;
    compile.cost_files = *costs_;
    compile.default_dim = default_dim_;
    compile.max_parts = max_parts_;
    compile.seed = static_cast<uint64_t>(seed_.getValue());
    compile.contiguous = contiguous_;
    compile.replicas = replicas_;
    compile.threads = threads_ < 1 ? 1 : static_cast<int>(threads_);
    return true;
  }

  // In one line, for whoever cannot ask for statistics: a release build of MLIR counts none.
  static std::string ReportOf(const Compilation& compilation) {
    const ir::Plan& plan = compilation.plan;
    std::set<DeviceId> devices;
    for (const ir::Part& part : plan.parts) devices.insert(part.device);
    std::string text = absl::StrCat(compilation.module->graph.num_nodes(), " nodes in ",
                                    plan.parts.size(), " parts on ", devices.size(), " devices, ",
                                    plan.transfers.size(), " transfers");
    if (plan.summary.has_value()) {
      absl::StrAppendFormat(&text, ", predicted %s %.4f ms",
                            std::string(ir::ObjectiveName(plan.summary->objective)),
                            static_cast<double>(plan.summary->value) / 1e9);
    }
    return text;
  }

  static void Report(const TreeDiagnostic& diagnostic, mlir::Operation* operation) {
    // Flags of the program are options of the pass here.
    const std::string message = absl::StrReplaceAll(absl::StripPrefix(diagnostic.message, "--"),
                                                    {{" --", " "}, {"(--", "("}});
    // A whole model would be printed behind a message about it.
    const bool whole = operation->getNumRegions() > 0;
    const mlir::Location place = operation->getLoc();
    switch (diagnostic.severity) {
      case Severity::kNote:
        whole ? mlir::emitRemark(place, message) : operation->emitRemark(message);
        break;
      case Severity::kWarning:
        whole ? mlir::emitWarning(place, message) : operation->emitWarning(message);
        break;
      case Severity::kError:
        whole ? mlir::emitError(place, message) : operation->emitError(message);
        break;
    }
  }

  // Of an earlier run.
  static void DropPlan(mlir::Operation* operation) {
    llvm::SmallVector<mlir::StringAttr> stale;
    for (const mlir::NamedAttribute entry : operation->getDiscardableAttrs()) {
      const llvm::StringRef name = entry.getName().getValue();
      if (ir::text::IsPlanAttribute({name.data(), name.size()})) stale.push_back(entry.getName());
    }
    for (const mlir::StringAttr name : stale) operation->removeDiscardableAttr(name);
  }

  bool Annotate(const PlacedOp& op, mlir::Operation* operation) {
    for (const ir::text::NamedAttr& entry : op.attributes) {
      const mlir::Attribute attribute = AttributeOf(entry.value, &getContext());
      if (!attribute) {
        std::string text;
        ir::text::PrintAttr(entry.value, text);
        operation->emitError() << "'" << entry.name << " = " << text
                               << "' is of a dialect that is not loaded: "
                                  "--allow-unregistered-dialect, or words=own";
        return false;
      }
      operation->setDiscardableAttr(entry.name, attribute);
    }
    return true;
  }

  void Count(const Compilation& compilation) {
    num_nodes_ += compilation.module->graph.num_nodes();
    num_clusters_ += compilation.plan.num_clusters();
    num_parts_ += compilation.plan.parts.size();
    num_transfers_ += compilation.plan.transfers.size();
    if (!compilation.plan.summary.has_value()) return;
    cut_bytes_ += static_cast<unsigned>(compilation.plan.summary->cut_bytes);
    value_us_ += static_cast<unsigned>(compilation.plan.summary->value / kPicosPerMicro);
  }

  Option<std::string> target_{*this, "target",
                              llvm::cl::desc("the machine: a file, a built-in name, or host"),
                              llvm::cl::init("host")};
  Option<std::string> objective_{*this, "objective",
                                 llvm::cl::desc("what is minimised: latency or throughput"),
                                 llvm::cl::init("latency")};
  Option<std::string> solver_{*this, "solver", llvm::cl::desc("who places"),
                              llvm::cl::init("auto")};
  Option<int64_t> work_{*this, "work", llvm::cl::desc("limit of the search; 0: the usual"),
                        llvm::cl::init(0)};
  Option<std::string> pipeline_{*this, "pipeline",
                                llvm::cl::desc("passes of Allot instead of the usual ones"),
                                llvm::cl::init("")};
  ListOption<std::string> dims_{*this, "dim", llvm::cl::desc("NAME=SIZE of a symbolic dimension")};
  ListOption<std::string> pins_{*this, "pin",
                                llvm::cl::desc("REGEX=DEVICE: nodes of such names run there")};
  ListOption<std::string> forbids_{*this, "forbid", llvm::cl::desc("REGEX=DEVICE: ... do not")};
  ListOption<std::string> together_{*this, "together", llvm::cl::desc("REGEX: ... on one device")};
  ListOption<std::string> costs_{*this, "costs", llvm::cl::desc("files of measured times")};
  Option<int64_t> default_dim_{*this, "default-dim",
                               llvm::cl::desc("size of every other open dimension"),
                               llvm::cl::init(1)};
  Option<int64_t> max_parts_{*this, "max-parts", llvm::cl::desc("of the plan; 0: any number"),
                             llvm::cl::init(0)};
  Option<int64_t> seed_{*this, "seed", llvm::cl::desc("of the random choices"), llvm::cl::init(1)};
  Option<bool> contiguous_{*this, "contiguous",
                           llvm::cl::desc("devices in an order in which nothing leads back"),
                           llvm::cl::init(false)};
  Option<bool> replicas_{*this, "replicas", llvm::cl::desc("placements may take turns in a stream"),
                         llvm::cl::init(true)};
  Option<int> threads_{*this, "threads", llvm::cl::desc("of the search; never change the result"),
                       llvm::cl::init(1)};
  Option<std::string> words_{
      *this, "words",
      llvm::cl::desc("whose attributes foreign operations get: both, own (place.device), users "
                     "(device, stream.affinity)"),
      llvm::cl::init("both")};

  Option<bool> report_{*this, "report",
                       llvm::cl::desc("say in a remark what the plan is and is worth"),
                       llvm::cl::init(false)};

  Statistic num_nodes_{this, "nodes", "operators of the model"};
  Statistic num_clusters_{this, "clusters", "groups that are placed together"};
  Statistic num_parts_{this, "parts", "parts of the plan"};
  Statistic num_transfers_{this, "transfers", "tensors that change device"};
  Statistic cut_bytes_{this, "cut-bytes", "bytes of these tensors"};
  Statistic value_us_{this, "value-us", "predicted microseconds"};
};

}  // namespace

std::unique_ptr<mlir::Pass> CreatePlacePass(const PlacePassOptions& options) {
  return std::make_unique<PlacePass>(options);
}

}  // namespace allot
