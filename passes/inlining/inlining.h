// Puts the nodes of functions and branches in the place of the nodes that use them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "ir/module.h"
#include "support/id.h"

namespace allot {

// What stands in for a node.
struct Inlined {
  const ir::Graph* body = nullptr;
  // By input of the body, then by capture: the node's operand or capture; invalid: absent.
  std::vector<ir::ValueId> arguments;
  // Of a call: what the attribute references of the body stand for. nullopt: the body is a branch,
  // whose references are those of the graph around it.
  std::optional<ir::AttributeMap> attributes;
};

// Copies graphs of a module, with bodies in place of the nodes that `choose` names.
//
// Values and nodes of a branch keep their names where no other graph has them; those of a function
// are named "CALL/NAME", with a number behind it where that is taken. Results of the node keep
// their names. The order of nodes is that in which they run.
class Inliner {
 public:
  // Asked of every node that is copied, those inside inlined bodies included, with attributes
  // resolved; `graph` is one of the module where nothing had to be renamed in it. `at_top`: the
  // node is in the main graph, or will be.
  using Choose = std::function<std::optional<Inlined>(const ir::Graph& graph, const ir::Node& node,
                                                      ir::NodeId id, bool at_top)>;

  // `fixed`: inputs of the main graph that become initializers.
  Inliner(const ir::Module& module, Choose choose,
          std::map<ir::ValueId, ir::ConstantId> fixed = {});

  // The main graph, compacted. Linear in the nodes that come out.
  ir::Graph Run();
  int64_t num_inlined() const { return num_inlined_; }
  int64_t num_nodes() const { return num_nodes_; }  // that came out so far

 private:
  // A graph being copied into another.
  struct Scope {
    const ir::Graph& graph;
    std::string prefix;  // of new names; empty: names stay
    bool function = false;
    const ir::AttributeMap* attributes = nullptr;  // of the call around it
    bool at_top = false;
    IdVector<ir::ValueId, ir::ValueId> here;    // the copies
    IdVector<ir::ValueId, std::string> wanted;  // names that values must get; empty: any
  };

  ir::Graph Copy(const ir::Graph& graph, const ir::AttributeMap* attributes, bool at_top);
  void CopyNodes(Scope& scope, ir::Graph& out);
  void CopyNode(Scope& scope, ir::NodeId id, ir::Node node, ir::Graph& out);
  void Open(Scope& scope, ir::NodeId id, const ir::Node& node, const Inlined& inlined,
            ir::Graph& out);
  void AddConstants(Scope& scope, ir::Graph& out);
  void RenameInside(ir::Graph& body, const std::string& prefix);
  std::string ValueName(const Scope& scope, ir::ValueId value);
  std::string NodeName(const Scope& scope, const ir::Node& node);
  std::string Fresh(const std::string& stem, absl::flat_hash_set<std::string>& taken) const;

  const ir::Module& module_;
  const Choose choose_;
  const std::map<ir::ValueId, ir::ConstantId> fixed_;
  absl::flat_hash_map<std::string, int> value_uses_, node_uses_;  // in how many places of the model
  absl::flat_hash_set<std::string> values_, nodes_;               // names taken
  int64_t num_inlined_ = 0, num_nodes_ = 0;
};

}  // namespace allot
