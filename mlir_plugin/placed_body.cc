#include "mlir_plugin/placed_body.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Transforms/RegionUtils.h"

namespace allot {
namespace {

bool MayHoldModel(mlir::Operation* operation) {
  const llvm::StringRef name = operation->getName().getStringRef();
  return (name == "func.func" || name == "util.func" || name == "onnx.graph") &&
         operation->getNumRegions() == 1 && operation->getRegion(0).hasOneBlock();
}

bool IsPlaced(mlir::Operation& operation) {
  return operation.hasAttrOfType<mlir::IntegerAttr>("place.part");
}

}  // namespace

llvm::SetVector<mlir::Value> UsedBy(mlir::Operation* operation) {
  llvm::SetVector<mlir::Value> used(operation->operand_begin(), operation->operand_end());
  mlir::getUsedValuesDefinedAbove(operation->getRegions(), used);
  return used;
}

llvm::FailureOr<PlacedBody> PlacedBody::Find(mlir::Operation* module) {
  PlacedBody body;
  for (mlir::Operation& operation : module->getRegion(0).front()) {
    if (!MayHoldModel(&operation)) continue;
    mlir::Block& block = operation.getRegion(0).front();
    if (!std::any_of(block.begin(), block.end(), IsPlaced)) continue;
    if (body.owner_ != nullptr) {
      mlir::emitError(operation.getLoc()) << "a second placed model in one module";
      return mlir::failure();
    }
    body.owner_ = &operation;
  }
  if (body.owner_ == nullptr) {
    mlir::emitError(module->getLoc())
        << "no operation has a place.part: run allot-place first, with words=own or both";
    return mlir::failure();
  }
  if (mlir::failed(body.ReadParts()) || mlir::failed(body.SortParts())) return mlir::failure();
  return body;
}

int PlacedBody::PartOf(mlir::Operation* operation) const {
  const auto found = part_of_.find(operation);
  return found == part_of_.end() ? -1 : found->second;
}

llvm::LogicalResult PlacedBody::ReadParts() {
  std::map<int64_t, PlacedPart> parts;
  is_torch_ = llvm::any_of(block(), [](mlir::Operation& operation) {
    return operation.getName().getStringRef() == "torch.operator";
  });
  for (mlir::Operation& operation : block()) {
    // IREE computes shapes on the host. What goes to a device and back it no longer knows as a
    // shape, and makes a wrong one of it.
    if (is_torch_ && operation.hasAttr("cost.integer_shape_work")) continue;
    const auto number = operation.getAttrOfType<mlir::IntegerAttr>("place.part");
    if (!number) continue;
    const auto device = operation.getAttrOfType<mlir::StringAttr>("place.device");
    if (!device) return operation.emitError() << "has a place.part, and no place.device";
    PlacedPart& part = parts[number.getInt()];
    if (part.operations.empty()) {
      part.number = number.getInt();
      part.device = device.getValue().str();
    } else if (device.getValue() != part.device) {
      return operation.emitError() << "is on " << device << ", and part " << part.number
                                   << " has operations on '" << part.device << "'";
    }
    if (!part.affinity) part.affinity = operation.getAttr("stream.affinity");
    part.operations.push_back(&operation);
  }
  for (auto& [number, part] : parts) {
    for (mlir::Operation* const operation : part.operations) {
      part_of_[operation] = static_cast<int>(parts_.size());
    }
    parts_.push_back(std::move(part));
  }
  return mlir::success();
}

void PlacedBody::AddSources(mlir::Operation* operation, llvm::SetVector<int>& sources) const {
  llvm::SetVector<mlir::Operation*> pending;
  pending.insert(operation);
  for (size_t i = 0; i < pending.size(); ++i) {
    for (const mlir::Value value : UsedBy(pending[i])) {
      mlir::Operation* const producer = value.getDefiningOp();
      if (producer == nullptr || producer->getBlock() != &block()) continue;
      const int part = PartOf(producer);
      if (part >= 0) {
        sources.insert(part);
      } else {
        pending.insert(producer);
      }
    }
  }
}

llvm::LogicalResult PlacedBody::SortParts() {
  std::vector<std::set<int>> users(parts_.size());
  std::vector<int> waiting(parts_.size());
  for (size_t i = 0; i < parts_.size(); ++i) {
    llvm::SetVector<int> sources;
    for (mlir::Operation* const operation : parts_[i].operations) AddSources(operation, sources);
    for (const int source : sources) {
      if (source == static_cast<int>(i)) continue;
      if (users[static_cast<size_t>(source)].insert(static_cast<int>(i)).second) ++waiting[i];
    }
  }
  std::set<int> ready;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (waiting[i] == 0) ready.insert(static_cast<int>(i));
  }
  std::vector<PlacedPart> sorted;
  std::vector<int> place(parts_.size(), -1);
  while (!ready.empty()) {
    const auto next = static_cast<size_t>(*ready.begin());
    ready.erase(ready.begin());
    place[next] = static_cast<int>(sorted.size());
    sorted.push_back(parts_[next]);
    for (const int user : users[next]) {
      if (--waiting[static_cast<size_t>(user)] == 0) ready.insert(user);
    }
  }
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (place[i] >= 0) continue;
    return parts_[i].operations[0]->emitError()
           << "part " << parts_[i].number << " waits for itself, by way of other parts";
  }
  for (auto& [operation, part] : part_of_) part = place[static_cast<size_t>(part)];
  parts_ = std::move(sorted);
  return mlir::success();
}

}  // namespace allot
