// A model as hardware search sees it: layers, each a block, a graph of operations with extents.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operators/op_work.h"

namespace allot::design {

// How an operation is divided when its block is split over several devices: the columns of one
// product, then the rows of the next, so that only the latter's result has to be added up
// (Shoeybi et al., Megatron-LM, 2019).
enum class SplitRole {
  kWhole,    // not at all: every device does all of it
  kColumns,  // a product with weights, by the columns of its result
  kRows,     // by what it sums over; its results are added up
  kWithin,   // between these two, by heads or elements
};

struct Operation {
  std::string name, op_type;
  std::vector<Extents> products;     // of one sample
  bool weighted = false;             // one side of the products is constant
  int64_t elements = 0;              // of the results
  int64_t read = 0;                  // of operands that are not constant
  int64_t weights = 0;               // of constant operands
  double forward = 0, backward = 0;  // cycles of a lane for an element, beside the products
  bool mixes = false;                // sums over an axis of features: ends what can be split
  bool softmax = false;
  std::vector<int32_t> sources;  // operations of the block that it reads, ascending
  // Of a product without weights: the sources behind its second operand. The rest are behind the
  // first.
  std::vector<int32_t> second_sources;
  SplitRole role = SplitRole::kWhole;

  friend bool operator==(const Operation&, const Operation&) = default;
};

struct Block {
  std::string name;                   // of its first node
  std::vector<Operation> operations;  // sources before users
  int64_t tables = 0;                 // elements of constants that movement reads: embeddings
  bool split = false;                 // some operation has a role: the block can be split
};

// What a layer makes and a later one reads.
struct LayerEdge {
  int32_t from = 0, to = 0;
  int64_t elements = 0;  // of a sample; 0: the order counts, nothing is moved

  friend bool operator==(const LayerEdge&, const LayerEdge&) = default;
};

// Layers in an order in which edges lead forward; equal ones share a block.
struct LayerGraph {
  std::string name;
  std::vector<Block> blocks;
  std::vector<int32_t> block_of;   // by layer
  std::vector<LayerEdge> edges;    // ascending; one between two layers
  std::vector<int32_t> layer_of;   // by place of a node in the graph's order
  std::vector<std::string> notes;  // what had to be guessed

  size_t num_layers() const { return block_of.size(); }
  // Whether each layer reads what the one before it makes, and nothing else.
  bool is_chain() const {
    if (edges.size() + 1 != num_layers()) return false;
    for (size_t i = 0; i < edges.size(); ++i) {
      const auto layer = static_cast<int32_t>(i);
      if (edges[i].from != layer || edges[i].to != layer + 1) return false;
    }
    return true;
  }
};

// So many sets of layers that may lie before a cut are looked at, at most: all pairs of them are
// stages.
inline constexpr size_t kMostCuts = 200;

// Sets the roles of a block's operations. A product with weights is kRows if all products with
// weights from which it gets data are kColumns, and nothing between them mixes features. O(n^2).
void AssignSplitRoles(Block& block);

}  // namespace allot::design
