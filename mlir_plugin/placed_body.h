// The body of a placed model: which of its operations are where, as their attributes say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/LogicalResult.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

namespace allot {

struct PlacedPart {
  int64_t number = 0;  // place.part
  std::string device;
  mlir::Attribute affinity;                  // stream.affinity of one of its operations; null: none
  std::vector<mlir::Operation*> operations;  // in order
};

// Operations without a place go along with whoever uses them: constants, and what is computed of
// them.
class PlacedBody {
 public:
  // The graph or function in `module` whose operations are placed. What is wrong is reported.
  static llvm::FailureOr<PlacedBody> Find(mlir::Operation* module);

  mlir::Operation* owner() const { return owner_; }
  mlir::Block& block() const { return owner_->getRegion(0).front(); }
  bool is_torch() const { return is_torch_; }
  // Each after all that it takes values from; ties by number.
  const std::vector<PlacedPart>& parts() const { return parts_; }
  // Index into parts(), or -1: it goes along.
  int PartOf(mlir::Operation* operation) const;

 private:
  llvm::LogicalResult ReadParts();
  llvm::LogicalResult SortParts();
  // Indices of the parts whose values `operation` takes, also by way of what goes along.
  void AddSources(mlir::Operation* operation, llvm::SetVector<int>& sources) const;

  mlir::Operation* owner_ = nullptr;
  bool is_torch_ = false;
  std::vector<PlacedPart> parts_;
  llvm::DenseMap<mlir::Operation*, int> part_of_;
};

// Operands, and what regions take from outside; each once.
llvm::SetVector<mlir::Value> UsedBy(mlir::Operation* operation);

}  // namespace allot
