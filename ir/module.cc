#include "ir/module.h"

#include <cstring>

namespace allot::ir {
namespace {

bool SameFloats(const std::vector<float>& a, const std::vector<float>& b) {
  // By bits: NaN equals itself and 0 differs from -0, as in the file.
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

bool SameAttribute(const Attribute& a, const Attribute& b, const ConstantPool& a_pool,
                   const ConstantPool& b_pool) {
  if (a.value.index() != b.value.index() || a.doc != b.doc ||
      a.unknown_fields != b.unknown_fields) {
    return false;
  }
  if (const auto* number = a.If<float>()) return SameFloats({*number}, {*b.If<float>()});
  if (const auto* numbers = a.If<std::vector<float>>()) {
    return SameFloats(*numbers, *b.If<std::vector<float>>());
  }
  if (const auto* constant = a.If<ConstantId>()) {
    return a_pool[*constant] == b_pool[*b.If<ConstantId>()];
  }
  return a.value == b.value;
}

bool SameAttributes(const AttributeMap& a, const AttributeMap& b, const ConstantPool& a_pool,
                    const ConstantPool& b_pool) {
  if (a.size() != b.size()) return false;
  for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j) {
    if (i->first != j->first || !SameAttribute(i->second, j->second, a_pool, b_pool)) return false;
  }
  return true;
}

// Walks two graphs side by side; values are paired in the order in which both define them.
class Comparison {
 public:
  Comparison(const Graph& a, const Graph& b, const ConstantPool& a_pool, const ConstantPool& b_pool)
      : a_(a), b_(b), a_pool_(a_pool), b_pool_(b_pool), pair_(a.value_id_bound()) {}

  bool Run() {
    if (a_.name != b_.name || a_.doc != b_.doc || a_.unknown_fields != b_.unknown_fields ||
        a_.quantization_annotations != b_.quantization_annotations ||
        a_.num_nodes() != b_.num_nodes()) {
      return false;
    }
    if (!PairValues(a_.inputs(), b_.inputs()) || !PairCaptures() ||
        !PairValues(a_.initializers(), b_.initializers())) {
      return false;
    }
    const std::vector<NodeId> a_nodes = a_.nodes();
    const std::vector<NodeId> b_nodes = b_.nodes();
    for (size_t i = 0; i < a_nodes.size(); ++i) {
      if (!PairValues(a_.node(a_nodes[i]).results, b_.node(b_nodes[i]).results)) return false;
    }
    for (size_t i = 0; i < a_nodes.size(); ++i) {
      if (!SameNode(a_.node(a_nodes[i]), b_.node(b_nodes[i]))) return false;
    }
    return SameUses(a_.outputs(), b_.outputs());
  }

 private:
  bool PairValues(const std::vector<ValueId>& a, const std::vector<ValueId>& b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      pair_[a[i]] = b[i];
      if (!SameValue(a_.value(a[i]), b_.value(b[i]))) return false;
    }
    return true;
  }

  bool PairCaptures() {
    if (a_.captures().size() != b_.captures().size()) return false;
    for (size_t i = 0; i < a_.captures().size(); ++i) pair_[a_.captures()[i]] = b_.captures()[i];
    return true;
  }

  bool SameValue(const Value& a, const Value& b) const {
    if (a.name != b.name || a.type != b.type || a.declared != b.declared || a.doc != b.doc ||
        a.unknown_fields != b.unknown_fields || a.constant.valid() != b.constant.valid()) {
      return false;
    }
    return !a.constant.valid() || a_pool_[a.constant] == b_pool_[b.constant];
  }

  bool SameUses(const std::vector<ValueId>& a, const std::vector<ValueId>& b) const {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i].valid() != b[i].valid() || (a[i].valid() && pair_[a[i]] != b[i])) return false;
    }
    return true;
  }

  bool SameNode(const Node& a, const Node& b) const {
    if (a.name != b.name || a.domain != b.domain || a.op_type != b.op_type ||
        a.overload != b.overload || a.doc != b.doc || a.unknown_fields != b.unknown_fields ||
        !SameUses(a.operands, b.operands) || !SameUses(a.captures, b.captures) ||
        !SameAttributes(a.attributes, b.attributes, a_pool_, b_pool_) ||
        a.regions.size() != b.regions.size()) {
      return false;
    }
    for (size_t i = 0; i < a.regions.size(); ++i) {
      if (!Equal(a.regions[i], b.regions[i], a_pool_, b_pool_)) return false;
    }
    return true;
  }

  const Graph& a_;
  const Graph& b_;
  const ConstantPool& a_pool_;
  const ConstantPool& b_pool_;
  IdVector<ValueId, ValueId> pair_;  // value of a -> value of b
};

bool SameFunction(const Function& a, const Function& b, const ConstantPool& a_pool,
                  const ConstantPool& b_pool) {
  return a.domain == b.domain && a.name == b.name && a.overload == b.overload && a.doc == b.doc &&
         a.attributes == b.attributes && a.opset_imports == b.opset_imports &&
         a.unknown_fields == b.unknown_fields &&
         SameAttributes(a.attribute_defaults, b.attribute_defaults, a_pool, b_pool) &&
         Equal(a.body, b.body, a_pool, b_pool);
}

}  // namespace

int64_t Module::OpsetVersion(absl::string_view of_domain) const {
  for (const auto& [imported, version] : opset_imports) {
    if (of_domain == imported) return version;
  }
  return 0;
}

bool Equal(const Graph& a, const Graph& b, const ConstantPool& a_pool, const ConstantPool& b_pool) {
  return Comparison(a, b, a_pool, b_pool).Run();
}

bool Equal(const Module& a, const Module& b) {
  if (a.ir_version != b.ir_version || a.opset_imports != b.opset_imports ||
      a.producer_name != b.producer_name || a.producer_version != b.producer_version ||
      a.domain != b.domain || a.doc != b.doc || a.model_version != b.model_version ||
      a.metadata != b.metadata || a.state != b.state || a.unknown_fields != b.unknown_fields ||
      a.source_file != b.source_file || a.functions.size() != b.functions.size() ||
      !Equal(a.graph, b.graph, a.constants, b.constants)) {
    return false;
  }
  for (size_t i = 0; i < a.functions.size(); ++i) {
    if (!SameFunction(a.functions[i], b.functions[i], a.constants, b.constants)) return false;
  }
  return true;
}

}  // namespace allot::ir
