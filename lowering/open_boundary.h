// Tensors between parts whose sizes are left open where they are taken.
//
// A runtime types the bodies of an If before it knows which of them runs. Allot's sizes may be
// sharper than what the runtime finds in the whole model, and the branch that never runs need not
// fit them (a Squeeze of a dimension that is not 1): the runtime would refuse the part and take the
// whole.
#pragma once

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ir/module.h"

namespace allot {

// Which nodes of the main graph have a body, in or below them, that may never run: a branch of an
// If, the body of a Loop that may make no trip, such a node in another's body or in a function that
// is called. Linear in the size of the module.
class IdleBodies {
 public:
  explicit IdleBodies(const ir::Module& module);

  // The values that such nodes, among `nodes` (in topological order), depend on by way of `nodes`.
  std::set<ir::ValueId> WhatTheyDependOn(const std::vector<ir::NodeId>& nodes) const;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // domain, name, overload

  // What one graph has below it, bodies included: whether some body may never run, and whom its
  // nodes call.
  struct Contents {
    bool idle = false;
    std::set<Key> calls;
  };
  void Collect(const ir::Graph& graph, const ir::Node& node, Contents& contents) const;

  const ir::Module& module_;
  const ir::Graph& graph_;
  std::set<Key> functions_;          // the model's
  IdVector<ir::NodeId, bool> idle_;  // of the main graph
};

// `type` with every known size open; its rank, symbols and element type stay.
ir::Type WithOpenSizes(ir::Type type);

}  // namespace allot
