// Puts the bodies of the model's functions in the place of their calls, on every nesting level.
// Functions that nobody calls any more are dropped. Linear in what comes out, which is limited.
//
// With `needed`, only in the main graph, and only calls that hold more than half of the model's
// nodes, as nothing can be placed apart inside a call: so long as there are such calls. A call that
// a device of the target names among its operators stays.
//
// Keeps calls of functions that import another version of an operator set than the model does.
#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ir/called_function.h"
#include "passes/graph/needed_calls.h"
#include "passes/inlining/inlining.h"
#include "passes/inlining/node_counts.h"
#include "passes/pipeline/pass.h"
#include "support/registry.h"
#include "support/units.h"
#include "target/cost_model.h"

namespace allot {
namespace {

struct Options {
  bool needed = false;
  int64_t max_nodes = 1'000'000;
};

class FunctionInliner {
 public:
  FunctionInliner(const Options& options, ir::Module& module, PassContext& context)
      : options_(options),
        module_(module),
        context_(context),
        functions_(module),
        counts_(module, functions_),
        total_(counts_.Of(module.graph)),
        usable_(module.functions.size(), -1),
        inliner_(module, [this](const ir::Graph&, const ir::Node& node, ir::NodeId, bool at_top) {
          return Choose(node, at_top);
        }) {}

  bool Run() {
    const auto calls = [this](ir::NodeId id) {
      return functions_.Find(module_.graph.node(id)) >= 0;
    };
    const std::vector<ir::NodeId> nodes = module_.graph.nodes();
    if (options_.needed && std::none_of(nodes.begin(), nodes.end(), calls)) return false;
    ir::Graph graph = inliner_.Run();
    if (inliner_.num_inlined() == 0) return false;
    module_.graph = std::move(graph);
    context_.statistics->Add("calls inlined", inliner_.num_inlined());
    for (const ir::OpsetImport& import : imports_) module_.opset_imports.push_back(import);
    DropUncalled();
    return true;
  }

 private:
  std::optional<Inlined> Choose(const ir::Node& node, bool at_top) {
    const int32_t called = functions_.Find(node);
    if (called < 0) return std::nullopt;
    const auto index = static_cast<size_t>(called);
    const ir::Function& function = module_.functions[index];
    if (options_.needed && !(at_top && IsNeeded(node, function))) return std::nullopt;
    const int64_t more = counts_.Of(function.body);
    if (SaturatingAdd(inliner_.num_nodes(), options_.needed ? 0 : more) > options_.max_nodes) {
      Report("too-large", absl::StrCat("what is inlined would have more than ", options_.max_nodes,
                                       " nodes; some calls stay"));
      return std::nullopt;
    }
    if (!Usable(index)) return std::nullopt;
    Inlined inlined;
    inlined.body = &function.body;
    for (size_t i = 0; i < function.body.inputs().size(); ++i) {
      inlined.arguments.push_back(i < node.operands.size() ? node.operands[i] : ir::ValueId());
    }
    // An absent operand that is passed on would leave a result without value.
    for (const ir::ValueId output : function.body.outputs()) {
      const auto& inputs = function.body.inputs();
      const auto input = std::find(inputs.begin(), inputs.end(), output);
      if (input == inputs.end()) continue;
      if (!inlined.arguments[static_cast<size_t>(input - inputs.begin())].valid()) {
        return std::nullopt;
      }
    }
    inlined.attributes = function.attribute_defaults;
    for (const auto& [name, attribute] : node.attributes) (*inlined.attributes)[name] = attribute;
    return inlined;
  }

  bool IsNeeded(const ir::Node& node, const ir::Function& function) {
    // Of what cannot be counted nothing can be said to be more than half.
    if (total_ == std::numeric_limits<int64_t>::max()) return false;
    if (counts_.Of(node) <= total_ / 2 || counts_.Of(function.body) < 2) return false;
    if (context_.target == nullptr) return true;
    OpFeatures call;
    call.op_type = node.op_type;
    call.domain = node.domain;
    for (const Device& device : context_.target->devices) {
      if (!device.supported_ops.empty() && !WhyUnsupported(call, device).has_value()) return false;
    }
    return true;
  }

  // Whether the body means the same in the model as in the function.
  bool Usable(size_t index) {
    if (usable_[index] >= 0) return usable_[index] > 0;
    const ir::Function& function = module_.functions[index];
    std::set<std::string> used;
    CollectDomains(function.body, used);
    usable_[index] = 1;
    for (const auto& [domain, version] : function.opset_imports) {
      if (used.count(domain) == 0) continue;
      const int64_t models = VersionOf(domain);
      if (models == 0) {
        imports_.push_back({domain, version});
      } else if (models != version) {
        usable_[index] = 0;
        Report(
            absl::StrCat("function ", index),
            absl::StrCat("calls of function '", function.domain, ".", function.name,
                         "' stay: it imports version ", version, " of domain '",
                         domain.empty() ? "ai.onnx" : domain, "', and the model version ", models));
      }
    }
    return usable_[index] > 0;
  }

  int64_t VersionOf(const std::string& domain) const {
    for (const auto& [known, version] : imports_) {
      if (known == domain) return version;
    }
    return module_.OpsetVersion(domain);
  }

  static void CollectDomains(const ir::Graph& graph, std::set<std::string>& used) {
    for (const ir::NodeId id : graph.nodes()) {
      used.insert(graph.node(id).domain);
      for (const ir::Graph& body : graph.node(id).regions) CollectDomains(body, used);
    }
  }

  void Report(const std::string& what, const std::string& message) {
    if (reported_.insert(what).second) context_.diagnostics->Warning("", message);
  }

  void DropUncalled() {
    std::vector<bool> called(module_.functions.size(), false);
    std::vector<const ir::Graph*> pending = {&module_.graph};
    while (!pending.empty()) {
      const ir::Graph& graph = *pending.back();
      pending.pop_back();
      for (const ir::NodeId id : graph.nodes()) {
        const ir::Node& node = graph.node(id);
        for (const ir::Graph& body : node.regions) pending.push_back(&body);
        const int32_t index = functions_.Find(node);
        if (index < 0 || called[static_cast<size_t>(index)]) continue;
        called[static_cast<size_t>(index)] = true;
        pending.push_back(&module_.functions[static_cast<size_t>(index)].body);
      }
    }
    std::vector<ir::Function> kept;
    for (size_t i = 0; i < called.size(); ++i) {
      if (called[i]) kept.push_back(std::move(module_.functions[i]));
    }
    module_.functions = std::move(kept);
  }

  const Options& options_;
  ir::Module& module_;
  PassContext& context_;
  const CalledFunctions functions_;
  NodeCounts counts_;
  const int64_t total_;
  std::vector<int> usable_;               // by function; -1: not asked yet
  std::vector<ir::OpsetImport> imports_;  // that the model gets
  std::set<std::string> reported_;
  Inliner inliner_;
};

class InlineFunctions final : public GraphPass {
 public:
  explicit InlineFunctions(Options options) : options_(options) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    if (module.functions.empty()) return false;
    return FunctionInliner(options_, module, context).Run();
  }

 private:
  Options options_;
};

}  // namespace

bool InlineNeededCalls(ir::Module& module, PassContext& context) {
  if (module.functions.empty()) return false;
  Options options;
  options.needed = true;
  return FunctionInliner(options, module, context).Run();
}

Entry<GraphPass> InlineFunctionsEntry() {
  return MakeEntry<GraphPass, InlineFunctions>(
      "inline-functions", "put the bodies of functions in the place of their calls",
      OptionSchema<Options>()
          .Add("needed", &Options::needed,
               "only calls that hold more than half of the model's nodes, and that no device names")
          .Add("max-nodes", &Options::max_nodes,
               "that the model may have then; further calls stay"));
}

}  // namespace allot
