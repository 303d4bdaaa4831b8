// A graph of operators in SSA form: storage and edits only. Everything that reads a graph (orders,
// analyses, printing, costs) is a free function elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "ir/attribute.h"
#include "ir/type.h"
#include "support/id.h"

namespace allot::ir {

using NodeId = Id<struct NodeTag>;    // one application of an operator
using ValueId = Id<struct ValueTag>;  // one value: input, capture, initializer or result of a node

class Graph;

// Where a node came from: "conv1"("m.onnx":12:0). The line is the node's index in its file, from 0.
struct Location {
  std::string name;  // the node's name in the file; empty if it has none
  std::string file;  // file name without folders; empty: unknown
  int64_t index = 0;
  std::vector<Location> fused;  // not empty: fused[...] of these
  friend bool operator==(const Location&, const Location&) = default;
};

struct Value {
  enum class Origin {
    kInput,    // graph input; with a valid `constant`: an initializer that a caller may override
    kCapture,  // in a body: a value of the enclosing graph
    kInitializer,  // `constant`
    kResult,       // result `result_index` of `producer`
  };
  std::string name;  // unique in its graph; empty only for results that nobody may use
  Type type;
  Origin origin = Origin::kResult;
  NodeId producer;
  int32_t result_index = 0;
  ConstantId constant;
  bool declared = false;  // the source states its type (value_info): emitted again
  std::string doc;
  std::string unknown_fields;
};

struct Node {
  std::string name;    // empty if the source gives none
  std::string domain;  // "" is ai.onnx
  std::string op_type;
  std::string overload;
  std::string doc;
  AttributeMap attributes;
  std::vector<ValueId> operands;  // an invalid id is an absent optional input
  std::vector<ValueId> results;   // an absent optional output is a value without name
  // Values of this graph that the bodies use; argument i of each body's captures() is captures[i].
  std::vector<ValueId> captures;
  std::vector<Graph> regions;
  Location location;
  std::string unknown_fields;  // serialized fields of NodeProto beyond the known ones

  Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;
  ~Node();

  bool Is(absl::string_view onnx_op) const { return domain.empty() && op_type == onnx_op; }
};

// Ids stay valid until Compact(); references until the next edit.
class Graph {
 public:
  std::string name;
  std::string doc;
  std::string unknown_fields;
  std::vector<std::string> quantization_annotations;  // serialized TensorAnnotation, carried

  // --- reading ---
  // One past the largest id, erased nodes included; after Compact() all ids below it are live.
  size_t node_id_bound() const { return nodes_.size(); }
  size_t value_id_bound() const { return values_.size(); }
  // The live nodes in id order; after Compact() operands before users.
  std::vector<NodeId> nodes() const;
  size_t num_nodes() const { return num_live_; }
  bool alive(NodeId node) const { return live_[node]; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  const Value& value(ValueId id) const { return values_[id]; }
  // Nodes that use the value as an operand or capture, each once, in id order.
  absl::Span<const NodeId> users(ValueId value) const { return users_[value]; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& captures() const { return captures_; }
  const std::vector<ValueId>& initializers() const { return initializers_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  bool IsOutput(ValueId value) const { return output_uses_[value] > 0; }

  // --- editing ---
  // Makes room for so many nodes and values in all, so that storage need not grow by doubling.
  void Reserve(size_t nodes, size_t values);
  ValueId AddInput(std::string value_name, Type type, ConstantId default_value = ConstantId());
  ValueId AddCapture(std::string value_name, Type type);
  ValueId AddInitializer(std::string value_name, Type type, ConstantId constant);
  // Appends a node; `results` are created from the names and types. node.results is ignored.
  struct Result {
    std::string name;
    Type type;
  };
  NodeId AddNode(Node node, absl::Span<const Result> results);
  // Appends a node without results; AddResult then gives it one at a time (for parsers).
  ValueId AddResult(NodeId node, Result result);
  void SetOutputs(std::vector<ValueId> outputs);
  void SetOperand(NodeId node, size_t index, ValueId value);
  // Every operand, capture and graph output that is `of` becomes `with`. Bodies that capture `of`
  // see it under the name of `with` from then on; a body that captures both keeps one capture, and
  // what a body names so itself is renamed.
  void ReplaceUses(ValueId of, ValueId with);
  // Renames a value here and in every body that captures it; what such a body names so itself gets
  // another name. The name must be free here.
  void Rename(ValueId value, const std::string& new_name);
  // The node's results must be unused (not operands, captures or outputs).
  void Erase(NodeId node);
  // The input must be unused. Its id stays valid until Compact().
  void EraseInput(ValueId input);
  // Editable fields that no use list depends on.
  Value& mutable_value(ValueId id) { return values_[id]; }
  AttributeMap& mutable_attributes(NodeId id) { return nodes_[id].attributes; }
  std::string& mutable_node_name(NodeId id) { return nodes_[id].name; }
  Location& mutable_location(NodeId id) { return nodes_[id].location; }
  std::string& mutable_node_unknown_fields(NodeId id) { return nodes_[id].unknown_fields; }
  // The bodies of a node, for passes that work on every nesting level. Captures must stay in step
  // with the owner's list.
  std::vector<Graph>& mutable_regions(NodeId id) { return nodes_[id].regions; }

  // Drops erased nodes and unused initializers, sorts nodes topologically (stable: by old id among
  // the ready ones) and renumbers: values are inputs, captures, initializers, then results in node
  // order. Bodies are compacted too. Returns false and leaves the graph alone if there is a cycle.
  bool Compact();
  // The same, but of the nodes that are ready the one of the smallest rank first, then by old id:
  // for passes that put new nodes in the place of others. `rank`: by old id.
  bool Compact(const IdVector<NodeId, int64_t>& rank);

 private:
  ValueId AddValue(Value value);
  void AddUse(ValueId value, NodeId user);
  void DropUse(ValueId value, NodeId user);
  // Whether Renumber(`order`) would leave all ids as they are.
  bool IsNumbered(const std::vector<NodeId>& order) const;
  // Numbers everything anew: `order` lists the live nodes. Bodies first.
  void Renumber(const std::vector<NodeId>& order);
  void MergeCaptures(NodeId node, size_t from, size_t into);
  // Of a body: renames capture `index`, and its own values that have that name already.
  void RenameCapture(size_t index, const std::string& new_name);
  // "STEM_1", or the next number that no value here has.
  std::string FreshName(absl::string_view stem) const;

  IdVector<NodeId, Node> nodes_;
  IdVector<NodeId, bool> live_;
  size_t num_live_ = 0;
  IdVector<ValueId, Value> values_;
  IdVector<ValueId, std::vector<NodeId>> users_;
  IdVector<ValueId, int32_t> output_uses_;  // how often outputs_ names the value
  std::vector<ValueId> inputs_, captures_, initializers_, outputs_;
};

}  // namespace allot::ir
