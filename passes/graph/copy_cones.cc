// Gives each reader a copy of its own of what is cheap and depends on inputs of the model alone:
// masks, casts of shapes of inputs. On a module of chips such a node has readers on many chips, and
// tensors that pass chips by are against its rules; computing it where it is read is not. A node is
// copied if all that it depends on is, and all of that together costs at most `permille` of what
// the model costs, counted as operations and bytes, and reads few of its weights: a table of words
// is looked up fast, but each chip with a copy holds it. What depends on constants alone is left
// out: it travels with its readers anyway. Copies only, nothing else changes; at most doubles the
// nodes.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "ir/called_function.h"
#include "passes/nodes/operator_work.h"
#include "passes/nodes/pure_nodes.h"
#include "passes/pipeline/pass.h"
#include "support/status.h"

namespace allot {
namespace {

// Of all weights, that what is copied may read.
constexpr Bytes kShareOfWeights = 100, kFewBytes = 256;

struct Options {
  int64_t permille = 1;
};

class Copier {
 public:
  Copier(ir::Module& module, const OperatorWork& work, int64_t permille)
      : graph_(module.graph), functions_(module), work_(work), permille_(permille) {
    for (const ir::NodeId id : graph_.nodes()) {
      names_.insert(graph_.node(id).name);
      for (const ir::ValueId result : graph_.node(id).results) {
        names_.insert(graph_.value(result).name);
      }
    }
    for (const ir::ValueId input : graph_.inputs()) names_.insert(graph_.value(input).name);
    for (const ir::ValueId value : graph_.initializers()) names_.insert(graph_.value(value).name);
  }

  int64_t Run() {
    const std::vector<ir::NodeId> cheap = FindCheap();
    const size_t most = 2 * graph_.num_nodes();
    // Readers first: then what they read has their copies as readers.
    for (auto id = cheap.rbegin(); id != cheap.rend(); ++id) {
      const std::vector<ir::NodeId> readers = Readers(*id);
      for (size_t i = 1; i < readers.size() && graph_.num_nodes() < most; ++i) {
        Copy(*id, readers[i]);
      }
    }
    return copies_;
  }

 private:
  int64_t CostOf(ir::NodeId id) const {
    const OpFeatures& features = work_.features[id];
    return SaturatingAdd(features.flops, Traffic(features));
  }

  // Of what it reads, what is constant: copies of the node hold it, too.
  Bytes WeightsOf(ir::NodeId id) const {
    Bytes weights = 0;
    for (const ir::ValueId operand : graph_.node(id).operands) {
      if (!operand.valid()) continue;
      const ir::Value& value = graph_.value(operand);
      const bool constant = value.origin == ir::Value::Origin::kInitializer ||
                            (value.origin == ir::Value::Origin::kResult && Travels(value.producer));
      if (constant) weights = SaturatingAdd(weights, work_.value_bytes[operand]);
    }
    return weights;
  }

  // In topological order, as ids are.
  std::vector<ir::NodeId> FindCheap() const {
    int64_t all = 0;
    for (const ir::NodeId id : graph_.nodes()) all = SaturatingAdd(all, CostOf(id));
    const int64_t limit = all / 1'000 * permille_;
    Bytes weights = 0;
    for (const ir::ValueId value : graph_.initializers()) {
      weights = SaturatingAdd(weights, work_.value_bytes[value]);
    }
    const Bytes most_weights = std::max(weights / kShareOfWeights, kFewBytes);
    IdVector<ir::NodeId, std::set<ir::NodeId>> cone(graph_.node_id_bound());
    std::vector<ir::NodeId> cheap;
    for (const ir::NodeId id : graph_.nodes()) {
      const ir::Node& node = graph_.node(id);
      bool copies = IsPure(node, functions_), reads_input = false;
      std::set<ir::NodeId> own = {id};
      for (const ir::ValueId operand : node.operands) {
        if (!operand.valid()) continue;
        const ir::Value& value = graph_.value(operand);
        if (value.origin == ir::Value::Origin::kInput) reads_input = true;
        if (value.origin != ir::Value::Origin::kResult) continue;
        const std::set<ir::NodeId>& other = cone[value.producer];
        copies = copies && (!other.empty() || Travels(value.producer));
        reads_input = reads_input || !other.empty();
        own.insert(other.begin(), other.end());
      }
      for (const ir::ValueId result : node.results) copies = copies && !graph_.IsOutput(result);
      int64_t cost = 0;
      Bytes read = 0;
      for (const ir::NodeId each : own) {
        cost = SaturatingAdd(cost, CostOf(each));
        read = SaturatingAdd(read, WeightsOf(each));
      }
      if (!copies || !reads_input || cost > limit || read > most_weights) continue;
      cone[id] = std::move(own);
      cheap.push_back(id);
    }
    return cheap;
  }

  // Depends on constants alone, as far as one step shows.
  bool Travels(ir::NodeId id) const {
    const ir::Node& node = graph_.node(id);
    return node.regions.empty() &&
           std::all_of(node.operands.begin(), node.operands.end(), [&](ir::ValueId operand) {
             return !operand.valid() ||
                    graph_.value(operand).origin == ir::Value::Origin::kInitializer;
           });
  }

  // Those whose operands can be exchanged, each once.
  std::vector<ir::NodeId> Readers(ir::NodeId id) const {
    std::set<ir::NodeId> readers;
    for (const ir::ValueId result : graph_.node(id).results) {
      for (const ir::NodeId user : graph_.users(result)) {
        if (graph_.node(user).regions.empty()) readers.insert(user);
      }
    }
    return {readers.begin(), readers.end()};
  }

  void Copy(ir::NodeId id, ir::NodeId reader) {
    ++copies_;
    ir::Node copy = graph_.node(id);
    const std::vector<ir::ValueId> before = copy.results;
    if (!copy.name.empty()) copy.name = FreshName(copy.name);
    std::vector<ir::Graph::Result> results;
    for (const ir::ValueId result : before) {
      const ir::Value& value = graph_.value(result);
      results.push_back({value.name.empty() ? "" : FreshName(value.name), value.type});
    }
    const ir::NodeId made = graph_.AddNode(std::move(copy), results);
    const std::vector<ir::ValueId> after = graph_.node(made).results;
    const size_t operands = graph_.node(reader).operands.size();
    for (size_t i = 0; i < operands; ++i) {
      const ir::ValueId operand = graph_.node(reader).operands[i];
      for (size_t r = 0; r < before.size(); ++r) {
        if (operand.valid() && operand == before[r]) graph_.SetOperand(reader, i, after[r]);
      }
    }
  }

  std::string FreshName(const std::string& name) {
    for (int64_t i = 1;; ++i) {
      const auto [fresh, is_new] = names_.insert(absl::StrCat(name, "_copy", i));
      if (is_new) return *fresh;
    }
  }

  ir::Graph& graph_;
  const CalledFunctions functions_;
  const OperatorWork& work_;
  const int64_t permille_;
  std::set<std::string> names_;
  int64_t copies_ = 0;
};

class CopyCones final : public GraphPass {
 public:
  explicit CopyCones(Options options) : options_(options) {}

  absl::StatusOr<bool> Run(ir::Module& module, PassContext& context) const override {
    if (options_.permille < 0 || options_.permille > 1'000) {
      return InputError("permille=", options_.permille, " is not from 0 to 1000");
    }
    ALLOT_ASSIGN_OR_RETURN(const OperatorWork work, GraphWork::Make(module, context));
    const int64_t copies = Copier(module, work, options_.permille).Run();
    context.statistics->Add("nodes copied", copies);
    return copies > 0;
  }

 private:
  Options options_;
};

}  // namespace

Entry<GraphPass> CopyConesEntry() {
  return MakeEntry<GraphPass, CopyCones>(
      "copy-cones", "give each reader its own copy of what is cheap and follows from inputs alone",
      OptionSchema<Options>().Add("permille", &Options::permille,
                                  "of what the model costs, that a copy with all it depends on may "
                                  "cost"));
}

}  // namespace allot
