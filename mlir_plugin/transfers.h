// Values on their way from device to device.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

#include "mlir_plugin/placed_body.h"

namespace allot {

// Makes the operations that bring values to devices, each once for a device. Of torch-mlir's form
// they are IREE's flow.tensor.transfer between casts; elsewhere "place.transfer".
class Transfers {
 public:
  explicit Transfers(bool is_torch) : is_torch_(is_torch) {}

  // States that `value` is computed on the device of `part`.
  void SetHome(mlir::Value value, const PlacedPart& part) { homes_[Key(value)] = &part; }
  // `value` on the device of `part`: itself if it is there, or is a constant or an input that
  // nothing else has taken yet. New operations stand where `builder` is. Null after a report.
  mlir::Value On(mlir::Value value, const PlacedPart& part, mlir::OpBuilder& builder);
  // nullptr: nowhere.
  const PlacedPart* HomeOf(mlir::Value value) const;

  // #hal.device.promise<@device>, as the operations of the part have it; null after a report.
  static mlir::Attribute AffinityOf(const PlacedPart& part, mlir::Location place);

 private:
  static const void* Key(mlir::Value value) { return value.getAsOpaquePointer(); }
  mlir::Value MakeFlowTransfer(mlir::Value value, const PlacedPart& to, mlir::OpBuilder& builder);

  const bool is_torch_;
  std::map<const void*, const PlacedPart*> homes_;
  std::map<std::pair<const void*, std::string>, mlir::Value> brought_;
};

}  // namespace allot
